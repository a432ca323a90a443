//! Starting a program as somebody else, with all of their groups.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};

/// Has a program started as this user, with this group and these besides. The standard library can do so for no groups
/// only.
pub fn start_as(command: &mut Command, uid: Uid, gid: Gid, groups: Vec<Gid>) {
    let change = move || {
        // In this order: whoever is no longer root has no right to the rest.
        setgroups(&groups)?;
        setgid(gid)?;
        setuid(uid)?;
        Ok::<(), io::Error>(())
    };
    // SAFETY: between fork and exec, the closure makes three system calls with values from before the fork; it takes no
    // lock and allocates nothing, errors included, which are numbers.
    unsafe { command.pre_exec(change) };
}
