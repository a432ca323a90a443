//! The kinds of events, and the reasons they give.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::seconds;

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// An instance changed its state.
    Transition {
        /// The state left.
        from: State,
        /// The state entered.
        to: State,
        /// Why.
        reason: Reason,
        /// Whether this is the instance's first state since the program started.
        initial: bool,
        /// The effective priority, 1 to 255.
        priority: u8,
        /// What it consisted of, in order, and how long each step took.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        steps: Vec<StepTook>,
    },
    /// A MASTER begins to leave: it keeps answering for its addresses until its successor has announced them. Its
    /// state is MASTER until [`Self::Left`].
    Leaving {
        /// What for.
        departure: Departure,
        /// Why: the reason of the transition that follows.
        reason: Reason,
        /// The effective priority, 1 to 255.
        priority: u8,
        /// How long it waits for a successor.
        #[serde(rename = "patience_seconds", with = "seconds")]
        patience: Duration,
    },
    /// A MASTER that was leaving has given its last address up. A transition follows.
    Left {
        /// What for.
        departure: Departure,
        /// How it ended.
        ending: Ending,
        /// From the beginning until the last address was given up.
        #[serde(rename = "took_seconds", with = "seconds")]
        took: Duration,
    },
    /// A hand-over was asked for, or its group left, and nobody took over: MASTER as before.
    HandoverRefused {
        /// How long it was tried.
        #[serde(rename = "waited_seconds", with = "seconds")]
        waited: Duration,
    },
    /// Another host claims an address of this MASTER by ARP or neighbour discovery. Answered by an announcement.
    Contested {
        /// With its prefix length.
        address: String,
        /// On which interface.
        interface: String,
        /// The other host's hardware address.
        mac: String,
    },
    /// Two MASTERs: another host goes on claiming the addresses, and none of its adverts reaches this one.
    OneWay {
        /// The MASTER that fell silent before this one took over; probably the same.
        source: Option<IpAddr>,
        /// The other host's hardware address.
        mac: String,
    },
    /// An interface that is up has received nothing since this host took over from a MASTER that fell silent.
    NothingReceived {
        /// Its name.
        interface: String,
        /// For how long.
        #[serde(rename = "listened_seconds", with = "seconds")]
        listened: Duration,
    },
    /// A kernel setting that a hand-over needs cannot be changed.
    SettingRefused {
        /// Its name, as `sysctl` has it.
        setting: String,
        /// What the kernel said.
        error: String,
        /// What follows from it.
        consequence: String,
    },
    /// An instance's effective priority changed.
    PriorityChanged {
        /// Before.
        from: u8,
        /// Now.
        to: u8,
    },
    /// Something is wrong or odd about an advert heard.
    AdvertAnomaly {
        /// Who sent it.
        source: IpAddr,
        /// What about it.
        anomaly: Anomaly,
        /// Whether it was dropped while this host is MASTER: then both hosts hold the addresses.
        #[serde(default)]
        both_master: bool,
    },
    /// A MASTER is heard that was not heard before.
    PeerSeen {
        /// Its address.
        source: IpAddr,
        /// Its priority.
        priority: u8,
    },
    /// The MASTER heard so far fell silent.
    PeerLost {
        /// Its address.
        source: IpAddr,
        /// For how long.
        #[serde(rename = "silent_seconds", with = "seconds")]
        silent: Duration,
    },
    /// The MASTER heard resigned.
    PeerResigned {
        /// Its address.
        source: IpAddr,
    },
    /// A backup no longer follows a MASTER of lower priority.
    LowerDiscarded {
        /// That MASTER's address.
        source: IpAddr,
        /// Its priority.
        theirs: u8,
    },
    /// A MASTER asserted itself against one of lower priority.
    Reasserted {
        /// The other's address.
        source: IpAddr,
        /// Its priority.
        theirs: u8,
        /// Ours.
        ours: u8,
    },
    /// The instance's addresses are announced to the neighbours.
    Announcing {
        /// Which addresses, by interface: `10.1.1.30 on eth0`.
        addresses: Vec<String>,
    },
    /// A virtual address was put in place.
    AddressAdded {
        /// With its prefix length.
        address: String,
        /// On which interface.
        interface: String,
    },
    /// A virtual address was taken away.
    AddressRemoved {
        /// With its prefix length.
        address: String,
        /// From which interface.
        interface: String,
    },
    /// Somebody else deleted a virtual address; it is put back.
    AddressLost {
        /// With its prefix length.
        address: String,
        /// From which interface.
        interface: String,
    },
    /// A virtual address that had been lost is in place again, and announced.
    AddressPutBack {
        /// With its prefix length.
        address: String,
        /// On which interface.
        interface: String,
    },
    /// A virtual address could not be put in place; it is tried again.
    AddressFailed {
        /// With its prefix length.
        address: String,
        /// On which interface.
        interface: String,
        /// What the kernel said.
        error: String,
    },
    /// The kernel found a virtual IPv6 address in use on another host; it is replaced.
    AddressDuplicate {
        /// With its prefix length.
        address: String,
        /// On which interface.
        interface: String,
    },
    /// A virtual address did not become usable in time; the instance goes on.
    AddressNotUsable {
        /// With its prefix length.
        address: String,
        /// On which interface.
        interface: String,
    },
    /// A virtual address that a former run had left was removed at the start.
    AddressCleaned {
        /// With its prefix length.
        address: String,
        /// From which interface.
        interface: String,
    },
    /// A virtual address could not be taken away: two hosts may hold it now.
    AddressStuck {
        /// With its prefix length.
        address: String,
        /// On which interface.
        interface: String,
        /// What the kernel said.
        error: String,
    },
    /// A virtual address is the only address of its family that the host has on the interface: it was not removed
    /// at the start, so that the host stays reachable.
    AddressKept {
        /// With its prefix length.
        address: String,
        /// On which interface.
        interface: String,
    },
    /// A network interface that matters changed its state.
    Interface {
        /// Its name.
        interface: String,
        /// Its state.
        state: InterfaceState,
    },
    /// Packets could not be sent. Told once until one is sent again.
    SendFailed {
        /// On which interface.
        interface: String,
        /// What the kernel said.
        error: String,
    },
    /// The program, or the whole machine, did not run for a while.
    Stalled {
        /// How late it came to what was due.
        #[serde(rename = "late_seconds", with = "seconds")]
        late: Duration,
    },
    /// The wall clock was set.
    ClockJumped {
        /// By how much.
        #[serde(rename = "by_seconds", with = "seconds")]
        by: Duration,
        /// Whether it was set back.
        backwards: bool,
    },
    /// The kernel dropped notifications; its state was read anew.
    Resynchronised,
    /// A configuration was put in force.
    ConfigLoaded {
        /// The file.
        path: String,
        /// How many instances it has.
        instances: usize,
    },
    /// A configuration was refused, or cannot be taken over now; the running one stays.
    ConfigRejected {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A signal was received that does nothing in this version.
    SignalIgnored {
        /// Its name.
        signal: String,
    },
    /// The program is stopping.
    Stopping {
        /// Why: the signal's name.
        reason: String,
    },
    /// The program could not go on and is stopping.
    Failed {
        /// Why.
        error: String,
    },
}

