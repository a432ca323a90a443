//! Programs that behave, and programs that do not.

mod actions;
mod findings;
mod identity;
mod place;
mod scripts;
mod stopping;
