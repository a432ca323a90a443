//! The story: h1 serves, stops, h2 takes over, h1 returns.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use keepwatch_lab::{Daemon, Frame, Prober};

use super::stage::{PATIENCE, Stage, VIP, wait};
use super::teller::{Scene, Teller};
use super::timeline::Timeline;

const CONFIGS: [&str; 2] = [
    include_str!("../../../../examples/haproxy-pair/h1.conf"),
    include_str!("../../../../examples/haproxy-pair/h2.conf"),
];
const PING_EVERY: Duration = Duration::from_millis(10);
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

/// The stage, who plays on it, and how.
pub(super) struct Story {
    // Daemons end before the network they are on.
    daemons: [Option<Daemon>; 2],
    prober: Option<Prober>,
    pub(super) stage: Stage,
    leaving: Leaving,
}

impl Story {
    /// Sets two hosts, a client and a switch up.
    pub(super) fn begin(teller: Teller, folder: PathBuf, leaving: Leaving) -> io::Result<Self> {
        Ok(Self { daemons: [None, None], prober: None, stage: Stage::set(teller, folder, 2)?, leaving })
    }

    /// Tells it; true if all of it happened.
    pub(super) fn tell(&mut self) -> io::Result<bool> {
        self.stage.say(&Scene::Opening { vip: VIP.to_string(), ping_every: PING_EVERY });
        self.stage.say(&Scene::Starting { hosts: "h1 and h2".to_owned() });
        self.start(0)?;
        self.start(1)?;
        self.stage.master_scene(0, 0, "h1 becomes MASTER and holds 10.1.1.30")?;
        self.prober = Some(Prober::start(&self.stage.lan.client, VIP, PING_EVERY)?);
        self.answer_step("the client gets answers from 10.1.1.30");
        self.stage.watch_adverts();

        self.stage.say(&Scene::Stopping { host: "h1".to_owned() });
        self.stage.mark("h1 stopped");
        let stopped = Instant::now();
        let since = SystemTime::now();
        let heard = self.stage.heard();
        let clean = self.stop(0)?;
        let left = SystemTime::now();
        self.stage.step("keepwatch on h1 ends with exit code 0", clean);
        let resigned = self.stage.capture.adverts().iter().any(|advert| advert.priority == 0);
        self.stage.step("h1 resigned with priority 0 before it went", resigned);
        self.stage.master_scene(1, heard, "h2 takes over 10.1.1.30")?;
        self.stage.mark("h2 MASTER");
        self.answer_step("the client gets answers again");
        let takeover = self.outage_since(stopped);
        self.stage.say(&Scene::Handover(self.handover(since, left)));
        match self.leaving {
            Leaving::Lossless => {
                self.stage.step("h1 kept answering until h2 had the address", takeover.lost <= MAY_BE_LOST);
            }
            Leaving::Rfc => {
                let noticed = takeover.duration >= Duration::from_millis(300);
                self.stage.step("the client had no answer between h1 and h2", noticed);
            }
        }
        self.stage.watch_adverts();

        self.stage.say(&Scene::Starting { hosts: "h1".to_owned() });
        self.stage.mark("h1 started");
        let restarted = Instant::now();
        let heard = self.stage.heard();
        self.start(0)?;
        self.stage.master_scene(0, heard, "h1 comes back and takes 10.1.1.30 over again")?;
        self.stage.mark("h1 MASTER");
        self.answer_step("the client gets answers from h1 again");
        let failback = self.outage_since(restarted);
        self.stage.watch_adverts();

        self.curtain(takeover, failback)
    }

    /// What the client heard of the hand-over, in order, from the order to stop until h1 had ended.
    fn handover(&self, since: SystemTime, left: SystemTime) -> Vec<(Duration, String)> {
        let name = |address: IpAddr| {
            let host = self.stage.lan.hosts.iter().find(|host| IpAddr::V4(host.address) == address);
            host.map_or_else(|| address.to_string(), |host| host.name.clone())
        };
        let mut lines = Vec::new();
        for frame in self.stage.capture.frames() {
            let (at, what) = match frame {
                Frame::Advert(advert) if advert.priority == 0 => {
                    (advert.at, format!("{} resigns: priority 0", name(advert.source)))
                }
                Frame::Advert(advert) => {
                    (advert.at, format!("{} advertises priority {}", name(advert.source), advert.priority))
                }
                Frame::Announcement { at, address, mac } if address == VIP => {
                    let host =
                        self.stage.lan.hosts.iter().find(|host| host.mac().is_ok_and(|its| its == mac));
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

    fn answer_step(&mut self, what: &'static str) {
        let answered = || self.prober.as_ref().map_or(0, |prober| prober.probes().answered());
        let before = answered();
        let happened = wait(|| answered() >= before + 50);
        self.stage.step(what, happened);
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
        self.stage.say(&Scene::Ping(Timeline::of(&probes, &self.stage.marks)));
        let ok = self.stage.all_happened();
        self.stage.say(&Scene::Summary {
            ok,
            steps: self.stage.steps.clone(),
            pings: probes.sent(),
            answered: probes.answered(),
            takeover: takeover.duration,
            failback: failback.duration,
            took: self.stage.began.elapsed(),
            leaving: self.leaving,
        });
        Ok(ok)
    }

    fn start(&mut self, host: usize) -> io::Result<()> {
        let place = &self.stage.lan.hosts[host];
        let config = self.stage.folder.join(format!("{}.conf", place.name));
        std::fs::write(&config, CONFIGS[host])?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["run", "--stop-mode", self.leaving.stop_mode(), "--config"]).arg(config);
        // Hosts have networks of their own, but one file system, which is the machine's.
        command.env("KEEPWATCH_CONTROL", Stage::control_socket(&self.stage.folder, &place.name));
        self.daemons[host] = Some(Daemon::start(&place.namespace, &mut command)?);
        Ok(())
    }

    /// Stops a daemon; true if it ended well.
    fn stop(&mut self, host: usize) -> io::Result<bool> {
        let Some(mut daemon) = self.daemons[host].take() else { return Ok(false) };
        daemon.terminate()?;
        Ok(daemon.wait(PATIENCE)?.is_some_and(|status| status.success()))
    }
}