/// Why a MASTER leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Departure {
    /// It was told to stop.
    Stop,
    /// It was told to hand over.
    HandOver,
    /// A higher priority advertises.
    Yield,
    /// Another member of its group leaves.
    Group,
}

/// How a MASTER's leaving ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ending {
    /// Somebody took over.
    TakenOver {
        /// Its address; none if only its announcements were heard.
        successor: Option<IpAddr>,
        /// From the beginning until it was first noticed.
        #[serde(rename = "after_seconds", with = "seconds")]
        after: Duration,
    },
    /// Nobody took over in time.
    NobodyCame,
    /// It was ended before anybody could take over.
    CutShort,
}

/// A step of a transition, and how long it took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepTook {
    /// Which.
    pub step: Step,
    /// From the end of the step before, or the decision.
    #[serde(rename = "took_seconds", with = "seconds")]
    pub took: Duration,
}

/// What a transition consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// The addresses were put in place and became usable.
    AddressesInPlace,
    /// They were announced to the neighbours.
    Announced,
    /// The first advert was sent.
    Advertised,
    /// Priority zero was sent.
    Resigned,
    /// A successor was noticed.
    SuccessorNoticed,
    /// The addresses were given up.
    AddressesGivenUp,
}

/// An instance's state. RFC 9568 calls MASTER "Active".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// Not started, or waiting for something that comes by itself.
    Init,
    /// Standing by.
    Backup,
    /// Holding the addresses.
    Master,
    /// Unable to take part.
    Fault,
    /// Stopped on purpose.
    Stopped,
}

/// The state of a network interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterfaceState {
    /// Up, with carrier.
    Up,
    /// Down, or without carrier.
    Down,
    /// Not there.
    Gone,
}

