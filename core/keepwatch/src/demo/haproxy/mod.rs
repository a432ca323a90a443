//! The story of HAProxy: it is killed on h1, whose host is fine; h2 serves; it runs again, and h1 does.

mod files;
mod proxy;
mod scene;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use keepwatch_lab::{Daemon, WebClient, WebReport, WebServer};

use super::stage::{Stage, VIP, wait};
use super::teller::Teller;
use super::timeline::Timeline;
use files::Files;
use proxy::Proxy;
pub(super) use proxy::missing;
use scene::Scene;

const ASK_EVERY: Duration = Duration::from_millis(20);
/// Answers that are waited for before it counts that somebody answers.
const SOME: usize = 10;
/// The host of the web server.
const WEB: usize = 2;
const WEB_PORT: u16 = 80;
const TEXT: &str = "Hello from the web server on h3.\n";
/// What h1 says when its check fails, as monitors look for it.
const FAULT: &str = "(VI_1) Entering FAULT STATE";
const CHECK_FAILS: &str = "check haproxy fails";
/// What the hook says when it has done its work.
const HOOKED: &str = "VI_1 is MASTER on";

/// Who plays in it.
pub(super) struct HaproxyStory {
    // What runs on the hosts ends before the network they are on.
    client: Option<WebClient>,
    daemons: Vec<Daemon>,
    proxies: Vec<Proxy>,
    files: Vec<Files>,
    _web: WebServer,
    pub(super) stage: Stage,
}

impl HaproxyStory {
    /// Sets two hosts, a web server, a client and a switch up.
    pub(super) fn begin(teller: Teller, folder: PathBuf) -> io::Result<Self> {
        let stage = Stage::set(teller, folder, 3)?;
        let pair = stage.lan.hosts.iter().take(WEB).enumerate();
        let files = pair.map(|(number, host)| Files::write(&stage.folder, number, &host.name));
        Ok(Self {
            client: None,
            daemons: Vec::new(),
            proxies: Vec::new(),
            files: files.collect::<io::Result<_>>()?,
            _web: WebServer::start(&stage.lan.hosts[WEB], WEB_PORT, TEXT)?,
            stage,
        })
    }

    /// Tells it; true if all of it happened.
    pub(super) fn tell(&mut self) -> io::Result<bool> {
        self.stage.say(&Scene::Opening { ask_every: ASK_EVERY });
        self.stage.say(&Scene::Starting);
        for host in [0, 1] {
            self.proxies.push(self.proxy(host)?);
            self.daemons.push(self.daemon(host)?);
        }
        self.stage.master_scene(0, 0, "h1 becomes MASTER and holds 10.1.1.30")?;
        let server = SocketAddr::new(VIP, WEB_PORT);
        self.client = Some(WebClient::start(&self.stage.lan.client, server, ASK_EVERY));
        self.answer_scene("h1", "HAProxy on h1 answers http://10.1.1.30/");
        self.stage.watch_adverts();

        self.stage.say(&Scene::Killing { host: "h1".to_owned() });
        self.stage.mark("HAProxy on h1 killed");
        let (killed, heard) = (Instant::now(), self.stage.heard());
        let said = self.log_lengths();
        self.proxies[0].kill()?;
        self.fault_scene(said[0]);
        self.stage.master_scene(1, heard, "h2 takes over 10.1.1.30")?;
        self.stage.mark("h2 MASTER");
        self.answer_scene("h2", "HAProxy on h2 answers http://10.1.1.30/");
        let hooked = self.log_scene(1, said[1], &[HOOKED]);
        self.stage.step("the hook on h2 had HAProxy read its configuration again", hooked);

        self.stage.say(&Scene::Restarting { host: "h1".to_owned() });
        self.stage.mark("HAProxy on h1 started");
        let (restarted, heard) = (Instant::now(), self.stage.heard());
        self.proxies[0] = self.proxy(0)?;
        self.stage.master_scene(0, heard, "h1 comes back and takes 10.1.1.30 over again")?;
        self.stage.mark("h1 MASTER");
        self.answer_scene("h1", "HAProxy on h1 answers again");
        self.curtain(killed, restarted)
    }

