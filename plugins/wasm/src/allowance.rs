//! What a guest may allocate.

use wasmtime::{ResourceLimiter, Result, bail};

/// Table entries a guest may have in all; one is 8 octets.
const TABLE_ENTRIES: usize = 100_000;
/// Core instances, tables and memories. A component of a scripting language is made of more than a hundred.
const INSTANCES: usize = 256;
const TABLES: usize = 64;
const MEMORIES: usize = 16;

/// What a guest may allocate, and what it has. All its memories together count, not each.
#[derive(Debug)]
pub(crate) struct Allowance {
    memory: usize,
    used: usize,
    entries: usize,
    refused: Option<String>,
}

impl Allowance {
    /// So many octets of memory.
    pub(crate) const fn new(memory: usize) -> Self {
        Self { memory, used: 0, entries: 0, refused: None }
    }

    /// What it has, in octets.
    pub(crate) const fn used(&self) -> usize {
        self.used
    }

    /// What was wanted and refused, for "wanted more memory than it may have: ...".
    pub(crate) fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }
}

impl ResourceLimiter for Allowance {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        if maximum.is_some_and(|most| desired > most) {
            return Ok(false);
        }
        let wanted = self.used.saturating_add(desired.saturating_sub(current));
        if wanted > self.memory {
            // An error ends the guest: that is plainer than an allocation that fails somewhere inside of it.
            self.refused = Some(format!("{} instead of {}", octets(wanted), octets(self.memory)));
            bail!("more memory than allowed");
        }
        self.used = wanted;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> Result<bool> {
        if maximum.is_some_and(|most| desired > most) {
            return Ok(false);
        }
        let wanted = self.entries.saturating_add(desired.saturating_sub(current));
        if wanted > TABLE_ENTRIES {
            self.refused = Some(format!("a table of {wanted} entries instead of {TABLE_ENTRIES}"));
            bail!("larger tables than allowed");
        }
        self.entries = wanted;
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}

/// An amount of memory as people say it.
pub(crate) fn octets(number: usize) -> String {
    const UNITS: [(usize, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    for (size, unit) in UNITS {
        if number >= size {
            let tenths = number.saturating_mul(10).div_ceil(size);
            return match tenths % 10 {
                0 => format!("{} {unit}", tenths / 10),
                tenth => format!("{}.{tenth} {unit}", tenths / 10),
            };
        }
    }
    format!("{number} octets")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_memories_together_have_one_limit() {
        let mut allowance = Allowance::new(3 << 20);
        assert!(allowance.memory_growing(0, 2 << 20, None).unwrap());
        assert!(allowance.memory_growing(0, 1 << 20, None).unwrap());
        assert!(
            !allowance.memory_growing(1 << 20, 2 << 20, Some(1 << 20)).unwrap(),
            "beyond its own maximum"
        );
        assert_eq!(allowance.refused(), None);
        assert!(allowance.memory_growing(1 << 20, (1 << 20) + 65_536, None).is_err());
        assert_eq!(allowance.refused(), Some("3.1 MiB instead of 3 MiB"));
    }

    #[test]
    fn amounts_are_rounded_up() {
        for (number, text) in [
            (12, "12 octets"),
            (1024, "1 KiB"),
            (33 << 20, "33 MiB"),
            ((1 << 20) + 1, "1.1 MiB"),
            (5 << 30, "5 GiB"),
        ] {
            assert_eq!(octets(number), text);
        }
    }
}
