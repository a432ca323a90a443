//! Fuzzes everything that reads octets from the network.
#![no_main]

#[path = "../entries/packet.rs"]
mod packet;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| packet::read(octets));
