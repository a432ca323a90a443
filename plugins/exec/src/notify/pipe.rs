//! The FIFO itself: made, opened, and removed.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::unistd::{chown, geteuid};
use rustix::fs::{Mode, OFlags};

use crate::accounts::Accounts;
use crate::examine::whom;
use crate::identity::Identity;
use crate::policy::Policy;

use super::settings::FifoSettings;

/// keepalived's: readers may be anybody, writers its user only.
const MODE: Mode = Mode::RUSR.union(Mode::WUSR).union(Mode::RGRP).union(Mode::ROTH);

/// A FIFO that is open. Dropped, it is removed if it was made here.
#[derive(Debug)]
pub(crate) struct Pipe {
    path: PathBuf,
    file: Option<File>,
    made: Made,
}

/// Who has made a FIFO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    Here,
    Before,
}

impl Pipe {
    /// Makes a FIFO if there is none, and opens it for reading and writing, without waiting for a reader. Waits for the disk
    /// and for the user data base.
    pub(crate) fn open(
        settings: &FifoSettings,
        policy: &Policy,
        accounts: &Accounts,
    ) -> Result<Self, String> {
        let owner = owner(settings, policy, accounts)?;
        let path = &settings.path;
        let made = make(path, &owner).map_err(|error| format!("it cannot be made: {error}"))?;
        let mut pipe = Self { path: path.clone(), file: None, made };
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::open(path, flags, Mode::empty()).map(File::from);
        let file = opened.map_err(|error| format!("it cannot be opened: {}", io::Error::from(error)))?;
        let data = file.metadata().map_err(|error| error.to_string())?;
        if !data.file_type().is_fifo() {
            return Err("it is there already, and is no FIFO; remove it".to_owned());
        }
        if data.uid() != owner.uid.as_raw() && data.uid() != geteuid().as_raw() {
            return Err(format!("it belongs to user {}, who could have put it there; remove it", data.uid()));
        }
        pipe.file = Some(file);
        Ok(pipe)
    }

    /// What to write to. There once.
    pub(crate) fn take_file(&mut self) -> Option<File> {
        self.file.take()
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if self.made == Made::Here {
            // Somebody may have removed it already.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Whom a FIFO belongs to if it is made here.
fn owner(settings: &FifoSettings, policy: &Policy, accounts: &Accounts) -> Result<Identity, String> {
    let account = whom(settings.account.as_ref(), policy, accounts).map_err(|trouble| trouble.to_string())?;
    let Some(account) = account else { return Ok(Identity::own()) };
    accounts.find_waiting(&account).map_err(|trouble| trouble.to_string())
}

fn make(path: &Path, owner: &Identity) -> io::Result<Made> {
    match rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, MODE, 0) {
        Ok(()) => {}
        Err(rustix::io::Errno::EXIST) => return Ok(Made::Before),
        Err(error) => return Err(error.into()),
    }
    if owner.uid != geteuid() {
        chown(path, Some(owner.uid), Some(owner.gid))?;
    }
    Ok(Made::Here)
}
