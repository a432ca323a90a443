//! A listener on a host, with a thread for each who connects.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::host::Host;

/// How long a port may take to be free.
const PATIENCE: Duration = Duration::from_secs(5);
/// How soon to notice the end.
const LONGEST_WAIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// A listener at work. It ends when dropped; whoever is connected then is served to the end.
#[derive(Debug)]
pub struct Accepting {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Accepting {
    /// Listens on a port of a host, and serves each who connects.
    ///
    /// # Errors
    ///
    /// The kernel's: the port is in use, and the like.
    pub fn start(
        host: &Host,
        port: u16,
        serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        // A socket belongs to the namespace in which it was made, whoever uses it.
        let listener = host.namespace.run(|| listen(port))?;
        listener.set_nonblocking(true)?;
        let ended = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (ended, serve) = (Arc::clone(&ended), Arc::new(serve));
            move || accept(&listener, &serve, &ended)
        });
        Ok(Self { ended, thread: Some(thread) })
    }
}

impl Drop for Accepting {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Listens. A listener on the port that has just ended may still be held for a moment: by a child of another test, from its
/// beginning until it runs its program.
fn listen(port: u16) -> io::Result<TcpListener> {
    let end = Instant::now() + PATIENCE;
    loop {
        match TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && Instant::now() < end => {
                std::thread::sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

fn accept<F>(listener: &TcpListener, serve: &Arc<F>, ended: &AtomicBool)
where
    F: Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
{
    while !ended.load(Ordering::Relaxed) {
        // Interrupted or not: it is looked whether somebody is there.
        let _ = poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&LONGEST_WAIT));
        while let Ok((stream, _)) = listener.accept() {
            let serve = Arc::clone(serve);
            // One that breaks off is its own affair.
            std::thread::spawn(move || drop(stream.set_nonblocking(false).and_then(|()| serve(stream))));
        }
    }
}
