//! Scripts as a host compiles and runs them.

#[path = "../support/mod.rs"]
mod support;

mod corpus;
mod discovery;
mod events;
mod examples;
mod functions;
mod hostile;
mod lifecycle;
mod modules;