    fn proxy(&self, host: usize) -> io::Result<Proxy> {
        Proxy::start(&self.stage.lan.hosts[host], &self.files[host])
    }

    fn daemon(&self, host: usize) -> io::Result<Daemon> {
        let files = &self.files[host];
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["run", "--config"]).arg(files.keepwatch());
        command.env("KEEPWATCH_CONTROL", files.control_socket());
        command.env("KEEPWATCH_STATE_DIR", files.state()).env("KEEPWATCH_CACHE_DIR", files.state());
        Daemon::start(&self.stage.lan.hosts[host].namespace, &mut command)
    }

    /// Waits until a host's HAProxy answers the client, and shows how.
    fn answer_scene(&mut self, host: &str, what: &'static str) {
        let report = || self.client.as_ref().map(WebClient::report).unwrap_or_default();
        let before = report().answered_by(host);
        let by_host = || report().answered_by(host) >= before + SOME;
        let passed_on = wait(by_host) && report().last_answer().is_some_and(|last| last.text == TEXT);
        if let Some(last) = report().last_answer() {
            let by = last.by.clone().unwrap_or_default();
            self.stage.say(&Scene::Answer { by, text: last.text.clone() });
        }
        self.stage.step(what, passed_on);
    }

    /// Waits until h1 says that it does not serve, and why.
    fn fault_scene(&mut self, from: usize) {
        let happened = self.log_scene(0, from, &[CHECK_FAILS, FAULT]);
        self.stage.step("keepwatch on h1 finds HAProxy dead and goes to FAULT", happened);
    }

    /// Waits until a host's log has a line with each of these texts, and shows the first of each; true if it has.
    fn log_scene(&self, host: usize, from: usize, texts: &[&str]) -> bool {
        let lines = || -> Vec<String> {
            let said: Vec<String> = self.daemons[host].output().into_iter().skip(from).collect();
            texts.iter().filter_map(|text| said.iter().find(|line| line.contains(text)).cloned()).collect()
        };
        let happened = wait(|| lines().len() == texts.len());
        self.stage.say(&Scene::Log { host: self.stage.lan.hosts[host].name.clone(), lines: lines() });
        happened
    }

    /// How much each host's log says so far.
    fn log_lengths(&self) -> [usize; 2] {
        [0, 1].map(|host: usize| self.daemons[host].output().len())
    }

    /// The time line and the summary.
    fn curtain(&mut self, killed: Instant, restarted: Instant) -> io::Result<bool> {
        let Some(client) = self.client.take() else { return Ok(false) };
        let report = client.finish();
        if let (Some(first), Some(last)) = (report.requests.first(), report.requests.last()) {
            let symbol = |from, to| symbol(&report, from, to);
            let timeline = Timeline::draw(first.began, last.began, &self.stage.marks, symbol);
            self.stage.say(&Scene::Requests(timeline));
        }
        let ok = self.stage.all_happened();
        self.stage.say(&Scene::Summary {
            ok,
            steps: self.stage.steps.clone(),
            requests: report.requests.len(),
            answered: report.answered(),
            by_h1: report.answered_by("h1"),
            by_h2: report.answered_by("h2"),
            takeover: report.longest_silence(killed, restarted),
            failback: report.longest_silence(restarted, Instant::now()),
            took: self.stage.began.elapsed(),
        });
        Ok(ok)
    }
}

/// Who answered the requests of a cell; of several the last.
fn symbol(report: &WebReport, from: Instant, to: Instant) -> char {
    let (mut asked, mut answered, mut last) = (0, 0, '?');
    for request in report.between(from, to) {
        asked += 1;
        let Some(answer) = &request.answer else { continue };
        answered += 1;
        last = match answer.by.as_deref() {
            Some("h1") => '1',
            Some("h2") => '2',
            _ => '?',
        };
    }
    match (asked, answered) {
        (0, _) => ' ',
        (_, 0) => 'x',
        (asked, answered) if answered < asked => 'o',
        _ => last,
    }
}
