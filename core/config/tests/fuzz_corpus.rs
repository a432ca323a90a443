//! The fuzzer's configurations, without the fuzzer: see core/fuzz/README.md.

use std::fs;
use std::path::Path;

#[path = "../../fuzz/entries/keepalived_conf.rs"]
mod keepalived_conf;
#[path = "../../fuzz/entries/keepwatch_toml.rs"]
mod keepwatch_toml;

#[test]
fn every_text_of_the_corpus_is_read_or_refused() {
    each_file("../fuzz/corpus/keepalived_conf", 10, keepalived_conf::read);
    each_file("tests/corpus", 80, keepalived_conf::read);
}

#[test]
fn so_is_every_native_one() {
    each_file("../fuzz/corpus/keepwatch_toml", 10, keepwatch_toml::read);
}

fn each_file(corpus: &str, least: usize, read: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join(corpus);
    let mut count = 0;
    for entry in fs::read_dir(&corpus).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        println!("{}", path.display());
        read(&fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count >= least, "{count} texts in {}", corpus.display());
}
