//! Resource limits, and memory that stays.

use std::io;

use caps::{CapSet, Capability};
use nix::errno::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Allows this process as many descriptors as it may allow itself: hundreds of interfaces have three each.
pub fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    // Where that is refused, sockets that cannot be opened are told one by one.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

/// Keeps what this process uses of its memory from being swapped out, now and later (`MCL_ONFAULT`: what it never touches
/// takes no room).
///
/// # Errors
///
/// `PermissionDenied` without `CAP_IPC_LOCK` and under a limit for locked memory (`RLIMIT_MEMLOCK`): memory that is asked for
/// later would be refused. Otherwise the kernel's.
pub fn lock_memory() -> io::Result<()> {
    let is_free = caps::has_cap(None, CapSet::Effective, Capability::CAP_IPC_LOCK).unwrap_or(false);
    if !is_free && getrlimit(Resource::Memlock).current.is_some() {
        let what = "it takes CAP_IPC_LOCK, or no limit (`LimitMEMLOCK=infinity`)";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
    }
    // SAFETY: it changes nothing that the program can see of its memory.
    let answer = unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE | libc::MCL_ONFAULT) };
    Ok(Errno::result(answer).map(drop)?)
}
