//! What the texts of a configuration are known by.

use keepwatch_config::Site;
use sha2::{Digest, Sha256};

/// Half of the sum is enough to tell texts apart.
const OCTETS: usize = 16;

/// The first half of the SHA-256 over the texts, in hexadecimal digits. One that begins earlier is another one.
pub(crate) fn of(site: &Site) -> String {
    let mut sum = Sha256::new();
    for (source, _) in &site.texts {
        sum.update(u64::try_from(source.text.len()).unwrap_or(u64::MAX).to_be_bytes());
        sum.update(&source.text);
    }
    sum.finalize().iter().take(OCTETS).map(|octet| format!("{octet:02x}")).collect()
}
