//! Where a story plays: the LAN, who listens on it, what has been seen so far.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use keepwatch_lab::{Capture, Host, Lan};

use super::teller::{Scene, Step, Teller, Told};

/// The address that h1 and h2 share.
pub(super) const VIP: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 1, 30));
/// Longer than a scene takes on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Adverts shown of each MASTER.
const SHOWN: usize = 3;
/// h1 and h2.
const PAIR: usize = 2;

/// The stage and what has been observed on it.
pub(super) struct Stage {
    pub(super) began: Instant,
    pub(super) capture: Capture,
    pub(super) lan: Lan,
    pub(super) folder: PathBuf,
    pub(super) steps: Vec<Step>,
    pub(super) marks: Vec<(Instant, &'static str)>,
    teller: Teller,
}

impl Stage {
    /// Sets hosts, a client and a switch up. The first two hosts share the address.
    pub(super) fn set(teller: Teller, folder: PathBuf, hosts: u8) -> io::Result<Self> {
        let lan = Lan::new(hosts)?;
        Ok(Self {
            began: Instant::now(),
            capture: Capture::start(&lan.client)?,
            lan,
            folder,
            steps: Vec::new(),
            marks: Vec::new(),
            teller,
        })
    }

    /// Waits until one host is MASTER: it alone holds the address, and advertises.
    ///
    /// Its adverts count from the `heard`th on.
    pub(super) fn master_scene(&mut self, master: usize, heard: usize, what: &'static str) -> io::Result<()> {
        let source = IpAddr::V4(self.lan.hosts[master].address);
        let happened = wait(|| {
            let holders: Vec<bool> = self.lan.hosts.iter().map(|host| host.has(VIP)).collect();
            let advertises = self.capture.adverts().iter().skip(heard).any(|advert| advert.source == source);
            holders.iter().enumerate().all(|(host, holds)| *holds == (host == master)) && advertises
        });
        self.step(what, happened);
        self.say(&Scene::Master { host: self.lan.hosts[master].name.clone() });
        for host in self.lan.hosts.iter().take(PAIR) {
            let lines = ipv4_lines(host)?;
            self.say(&Scene::Addresses { host: host.name.clone(), lines });
        }
        Ok(())
    }

    /// How many adverts have been heard so far.
    pub(super) fn heard(&self) -> usize {
        self.capture.adverts().len()
    }

    /// Shows the next adverts.
    pub(super) fn watch_adverts(&self) {
        let from = self.heard().saturating_sub(1);
        wait(|| self.heard() >= from + SHOWN);
        for advert in self.capture.adverts().into_iter().skip(from).take(SHOWN) {
            self.say(&Scene::Advert(advert));
        }
    }

    /// Where keepwatch on a host is asked.
    pub(super) fn control_socket(folder: &Path, host: &str) -> PathBuf {
        folder.join(format!("{host}.sock"))
    }

    /// Says how to enter what is left running.
    pub(super) fn say_how_to_enter(&self, process: Option<u32>) {
        let hosts = self.lan.hosts.iter().chain([&self.lan.client]);
        let places = hosts.map(|host| (host.name.clone(), host.namespace.descriptor())).collect();
        let (process, folder) = (process.unwrap_or_default(), self.folder.clone());
        self.say(&Scene::Kept { process, places, folder });
    }

    pub(super) fn step(&mut self, what: &'static str, happened: bool) {
        self.steps.push(Step { what, happened });
    }

    /// Whether every step so far has happened.
    pub(super) fn all_happened(&self) -> bool {
        self.steps.iter().all(|step| step.happened)
    }

    pub(super) fn mark(&mut self, what: &'static str) {
        self.marks.push((Instant::now(), what));
    }

    pub(super) fn say(&self, scene: &impl Told) {
        self.teller.say(self.began.elapsed(), scene);
    }
}

/// The IPv4 lines of `ip addr show eth0`.
fn ipv4_lines(host: &Host) -> io::Result<Vec<String>> {
    let addresses = host.addresses()?;
    Ok(addresses.into_iter().filter(|(address, _)| address.is_ipv4()).map(|(_, line)| line).collect())
}

/// Waits for a condition; false if it did not come.
pub(super) fn wait(condition: impl Fn() -> bool) -> bool {
    wait_for(PATIENCE, condition)
}

/// The same, for as long as this.
pub(super) fn wait_for(patience: Duration, condition: impl Fn() -> bool) -> bool {
    let until = Instant::now() + patience;
    while Instant::now() < until {
        if condition() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}
