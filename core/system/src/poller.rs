//! Waiting for many descriptors at once.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::epoll;

/// What a descriptor was registered as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token(pub u64);

/// An epoll set, level-triggered, for reading.
#[derive(Debug)]
pub struct Poller {
    epoll: OwnedFd,
}

/// Events taken from the kernel at once: all of them, or a timer could be seen before what has arrived.
const BATCH: usize = 1024;

impl Poller {
    /// An empty set.
    ///
    /// # Errors
    ///
    /// The kernel's, for want of descriptors or memory.
    pub fn new() -> io::Result<Self> {
        Ok(Self { epoll: epoll::create(epoll::CreateFlags::CLOEXEC)? })
    }

    /// Registers a descriptor for reading. Closing it unregisters it.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn add(&self, source: impl AsFd, token: Token) -> io::Result<()> {
        epoll::add(&self.epoll, source, epoll::EventData::new_u64(token.0), epoll::EventFlags::IN)?;
        Ok(())
    }

    /// Waits until something is ready, and puts it into `ready`, which is cleared first.
    ///
    /// # Errors
    ///
    /// The kernel's; interruption by a signal is none, and gives nothing ready.
    pub fn wait(&self, ready: &mut Vec<Token>) -> io::Result<()> {
        ready.clear();
        let mut events = [const { MaybeUninit::uninit() }; BATCH];
        match epoll::wait(&self.epoll, &mut events, None) {
            Ok((events, _)) => {
                ready.extend(events.iter().map(|event| Token(event.data.u64())));
                Ok(())
            }
            Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
