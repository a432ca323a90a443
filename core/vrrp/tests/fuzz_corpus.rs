//! The fuzzer's packets, without the fuzzer: see core/fuzz/README.md.

use std::fs;
use std::path::Path;

#[path = "../../fuzz/entries/packet.rs"]
mod packet;

#[test]
fn every_packet_of_the_corpus_is_read_or_refused() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/packet");
    let mut count = 0;
    for entry in fs::read_dir(&corpus).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        packet::read(&fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count >= 30, "{count} packets in {}", corpus.display());
}
