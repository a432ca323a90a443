//! The loop.

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::SystemTime;

use keepwatch_bus::Bus;
use keepwatch_config::model::{Config, Scheduling};
use keepwatch_system::netlink::Change;
use keepwatch_system::{Incoming, Token};
use keepwatch_vrrp::wire::{VRRP_PROTOCOL, parse_ip};
use keepwatch_vrrp::{
    Action, Actions, Family, Input, Instant, InterfaceId, Packet, RouterId, Segment, Standing, StateName,
};

use crate::clock::{self, WallClock};
use crate::counting::{QUESTIONS, Question};
use crate::deeds::Settling;
use crate::delayed_start::start_at;
use crate::explainer::Explainer;
use crate::instance::Tracker;
use crate::interfaces::{Ear, Interface, ear_of};
use crate::reconfiguration::{Arrival, Reconfigurer};
use crate::renewal::Renewal;
use crate::running::{Command, Running};
use crate::setup::{Parts, StartError, index};
use crate::silence::Silence;
use crate::spacing::Announcing;
use crate::standings::Standings;
use crate::tracks::Tracks;
use crate::transmit::Transmitter;

const TIMER: Token = Token(0);
const WAKEUP: Token = Token(1);
const MONITOR: Token = Token(2);

/// Datagrams taken from one socket in one wake-up: a flood must not starve what is due.
pub(crate) const AT_ONCE: usize = 1024;
/// Commands that may wait.
const COMMANDS: usize = 16;
/// The largest datagram read whole; adverts of 255 IPv6 addresses have about 4 KiB.
const DATAGRAM: usize = 8 << 10;

/// An engine, prepared but not running.
pub struct Engine {
    pub(crate) parts: Parts,
    pub(crate) transmitter: Transmitter,
    pub(crate) actions: Actions,
    pub(crate) batch: Vec<(RouterId, Action)>,
    /// IPv6 addresses that are not delivered here yet.
    pub(crate) settling: Vec<Settling>,
    /// What the timer is armed for.
    armed: Option<Instant>,
    /// A moment to wake up at that the timer is not armed for yet.
    earlier: Option<Instant>,
    /// Whether actions were carried out, which may have moved any deadline.
    pub(crate) rescan: bool,
    /// Announcements that leave some time apart.
    pub(crate) announcing: Announcing,
    /// When to try again what failed.
    pub(crate) mend_at: Option<Instant>,
    /// Interfaces on which a MASTER fell silent a moment ago.
    pub(crate) silences: Vec<Silence>,
    /// Whether the kernel's state must be read anew.
    pub(crate) unread: bool,
    pub(crate) wall: WallClock,
    pub(crate) datagram: Vec<u8>,
    pub(crate) changes: Vec<Change>,
    /// Whether holders of addresses may have changed, and with them what must be listened for.
    pub(crate) relisten: bool,
    /// Routers that may speak with their virtual MAC now.
    pub(crate) speaking: Vec<RouterId>,
    /// When routers start, until they have.
    pub(crate) start_at: Option<Instant>,
    /// Whether it was told to stop: it ends with the last mastership.
    stopping: bool,
    /// Whether a member of a group may be in another state.
    pub(crate) regroup: bool,
    /// How the things that are tracked stand, by place.
    pub(crate) board: Arc<Standings>,
    /// How they stood when they were last looked at.
    pub(crate) standings: Vec<Standing>,
    /// Instances that begin when those that are in their way have left.
    pub(crate) waiting: Vec<Arrival>,
    /// Whether instances are about to leave for good.
    pub(crate) departing: bool,
    /// Interfaces of which a reload removes addresses just now.
    pub(crate) shedding: BTreeSet<InterfaceId>,
    /// Addresses that a reload moves to another instance just now, and who has had them.
    pub(crate) moving: Vec<(RouterId, IpAddr)>,
    /// How addresses in place are kept there.
    pub(crate) renewal: Renewal,
    /// What it is told to do.
    commands: (SyncSender<Command>, Receiver<Command>),
    /// How its thread is to run.
    pub(crate) scheduling: Scheduling,
    /// What it is asked.
    pub(crate) questions: (SyncSender<Question>, Receiver<Question>),
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("instances", &self.parts.instances.len()).finish_non_exhaustive()
    }
}

