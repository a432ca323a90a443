//! The book's tables of keywords against the front-end.

use std::path::Path;

const BEGIN: &str =
    "<!-- keywords: KEEPWATCH_WRITE_BOOK=1 cargo test -p keepwatch-tidy --test keywords writes them -->\n";

/// `KEEPWATCH_WRITE_BOOK=1` writes the tables instead.
#[test]
fn the_book_says_of_every_keyword_what_becomes_of_it() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src/coming-from-keepalived.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, tables) = page.split_once(BEGIN).expect("the place of the tables");
    let expected = format!("\n{}", keepwatch_config::keyword_tables());
    if std::env::var_os("KEEPWATCH_WRITE_BOOK").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{expected}")).unwrap();
    } else {
        assert!(
            tables == expected,
            "run: KEEPWATCH_WRITE_BOOK=1 cargo test -p keepwatch-tidy --test keywords"
        );
    }
}
