//! A network namespace, held by a descriptor.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::process::{Child, Command};
use std::sync::Arc;

use nix::sched::{CloneFlags, setns, unshare};

/// A network namespace. It lives as long as a descriptor, a thread or a process is in it. Clones share it.
#[derive(Clone, Debug)]
pub struct Namespace {
    file: Arc<File>,
}

impl Namespace {
    /// A new namespace with nothing but a loopback interface, down.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn create() -> io::Result<Self> {
        on_thread(|| {
            unshare(CloneFlags::CLONE_NEWNET)?;
            // The thread ends; the descriptor keeps what it created.
            Self::current()
        })
    }

    /// The one that the calling thread is in.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn current() -> io::Result<Self> {
        Ok(Self { file: Arc::new(File::open("/proc/thread-self/ns/net")?) })
    }

    /// Runs `work` on a thread inside.
    ///
    /// # Errors
    ///
    /// The kernel's on entering, and those of `work`.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        on_thread(|| {
            self.enter()?;
            work()
        })
    }

    /// Moves the calling thread inside, for good.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn enter(&self) -> io::Result<()> {
        Ok(setns(self.file.as_fd(), CloneFlags::CLONE_NEWNET)?)
    }

    /// Starts a command inside.
    ///
    /// # Errors
    ///
    /// The kernel's: no such program, and the like.
    pub fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        // A child inherits the namespace of the thread that starts it.
        self.run(|| command.spawn())
    }

    /// The number under which this process holds it: `/proc/PID/fd/NUMBER` names it for `nsenter --net=`.
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}

impl AsFd for Namespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

fn on_thread<T: Send>(work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    std::thread::scope(|scope| scope.spawn(work).join())
        .unwrap_or_else(|_| Err(io::Error::other("a thread in a namespace panicked")))
}
