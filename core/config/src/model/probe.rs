//! The settings of checks that are built in.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::{FileAt, InterfaceName};

/// A name or an address, and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// In lower case; an IPv6 address without brackets.
    pub name: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, port } = self;
        if name.contains(':') { write!(f, "[{name}]:{port}") } else { write!(f, "{name}:{port}") }
    }
}

/// `tcp = "HOST:PORT"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpCheck {
    /// Where.
    pub to: Host,
    /// `source`: the address of this host to ask from.
    pub source: Option<IpAddr>,
    /// `send`: what to say once connected.
    pub send: Option<String>,
    /// `expect`: what must occur in the answer.
    pub expect: Option<String>,
}

/// `unix = "PATH"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnixCheck {
    /// The socket.
    pub path: PathBuf,
    /// `send`: what to say once connected.
    pub send: Option<String>,
    /// `expect`: what must occur in the answer.
    pub expect: Option<String>,
}

/// `http = "URL"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCheck {
    /// Where; `http://` or `https://`.
    pub url: String,
    /// `method`: GET unless said otherwise.
    pub method: String,
    /// `headers`, by name.
    pub headers: Vec<(String, String)>,
    /// `source`: the address of this host to ask from.
    pub source: Option<IpAddr>,
    /// `status`: which are right; 200 to 399 unless said otherwise, never empty.
    pub status: Vec<RangeInclusive<u16>>,
    /// `redirects`: how many are followed; none unless said otherwise.
    pub redirects: u8,
    /// `contains`: what must occur in the body.
    pub contains: Option<String>,
    /// `server_name`: the name asked for in the TLS handshake, and in the certificate.
    pub server_name: Option<String>,
    /// `ca_file`: the authorities that are trusted; the system's if absent.
    pub ca_file: Option<FileAt>,
    /// `verify`.
    pub verify: Verify,
    /// `min_life`: how long the certificate must be valid yet.
    pub min_life: Option<Duration>,
}

/// Whether a certificate is verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// It must be one that is trusted.
    #[default]
    On,
    /// Any will do.
    Off,
}

/// `dns = { server = "ADDRESS", name = "NAME" }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsCheck {
    /// `server`: an address; port 53 unless said otherwise.
    pub server: SocketAddr,
    /// `name`: what is asked for.
    pub name: String,
    /// `type`: A unless said otherwise.
    pub record: DnsRecord,
    /// `expect`: an address that must be among the answers; any answer will do if absent.
    pub expect: Option<IpAddr>,
}

/// What is asked of a name server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DnsRecord {
    /// An IPv4 address.
    #[default]
    A,
    /// An IPv6 address.
    Aaaa,
    /// Another name.
    Cname,
    /// A mail server.
    Mx,
    /// A name server.
    Ns,
    /// The name of an address.
    Ptr,
    /// The authority of a zone.
    Soa,
    /// Where a service is.
    Srv,
    /// Text.
    Txt,
}

/// `icmp = "HOST"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IcmpCheck {
    /// A name or an address.
    pub host: String,
    /// `source`: the address of this host to ask from.
    pub source: Option<IpAddr>,
    /// `count`: how many packets are sent; 1 unless said otherwise.
    pub count: u16,
    /// `need`: how many must come back; 1 unless said otherwise, `count` at most.
    pub need: u16,
}

/// `file = "PATH"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileCheck {
    /// The file.
    pub path: PathBuf,
    /// `test`: what of it.
    pub test: FileTest,
}

/// What a file must be like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileTest {
    /// `zero`: the number in it must be 0; so it is if the file is missing.
    #[default]
    Zero,
    /// `present_and_zero`: it must be there, and the number in it must be 0.
    PresentAndZero,
    /// `exists`: it must be there.
    Exists,
    /// `absent`: it must not.
    Absent,
}

/// `gateway = "ADDRESS"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayCheck {
    /// Who is asked.
    pub address: IpAddr,
    /// `interface`: where.
    pub interface: InterfaceName,
}

/// `haproxy = "SOCKET"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HaproxyCheck {
    /// Where it is asked. `master = true` says that it is the master's.
    pub socket: HaproxySocket,
    /// `frontends` that must be open.
    pub frontends: Vec<String>,
    /// `backends` that must have servers.
    pub backends: Vec<HaproxyBackend>,
}

/// A backend that must have servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HaproxyBackend {
    /// Its name.
    pub name: String,
    /// How many servers must be up at least.
    pub up: u32,
}

/// A socket by which HAProxy can be asked: an absolute path, or an IP address and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HaproxySocket {
    /// A worker's own: `stats socket` in HAProxy's configuration.
    Stats(String),
    /// That of the master: `-S` on HAProxy's command line.
    Master(String),
}
