//! Fuzzes the reading of a keepwatch.toml and the rendering of what is found in it.
#![no_main]

#[path = "../entries/keepwatch_toml.rs"]
mod keepwatch_toml;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| keepwatch_toml::read(octets));
