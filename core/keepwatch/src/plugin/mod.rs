//! `keepwatch plugin ...` for authors: no daemon is needed.

mod bench;
mod build;
mod check;
mod cli;
mod examine;
mod new;
mod subject;
mod test;

pub(crate) use cli::{Bench, Build, Check, New, Test};

pub(crate) use bench::bench;
pub(crate) use build::build;
pub(crate) use check::check;
pub(crate) use examine::refusals;
pub(crate) use new::new;
pub(crate) use test::test;
