//! Who has got what already.

use std::collections::VecDeque;

use lettre::Address;

/// How many parcels are remembered. They come back one after the other, so that few suffice.
const PARCELS: usize = 64;

/// Recipients that have got a parcel while others were put off: at the next attempt only the others get it.
#[derive(Debug, Default)]
pub(crate) struct Taken(VecDeque<(String, Vec<Address>)>);

impl Taken {
    /// Who has got this parcel.
    pub(crate) fn of(&self, parcel: &str) -> Vec<Address> {
        self.0.iter().find(|(id, _)| id == parcel).map(|(_, whom)| whom.clone()).unwrap_or_default()
    }

    /// These have got it, too.
    pub(crate) fn add(&mut self, parcel: &str, whom: Vec<Address>) {
        if let Some((_, had)) = self.0.iter_mut().find(|(id, _)| id == parcel) {
            had.extend(whom);
            return;
        }
        if self.0.len() == PARCELS {
            self.0.pop_front();
        }
        self.0.push_back((parcel.to_owned(), whom));
    }

    /// Everybody has.
    pub(crate) fn forget(&mut self, parcel: &str) {
        self.0.retain(|(id, _)| id != parcel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_remembers_the_latest() {
        let address: Address = "a@example.com".parse().unwrap();
        let mut taken = Taken::default();
        for number in 0..=PARCELS {
            taken.add(&number.to_string(), vec![address.clone()]);
        }
        taken.add("9", vec![address]);
        assert_eq!([taken.of("0").len(), taken.of("1").len(), taken.of("9").len()], [0, 1, 2]);
        taken.forget("9");
        assert!(taken.of("9").is_empty());
    }
}
