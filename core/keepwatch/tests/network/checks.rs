//! What a check finds moves the address: each sort of check, from the listener, file or process to the other host and back.

use std::net::{IpAddr, TcpListener};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use keepwatch_lab::{Daemon, Direction, Host, WebServer};
use libtest_mimic::Failed;

use crate::Case;
use crate::one_way::NFT;
use crate::site::{Site, ensure, explain, ip, stop, vip, wait};

pub(crate) const CASES: &[Case] = &[
    Case { name: "checks::tcp", needs: &[], run: tcp },
    Case { name: "checks::rhai", needs: &[], run: rhai },
    Case { name: "checks::wasm", needs: &[], run: wasm },
    Case { name: "checks::http", needs: &[], run: http },
    Case { name: "checks::http_content", needs: &[], run: http_content },
    Case { name: "checks::unix", needs: &[], run: unix },
    Case { name: "checks::icmp", needs: &[], run: icmp },
    Case { name: "checks::icmp_v6", needs: &[], run: icmp_v6 },
    Case { name: "checks::gateway", needs: &[], run: gateway },
    Case { name: "checks::gateway_v6", needs: &[], run: gateway_v6 },
    Case { name: "checks::half_a_cable", needs: &[NFT], run: half_a_cable_v4 },
    Case { name: "checks::half_a_cable_v6", needs: &[NFT], run: half_a_cable_v6 },
    Case { name: "checks::process", needs: &[], run: process },
    Case { name: "checks::interface", needs: &[], run: interface },
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

const WELL: &str = ", priority 101\n";
const LOWERED: &str = ", priority 51 (configured: 101)";

/// A check `it` with these keys, which may end with other tables, and VI_1 tracks it.
fn tracked(keys: &str) -> String {
    format!(
        "[check.it]\ninterval = \"200ms\"\n{keys}\n[instance.VI_1]\ntrack = [{{ check = \"it\", weight = -50 }}]\n"
    )
}

/// What h1 checks: it is well as long as what `begin` gives is held.
struct Subject<T> {
    /// The keys of its table, without an interval.
    keys: String,
    begin: fn(&Site) -> Result<T, Failed>,
    /// What the status says of it, behind its name.
    passes: &'static str,
    fails: &'static str,
}

impl<T> Subject<T> {
    /// The subject fails, and the address moves to h2; it is well again, and the address comes back.
    fn moves_the_address(self, site: Site) -> Result<(), Failed> {
        let Self { keys, begin, passes, fails } = self;
        let well = begin(&site)?;
        let pair = Pair::with_native(site, &tracked(&keys))?;
        pair.at(1, &[WELL, "check it: passes", passes])?;
        drop(well);
        pair.at(2, &[LOWERED, "check it fails for ", fails])?;
        let _well = begin(&pair.site)?;
        pair.at(1, &[WELL, "check it: passes", passes])?;
        pair.end()
    }
}

/// Somebody who listens on h1, until this is dropped. Nobody accepts: the kernel does.
fn listener(site: &Site) -> Result<TcpListener, Failed> {
    Ok(site.host(1).namespace.run(|| TcpListener::bind(("127.0.0.1", PORT)))?)
}

fn tcp() -> Result<(), Failed> {
    let keys = format!("tcp = \"127.0.0.1:{PORT}\"");
    let fails = "127.0.0.1:8080 refused the connection";
    Subject { keys, begin: listener, passes: "", fails }.moves_the_address(Site::new(2)?)
}

fn rhai() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let script = "fn check(config) {\n let answer = tcp(config.to);\n pass(`${config.word} answers`)\n}\n";
    std::fs::write(site.folder().join("web.rhai"), script)?;
    let keys = format!(
        "plugin = \"web.rhai\"\ngrants = [\"tcp:127.0.0.1:{PORT}\"]\n\
         config = {{ to = \"127.0.0.1:{PORT}\", word = \"the shop\" }}"
    );
    Subject { keys, begin: listener, passes: "(the shop answers)", fails: "" }.moves_the_address(site)
}

