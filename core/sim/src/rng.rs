//! Random numbers from a seed: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
//! generators", 2014).

use std::time::Duration;

/// A generator. Two with one seed give the same numbers.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The generator of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is not zero. The bias of the remainder does not matter here.
    pub const fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit
    }

    /// Whether something happens that happens `permille` times in a thousand.
    pub const fn happens(&mut self, permille: u64) -> bool {
        self.below(1_000) < permille
    }

    /// A time up to and including `longest`.
    pub fn up_to(&mut self, longest: Duration) -> Duration {
        let nanos = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX - 1);
        Duration::from_nanos(self.below(nanos + 1))
    }

    /// One of these; there is at least one.
    pub fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap_or(0)].clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_of_seed_zero_are_those_of_the_reference() {
        let mut rng = Rng::new(0);
        assert_eq!(rng.number(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(rng.number(), 0x6e78_9e6a_a1b9_65f4);
        assert_eq!(rng.number(), 0x06c4_5d18_8009_454f);
    }

    #[test]
    fn a_permille_of_0_never_happens_and_one_of_1000_always() {
        let mut rng = Rng::new(7);
        assert!((0..1_000).all(|_| !rng.happens(0)));
        assert!((0..1_000).all(|_| rng.happens(1_000)));
    }
}
