//! The book's reference of a keepalived.conf against the front-end.

use std::path::Path;

const BEGIN: &str = "<!-- reference: KEEPWATCH_WRITE_BOOK=1 cargo test -p keepwatch-tidy --test keepalived_reference writes it -->\n";

/// `KEEPWATCH_WRITE_BOOK=1` writes it instead. That values and defaults are what it says is tested beside the lists.
#[test]
fn the_book_has_values_and_defaults_of_every_keyword_that_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src/keepalived-reference.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, tables) = page.split_once(BEGIN).expect("the place of the reference");
    let expected = format!("\n{}", keepwatch_config::keepalived_reference());
    if std::env::var_os("KEEPWATCH_WRITE_BOOK").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{expected}")).unwrap();
    } else {
        assert!(
            tables == expected,
            "run: KEEPWATCH_WRITE_BOOK=1 cargo test -p keepwatch-tidy --test keepalived_reference"
        );
    }
}