/// A component that connects, and passes as long as it can.
fn wasm() -> Result<(), Failed> {
    let guests =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/wasm/tests/guests").canonicalize()?;
    // It imports everything. Not optimised, and on a busy machine, beginning anew takes longer than the interval.
    let keys = format!(
        "timeout = \"5s\"\nplugin = \"{}\"\nconfig = {{ do = \"tcp\", target = \"127.0.0.1:{PORT}\" }}\ngrants = [\"tcp:127.0.0.1:{PORT}\", \
         \"http://127.0.0.1:{PORT}\", \"run:none\", \"track:none\"]\n[action.none]\nexec = [\"/bin/true\"]",
        guests.join("hostile-checker.wasm").display()
    );
    Subject { keys, begin: listener, passes: "connected after ", fails: "" }.moves_the_address(Site::new(2)?)
}

/// A web server that answers, and then none.
fn http() -> Result<(), Failed> {
    let keys = format!("http = \"http://127.0.0.1:{PORT}/health\"\ncontains = \"as well as can be\"");
    let begin = |site: &Site| Ok(WebServer::start(site.host(1), PORT, "as well as can be expected")?);
    Subject { keys, begin, passes: "200", fails: "127.0.0.1:8080" }.moves_the_address(Site::new(2)?)
}

/// A web server that answers all the time, and not always what it should.
fn http_content() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let keys = format!("http = \"http://127.0.0.1:{PORT}/health\"\ncontains = \"well\"");
    let well = WebServer::start(site.host(1), PORT, "well")?;
    let pair = Pair::with_native(site, &tracked(&keys))?;
    pair.at(1, &[WELL, "check it: passes"])?;
    drop(well);
    let ill = WebServer::start(pair.site.host(1), PORT, "ill")?;
    pair.at(2, &[LOWERED, "check it fails for ", "no `well` in the answer"])?;
    drop(ill);
    let _well = WebServer::start(pair.site.host(1), PORT, "well")?;
    pair.at(1, &[WELL, "check it: passes"])?;
    pair.end()
}

/// A socket in the file system, which goes with this.
struct Socket {
    path: PathBuf,
    _listener: UnixListener,
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn unix() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let keys = format!("unix = \"{}\"", site.folder().join("it.sock").display());
    let begin = |site: &Site| {
        let path = site.folder().join("it.sock");
        Ok(Socket { _listener: UnixListener::bind(&path)?, path })
    };
    Subject { keys, begin, passes: "", fails: "it.sock" }.moves_the_address(site)
}

/// A host's cable, plugged in until this is dropped.
struct Plugged(Host);

impl Plugged {
    fn client(site: &Site) -> Result<Self, Failed> {
        site.lan.client.plug_cable()?;
        Ok(Self(site.lan.client.clone()))
    }
}

impl Drop for Plugged {
    fn drop(&mut self) {
        let _ = self.0.pull_cable();
    }
}

fn icmp() -> Result<(), Failed> {
    let keys = "icmp = \"10.1.1.200\"\ncount = 2\nneed = 1".to_owned();
    Subject { keys, begin: Plugged::client, passes: "", fails: "10.1.1.200" }.moves_the_address(Site::new(2)?)
}

fn icmp_v6() -> Result<(), Failed> {
    let keys = "icmp = \"fd00:1::200\"\ncount = 2\nneed = 1".to_owned();
    Subject { keys, begin: Plugged::client, passes: "", fails: "fd00:1::200" }
        .moves_the_address(Site::new(2)?)
}

fn gateway() -> Result<(), Failed> {
    let keys = "gateway = \"10.1.1.200\"\ninterface = \"eth0\"".to_owned();
    Subject { keys, begin: Plugged::client, passes: "", fails: "10.1.1.200" }.moves_the_address(Site::new(2)?)
}

fn gateway_v6() -> Result<(), Failed> {
    let keys = "gateway = \"fd00:1::200\"\ninterface = \"eth0\"".to_owned();
    Subject { keys, begin: Plugged::client, passes: "", fails: "fd00:1::200" }
        .moves_the_address(Site::new(2)?)
}

/// h1's cable is half broken: its interface is up, and nothing arrives, or nothing gets out. The gateway's answers are
/// missed, h1 does not serve, and there are not two that do.
fn half_a_cable(gateway: &str) -> Result<(), Failed> {
    // Each on hosts of its own: on one, both are about as many transitions in as short a time as are called unsteady.
    [Direction::Incoming, Direction::Outgoing].into_iter().try_for_each(|broken| half_broken(gateway, broken))
}

