//! A part of a program's path.

use std::fmt;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use nix::unistd::{Gid, Group, Uid, User};

use crate::identity::Identity;
use crate::trouble::Writers;

/// A part of a program's path: a directory on the way to it, a link, or the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// Whose it is, by number.
    pub uid: u32,
    /// Its group, by number.
    pub gid: u32,
    /// Who may do what with it: the last twelve bits.
    pub mode: u32,
}

/// What a part of a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A regular file.
    File,
    /// A socket, a device, a pipe.
    Other,
}

const STICKY: u32 = 0o1000;
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;

impl Component {
    pub(crate) fn new(path: PathBuf, data: &Metadata) -> Self {
        let kind = match data.file_type() {
            kind if kind.is_dir() => Kind::Directory,
            kind if kind.is_symlink() => Kind::Link,
            kind if kind.is_file() => Kind::File,
            _ => Kind::Other,
        };
        Self { path, kind, uid: data.uid(), gid: data.gid(), mode: data.mode() & 0o7777 }
    }

    /// Who beside root can put something else in its place or into it.
    pub(crate) fn writers(&self) -> Option<Writers> {
        if self.uid != 0 {
            return Some(Writers::Owner);
        }
        let guarded = match self.kind {
            // What a link's mode says means nothing; who may replace it, its directory says.
            Kind::Link => true,
            // There, only owners replace what is theirs.
            Kind::Directory => self.mode & STICKY != 0,
            Kind::File | Kind::Other => false,
        };
        if guarded {
            return None;
        }
        if self.mode & OTHERS_WRITE != 0 {
            return Some(Writers::Others);
        }
        (self.gid != 0 && self.mode & GROUP_WRITES != 0).then_some(Writers::Group)
    }

    /// Whether it may be executed, or entered, by what its mode says.
    pub(crate) fn lets_execute(&self, identity: &Identity) -> bool {
        if identity.uid.is_root() {
            return self.kind == Kind::Directory || self.mode & 0o111 != 0;
        }
        self.allows(identity, 0o1)
    }

    /// Whether it may be read, by what its mode says.
    pub(crate) fn lets_read(&self, identity: &Identity) -> bool {
        identity.uid.is_root() || self.allows(identity, 0o4)
    }

    /// A file's mode has three digits, and one of them counts.
    fn allows(&self, identity: &Identity, bit: u32) -> bool {
        let shift = match () {
            () if identity.uid.as_raw() == self.uid => 6,
            () if identity.has_group(self.gid) => 3,
            () => 0,
        };
        (self.mode >> shift) & bit != 0
    }

    /// Which digit of the mode counts for this one, as chmod calls it.
    pub(crate) fn class(&self, identity: &Identity) -> char {
        match () {
            () if identity.uid.as_raw() == self.uid => 'u',
            () if identity.has_group(self.gid) => 'g',
            () => 'o',
        }
    }

    /// Whether it runs as root whoever starts it.
    pub(crate) fn becomes_mighty(&self) -> bool {
        self.kind == Kind::File
            && ((self.uid == 0 && self.mode & 0o4100 == 0o4100)
                || (self.gid == 0 && self.mode & 0o2010 == 0o2010))
    }

    /// Its owner's name.
    pub(crate) fn owner(&self) -> String {
        let user = User::from_uid(Uid::from_raw(self.uid)).ok().flatten();
        user.map_or_else(|| self.uid.to_string(), |user| user.name)
    }

    /// Its group's name.
    pub(crate) fn group(&self) -> String {
        let group = Group::from_gid(Gid::from_raw(self.gid)).ok().flatten();
        group.map_or_else(|| self.gid.to_string(), |group| group.name)
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, owner, group) = (self.path.display(), self.owner(), self.group());
        write!(f, "{path} (owner {owner}, group {group}, mode {:04o})", self.mode)
    }
}
