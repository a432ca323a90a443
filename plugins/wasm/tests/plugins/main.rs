//! Components as plugins: those of the SDK, hostile ones, and such that are refused.

#[allow(dead_code)]
#[path = "../support/mod.rs"]
mod support;

mod cache;
mod functions;
mod hostile;
mod life;
mod refusals;