fn half_broken(gateway: &str, broken: Direction) -> Result<(), Failed> {
    let site = Site::new(2)?;
    let native = format!(
        "[check.it]\ngateway = \"{gateway}\"\ninterface = \"eth0\"\ninterval = \"1s\"\n[instance.VI_1]\n\
         track = [\"it\"]\n"
    );
    let pair = Pair::with_native(site, &native)?;
    pair.at(1, &[WELL, "check it: passes"])?;
    pair.site.host(1).drop_all(broken)?;
    pair.at(2, &["FAULT", "check it fails", gateway])?;
    ensure(!pair.h1.said("interface eth0 down"), || pair.told())?;
    pair.site.host(1).stop_dropping()?;
    pair.at(1, &[WELL, "check it: passes"])?;
    pair.end()
}

fn half_a_cable_v4() -> Result<(), Failed> {
    half_a_cable("10.1.1.200")
}

fn half_a_cable_v6() -> Result<(), Failed> {
    half_a_cable("fd00:1::200")
}

/// The number in a file is added to the priority; a missing file is 0.
fn track_file() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let file = site.folder().join("number");
    let above = format!("track_file number {{\n file \"{}\"\n weight 1\n}}\n", file.display());
    let pair = Pair::with_keepalived(site, &above, "track_file {\n number\n }")?;
    pair.at(1, &[WELL, "check number: "])?;
    std::fs::write(&file, "-20\n")?;
    pair.at(2, &[", priority 81 (configured: 101)", "number says -20: priority -20)"])?;
    std::fs::write(&file, "0\n")?;
    pair.at(1, &[WELL, "check number: "])?;
    std::fs::write(&file, "-254\n")?;
    pair.at(2, &["check number: fails for ", "number says -254: FAULT)"])?;
    std::fs::write(&file, "none\n")?;
    pair.at(1, &[WELL, "number has no number, which counts as 0)"])?;
    std::fs::write(&file, "-2\n")?;
    pair.at(2, &[", priority 99 (configured: 101)"])?;
    std::fs::remove_file(&file)?;
    pair.at(1, &[WELL, "number does not exist, which counts as 0)"])?;
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

/// A program that sleeps, by a name that no other process of the machine has, not even another run of this test.
fn program(site: &Site, prefix: &str) -> Result<(String, PathBuf), Failed> {
    let name = format!("{prefix}{}", std::process::id());
    let program = site.folder().join(&name);
    if !program.exists() {
        symlink("/bin/sleep", &program)?;
    }
    Ok((name, program))
}

/// The same as `track_process`, in a table of keepwatch's own.
fn process() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let (name, _) = program(&site, "kn")?;
    let begin = |site: &Site| Process::start(&program(site, "kn")?.1);
    let keys = format!("process = \"{name}\"");
    Subject { keys, begin, passes: "", fails: "" }.moves_the_address(site)
}

/// The instance serves on one network, and checks the interface to the other in a table of keepwatch's own.
fn interface() -> Result<(), Failed> {
    let site = Site::with_networks(2, 2)?;
    let address = ip("10.1.2.30");
    std::fs::write(site.folder().join("k.conf"), instance("eth1", BASE[0], "", address))?;
    let path = site.folder().join("keepwatch.toml");
    std::fs::write(
        &path,
        "keepalived = \"k.conf\"\n[check.it]\ninterface = \"eth0\"\n[instance.VI_1]\n\
         track = [{ check = \"it\", weight = -50 }]\n",
    )?;
    let h1 = site.keepwatch_with_sys(1, &path)?;
    let pair = Pair::beside(site, h1, "eth1", address)?;
    pair.at(1, &[WELL, "check it: passes"])?;
    pair.site.host(1).pull_cable()?;
    pair.at(2, &[LOWERED, "check it fails for ", "eth0"])?;
    pair.site.host(1).plug_cable()?;
    pair.at(1, &[WELL, "check it: passes"])?;
    pair.end()
}

fn track_process() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let (name, program) = program(&site, "kw")?;
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
