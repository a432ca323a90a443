//! A mail server on a host.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::accepting::Accepting;
use crate::host::Host;
use crate::taken_mail::TakenMail;

/// How long somebody who has connected may say nothing.
const PATIENCE: Duration = Duration::from_secs(30);
/// No line that is meant for it is longer.
const LONGEST_LINE: u64 = 64 * 1024;
/// No mail has more lines.
const MOST_LINES: usize = 100_000;

/// A server that takes every mail, in the clear, from everybody, for everybody (RFC 5321), and keeps it in memory. It ends
/// when dropped.
#[derive(Debug)]
pub struct MailServer {
    taken: Arc<Mutex<Vec<TakenMail>>>,
    _accepting: Accepting,
}

/// A step of the dialogue, as a server sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailStep {
    /// Somebody has connected and gets the greeting.
    Connected,
    /// EHLO or HELO.
    Hello,
    /// MAIL.
    Sender,
    /// RCPT.
    Recipient,
    /// DATA.
    Data,
    /// The first line of the message has come, and nothing is answered yet.
    Begun,
    /// All of the message has come: nobody knows but the server.
    Taken,
    /// The answer to that is on its way.
    Told,
    /// QUIT.
    Leaving,
}

/// Told each step before it is answered. What it gives is answered instead.
type Attend = Box<dyn Fn(MailStep) -> Option<&'static str> + Send + Sync>;

impl MailServer {
    /// Listens on a port of a host, and takes everything.
    ///
    /// # Errors
    ///
    /// The kernel's: the port is in use, and the like.
    pub fn start(host: &Host, port: u16) -> io::Result<Self> {
        Self::attended(host, port, |_| None)
    }

    /// The same; `attend` is told each step before it is answered. What it gives is answered instead, and if that answers
    /// the message, it is not taken.
    ///
    /// # Errors
    ///
    /// As [`MailServer::start`].
    pub fn attended(
        host: &Host,
        port: u16,
        attend: impl Fn(MailStep) -> Option<&'static str> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let taken: Arc<Mutex<Vec<TakenMail>>> = Arc::default();
        let (keep, attend): (_, Attend) = (Arc::clone(&taken), Box::new(attend));
        let accepting = Accepting::start(host, port, move |stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            Dialogue { stream: BufReader::new(stream), attend: &attend, taken: &keep }.hold()
        })?;
        Ok(Self { taken, _accepting: accepting })
    }

    /// What it has taken so far, in order.
    #[must_use]
    pub fn mails(&self) -> Vec<TakenMail> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One connection.
struct Dialogue<'a> {
    stream: BufReader<TcpStream>,
    attend: &'a Attend,
    taken: &'a Mutex<Vec<TakenMail>>,
}

/// Whether a step was answered as usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answered {
    AsUsual,
    Otherwise,
}

impl Dialogue<'_> {
    fn hold(&mut self) -> io::Result<()> {
        if self.answer(MailStep::Connected, "220 mail of the lab")? == Answered::Otherwise {
            return Ok(());
        }
        let (mut from, mut to) = (String::new(), Vec::new());
        while let Some(line) = self.line()? {
            let line = String::from_utf8_lossy(&line).into_owned();
            let command = line.get(..4).unwrap_or(&line).to_ascii_uppercase();
            match command.as_str() {
                "EHLO" | "HELO" => drop(self.answer(MailStep::Hello, "250 mail of the lab")?),
                "MAIL" => {
                    if self.answer(MailStep::Sender, "250 ok")? == Answered::AsUsual {
                        from = address(&line);
                        to.clear();
                    }
                }
                "RCPT" => {
                    if self.answer(MailStep::Recipient, "250 ok")? == Answered::AsUsual {
                        to.push(address(&line));
                    }
                }
                "DATA" if to.is_empty() => self.say("503 for whom?")?,
                "DATA" => {
                    if self.answer(MailStep::Data, "354 go on")? == Answered::AsUsual {
                        self.take(std::mem::take(&mut from), std::mem::take(&mut to))?;
                    }
                }
                "RSET" | "NOOP" => self.say("250 ok")?,
                "QUIT" => {
                    self.answer(MailStep::Leaving, "221 bye")?;
                    return Ok(());
                }
                _ => self.say("502 not here")?,
            }
        }
        Ok(())
    }

    /// Reads a message to its end (RFC 5321 4.5.2), and keeps it.
    fn take(&mut self, from: String, to: Vec<String>) -> io::Result<()> {
        let mut text = Vec::new();
        for number in 0..MOST_LINES {
            let Some(line) = self.line()? else { return Ok(()) };
            if number == 0 {
                (self.attend)(MailStep::Begun);
            }
            if line == b"." {
                return self.keep(from, to, &text);
            }
            text.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            text.push(b'\n');
        }
        self.say("552 too long")
    }

    fn keep(&mut self, from: String, to: Vec<String>, text: &[u8]) -> io::Result<()> {
        let instead = (self.attend)(MailStep::Taken);
        let answer = match instead {
            Some(instead) => instead.to_owned(),
            None => {
                let text = String::from_utf8_lossy(text).into_owned();
                let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
                taken.push(TakenMail { at: SystemTime::now(), from, to, text });
                format!("250 taken as {}", taken.len())
            }
        };
        self.say(&answer)?;
        (self.attend)(MailStep::Told);
        Ok(())
    }

    fn answer(&mut self, step: MailStep, usual: &str) -> io::Result<Answered> {
        let instead = (self.attend)(step);
        self.say(instead.unwrap_or(usual))?;
        Ok(if instead.is_none() { Answered::AsUsual } else { Answered::Otherwise })
    }

    fn say(&mut self, answer: &str) -> io::Result<()> {
        self.stream.get_mut().write_all(format!("{answer}\r\n").as_bytes())
    }

    /// The next line without its end; none if the client has left.
    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        self.stream.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        if line.pop() != Some(b'\n') {
            return Ok(None);
        }
        line.pop_if(|last| *last == b'\r');
        Ok(Some(line))
    }
}

/// What stands between `<` and `>`.
fn address(line: &str) -> String {
    let from = line.split_once('<').map_or("", |(_, rest)| rest);
    from.split('>').next().unwrap_or_default().to_owned()
}
