//! One question and its answer over a connection.

use keepwatch_host::Verdict;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::deadline::Deadline;
use crate::io_text::failed;
use crate::quote::{contains, quote};
use crate::verdict::{Step, fail, pass};

/// An answer is looked at up to here.
const LARGEST: usize = 64 << 10;

/// What is said and what is to come back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Talk<'a> {
    pub(crate) send: Option<&'a str>,
    pub(crate) expect: Option<&'a str>,
}

/// That somebody is there is all that was to be known.
pub(crate) fn answered(target: &str, deadline: &Deadline) -> Verdict {
    pass(format!("{target} answered in {}", deadline.taken()))
}

impl Talk<'_> {
    /// Whether nothing is said either way.
    pub(crate) const fn is_silent(&self) -> bool {
        self.send.is_none() && self.expect.is_none()
    }

    /// Says what is to be said over a new connection, and waits for what is to come.
    pub(crate) async fn over(
        self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        target: &str,
        deadline: &Deadline,
    ) -> Step<Verdict> {
        if let Some(send) = self.send {
            let sent = deadline.limit(stream.write_all(send.as_bytes()), || format!("{target} took nothing"));
            sent.await?.map_err(|error| failed(target, &error))?;
        }
        let Some(expect) = self.expect else {
            return Ok(answered(target, deadline));
        };
        let mut said = Vec::new();
        let mut piece = vec![0; 4096];
        while !contains(&said, expect.as_bytes()) {
            let late = || match said.as_slice() {
                [] => format!("{target} said nothing"),
                said => format!("{target} said {}, not {}", quote(said), quote(expect.as_bytes())),
            };
            let read = deadline.limit(stream.read(&mut piece), late).await?;
            let read = read.map_err(|error| failed(target, &error))?;
            said.extend(piece.iter().take(read));
            if read == 0 && said.is_empty() {
                return Err(fail(format!("{target} closed the connection and said nothing")));
            }
            if read == 0 || said.len() > LARGEST {
                return Err(fail(format!(
                    "{target} said {}, not {}",
                    quote(&said),
                    quote(expect.as_bytes())
                )));
            }
        }
        Ok(pass(format!("{target} said {} in {}", quote(expect.as_bytes()), deadline.taken())))
    }
}
