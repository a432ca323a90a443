//! The story: h1 serves, stops, h2 takes over, h1 returns.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use keepwatch_lab::{Capture, Daemon, Frame, Host, Lan, Prober};

use super::teller::{Scene, Step, Teller};
use super::timeline::Timeline;

const VIP: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 1, 30));
const CONFIGS: [&str; 2] = [
    include_str!("../../../../examples/haproxy-pair/h1.conf"),
    include_str!("../../../../examples/haproxy-pair/h2.conf"),
];
const PING_EVERY: Duration = Duration::from_millis(10);
/// Longer than a scene takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// Adverts shown of each MASTER.
const SHOWN: usize = 3;
/// Frames shown of a hand-over.
const HANDOVER_LINES: usize = 4;
/// Pings that may be lost where none should be: the machine may be busy.
const MAY_BE_LOST: usize = 1;

/// How a MASTER leaves in this telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    /// As keepwatch does unless told otherwise.
    Lossless,
    /// As RFC 9568 describes it.
    Rfc,
}

impl Leaving {
    /// What `--stop-mode` calls it.
    pub(super) const fn stop_mode(self) -> &'static str {
        match self {
            Self::Lossless => "lossless",
            Self::Rfc => "rfc",
        }
    }
}

/// The stage and what has been observed on it.
pub(super) struct Story {
    teller: Teller,
    began: Instant,
    // Daemons end before the network they are on.
    daemons: [Option<Daemon>; 2],
    capture: Capture,
    prober: Option<Prober>,
    lan: Lan,
    folder: PathBuf,
    leaving: Leaving,
    steps: Vec<Step>,
    marks: Vec<(Instant, &'static str)>,
}

impl Story {
    /// Sets two hosts, a client and a switch up.
    pub(super) fn begin(teller: Teller, folder: PathBuf, leaving: Leaving) -> io::Result<Self> {
        let lan = Lan::new(2)?;
        let began = Instant::now();
        Ok(Self {
            teller,
            began,
            daemons: [None, None],
            capture: Capture::start(&lan.client)?,
            prober: None,
            lan,
            folder,
            leaving,
            steps: Vec::new(),
            marks: Vec::new(),
        })
    }

    /// Tells it; true if all of it happened.
    pub(super) fn tell(&mut self) -> io::Result<bool> {
        self.say(Scene::Opening { vip: VIP.to_string(), ping_every: PING_EVERY });
        self.say(Scene::Starting { hosts: "h1 and h2".to_owned() });
        self.start(0)?;
        self.start(1)?;
        self.master_scene(0, 0, "h1 becomes MASTER and holds 10.1.1.30")?;
        self.prober = Some(Prober::start(&self.lan.client, VIP, PING_EVERY)?);
        self.answer_step("the client gets answers from 10.1.1.30");
        self.watch_adverts();

        self.say(Scene::Stopping { host: "h1".to_owned() });
        self.mark("h1 stopped");
        let stopped = Instant::now();
        let since = SystemTime::now();
        let heard = self.capture.adverts().len();
        let clean = self.stop(0)?;
        let left = SystemTime::now();
        self.step("keepwatch on h1 ends with exit code 0", clean);
        let resigned = self.capture.adverts().iter().any(|advert| advert.priority == 0);
        self.step("h1 resigned with priority 0 before it went", resigned);
        self.master_scene(1, heard, "h2 takes over 10.1.1.30")?;
        self.mark("h2 MASTER");
        self.answer_step("the client gets answers again");
        let takeover = self.outage_since(stopped);
        self.say(Scene::Handover(self.handover(since, left)));
        match self.leaving {
            Leaving::Lossless => {
                self.step("h1 kept answering until h2 had the address", takeover.lost <= MAY_BE_LOST);
            }
            Leaving::Rfc => {
                let noticed = takeover.duration >= Duration::from_millis(300);
                self.step("the client had no answer between h1 and h2", noticed);
            }
        }
        self.watch_adverts();

        self.say(Scene::Starting { hosts: "h1".to_owned() });
        self.mark("h1 started");
        let restarted = Instant::now();
        let heard = self.capture.adverts().len();
        self.start(0)?;
        self.master_scene(0, heard, "h1 comes back and takes 10.1.1.30 over again")?;
        self.mark("h1 MASTER");
        self.answer_step("the client gets answers from h1 again");
        let failback = self.outage_since(restarted);
        self.watch_adverts();

        self.curtain(takeover, failback)
    }

    /// What the client heard of the hand-over, in order, from the order to stop until h1 had ended.
    fn handover(&self, since: SystemTime, left: SystemTime) -> Vec<(Duration, String)> {
        let name = |address: IpAddr| {
            let host = self.lan.hosts.iter().find(|host| IpAddr::V4(host.address) == address);
            host.map_or_else(|| address.to_string(), |host| host.name.clone())
        };
        let mut lines = Vec::new();
        for frame in self.capture.frames() {
            let (at, what) = match frame {
                Frame::Advert(advert) if advert.priority == 0 => {
                    (advert.at, format!("{} resigns: priority 0", name(advert.source)))
                }
                Frame::Advert(advert) => {
                    (advert.at, format!("{} advertises priority {}", name(advert.source), advert.priority))
                }
                Frame::Announcement { at, address, mac } if address == VIP => {
                    let host = self.lan.hosts.iter().find(|host| host.mac().is_ok_and(|its| its == mac));
                    let who = host.map_or_else(|| mac.to_string(), |host| host.name.clone());
                    (at, format!("gratuitous ARP: {address} is at {who}"))
                }
                Frame::Announcement { .. } => continue,
            };
            if let Ok(after) = at.duration_since(since) {
                lines.push((after, what));
            }
        }
        lines.truncate(HANDOVER_LINES);
        lines.push((
            left.duration_since(since).unwrap_or_default(),
            "h1 has given 10.1.1.30 up and ended".to_owned(),
        ));
        lines.sort();
        lines
    }

