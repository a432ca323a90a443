//! The kinds of events.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::anomaly::Anomaly;
use crate::hand_over::{Departure, Ending, StepTook};
use crate::reason::Reason;
use crate::settings::InstanceSettings;
use crate::state::{Health, InterfaceState, LogLevel, State};
use crate::time::seconds;
use crate::unsteady::{Steady, Unsteady};

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
    /// A MASTER begins to leave: it answers until its successor has announced its addresses, as MASTER until [`Self::Left`].
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
    /// A part that could not work as it should does again.
    Recovered {
        /// Which part.
        part: String,
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
    /// A virtual address is the host's only one of its family on the interface: it was not removed at the start.
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
        /// What its texts are known by: the first half of the SHA-256 over the files it was read from, in hexadecimal digits.
        #[serde(default)]
        hash: String,
        /// That some of it is in force after a restart only, if so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        waits: Option<String>,
    },
    /// A configuration that was loaded again has brought an instance, which begins now.
    InstanceAdded {
        /// What it is set to.
        settings: InstanceSettings,
    },
    /// A configuration that was loaded again has changed an instance.
    InstanceChanged {
        /// What it is set to now.
        settings: InstanceSettings,
        /// Its name before, if it had another one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        was: Option<String>,
        /// What is different, a phrase each.
        changes: Vec<String>,
    },
    /// An instance that a configuration that was loaded again does not have has left.
    InstanceRemoved {
        /// The effective priority that it had, 1 to 255.
        priority: u8,
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
    /// A file that other programs read, such as keepalived's `/tmp/keepalived.stats`, was written because a signal asked for
    /// it. Told the first time, and after a failure: programs ask every few seconds.
    DumpWritten {
        /// The file.
        path: String,
    },
    /// Such a file cannot be written. Told once until it can, or another error comes.
    DumpFailed {
        /// The file.
        path: String,
        /// Why.
        error: String,
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
    /// The health under a name that instances can track has changed.
    HealthChanged {
        /// The name.
        track: String,
        /// Before.
        from: Health,
        /// Now.
        to: Health,
        /// One line of whoever found it.
        text: String,
    },
    /// The health under a name changes again and again. Destinations hear no more of it until it has settled.
    FlappingStarted {
        /// The name.
        track: String,
        /// How many changes there were.
        changes: u32,
        /// Within which time.
        #[serde(rename = "within_seconds", with = "seconds")]
        within: Duration,
    },
    /// The health under a name that was flapping has not changed for a while, or is asked for no more.
    FlappingStopped {
        /// The name.
        track: String,
        /// How it is now.
        health: Health,
    },
    /// The members of a sync group are in another state together.
    GroupChanged {
        /// The group.
        group: String,
        /// Before.
        from: State,
        /// Now.
        to: State,
    },
    /// A plugin was loaded and takes part.
    PluginLoaded {
        /// Its name.
        plugin: String,
        /// Its file.
        path: String,
        /// `handler` or `checker`.
        role: String,
    },
    /// A plugin's new version took over from the one that ran.
    PluginReloaded {
        /// Its name.
        plugin: String,
        /// Its file.
        path: String,
    },
    /// A plugin cannot be loaded. A version that ran before runs on.
    PluginRefused {
        /// Its name.
        plugin: String,
        /// Its file.
        path: String,
        /// Why, perhaps on several lines, with the place in the file.
        reason: String,
        /// Whether an earlier version runs on.
        kept: bool,
    },
    /// A plugin was taken away.
    PluginUnloaded {
        /// Its name.
        plugin: String,
    },
    /// A plugin reported an error of its own.
    PluginError {
        /// Its name.
        plugin: String,
        /// What it said.
        error: String,
    },
    /// A plugin crashed, or took more time or memory than it may. It is started anew.
    PluginFailed {
        /// Its name.
        plugin: String,
        /// What happened.
        failure: String,
        /// When it is started anew.
        #[serde(rename = "restart_after_seconds", with = "seconds")]
        restart_after: Duration,
    },
    /// A plugin that had failed runs again.
    PluginRestarted {
        /// Its name.
        plugin: String,
    },
    /// A plugin failed too often and is left alone for a while.
    PluginDisabled {
        /// Its name.
        plugin: String,
        /// What happened last.
        failure: String,
        /// When it is tried again.
        #[serde(rename = "retry_after_seconds", with = "seconds")]
        retry_after: Duration,
    },
    /// An event that made a plugin fail twice is kept from it.
    DeadLettered {
        /// The plugin.
        plugin: String,
        /// The event's id.
        event: String,
        /// What the plugin did.
        reason: String,
    },
    /// A line that a plugin logged.
    PluginLog {
        /// Its name.
        plugin: String,
        /// `debug`, `info`, `warning` or `error`.
        level: LogLevel,
        /// The line.
        text: String,
    },
    /// A program that the administrator has defined was run.
    ActionRan {
        /// Its name.
        action: String,
        /// The plugin that asked for it.
        plugin: String,
        /// How it ended: `exit code 0`.
        ended: String,
        /// How long it ran.
        #[serde(rename = "took_seconds", with = "seconds")]
        took: Duration,
    },
    /// A subscriber does not keep up: events are conflated or dropped for it.
    SubscriberBehind {
        /// Its name.
        subscriber: String,
    },
    /// A subscriber keeps up again.
    SubscriberCaughtUp {
        /// Its name.
        subscriber: String,
        /// Events of which it only got a later one about the same.
        conflated: u64,
        /// Events it did not get.
        dropped: u64,
    },
    /// A part of the program cannot work as it should; the rest goes on without it.
    Degraded {
        /// Which part.
        part: String,
        /// What is wrong.
        error: String,
        /// What follows from it.
        consequence: String,
    },
    /// An instance or a sync group changes its state again and again. Destinations hear no more of it until it has settled.
    UnsteadyStarted(Unsteady),
    /// An instance or a sync group that changed its state again and again has kept it for a while.
    UnsteadyStopped(Steady),
    /// A message was handed over to a destination's server.
    DeliverySucceeded {
        /// The destination.
        destination: String,
        /// The message's id, the same at each attempt.
        message: String,
        /// How many events or other letters it told.
        letters: u64,
        /// Which attempt it was, from 1.
        attempt: u32,
        /// What the server said last.
        said: String,
    },
    /// A message could not be handed over; it is tried again.
    DeliveryFailed {
        /// The destination.
        destination: String,
        /// The message's id.
        message: String,
        /// What went wrong.
        error: String,
        /// Which attempt it was, from 1.
        attempt: u32,
        /// When it is tried again.
        #[serde(rename = "retry_after_seconds", with = "seconds")]
        retry_after: Duration,
    },
    /// A letter is given up; `keepwatch spool list --dead` shows it.
    DeliveryGivenUp {
        /// The destination.
        destination: String,
        /// The letter's id.
        letter: String,
        /// Why.
        reason: String,
    },
    /// A destination takes nothing any more; what is for it waits until its configuration changes.
    DestinationDisabled {
        /// The destination.
        destination: String,
        /// What its server said.
        reason: String,
    },
    /// Destinations hear nothing that matches it until then.
    SilenceBegan {
        /// Its name.
        silence: String,
        /// Why, in its maker's words.
        comment: String,
        /// For how long.
        #[serde(rename = "lasts_seconds", with = "seconds")]
        lasts: Duration,
    },
    /// A silence is over.
    SilenceEnded {
        /// Its name.
        silence: String,
        /// How many letters destinations have not got.
        untold: u64,
    },
    /// A notify script has ended, or could not be run.
    NotifyScriptRan {
        /// Which setting it stands under: `notify_master`.
        setting: String,
        /// The sync group it is for, if it is for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<String>,
        /// The program and its arguments.
        command: String,
        /// How it ended: `exit code 0`.
        ended: String,
        /// The end of what it wrote.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        output: String,
        /// How long it ran.
        #[serde(rename = "took_seconds", with = "seconds")]
        took: Duration,
    },
    /// Nobody reads a notify FIFO, and lines for it were given up.
    NotifyFifoBehind {
        /// Its path.
        fifo: String,
        /// How many lines so far.
        lost: u64,
    },
    /// An event of a plugin's own.
    Custom {
        /// The plugin.
        plugin: String,
        /// The plugin's word for it.
        name: String,
        /// What it has to say.
        data: Map<String, Value>,
    },
    /// A kind of a later version: all of its fields, `kind` among them.
    #[serde(untagged)]
    Unknown(Map<String, Value>),
}
