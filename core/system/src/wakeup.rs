//! Waking the engine from another thread.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};

/// An eventfd: any clone may ring it, and a poller sees it. Ringing never blocks.
#[derive(Clone, Debug)]
pub struct Wakeup {
    fd: Arc<OwnedFd>,
}

impl Wakeup {
    /// A wake-up that nobody has rung.
    ///
    /// # Errors
    ///
    /// The kernel's, for want of descriptors or memory.
    pub fn new() -> io::Result<Self> {
        Ok(Self { fd: Arc::new(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?) })
    }

    /// Rings.
    pub fn ring(&self) {
        // A full counter means that it is ringing already.
        let _ = rustix::io::write(&*self.fd, &1_u64.to_ne_bytes());
    }

    /// Takes note of all rings so far.
    pub fn acknowledge(&self) {
        let _ = rustix::io::read(&*self.fd, &mut [0_u8; 8]);
    }
}

impl AsFd for Wakeup {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
