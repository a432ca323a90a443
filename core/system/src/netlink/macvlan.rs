//! Macvlans: interfaces with an Ethernet address of their own on another interface's wire.

use std::io;

use rtnetlink::packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::link::{
    InfoData, InfoKind, InfoMacVlan, LinkAttribute, LinkFlags, LinkInfo, LinkMessage, MacVlanMode,
};
use rtnetlink::packet_route::tc::{TcAttribute, TcHandle, TcMessage};

use super::{Link, Requests};

/// A macvlan to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMacvlan<'a> {
    /// Its name.
    pub name: &'a str,
    /// The index of the interface it stands on.
    pub base: u32,
    /// Its Ethernet address.
    pub mac: [u8; 6],
}

impl NewMacvlan<'_> {
    /// In bridge mode: a frame from the wire that bears the macvlan's own address as sender, such as another host's with
    /// the same virtual MAC, reaches the interface below and not the macvlan. In private mode the macvlan swallows it, and
    /// the kernel may answer it from there.
    fn to_message(&self) -> LinkMessage {
        let mut message = LinkMessage::default();
        message.attributes = vec![
            LinkAttribute::Link(self.base),
            LinkAttribute::IfName(self.name.to_owned()),
            LinkAttribute::Address(self.mac.to_vec()),
            LinkAttribute::LinkInfo(vec![
                LinkInfo::Kind(InfoKind::MacVlan),
                LinkInfo::Data(InfoData::MacVlan(vec![InfoMacVlan::Mode(MacVlanMode::Bridge)])),
            ]),
        ];
        message
    }
}

/// Whether the kernel says that there is no such interface.
#[must_use]
pub fn is_no_device(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENODEV)
}

/// What the kernel says of a kind of interface that it has not ("Operation not supported"), in words that say what to do.
pub(super) fn unknown_kind(error: io::Error, kind: &str) -> io::Error {
    if error.raw_os_error() != Some(libc::EOPNOTSUPP) {
        return error;
    }
    let config = kind.to_uppercase();
    let what = format!("this kernel has no {kind} (module `{kind}`, CONFIG_{config})");
    io::Error::new(io::ErrorKind::Unsupported, what)
}

/// Whether anything may leave through an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Egress {
    /// Everything.
    Open,
    /// Nothing: whatever is sent, by whomever, is dropped in silence. What arrives still arrives.
    Closed,
}

impl Requests {
    /// Creates a macvlan; it is down.
    ///
    /// # Errors
    ///
    /// The kernel's; `AlreadyExists` if the name is taken, `Unsupported` if it knows no macvlans, `ResourceBusy` if
    /// ipvlans stand on the interface below, or it is a bridge's port.
    pub fn add_macvlan(&mut self, macvlan: &NewMacvlan<'_>) -> io::Result<()> {
        let message = RouteNetlinkMessage::NewLink(macvlan.to_message());
        let asked = self.ask(message, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
        asked.map(drop).map_err(|error| unknown_kind(error, "macvlan"))
    }

    /// The interface of this name, if there is one.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn link_named(&mut self, name: &str) -> io::Result<Option<Link>> {
        let mut message = LinkMessage::default();
        message.attributes.push(LinkAttribute::IfName(name.to_owned()));
        match self.ask(RouteNetlinkMessage::GetLink(message), 0) {
            Ok(answers) => Ok(answers.iter().find_map(|answer| match answer {
                RouteNetlinkMessage::NewLink(message) => Link::from_message(message),
                _ => None,
            })),
            Err(error) if is_no_device(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Notes something about an interface, for whoever reads `ip link`.
    ///
    /// # Errors
    ///
    /// The kernel's; it takes no more than 255 octets.
    pub fn set_alias(&mut self, index: u32, alias: &str) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        message.attributes.push(LinkAttribute::IfAlias(alias.to_owned()));
        self.ask(RouteNetlinkMessage::SetLink(message), NLM_F_ACK).map(drop)
    }

    /// Sets an interface up.
    ///
    /// # Errors
    ///
    /// The kernel's; `AddrInUse` for a macvlan whose Ethernet address another interface below has.
    pub fn set_up(&mut self, index: u32) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        message.header.flags = LinkFlags::Up;
        message.header.change_mask = LinkFlags::Up;
        self.ask(RouteNetlinkMessage::SetLink(message), NLM_F_ACK).map(drop)
    }

    /// Removes an interface. One that is not there is no error. Takes the kernel some 20 ms.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn remove_link(&mut self, index: u32) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = index;
        match self.ask(RouteNetlinkMessage::DelLink(message), NLM_F_ACK) {
            Err(error) if is_no_device(&error) => Ok(()),
            done => done.map(drop),
        }
    }

    /// Lets everything, or nothing, leave through an interface that has no queueing discipline of its own. Unlike
    /// setting it down, which waits for the kernel, this takes some 20 us; and what arrives is still received.
    ///
    /// # Errors
    ///
    /// The kernel's: it knows no queueing disciplines, or (before 4.19) not this one.
    pub fn set_egress(&mut self, index: u32, egress: Egress) -> io::Result<()> {
        let mut message = TcMessage::with_index(i32::try_from(index).map_err(io::Error::other)?);
        message.header.parent = TcHandle::ROOT;
        match egress {
            Egress::Closed => {
                message.attributes.push(TcAttribute::Kind("blackhole".to_owned()));
                let flags = NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
                self.ask(RouteNetlinkMessage::NewQueueDiscipline(message), flags).map(drop)
            }
            Egress::Open => match self.ask(RouteNetlinkMessage::DelQueueDiscipline(message), NLM_F_ACK) {
                // None was there.
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                done => done.map(drop),
            },
        }
    }
}
