//! What a check finds moves the address: each sort of check, from the listener, file or process to the other host and back.

use std::net::{IpAddr, TcpListener};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use keepwatch_lab::Daemon;
use libtest_mimic::Failed;

use crate::Case;
use crate::site::{Site, ensure, explain, ip, stop, vip, wait};

pub(crate) const CASES: &[Case] = &[
    Case { name: "checks::tcp", needs: &[], run: tcp },
    Case { name: "checks::rhai", needs: &[], run: rhai },
    Case { name: "checks::track_file", needs: &[], run: track_file },
    Case { name: "checks::track_process", needs: &[], run: track_process },
    Case { name: "checks::track_interface", needs: &[], run: track_interface },
];

/// h1 has priority 101, h2 has 100.
const BASE: [u8; 2] = [101, 100];
const PORT: u16 = 8080;

/// An instance on an interface; `more` goes into it.
fn instance(interface: &str, priority: u8, more: &str, address: IpAddr) -> String {
    format!(
        "vrrp_instance VI_1 {{\n version 3\n interface {interface}\n virtual_router_id 51\n priority {priority}\n \
         advert_int 0.2\n virtual_ipaddress {{\n  {address}/24\n }}\n {more}\n}}\n"
    )
}

/// Two daemons, of which h1 checks something and h2 nothing.
struct Pair {
    site: Site,
    h1: Daemon,
    h2: Daemon,
    address: IpAddr,
}

impl Pair {
    /// h1 with a `keepwatch.toml` that adds this to its instance.
    fn with_native(site: Site, native: &str) -> Result<Self, Failed> {
        std::fs::write(site.folder().join("k.conf"), instance("eth0", BASE[0], "", vip()))?;
        let path = site.folder().join("keepwatch.toml");
        std::fs::write(&path, format!("keepalived = \"k.conf\"\n{native}"))?;
        let h1 = site.keepwatch_at(1, &path, &[])?;
        Self::beside(site, h1, "eth0", vip())
    }

    /// h1 with a keepalived.conf that has this above its instance, and in it.
    fn with_keepalived(site: Site, above: &str, inside: &str) -> Result<Self, Failed> {
        let config = format!("{above}{}", instance("eth0", BASE[0], inside, vip()));
        let h1 = site.keepwatch(1, &config)?;
        Self::beside(site, h1, "eth0", vip())
    }

    fn beside(site: Site, h1: Daemon, interface: &str, address: IpAddr) -> Result<Self, Failed> {
        let h2 = site.keepwatch(2, &instance(interface, BASE[1], "", address))?;
        Ok(Self { site, h1, h2, address })
    }

    /// Waits until this host alone has the address, and h1 says all of this of itself.
    fn at(&self, host: usize, says: &[&str]) -> Result<(), Failed> {
        let holds = |number: usize| self.site.host(number).has_anywhere(self.address);
        wait(&format!("h{host} alone to hold {}", self.address), || holds(host) && !holds(3 - host))
            .map_err(|failed| explain(failed, &self.told()))?;
        let has_all = |text: &str| says.iter().all(|part| text.contains(part));
        wait(&format!("{says:?} in the status"), || self.status().is_ok_and(|text| has_all(&text)))
            .map_err(|failed| explain(failed, &self.told()))
    }

    fn status(&self) -> Result<String, Failed> {
        Ok(String::from_utf8(self.site.asking(1).arg("status").output()?.stdout)?)
    }

    fn told(&self) -> String {
        let (h1, h2) = (self.h1.output().join("\n"), self.h2.output().join("\n"));
        format!("{}\nh1:\n{h1}\nh2:\n{h2}", self.status().unwrap_or_default())
    }

    /// The status of a healthy h1, which has come back, and a clean end of both.
    fn end(self) -> Result<(), Failed> {
        let text = self.status()?;
        ensure(text.contains("\nNothing is wrong.\n"), || self.told())?;
        stop(self.h1)?;
        stop(self.h2)
    }
}

/// Somebody who listens on h1, until this is dropped. Nobody accepts: the kernel does.
fn listener(site: &Site) -> Result<TcpListener, Failed> {
    Ok(site.host(1).namespace.run(|| TcpListener::bind(("127.0.0.1", PORT)))?)
}

