//! Ipvlans: interfaces with addresses of their own on another interface's wire, under its Ethernet address.

use std::io;

use rtnetlink::packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::link::{
    InfoData, InfoIpVlan, InfoKind, IpVlanFlags, IpVlanMode, LinkAttribute, LinkInfo, LinkMessage,
};

use super::Requests;
use super::macvlan::unknown_kind;

/// An ipvlan to create, in mode L2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewIpvlan<'a> {
    /// Its name.
    pub name: &'a str,
    /// The index of the interface it stands on.
    pub base: u32,
    /// How it reaches others on the same interface. The kernel gives all of them that of the last one.
    pub reach: IpvlanReach,
}

/// How ipvlans on one interface reach each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpvlanReach {
    /// Within the host.
    Bridge,
    /// Not at all.
    Private,
    /// Through the switch, if that sends back.
    Vepa,
}

impl NewIpvlan<'_> {
    fn to_message(self) -> LinkMessage {
        let flags = match self.reach {
            IpvlanReach::Bridge => IpVlanFlags::empty(),
            IpvlanReach::Private => IpVlanFlags::Private,
            IpvlanReach::Vepa => IpVlanFlags::Vepa,
        };
        let mut message = LinkMessage::default();
        message.attributes = vec![
            LinkAttribute::Link(self.base),
            LinkAttribute::IfName(self.name.to_owned()),
            LinkAttribute::LinkInfo(vec![
                LinkInfo::Kind(InfoKind::IpVlan),
                LinkInfo::Data(InfoData::IpVlan(vec![
                    InfoIpVlan::Mode(IpVlanMode::L2),
                    InfoIpVlan::Flags(flags),
                ])),
            ]),
        ];
        message
    }
}

impl Requests {
    /// Creates an ipvlan; it is down.
    ///
    /// # Errors
    ///
    /// The kernel's; `AlreadyExists` if the name is taken, `Unsupported` if it knows no ipvlans, `ResourceBusy` if
    /// macvlans stand on the interface below, or it is a bridge's port.
    pub fn add_ipvlan(&mut self, ipvlan: NewIpvlan<'_>) -> io::Result<()> {
        let message = RouteNetlinkMessage::NewLink(ipvlan.to_message());
        let asked = self.ask(message, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
        asked.map(drop).map_err(|error| unknown_kind(error, "ipvlan"))
    }
}
