//! A program that runs.

use std::io;
use std::pin::pin;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio::time::{sleep, timeout};

use crate::group::Group;
use crate::heard::Heard;
use crate::input::Input;
use crate::leftover;

/// What it has written before its end is in the pipes already: reading it takes no longer. A child of it may hold them
/// open for ever.
const REST: Duration = Duration::from_millis(100);
/// What is read at once: what a pipe holds.
const PIECE: usize = 64 << 10;
/// How long until more is read of one that has written more than is kept: a flood is held up, and costs next to no time.
const PAUSE: Duration = Duration::from_millis(10);

/// A program that runs. Dropped, it is killed with all that it has started.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    group: Group,
    pipes: Pipes,
    letter: Option<Letter>,
    /// What it has written so far.
    pub(crate) heard: Heard,
}

impl Running {
    /// A child that leads a group of its own.
    pub(crate) fn new(mut child: Child, input: &Input) -> Self {
        let pipes = Pipes { output: child.stdout.take(), errors: child.stderr.take() };
        let letter = match (child.stdin.take(), input) {
            (Some(pipe), Input::Text(text)) => Some(Letter { pipe, text: Arc::clone(text) }),
            _ => None,
        };
        Self { group: Group::of(child.id()), child, pipes, letter, heard: Heard::default() }
    }

    /// Reads what it writes until it has ended. What it has started and left behind lives on.
    pub(crate) async fn ended(&mut self) -> io::Result<ExitStatus> {
        let Self { child, group, pipes, letter, heard } = self;
        let letter = letter.take();
        let talk = async {
            tokio::join!(pipes.listen(heard), hand_over(letter));
        };
        let status = tokio::select! {
            biased;
            () = talk => child.wait().await?,
            status = child.wait() => {
                // Cut off there, it has been read as far as it goes.
                let _ = timeout(REST, pipes.listen(heard)).await;
                status?
            }
        };
        group.leave();
        pipes.leave();
        Ok(status)
    }

    /// Asks it to end, gives it this time, and kills what is left. Ends when there is nothing left.
    pub(crate) async fn stop(mut self, patience: Duration) {
        self.group.signal(Signal::TERM);
        if timeout(patience, self.gone()).await.is_err() {
            self.group.signal(Signal::KILL);
            self.gone().await;
        }
        self.group.leave();
        self.pipes.leave();
    }

    async fn gone(&mut self) {
        let Self { child, group, pipes, .. } = self;
        let mut last_words = Heard::default();
        let mut reading = pin!(pipes.listen(&mut last_words));
        // With nobody who reads, a line that it writes would be the end of a script that puts things in order.
        tokio::select! {
            biased;
            () = &mut reading => {}
            () = left(child, group) => return,
        }
        left(child, group).await;
    }
}

/// Ends when nothing is left of them.
async fn left(child: &mut Child, group: &Group) {
    // One that cannot be waited for has been waited for.
    let _ = child.wait().await;
    group.gone().await;
}

/// What it has to read, on its way.
#[derive(Debug)]
struct Letter {
    pipe: ChildStdin,
    text: Arc<str>,
}

/// Writes it as far as it is read, and closes the pipe.
async fn hand_over(letter: Option<Letter>) {
    let Some(Letter { mut pipe, text }) = letter else { return };
    // It may not care to read, and close its end, or just end.
    let _ = pipe.write_all(text.as_bytes()).await;
}

/// Where it writes to, until their ends.
#[derive(Debug)]
struct Pipes {
    output: Option<ChildStdout>,
    errors: Option<ChildStderr>,
}

impl Pipes {
    /// Leaves them to what may still write there.
    fn leave(&mut self) {
        leftover::read_on(self.output.take());
        leftover::read_on(self.errors.take());
    }

    /// Reads both to their ends: a program must not wait for somebody to read on, or, if it floods, not for long.
    async fn listen(&mut self, heard: &mut Heard) {
        let Self { output, errors } = self;
        let (mut of_output, mut of_errors) = (Vec::with_capacity(PIECE), Vec::with_capacity(PIECE));
        while output.is_some() || errors.is_some() {
            if heard.is_full() {
                sleep(PAUSE).await;
            }
            tokio::select! {
                more = read(output, &mut of_output), if output.is_some() => match more {
                    More::Come => heard.output(&of_output),
                    More::End => *output = None,
                },
                more = read(errors, &mut of_errors), if errors.is_some() => match more {
                    More::Come => heard.errors(&of_errors),
                    More::End => *errors = None,
                },
            }
        }
    }
}

/// Whether there is more in a pipe.
enum More {
    Come,
    End,
}

async fn read(pipe: &mut Option<impl AsyncRead + Unpin>, piece: &mut Vec<u8>) -> More {
    let Some(pipe) = pipe else { return More::End };
    piece.clear();
    match pipe.read_buf(piece).await {
        Ok(1..) => More::Come,
        Ok(0) | Err(_) => More::End,
    }
}
