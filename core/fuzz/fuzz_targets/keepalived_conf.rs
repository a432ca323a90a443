//! Fuzzes the reading of a keepalived.conf and the rendering of what is found in it.
#![no_main]

#[path = "../entries/keepalived_conf.rs"]
mod keepalived_conf;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| keepalived_conf::read(octets));
