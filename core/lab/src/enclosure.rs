//! Becoming root of namespaces of one's own.

use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use tokio::net::unix::pipe::Receiver;
use tokio::signal::unix::{SignalKind, signal};

/// Set for the process inside: its folder.
const MARK: &str = "KEEPWATCH_ENCLOSED";
/// Set for a process inside a user namespace made for it.
const USER_MARK: &str = "KEEPWATCH_ENCLOSED_USER";

/// Where the caller goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enclosed {
    /// Inside: root over its own namespaces. When this process ends, the kernel ends all it started.
    Inside {
        /// A folder for files; removed when the process outside ends, unless it was let go by [`release`].
        folder: PathBuf,
    },
    /// Outside: the process inside has ended with this code; end with it too.
    Outside(u8),
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
    #[error("cannot {what}: {error}")]
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
    if let Some(folder) = std::env::var_os(MARK) {
        // Should the process outside be killed, this one must not play on alone.
        let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
        show_own_processes();
        return Ok(Enclosed::Inside { folder: folder.into() });
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
    let program = std::env::current_exe().map_err(io("find itself"))?;
    let folder = Folder::create().map_err(io("make a folder for temporary files (see TMPDIR)"))?;
    // The process inside may let this one go before it ends itself: its standard input is a pipe to write to.
    let (released, release) = io::pipe().map_err(io("make a pipe"))?;
    let mut command = Command::new(program);
    command.args(std::env::args_os().skip(1)).env(MARK, &folder.0).env_remove(USER_MARK).stdin(release);
    if !user.is_root() {
        command.env(USER_MARK, "1");
    }
    let mut inside = command.spawn().map_err(io("run itself inside a namespace"))?;
    // It holds the pipe's other end: with it open here the end of the process inside would never be seen.
    drop(command);
    let code = match watch(released).map_err(io("catch signals"))? {
        Watched::Released(code) => {
            // What goes on has its sockets there.
            std::mem::forget(folder);
            code
        }
        Watched::Ended => {
            let status = inside.wait().map_err(io("wait for itself"))?;
            status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
        }
        Watched::Interrupted => {
            // With the first process of a namespace the kernel ends all others in it.
            inside.kill().and_then(|()| inside.wait()).map_err(io("end itself inside a namespace"))?;
            eprintln!("\ninterrupted; nothing is left running");
            INTERRUPTED
        }
    };
    Ok(Enclosed::Outside(code))
}

/// As a shell reports a program ended by SIGINT.
const INTERRUPTED: u8 = 130;

/// How watching the process inside ended.
enum Watched {
    /// It lets us go with this code.
    Released(u8),
    /// It has closed its end: it is ending.
    Ended,
    /// Somebody wants us to end.
    Interrupted,
}

/// Watches without a thread: after `unshare` this process can start none.
fn watch(released: io::PipeReader) -> io::Result<Watched> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let released = Receiver::from_owned_fd(released.into())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        tokio::select! {
            watched = read(&released) => watched,
            _ = interrupt.recv() => Ok(Watched::Interrupted),
            _ = terminate.recv() => Ok(Watched::Interrupted),
            _ = hangup.recv() => Ok(Watched::Interrupted),
        }
    })
}

async fn read(released: &Receiver) -> io::Result<Watched> {
    let mut code = [0];
    loop {
        released.readable().await?;
        match released.try_read(&mut code) {
            Ok(0) => return Ok(Watched::Ended),
            Ok(_) => return Ok(Watched::Released(code[0])),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

/// A folder that goes with its owner.
struct Folder(PathBuf);

impl Folder {
    fn create() -> io::Result<Self> {
        let base = std::env::temp_dir();
        let mut number = u64::from(std::process::id());
        loop {
            let path = base.join(format!("keepwatch-{number}"));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1_000_000,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Lets the process outside end with this code, while this one goes on in the background, and with it all it
/// started. Its folder is left to whoever ends it. Nothing more can be printed.
///
/// # Errors
///
/// The kernel's.
pub fn release(code: u8) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(None)?;
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

/// Whether this process is in a user namespace of its own, which whoever wants to join must enter first.
#[must_use]
pub fn has_own_user_namespace() -> bool {
    std::env::var_os(USER_MARK).is_some()
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
