//! `keepwatch demo`: the whole story on one machine, for real.
//!
//! What it shows it has observed: addresses by asking the kernel, adverts by listening on the client's
//! interface, answers by pinging. It asks the daemons nothing.

mod story;
mod teller;
mod timeline;

use std::process::ExitCode;

use keepwatch_lab::{Enclosed, enclose, outer_process_id, release};

use crate::cli::Demo;
use crate::exit;
use story::{Leaving, Story};
use teller::Teller;

pub(crate) fn demo(arguments: &Demo) -> ExitCode {
    let folder = match enclose() {
        Ok(Enclosed::Inside { folder }) => folder,
        Ok(Enclosed::Outside(code)) => return exit::with(code),
        Err(error) => {
            eprintln!("error: {error}");
            return exit::with(exit::FAILED);
        }
    };
    let teller = if arguments.json { Teller::Json } else { Teller::Text };
    let leaving = if arguments.rfc { Leaving::Rfc } else { Leaving::Lossless };
    let mut story = match Story::begin(teller, folder, leaving) {
        Ok(story) => story,
        Err(error) => {
            eprintln!("error: cannot set the hosts up: {error}");
            return exit::with(exit::FAILED);
        }
    };
    let code = match story.tell() {
        Ok(true) => exit::OK,
        Ok(false) => exit::FAILED,
        Err(error) => {
            eprintln!("error: the demo broke off: {error}");
            exit::FAILED
        }
    };
    if arguments.keep {
        return keep(&story, code);
    }
    exit::with(code)
}

/// Says how to look around, lets the caller's shell go on, and stays until killed.
fn keep(story: &Story, code: u8) -> ExitCode {
    story.say_how_to_enter(outer_process_id());
    if let Err(error) = release(code) {
        eprintln!("error: cannot go on in the background: {error}");
        return exit::with(exit::FAILED);
    }
    loop {
        std::thread::park();
    }
}