impl Engine {
    /// Prepares an engine for a configuration: checks privileges, opens what it listens with, and takes the
    /// interfaces' locks. Nothing is sent and no address is touched yet.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub fn prepare(config: &Config, bus: Bus) -> Result<Self, StartError> {
        let parts = Parts::prepare(config, bus)?;
        let board = parts.tracks.standings();
        Ok(Self {
            parts,
            transmitter: Transmitter::default(),
            actions: Actions::new(),
            batch: Vec::new(),
            settling: Vec::new(),
            armed: None,
            earlier: None,
            rescan: false,
            announcing: Announcing::new(&config.globals.spacing),
            mend_at: None,
            silences: Vec::new(),
            unread: false,
            wall: WallClock::new(SystemTime::now(), clock::now()),
            datagram: vec![0; DATAGRAM],
            changes: Vec::new(),
            relisten: false,
            speaking: Vec::new(),
            start_at: Some(start_at(config, clock::now())),
            stopping: false,
            regroup: false,
            board,
            // As a router takes it that has heard nothing.
            standings: Vec::new(),
            waiting: Vec::new(),
            departing: false,
            shedding: BTreeSet::new(),
            moving: Vec::new(),
            renewal: Renewal::new(config.globals.vip_lifetime, clock::now()),
            commands: sync_channel(COMMANDS),
            scheduling: config.globals.scheduling.clone(),
            questions: sync_channel(QUESTIONS),
        })
    }

    /// Who gives it other configurations while it runs.
    #[must_use]
    pub fn reconfigurer(&self) -> Reconfigurer {
        let (commands, wakeup) = (self.commands.0.clone(), self.parts.wakeup.clone());
        Reconfigurer { commands, wakeup, tracks: self.tracks(), locks: self.parts.locks.clone() }
    }

    /// Who asks it how its instances stand while it runs.
    #[must_use]
    pub fn explainer(&self) -> Explainer {
        let (commands, wakeup) = (self.commands.0.clone(), self.parts.wakeup.clone());
        Explainer { commands, wakeup, tracks: self.tracks() }
    }

    /// How the things are that instances track: for those who find it out.
    #[must_use]
    pub fn tracks(&self) -> Tracks {
        self.parts.tracks.clone()
    }

    /// Runs the engine on a thread of its own, and calls `ended` there when it ends, for whatever reason.
    ///
    /// # Errors
    ///
    /// The kernel's, if there is no room for a thread.
    pub fn spawn(self, ended: impl FnOnce() + Send + 'static) -> io::Result<Running> {
        let commands = self.commands.0.clone();
        let wakeup = self.parts.wakeup.clone();
        let tracks = self.tracks();
        let watch = std::thread::Builder::new().name("tracks".to_owned());
        watch.spawn({
            let tracks = tracks.clone();
            move || tracks.watch()
        })?;
        let thread = std::thread::Builder::new().name("vrrp".to_owned()).spawn(move || {
            self.take_its_place();
            let outcome = self.run();
            tracks.end();
            ended();
            outcome
        })?;
        Ok(Running { thread, commands, wakeup })
    }

    /// Runs until told to stop. Whatever ends it, no mastership, no address and no interface is left behind if it
    /// can be helped.
    fn run(mut self) -> io::Result<()> {
        let outcome = catch_unwind(AssertUnwindSafe(|| self.watch()))
            .unwrap_or_else(|_| Err(io::Error::other("the engine panicked")));
        if outcome.is_err() {
            // The second panic, if it comes to that, is as good as the first.
            let _ = catch_unwind(AssertUnwindSafe(|| self.give_up(clock::now())));
        }
        let _ = catch_unwind(AssertUnwindSafe(|| self.remove_filter()));
        let _ = catch_unwind(AssertUnwindSafe(|| self.remove_fixtures()));
        let _ = catch_unwind(AssertUnwindSafe(|| self.take_virtual_links_down()));
        outcome
    }

    fn watch(&mut self) -> io::Result<()> {
        self.parts.poller.add(&self.parts.timer, TIMER)?;
        self.parts.poller.add(&self.parts.wakeup, WAKEUP)?;
        self.parts.poller.add(&self.parts.monitor, MONITOR)?;
        self.begin();
        let mut ready = Vec::new();
        while !self.has_ended() {
            self.arm_if_needed()?;
            self.parts.poller.wait(&mut ready)?;
            // Interrupted, as by being stopped and let go on: what has happened meanwhile is asked for before anything is done.
            if ready.is_empty() {
                continue;
            }
            let now = clock::now();
            // What has arrived counts before what is due: after a stall the adverts that came meanwhile are
            // heard before anything is claimed.
            if ready.contains(&MONITOR) {
                self.hear_kernel(now)?;
            }
            for (interface, ear) in ready.iter().filter_map(|token| ear_of(*token)) {
                match ear {
                    Ear::Adverts(family) => self.hear_adverts(now, interface, family),
                    Ear::Claims(family) => self.hear_claims(now, interface, family),
                }
            }
            // A successor may have shown up, which is nothing to act upon otherwise.
            self.hush();
            if ready.contains(&WAKEUP) {
                self.parts.wakeup.acknowledge();
                self.hear_tracks(now);
                self.obey(now);
                self.answer();
            }
            if ready.contains(&TIMER) {
                self.parts.timer.acknowledge();
                self.armed = None;
                self.parts.routers.handle_timeout(now, &mut self.actions);
            }
            self.start_when_due(now);
            self.perform(now);
            // After adverts, and after whoever slept has found out.
            if ready.contains(&TIMER) {
                self.announce_waiting();
            }
            self.look_at_settling(now);
            self.mend(now);
            self.look_at_silences(now);
            self.look_at_delays(now);
            self.renew(now);
            self.look_at_the_wall_clock(now);
            self.see_off(now);
            self.tell_groups();
        }
        Ok(())
    }

    /// Reads the kernel's state, removes what a former run left, and starts every router.
    fn begin(&mut self) {
        let now = clock::now();
        self.clean_up_elsewhere();
        self.read_kernel(now);
        self.clean_up(now);
        self.begin_to_filter(now);
        self.place_fixtures(now);
        self.hear_tracks(now);
        self.start_when_due(now);
        self.tell_groups();
    }

    /// Gives up every mastership and removes every address, at once.
    fn give_up(&mut self, now: Instant) {
        self.stop_all(now, Input::StopNow);
    }

    fn stop_all(&mut self, now: Instant, input: Input<'_>) {
        self.parts.routers.stop_all(now, input, &mut self.actions);
        self.perform(now);
    }

    /// Whether it was told to stop and every router has.
    fn has_ended(&self) -> bool {
        self.stopping && self.parts.routers.iter().all(|(_, _, router)| router.state() == StateName::Stopped)
    }

    fn hear_adverts(&mut self, now: Instant, id: InterfaceId, family: Family) {
        // What is sent to an ipvlan's address is for a router on the interface below.
        let segment = Segment { interface: self.wire_of(id), family };
        for _ in 0..AT_ONCE {
            let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { return };
            let socket = match family {
                Family::V4 => &mut interface.port.v4,
                Family::V6 => &mut interface.port.v6,
            };
            let Some(socket) = socket else { return };
            // Until nothing more is there, or the link went down, which the monitor tells.
            let Ok(Some(incoming)) = socket.receive(&mut self.datagram) else { return };
            let packet = match incoming {
                Incoming::V4(octets) => match parse_ip(octets) {
                    Ok(ip) if ip.protocol == VRRP_PROTOCOL => Packet {
                        source: ip.source,
                        destination: ip.destination,
                        ttl: ip.ttl,
                        payload: ip.payload,
                    },
                    Ok(_) | Err(_) => continue,
                },
                Incoming::V6 { source, destination, hop_limit, payload } => {
                    Packet { source, destination, ttl: hop_limit, payload }
                }
            };
            let deadline = self.parts.routers.receive(now, segment, &packet, &mut self.actions);
            self.arm_earlier(deadline);
            if !self.actions.is_empty() {
                self.perform(now);
            }
        }
    }

    /// Hands on what has come to stand otherwise.
    fn hear_tracks(&mut self, now: Instant) {
        let board = Arc::clone(&self.board);
        self.standings.resize(board.count(), Standing::Pending);
        for (place, standing) in board.iter().enumerate() {
            let Some(known) = self.standings.get_mut(place).filter(|known| **known != standing) else {
                continue;
            };
            *known = standing;
            for (number, instance) in self.parts.instances.iter().enumerate() {
                let is_it =
                    |tracker: &Tracker| matches!(tracker, Tracker::Check(tracked, _) if *tracked == place);
                for (tracker, _) in instance.trackers.iter().enumerate().filter(|(_, tracker)| is_it(tracker))
                {
                    let input = Input::Track { tracker, standing };
                    self.parts.routers.handle(now, RouterId(number), input, &mut self.actions);
                }
            }
        }
    }

    fn obey(&mut self, now: Instant) {
        while let Ok(command) = self.commands.1.try_recv() {
            match command {
                Command::Stop => {
                    self.begin_no_more();
                    self.stop_all(now, Input::Stop);
                    self.stopping = true;
                }
                Command::StopNow => {
                    self.begin_no_more();
                    self.give_up(now);
                    self.stopping = true;
                }
                // Nothing begins any more: whoever asked hears that it has been dropped.
                Command::Reconfigure(_) if self.stopping => {}
                Command::Reconfigure(order) => self.reconfigure(now, *order),
                Command::Explain(question) => question.answer(self.explain(now)),
            }
        }
    }

    /// What has not begun does not begin any more.
    fn begin_no_more(&mut self) {
        self.start_at = None;
        self.waiting.clear();
    }

    fn next_deadline(&self) -> Option<Instant> {
        let silence = self.silences.iter().map(|silence| silence.until).min();
        let delays = self.parts.interfaces.iter().filter_map(|interface| interface.delay.poll_timeout());
        let own = [
            self.parts.routers.poll_timeout(),
            self.mend_at,
            silence,
            self.start_at,
            self.renewal.poll_timeout(),
            self.announcing.poll_timeout(),
        ];
        own.into_iter().flatten().chain(delays).min()
    }

    /// Arms the timer for the earliest deadline if something may have moved it forward.
    fn arm_if_needed(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.rescan) || self.armed.is_none() {
            self.arm_earlier(self.next_deadline());
        }
        let Some(at) = self.earlier.take() else { return Ok(()) };
        if self.armed.is_none_or(|armed| at < armed) {
            self.parts.timer.arm(at.as_nanos())?;
            self.armed = Some(at);
        }
        Ok(())
    }

    /// Wakes up at this moment at the latest. A deadline that has moved back is left to be found when the timer
    /// fires: an advert that postpones the master-down time then costs no system call.
    pub(crate) fn arm_earlier(&mut self, at: Option<Instant>) {
        self.earlier = [self.earlier, at].into_iter().flatten().min();
    }

    pub(crate) fn interface_ids(&self) -> impl Iterator<Item = InterfaceId> + use<> {
        let count = u32::try_from(self.parts.interfaces.len()).unwrap_or(u32::MAX);
        (0..count).map(InterfaceId)
    }

    pub(crate) fn interface_with_index(&self, link: u32) -> Option<InterfaceId> {
        let position = self.parts.interfaces.iter().position(|interface| interface.index() == Some(link))?;
        u32::try_from(position).ok().map(InterfaceId)
    }

    pub(crate) fn interface_mut_with_index(&mut self, link: u32) -> Option<&mut Interface> {
        self.parts.interfaces.iter_mut().find(|interface| interface.index() == Some(link))
    }
}
