//! The story: h1 serves, stops, h2 takes over, h1 returns.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use keepwatch_lab::{Capture, Daemon, Host, Lan, Prober};

use super::teller::{Scene, Step, Teller};
use super::timeline::Timeline;

const VIP: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 1, 30));
const CONFIGS: [&str; 2] = [
    include_str!("../../../../examples/seed-pair/h1.conf"),
    include_str!("../../../../examples/seed-pair/h2.conf"),
];
const PING_EVERY: Duration = Duration::from_millis(10);
/// Longer than a scene takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// Adverts shown of each MASTER.
const SHOWN: usize = 3;

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
    steps: Vec<Step>,
    marks: Vec<(Instant, &'static str)>,
}

impl Story {
    /// Sets two hosts, a client and a switch up.
    pub(super) fn begin(teller: Teller, folder: PathBuf) -> io::Result<Self> {
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
        self.master_scene(0, "h1 becomes MASTER and holds 10.1.1.30")?;
        self.prober = Some(Prober::start(&self.lan.client, VIP, PING_EVERY)?);
        self.answer_step("the client gets answers from 10.1.1.30");
        self.watch_adverts();

        self.say(Scene::Stopping { host: "h1".to_owned() });
        self.mark("h1 stopped");
        let stopped = Instant::now();
        let clean = self.stop(0)?;
        self.step("keepwatch on h1 ends with exit code 0", clean);
        let resignation = self.capture.adverts().into_iter().find(|advert| advert.priority == 0);
        self.step("h1 resigned with priority 0 before it went", resignation.is_some());
        if let Some(advert) = resignation {
            self.say(Scene::Advert(advert));
        }
        self.master_scene(1, "h2 takes over 10.1.1.30")?;
        self.mark("h2 MASTER");
        self.answer_step("the client gets answers again");
        let takeover = self.outage_since(stopped);
        self.watch_adverts();

        self.say(Scene::Starting { hosts: "h1".to_owned() });
        self.mark("h1 started");
        let restarted = Instant::now();
        self.start(0)?;
        self.master_scene(0, "h1 comes back and takes 10.1.1.30 over again")?;
        self.mark("h1 MASTER");
        self.answer_step("the client gets answers from h1 again");
        let failback = self.outage_since(restarted);
        self.watch_adverts();

        self.curtain(takeover, failback)
    }

    /// Waits until one host is MASTER: it alone holds the address, and advertises.
    fn master_scene(&mut self, master: usize, what: &'static str) -> io::Result<()> {
        let source = IpAddr::V4(self.lan.hosts[master].address);
        let heard = self.capture.adverts().len();
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
        command.args(["run", "--config"]).arg(config);
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
