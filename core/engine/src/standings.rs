//! How the things stand that instances track, for the engine: it waits for nobody to read them.

use std::sync::atomic::{AtomicU64, Ordering};

use keepwatch_vrrp::Standing;

/// How each thing stands, as a number that is read and written as a whole.
#[derive(Debug, Default)]
pub(crate) struct Standings(Box<[AtomicU64]>);

/// A value stands behind this.
const VALUE: u64 = 3 << 32;

impl Standings {
    /// So many, of which nothing is known.
    pub(crate) fn pending(count: usize) -> Self {
        Self((0..count).map(|_| AtomicU64::new(encode(Standing::Pending))).collect())
    }

    /// How the one in this place stands.
    pub(crate) fn at(&self, place: usize) -> Standing {
        self.0.get(place).map_or(Standing::Pending, |cell| decode(cell.load(Ordering::Acquire)))
    }

    /// Sets one; whether it is another one than before.
    pub(crate) fn set(&self, place: Option<usize>, standing: Standing) -> bool {
        let Some(cell) = place.and_then(|place| self.0.get(place)) else { return false };
        let new = encode(standing);
        cell.swap(new, Ordering::AcqRel) != new
    }

    pub(crate) const fn count(&self) -> usize {
        self.0.len()
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Standing> {
        self.0.iter().map(|cell| decode(cell.load(Ordering::Acquire)))
    }
}

fn encode(standing: Standing) -> u64 {
    match standing {
        Standing::Pending => 0,
        Standing::Up => 1,
        Standing::Down => 2,
        Standing::Value(value) => VALUE | u64::from(value.cast_unsigned()),
    }
}

fn decode(number: u64) -> Standing {
    match number {
        0 => Standing::Pending,
        1 => Standing::Up,
        2 => Standing::Down,
        // The lower half is the value.
        number => Standing::Value(((number & u64::from(u32::MAX)) as u32).cast_signed()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_is_a_number_and_back() {
        let all = [Standing::Pending, Standing::Up, Standing::Down];
        let values = [0, 1, -1, 254, -254, i32::MAX, i32::MIN].map(Standing::Value);
        for standing in all.into_iter().chain(values) {
            assert_eq!(decode(encode(standing)), standing);
        }
    }
}