/// Why an instance entered its state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// It began to take part.
    Started,
    /// It owns the addresses (priority 255) and asserts itself at once.
    Owner,
    /// It heard no advert.
    NoAdvert {
        /// For how long.
        #[serde(rename = "silent_seconds", with = "seconds")]
        silent: Duration,
    },
    /// The MASTER resigned.
    MasterResigned {
        /// Who it was.
        source: IpAddr,
    },
    /// A MASTER of higher priority advertised.
    HigherPriority {
        /// Who.
        source: IpAddr,
        /// Its priority.
        theirs: u8,
    },
    /// A MASTER of equal priority and higher address advertised.
    HigherAddress {
        /// Who.
        source: IpAddr,
    },
    /// Something makes taking part impossible.
    Hindered(Hindrance),
    /// What made it impossible has ended.
    Recovered,
    /// It was told to stop.
    Stopped,
    /// It handed over on purpose.
    HandedOver,
    /// Another member of its group left.
    GroupLeft,
}

/// What makes taking part impossible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "hindrance", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Hindrance {
    /// There is no such interface.
    InterfaceMissing {
        /// Its name.
        interface: String,
    },
    /// The interface is down.
    InterfaceDown {
        /// Its name.
        interface: String,
    },
    /// The interface has no address of the family to send from.
    NoAddress {
        /// Its name.
        interface: String,
        /// `IPv4` or `IPv6`.
        family: String,
    },
    /// No socket for adverts could be opened on the interface. Tried again each second.
    NoSocket {
        /// Its name.
        interface: String,
    },
    /// The IPv6 link-local address is not usable yet. Waited for.
    LinkLocalTentative {
        /// The interface.
        interface: String,
    },
    /// A tracked interface is down.
    TrackedInterfaceDown {
        /// Its name.
        interface: String,
    },
    /// A virtual address cannot be kept in place.
    AddressUnstable {
        /// Which.
        address: String,
    },
}

/// What is wrong or odd about an advert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "anomaly", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Anomaly {
    /// It cannot be read; dropped.
    Malformed {
        /// Why.
        why: String,
    },
    /// It passed a router; dropped.
    Ttl {
        /// Its TTL or hop limit.
        ttl: u8,
    },
    /// It is of another VRRP version; dropped.
    Version {
        /// Theirs.
        theirs: u8,
        /// Ours.
        ours: u8,
    },
    /// Its authentication type is not ours; dropped.
    AuthType {
        /// Theirs: 0 none, 1 PASS, 2 AH.
        theirs: u8,
    },
    /// Its password is not ours; dropped.
    AuthFailed,
    /// Its interval is not ours; dropped (version 2).
    IntervalRefused {
        /// Theirs.
        #[serde(rename = "theirs_seconds", with = "seconds")]
        theirs: Duration,
        /// Ours.
        #[serde(rename = "ours_seconds", with = "seconds")]
        ours: Duration,
    },
    /// Its interval is not ours; learned (version 3).
    IntervalLearned {
        /// Theirs.
        #[serde(rename = "theirs_seconds", with = "seconds")]
        theirs: Duration,
        /// Ours.
        #[serde(rename = "ours_seconds", with = "seconds")]
        ours: Duration,
    },
    /// Unicast where multicast is configured, or the other way round; dropped.
    Destination,
    /// Its sender is no configured peer.
    UnknownPeer {
        /// Whether it was dropped.
        dropped: bool,
    },
    /// Its address list is not ours, though they overlap; accepted.
    AddressList,
    /// None of its addresses is ours: another virtual router uses our VRID; ignored.
    DuplicateVrid {
        /// The VRID.
        vrid: u8,
        /// The first of its addresses.
        theirs: Option<IpAddr>,
    },
    /// It lists an address of ours under another VRID; ignored.
    OtherVrid {
        /// Theirs.
        theirs: u8,
        /// Ours.
        ours: u8,
        /// The address.
        address: IpAddr,
    },
    /// Its checksum has the other form, with or without pseudo-header; accepted.
    ChecksumForm,
    /// Its sender has our own address; ignored.
    OwnAddress,
    /// Another MASTER goes on although we are MASTER with the better claim: it probably does not hear us.
    DualMaster {
        /// Its priority.
        theirs: u8,
        /// Adverts heard from it since we are MASTER.
        adverts: u32,
        /// Its hardware address, if it was heard claiming an address of ours.
        #[serde(default)]
        mac: Option<String>,
    },
}
