//! The fuzzer's configurations, without the fuzzer: see core/fuzz/README.md.

use std::fs;
use std::path::Path;

#[path = "../../fuzz/entries/keepalived_conf.rs"]
mod keepalived_conf;

#[test]
fn every_text_of_the_corpus_is_read_or_refused() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (corpus, least) in [("../fuzz/corpus/keepalived_conf", 10), ("tests/corpus", 80)] {
        let corpus = here.join(corpus);
        let mut count = 0;
        for entry in fs::read_dir(&corpus).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                continue;
            }
            println!("{}", path.display());
            keepalived_conf::read(&fs::read(&path).unwrap());
            count += 1;
        }
        assert!(count >= least, "{count} texts in {}", corpus.display());
    }
}