const WELL: &str = ", priority 101\n";
const LOWERED: &str = ", priority 51 (configured: 101)";

fn tcp() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let listening = listener(&site)?;
    let native = format!(
        "[check.web]\ntcp = \"127.0.0.1:{PORT}\"\ninterval = \"200ms\"\n[instance.VI_1]\n\
         track = [{{ check = \"web\", weight = -50 }}]\n"
    );
    let pair = Pair::with_native(site, &native)?;
    pair.at(1, &[WELL, "check web: passes"])?;
    drop(listening);
    pair.at(2, &[LOWERED, "check web fails for ", "127.0.0.1:8080 refused the connection"])?;
    let _listening = listener(&pair.site)?;
    pair.at(1, &[WELL, "check web: passes"])?;
    pair.end()
}

fn rhai() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let listening = listener(&site)?;
    let script = "fn check(config) {\n let answer = tcp(config.to);\n pass(`${config.word} answers`)\n}\n";
    std::fs::write(site.folder().join("web.rhai"), script)?;
    let native = format!(
        "[check.web]\nplugin = \"web.rhai\"\ninterval = \"200ms\"\ngrants = [\"tcp:127.0.0.1:{PORT}\"]\n\
         config = {{ to = \"127.0.0.1:{PORT}\", word = \"the shop\" }}\n[instance.VI_1]\n\
         track = [{{ check = \"web\", weight = -50 }}]\n"
    );
    let pair = Pair::with_native(site, &native)?;
    pair.at(1, &[WELL, "check web: passes", "(the shop answers)"])?;
    drop(listening);
    pair.at(2, &[LOWERED, "check web fails for "])?;
    let _listening = listener(&pair.site)?;
    pair.at(1, &[WELL, "check web: passes", "(the shop answers)"])?;
    pair.end()
}

/// The number in a file is added to the priority; a missing file is 0.
fn track_file() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let file = site.folder().join("number");
    let above = format!("track_file number {{\n file \"{}\"\n weight 1\n}}\n", file.display());
    let pair = Pair::with_keepalived(site, &above, "track_file {\n number\n }")?;
    pair.at(1, &[WELL, "check number: "])?;
    std::fs::write(&file, "-20\n")?;
    pair.at(2, &[", priority 81 (configured: 101)", "check number: "])?;
    std::fs::write(&file, "0\n")?;
    pair.at(1, &[WELL, "check number: "])?;
    std::fs::write(&file, "-2\n")?;
    pair.at(2, &[", priority 99 (configured: 101)"])?;
    std::fs::remove_file(&file)?;
    pair.at(1, &[WELL, "check number: "])?;
    pair.end()
}

/// A process that is ended when this is dropped.
struct Process(Child);

impl Process {
    fn start(program: &PathBuf) -> Result<Self, Failed> {
        let mut command = Command::new(program);
        command.arg("3600").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self(command.spawn()?))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn track_process() -> Result<(), Failed> {
    let site = Site::new(2)?;
    // A name that no other process of the machine has, not even another run of this test.
    let name = format!("kw{}", std::process::id());
    let program = site.folder().join(&name);
    symlink("/bin/sleep", &program)?;
    let running = Process::start(&program)?;
    let above = format!("vrrp_track_process web {{\n process {name}\n weight -50\n}}\n");
    let pair = Pair::with_keepalived(site, &above, "track_process {\n web\n }")?;
    pair.at(1, &[WELL, "check web: passes"])?;
    drop(running);
    pair.at(2, &[LOWERED, "check web fails for "])?;
    let _running = Process::start(&program)?;
    pair.at(1, &[WELL, "check web: passes"])?;
    pair.end()
}

/// The instance serves on one network and tracks the other.
fn track_interface() -> Result<(), Failed> {
    let site = Site::with_networks(2, 2)?;
    let address = ip("10.1.2.30");
    let inside = "track_interface {\n  eth0 weight -50\n }";
    let h1 = site.keepwatch(1, &instance("eth1", BASE[0], inside, address))?;
    let pair = Pair::beside(site, h1, "eth1", address)?;
    pair.at(1, &[WELL])?;
    pair.site.host(1).pull_cable()?;
    pair.at(2, &[LOWERED])?;
    pair.site.host(1).plug_cable()?;
    pair.at(1, &[WELL])?;
    pair.end()
}
