//! `keepwatch notify`, `spool` and `silence`.

mod cli;
mod render;
mod silence;
mod spool;
mod subject;
mod test;

use std::process::ExitCode;

pub(crate) use cli::{Notify, Silence, Spool};

pub(crate) fn notify(command: &Notify) -> ExitCode {
    match command {
        Notify::Test(arguments) => test::test(arguments),
        Notify::Render(arguments) => render::render(arguments),
    }
}

pub(crate) fn spool(command: &Spool) -> ExitCode {
    match command {
        Spool::List(arguments) => spool::list(arguments),
        Spool::Show(arguments) => spool::show(arguments),
        Spool::Retry(arguments) => spool::retry(arguments),
        Spool::Purge(arguments) => spool::purge(arguments),
    }
}

pub(crate) fn silence(command: &Silence) -> ExitCode {
    match command {
        Silence::Add(arguments) => silence::add(arguments),
        Silence::Remove(arguments) => silence::remove(arguments),
        Silence::List(arguments) => silence::list(arguments),
    }
}