    /// Waits until one host is MASTER: it alone holds the address, and advertises.
    ///
    /// Its adverts count from the `heard`th on.
    fn master_scene(&mut self, master: usize, heard: usize, what: &'static str) -> io::Result<()> {
        let source = IpAddr::V4(self.lan.hosts[master].address);
        let happened = wait(|| {
            let holders: Vec<bool> = self.lan.hosts.iter().map(|host| host.has(VIP)).collect();
            let advertises = self.capture.adverts().iter().skip(heard).any(|advert| advert.source == source);
            holders.iter().enumerate().all(|(host, holds)| *holds == (host == master)) && advertises
        });
        self.step(what, happened);
        self.say(Scene::Master { host: self.lan.hosts[master].name.clone() });
        for host in &self.lan.hosts {
            let lines = ipv4_lines(host)?;
            self.say(Scene::Addresses { host: host.name.clone(), lines });
        }
        Ok(())
    }

    /// Shows the next adverts.
    fn watch_adverts(&self) {
        let from = self.capture.adverts().len().saturating_sub(1);
        wait(|| self.capture.adverts().len() >= from + SHOWN);
        for advert in self.capture.adverts().into_iter().skip(from).take(SHOWN) {
            self.say(Scene::Advert(advert));
        }
    }

    fn answer_step(&mut self, what: &'static str) {
        let answered = || self.prober.as_ref().map_or(0, |prober| prober.probes().answered());
        let before = answered();
        let happened = wait(|| answered() >= before + 50);
        self.step(what, happened);
    }

    fn outage_since(&self, since: Instant) -> keepwatch_lab::Outage {
        let nothing = keepwatch_lab::Outage { lost: 0, duration: Duration::ZERO, began: since };
        self.prober.as_ref().map_or(nothing, |prober| prober.probes().longest_outage(since))
    }

    /// The time line and the summary.
    fn curtain(
        &mut self,
        takeover: keepwatch_lab::Outage,
        failback: keepwatch_lab::Outage,
    ) -> io::Result<bool> {
        let Some(prober) = self.prober.take() else { return Ok(false) };
        let probes = prober.finish();
        self.say(Scene::Ping(Timeline::of(&probes, &self.marks)));
        let ok = self.steps.iter().all(|step| step.happened);
        self.say(Scene::Summary {
            ok,
            steps: self.steps.clone(),
            pings: probes.sent(),
            answered: probes.answered(),
            takeover: takeover.duration,
            failback: failback.duration,
            took: self.began.elapsed(),
            leaving: self.leaving,
        });
        Ok(ok)
    }

    /// Says how to enter what is left running.
    pub(super) fn say_how_to_enter(&self, process: Option<u32>) {
        let hosts = self.lan.hosts.iter().chain([&self.lan.client]);
        let places = hosts.map(|host| (host.name.clone(), host.namespace.descriptor())).collect();
        self.say(Scene::Kept { process: process.unwrap_or_default(), places });
    }

    fn start(&mut self, host: usize) -> io::Result<()> {
        let place = &self.lan.hosts[host];
        let config = self.folder.join(format!("{}.conf", place.name));
        std::fs::write(&config, CONFIGS[host])?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["run", "--stop-mode", self.leaving.stop_mode(), "--config"]).arg(config);
        // Hosts have networks of their own, but one file system, which is the machine's.
        command.env("KEEPWATCH_CONTROL", self.folder.join(format!("{}.sock", place.name)));
        self.daemons[host] = Some(Daemon::start(&place.namespace, &mut command)?);
        Ok(())
    }

    /// Stops a daemon; true if it ended well.
    fn stop(&mut self, host: usize) -> io::Result<bool> {
        let Some(mut daemon) = self.daemons[host].take() else { return Ok(false) };
        daemon.terminate()?;
        Ok(daemon.wait(PATIENCE)?.is_some_and(|status| status.success()))
    }

    fn step(&mut self, what: &'static str, happened: bool) {
        self.steps.push(Step { what, happened });
    }

    fn mark(&mut self, what: &'static str) {
        self.marks.push((Instant::now(), what));
    }

    fn say(&self, scene: Scene) {
        self.teller.say(self.began.elapsed(), &scene);
    }
}

/// The IPv4 lines of `ip addr show eth0`.
fn ipv4_lines(host: &Host) -> io::Result<Vec<String>> {
    let addresses = host.addresses()?;
    Ok(addresses.into_iter().filter(|(address, _)| address.is_ipv4()).map(|(_, line)| line).collect())
}

/// Waits for a condition; false if it did not come.
fn wait(condition: impl Fn() -> bool) -> bool {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if condition() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}
