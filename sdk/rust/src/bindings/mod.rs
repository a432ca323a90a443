//! The contract in `sdk/wit`, as wit-bindgen renders it. `sdk/rust/bindings/regenerate` writes the files beside this one.
//!
//! What a plugin exports is rendered as three worlds, so that a component can have either role or both.

#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    elided_lifetimes_in_paths,
    clippy::all
)]

#[rustfmt::skip]
pub mod checker;
#[rustfmt::skip]
pub mod handler;
#[rustfmt::skip]
pub mod imports;
#[rustfmt::skip]
pub mod lifecycle;
