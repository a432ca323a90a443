//! The book's reference of a keepwatch.toml against the readers' own lists.

use std::path::Path;

const BEGIN: &str =
    "<!-- reference: KEEPWATCH_WRITE_BOOK=1 cargo test -p keepwatch-tidy --test reference writes it -->\n";

/// `KEEPWATCH_WRITE_BOOK=1` writes it instead.
#[test]
fn the_book_has_every_key_of_a_keepwatch_toml() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src/configuration-reference.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, tables) = page.split_once(BEGIN).expect("the place of the reference");
    let expected = format!("\n{}", keepwatch_config::native::reference());
    if std::env::var_os("KEEPWATCH_WRITE_BOOK").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{expected}")).unwrap();
    } else {
        assert!(
            tables == expected,
            "run: KEEPWATCH_WRITE_BOOK=1 cargo test -p keepwatch-tidy --test reference"
        );
    }
}
