//! Whether a name server answers, and rightly.

mod message;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use keepwatch_host::{Probe, Verdict, Work};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::deadline::Deadline;
use crate::io_text::failed;
use crate::verdict::{Step, either, fail, pass};
use message::{Answer, Question};

/// A question that is not answered is said so many times.
const TIMES: u32 = 3;
/// The largest answer there can be.
const LARGEST: usize = 65_535;

/// Passes when a name server knows a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsCheck {
    /// The name server.
    pub server: SocketAddr,
    /// The name that is asked for.
    pub name: String,
    /// What is asked about it.
    pub record: Record,
    /// An address that must be in the answer to [`Record::A`] or [`Record::Aaaa`]; otherwise any answer will do.
    pub expect: Option<IpAddr>,
}

impl DnsCheck {
    /// A check that asks for an IPv4 address.
    #[must_use]
    pub fn new(server: SocketAddr, name: impl Into<String>) -> Self {
        Self { server, name: name.into(), record: Record::A, expect: None }
    }
}

/// What a name server can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// The IPv4 addresses of a host.
    A,
    /// The IPv6 addresses of a host.
    Aaaa,
    /// The name that a name stands for.
    Cname,
    /// Who takes mail.
    Mx,
    /// The name servers of a zone.
    Ns,
    /// The name of an address.
    Ptr,
    /// Where a zone begins, and its number.
    Soa,
    /// Where a service is.
    Srv,
    /// Text.
    Txt,
}

/// As in zone files: `AAAA`.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Mx => "MX",
            Self::Ns => "NS",
            Self::Ptr => "PTR",
            Self::Soa => "SOA",
            Self::Srv => "SRV",
            Self::Txt => "TXT",
        })
    }
}

pub(crate) struct DnsProbe(pub(crate) DnsCheck);

impl Probe for DnsProbe {
    fn probe(&self, within: Duration) -> Work<'_, Verdict> {
        Box::pin(async move { either(ask(&self.0, Deadline::new(within)).await) })
    }
}

async fn ask(check: &DnsCheck, deadline: Deadline) -> Step<Verdict> {
    let question = Question::new(check)?;
    let server = check.server;
    let failed = |error: io::Error| failed(&server.to_string(), &error);
    let late = || format!("{server} did not answer");
    let mut answer = deadline.limit(by_udp(&question, server, &deadline), late).await?.map_err(failed)?;
    if matches!(answer, Answer::Truncated) {
        answer = deadline.limit(by_tcp(&question, server), late).await?.map_err(failed)?;
    }
    judge(check, answer, &deadline)
}

fn judge(check: &DnsCheck, answer: Answer, deadline: &Deadline) -> Step<Verdict> {
    let DnsCheck { server, name, record, expect } = check;
    let records = match answer {
        Answer::Records(records) => records,
        Answer::Refused(why) => return Err(fail(format!("{server} answers {name} {record} with {why}"))),
        Answer::Truncated => return Err(fail(format!("{server} cuts its answer short, by TCP too"))),
    };
    let Some(first) = records.first() else {
        return Err(fail(format!("{server} knows no {record} of {name}")));
    };
    let known = |shown: &str| format!("{server} says {name} {record} is {shown}");
    if let Some(expected) = expect.map(|expected| expected.to_string())
        && !records.contains(&expected)
    {
        return Err(fail(format!("{}, expected {expected}", known(&records.join(", ")))));
    }
    let shown = expect.map_or_else(|| first.clone(), |expected| expected.to_string());
    Ok(pass(format!("{} in {}", known(&shown), deadline.taken())))
}

async fn by_udp(question: &Question, server: SocketAddr, deadline: &Deadline) -> io::Result<Answer> {
    let any: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    let patience = deadline.left() / TIMES;
    let mut datagram = vec![0; LARGEST];
    loop {
        socket.send(&question.octets).await?;
        // What is lost is said again.
        if let Ok(answer) = timeout(patience, heard(question, &socket, &mut datagram)).await {
            return answer;
        }
    }
}

/// The answer to the question. Somebody may have guessed the port and say other things: they are passed over.
async fn heard(question: &Question, socket: &UdpSocket, datagram: &mut [u8]) -> io::Result<Answer> {
    loop {
        let length = socket.recv(datagram).await?;
        if let Some(answer) = question.answered_by(datagram.get(..length).unwrap_or_default()) {
            return Ok(answer);
        }
    }
}

async fn by_tcp(question: &Question, server: SocketAddr) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.octets.len()).map_err(io::Error::other)?;
    let mut message = length.to_be_bytes().to_vec();
    message.extend(&question.octets);
    stream.write_all(&message).await?;
    let length = stream.read_u16().await?;
    let mut octets = vec![0; usize::from(length)];
    stream.read_exact(&mut octets).await?;
    question.answered_by(&octets).ok_or_else(|| io::Error::other("the answer is to another question"))
}
