//! What the texts of a configuration are known by.

use keepwatch_config::Site;
use sha2::{Digest, Sha256};

/// Half of the sum is enough to tell texts apart.
const OCTETS: usize = 16;

/// The first half of a SHA-256 in hexadecimal digits: of one file, as `sha256sum` computes it; of several, over all texts with
/// their lengths before them, since one that begins earlier is another one.
pub(crate) fn of(site: &Site) -> String {
    let mut sum = Sha256::new();
    match site.texts.as_slice() {
        [(source, _)] if source.is_one_file() => sum.update(&source.text),
        texts => {
            for (source, _) in texts {
                sum.update(u64::try_from(source.text.len()).unwrap_or(u64::MAX).to_be_bytes());
                sum.update(&source.text);
            }
        }
    }
    sum.finalize().iter().take(OCTETS).map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers are those of `sha256sum`, and of the book's recipe.
    #[test]
    fn an_administrator_can_compute_it() {
        let folder = std::env::temp_dir().join(format!("keepwatch-fingerprint-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        let of = |name: &str| of(&keepwatch_config::load_site(&folder.join(name)).unwrap());
        write("one.toml", "[instance.web]\ninterface = \"eth0\"\n");
        write("two.toml", "keepalived = \"k.conf\"\n");
        write("k.conf", "x\n");
        let found = [of("one.toml"), of("two.toml")];
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, ["d9f1be132998a56401f5dd988443fe6f", "47f860cd1ec96ec4c51750ee2979f0ac"]);
    }
}
