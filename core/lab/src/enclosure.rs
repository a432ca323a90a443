//! Becoming root of namespaces of one's own.

use std::io::{self, Read};
use std::process::{Command, ExitCode};
use std::sync::OnceLock;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

/// Set for the process inside.
const MARK: &str = "KEEPWATCH_ENCLOSED";

/// Where the caller goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enclosed {
    /// Inside: root over its own namespaces. When this process ends, the kernel ends all it started.
    Inside,
    /// Outside: the process inside has ended with this code; end with it too.
    Outside(u8),
}

impl Enclosed {
    /// The exit code of the process outside.
    #[must_use]
    pub fn exit_code(self) -> Option<ExitCode> {
        match self {
            Self::Inside => None,
            Self::Outside(code) => Some(ExitCode::from(code)),
        }
    }
}

/// Why no namespaces can be had.
#[derive(Debug, thiserror::Error)]
pub enum EncloseError {
    /// The kernel, or the container around us, does not allow it.
    #[error(
        "cannot create namespaces ({0}): run it as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1 or user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0)"
    )]
    Refused(#[source] io::Error),
    /// The program could not be run again.
    #[error("cannot run {what}: {error}")]
    Io {
        /// What.
        what: &'static str,
        /// Why.
        #[source]
        error: io::Error,
    },
}

/// Runs the calling program again, with the same arguments, in a process-id namespace of its own, and, for an
/// ordinary user, a user namespace in which it is root. To be called before any thread is started.
///
/// # Errors
///
/// [`EncloseError`].
pub fn enclose() -> Result<Enclosed, EncloseError> {
    if std::env::var_os(MARK).is_some() {
        show_own_processes();
        return Ok(Enclosed::Inside);
    }
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    if user.is_root() {
        unshare(CloneFlags::CLONE_NEWPID).map_err(|error| EncloseError::Refused(error.into()))?;
    } else {
        unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID)
            .map_err(|error| EncloseError::Refused(error.into()))?;
        // A group may be mapped by an ordinary user only once setgroups is given up.
        let maps = [
            ("/proc/self/setgroups", "deny".to_owned()),
            ("/proc/self/uid_map", format!("0 {} 1", user.as_raw())),
            ("/proc/self/gid_map", format!("0 {} 1", group.as_raw())),
        ];
        for (path, text) in maps {
            std::fs::write(path, text).map_err(EncloseError::Refused)?;
        }
    }
    let io = |what| move |error| EncloseError::Io { what, error };
    let program = std::env::current_exe().map_err(io("itself"))?;
    // The process inside may let this one go before it ends itself: its standard input is a pipe to write to.
    let (mut released, release) = io::pipe().map_err(io("a pipe"))?;
    let mut inside = Command::new(program)
        .args(std::env::args_os().skip(1))
        .env(MARK, "1")
        .stdin(release)
        .spawn()
        .map_err(io("itself inside a namespace"))?;
    let mut code = [0];
    if released.read_exact(&mut code).is_ok() {
        return Ok(Enclosed::Outside(code[0]));
    }
    let status = inside.wait().map_err(io("itself inside a namespace"))?;
    Ok(Enclosed::Outside(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

/// Lets the process outside end with this code, while this one goes on in the background, and with it all it
/// started. Nothing more can be printed.
///
/// # Errors
///
/// The kernel's.
pub fn release(code: u8) -> io::Result<()> {
    rustix::process::setsid()?;
    let nowhere = std::fs::OpenOptions::new().write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(&nowhere)?;
    rustix::stdio::dup2_stderr(&nowhere)?;
    rustix::io::write(io::stdin(), &[code])?;
    Ok(())
}

/// The process id by which this process is known outside its enclosure.
#[must_use]
pub fn outer_process_id() -> Option<u32> {
    OUTER_PROCESS_ID.get().copied()
}

static OUTER_PROCESS_ID: OnceLock<u32> = OnceLock::new();

/// Mounts a /proc of its own, in which this process is number 1.
fn show_own_processes() {
    // The present /proc is the outer one and knows this process by its outer number.
    let outer = std::fs::read_link("/proc/self").ok().and_then(|link| link.to_str()?.parse().ok());
    if let Some(outer) = outer {
        OUTER_PROCESS_ID.get_or_init(|| outer);
    }
    // Where /proc cannot be mounted, as in some containers, the outer one remains: only tools that look
    // processes up by number notice.
    if unshare(CloneFlags::CLONE_NEWNS).is_err() {
        return;
    }
    let nothing = None::<&str>;
    let private = mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing);
    if private.is_ok() {
        let _ = mount(Some("proc"), "/proc", Some("proc"), MsFlags::empty(), nothing);
    }
}
