//! Other parameters for a router that runs on.

use alloc::vec::Vec;

use crate::params::{InvalidParams, Params};

/// Other parameters for a router that runs on: a configuration that was loaded again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The new parameters. VRID, version and family are as they were.
    pub params: Params,
    /// For each of the new addresses, which one it was before, by index; none if it is new. What nobody names is given up.
    pub addresses: Vec<Option<usize>>,
    /// For each of the new trackers, which one it was before, by index; none if it is new.
    pub trackers: Vec<Option<usize>>,
}

impl Update {
    /// Looks whether a router with these parameters can run on with the new ones.
    pub(crate) fn check(&self, before: &Params) -> Result<(), InvalidParams> {
        let identity = |params: &Params| (params.vrid, params.version, params.family);
        if identity(&self.params) != identity(before) {
            return Err(InvalidParams::Identity);
        }
        let is_whole = (self.addresses.len(), self.trackers.len())
            == (self.params.addresses.len(), self.params.trackers.len());
        if !is_whole
            || !are_distinct(&self.addresses, before.addresses.len())
            || !are_distinct(&self.trackers, before.trackers.len())
        {
            return Err(InvalidParams::Numbers);
        }
        self.params.check()
    }
}

/// Whether each number stands for something there was, and for nothing twice.
fn are_distinct(numbers: &[Option<usize>], count: usize) -> bool {
    let mut named = alloc::vec![false; count];
    numbers
        .iter()
        .flatten()
        .all(|&old| named.get_mut(old).is_some_and(|is_named| !core::mem::replace(is_named, true)))
}

/// New numbers for old ones.
#[derive(Debug)]
pub(crate) struct Renumbering(Vec<Option<usize>>);

impl Renumbering {
    /// Of so many things, those that `numbers` names stay.
    pub(crate) fn new(numbers: &[Option<usize>], count: usize) -> Self {
        let mut new = alloc::vec![None; count];
        for (number, old) in numbers.iter().enumerate() {
            if let Some(place) = old.and_then(|old| new.get_mut(old)) {
                *place = Some(number);
            }
        }
        Self(new)
    }

    /// What has this number from now on, if it stays.
    pub(crate) fn of(&self, old: usize) -> Option<usize> {
        self.0.get(old).copied().flatten()
    }

    /// Those that do not stay, by their old numbers.
    pub(crate) fn gone(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().filter(|(_, new)| new.is_none()).map(|(old, _)| old)
    }

    /// Renumbers what belongs to something, and drops what belongs to nothing any more.
    pub(crate) fn apply<T>(&self, all: &mut Vec<T>, number: impl Fn(&mut T) -> &mut usize) {
        all.retain_mut(|one| {
            let number = number(one);
            self.of(*number).inspect(|new| *number = *new).is_some()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_has_a_new_number_and_the_rest_is_gone() {
        let renumbering = Renumbering::new(&[Some(2), None, Some(0)], 3);
        assert_eq!([0, 1, 2, 3].map(|old| renumbering.of(old)), [Some(2), None, Some(0), None]);
        assert_eq!(renumbering.gone().collect::<Vec<_>>(), [1]);
        let mut all = alloc::vec![2, 1, 0];
        renumbering.apply(&mut all, |number| number);
        assert_eq!(all, [0, 2]);
    }

    #[test]
    fn a_number_stands_for_one_thing_that_there_was() {
        for (numbers, count, expected) in [
            (&[Some(0), None, Some(1)][..], 2, true),
            (&[Some(2)][..], 2, false),
            (&[Some(1), Some(1)][..], 2, false),
            (&[][..], 2, true),
        ] {
            assert_eq!(are_distinct(numbers, count), expected, "{numbers:?}");
        }
    }
}
