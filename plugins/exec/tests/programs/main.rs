//! Programs that behave, and programs that do not.

mod actions;
mod asked;
mod findings;
mod identity;
mod notify;
mod place;
mod removed;
mod scripts;
mod stopping;
