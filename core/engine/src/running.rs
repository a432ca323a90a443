//! The engine from outside, while it runs.

use std::io;
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;

use keepwatch_system::Wakeup;

use crate::explainer::Question;
use crate::reconfiguration::Reconfiguration;

/// What the engine may be told.
#[derive(Debug)]
pub(crate) enum Command {
    /// Leave every mastership, as its stop mode says, and end.
    Stop,
    /// Give up every mastership at once, and end.
    StopNow,
    /// Go on with another configuration.
    Reconfigure(Box<Reconfiguration>),
    /// Say how the instances stand.
    Explain(Question),
}

/// A running engine.
#[derive(Debug)]
pub struct Running {
    pub(crate) thread: JoinHandle<io::Result<()>>,
    pub(crate) commands: SyncSender<Command>,
    pub(crate) wakeup: Wakeup,
}

impl Running {
    /// Tells the engine to leave every mastership and end. A MASTER keeps its addresses until its successor has taken
    /// them, for a second or two, unless its stop mode says otherwise. Does not wait.
    pub fn stop(&self) {
        self.tell(Command::Stop);
    }

    /// Tells the engine to give up every mastership, remove its addresses and end, at once. Does not wait.
    pub fn stop_now(&self) {
        self.tell(Command::StopNow);
    }

    fn tell(&self, command: Command) {
        // A full queue holds a stop already (of each other sort there is one at a time), and a closed one belongs to an engine that has ended.
        let _ = self.commands.try_send(command);
        self.wakeup.ring();
    }

    /// Waits for the end of the engine.
    ///
    /// # Errors
    ///
    /// Why it ended without having been told to; a panic on its thread is one.
    pub fn join(self) -> io::Result<()> {
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the engine's thread panicked")))
    }
}
