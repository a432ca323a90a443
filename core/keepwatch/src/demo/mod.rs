//! `keepwatch demo`: the whole story on one machine, for real.
//!
//! What it shows it has observed: addresses by asking the kernel, adverts by listening on the client's
//! interface, answers by pinging. It asks the daemons nothing.

mod haproxy;
mod mail;
mod stage;
mod story;
mod teller;
mod timeline;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use keepwatch_lab::{Enclosed, enclose, outer_process_id, release};

use crate::cli::Demo;
use crate::exit;
use haproxy::HaproxyStory;
use mail::MailStory;
use stage::Stage;
use story::{Leaving, Story};
use teller::Teller;

/// One of the stories.
enum Tale {
    /// keepwatch is stopped.
    Stop(Story),
    /// HAProxy is killed.
    Haproxy(HaproxyStory),
    /// A cable is pulled, and mails tell of it.
    Mail(MailStory),
}

impl Tale {
    fn begin(arguments: &Demo, folder: PathBuf) -> io::Result<Self> {
        let teller = if arguments.json { Teller::Json } else { Teller::Text };
        if arguments.haproxy {
            return Ok(Self::Haproxy(HaproxyStory::begin(teller, folder)?));
        }
        if arguments.mail {
            return Ok(Self::Mail(MailStory::begin(teller, folder)?));
        }
        let leaving = if arguments.rfc { Leaving::Rfc } else { Leaving::Lossless };
        Ok(Self::Stop(Story::begin(teller, folder, leaving)?))
    }

    fn tell(&mut self) -> io::Result<bool> {
        match self {
            Self::Stop(story) => story.tell(),
            Self::Haproxy(story) => story.tell(),
            Self::Mail(story) => story.tell(),
        }
    }

    const fn stage(&self) -> &Stage {
        match self {
            Self::Stop(story) => &story.stage,
            Self::Haproxy(story) => &story.stage,
            Self::Mail(story) => &story.stage,
        }
    }
}

pub(crate) fn demo(arguments: &Demo) -> ExitCode {
    if let Some(missing) = arguments.haproxy.then(haproxy::missing).flatten() {
        eprintln!("error: {missing}");
        return exit::with(exit::FAILED);
    }
    let folder = match enclose() {
        Ok(Enclosed::Inside { folder }) => folder,
        Ok(Enclosed::Outside(code)) => return exit::with(code),
        Err(error) => {
            eprintln!("error: {error}");
            return exit::with(exit::FAILED);
        }
    };
    let mut tale = match Tale::begin(arguments, folder) {
        Ok(tale) => tale,
        Err(error) => {
            eprintln!("error: cannot set the hosts up: {error}");
            return exit::with(exit::FAILED);
        }
    };
    let code = match tale.tell() {
        Ok(true) => exit::OK,
        Ok(false) => exit::FAILED,
        Err(error) => {
            eprintln!("error: the demo broke off: {error}");
            exit::FAILED
        }
    };
    if arguments.keep {
        return keep(&tale, code);
    }
    exit::with(code)
}

/// Says how to look around, lets the caller's shell go on, and stays until killed.
fn keep(tale: &Tale, code: u8) -> ExitCode {
    tale.stage().say_how_to_enter(outer_process_id());
    if let Err(error) = release(code) {
        eprintln!("error: cannot go on in the background: {error}");
        return exit::with(exit::FAILED);
    }
    loop {
        std::thread::park();
    }
}
