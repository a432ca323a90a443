//! From the death of a tracked process to the address answering on the other host: keepwatch's `vrrp_track_process` beside
//! keepalived's, in turn, in one run. Both hear of it from the kernel's process connector, which tells in the machine's
//! first namespaces only: the MASTER runs there, with an interface to a switch in a namespace, and the other host is one.
//! While it runs, the machine has an interface `kwb` with a number, and an address of 10.1.1.0/24; both go with the
//! namespace of the switch, a moment after the end, however it ends.
//!
//! Needs root in the machine's own namespaces, and keepalived for its lines:
//!
//!     cargo bench -p keepwatch --bench process

use std::error::Error;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use keepwatch_lab::{Daemon, Lan, Namespace, TcpClient, TcpServer};
use tokio::signal::unix::{SignalKind, signal};

const ROUNDS: usize = 20;
const KEEPALIVED: &str = "/usr/sbin/keepalived";
/// The end of the machine's address.
const LAST: u8 = 77;
/// Of the greeting servers: one that nobody has.
const PORT: u16 = 47_112;
/// How often the client connects.
const EVERY: Duration = Duration::from_millis(1);
/// Longer than a round takes on any machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Until nothing is going on any more: the MASTER repeats its announcements.
const SETTLED: Duration = Duration::from_millis(1500);
/// Who greets on the machine, and on the other host.
const HERE: &str = "here";
const OTHER: &str = "h1";

/// Somebody wants it to end.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    // `cargo bench -- --test` asks whether it runs at all.
    let rounds = if std::env::args().any(|argument| argument == "--test") { 1 } else { ROUNDS };
    if !is_real_root() {
        eprintln!("not done: it needs the machine's own root");
        return ExitCode::SUCCESS;
    }
    match heed_signals().and_then(|()| measure(rounds)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Root of the first user namespace, where every user is mapped.
fn is_real_root() -> bool {
    let all = std::fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| map.contains("4294967295"));
    all && rustix::process::geteuid().is_root()
}

/// Lets the daemons be ended before this ends, whoever ends it. The signals are not blocked: the daemons would inherit it.
fn heed_signals() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let [mut interrupt, mut terminate, mut hangup] = {
        let _context = runtime.enter();
        [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?]
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
        });
        INTERRUPTED.store(true, Ordering::Relaxed);
    });
    Ok(())
}

/// Who runs, on both hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Keepwatch,
    Keepalived,
}

fn measure(rounds: usize) -> Outcome<()> {
    let folder = Folder::create()?;
    let lan = Lan::new(1)?;
    let machine = Namespace::current()?;
    // Of a run before there may be one still.
    let interface = format!("kwb{}", std::process::id());
    lan.plug_in(&machine, &interface, LAST)?;
    let other = lan.hosts.first().ok_or("no host")?;
    let _servers =
        [TcpServer::start_in(&machine, HERE, PORT)?, TcpServer::start_in(&other.namespace, OTHER, PORT)?];
    let (mut keepwatch, mut keepalived) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        for (program, times) in [(Program::Keepwatch, &mut keepwatch), (Program::Keepalived, &mut keepalived)]
        {
            if program == Program::Keepalived && !Path::new(KEEPALIVED).exists() {
                continue;
            }
            let pair = Pair {
                program,
                lan: &lan,
                machine: &machine,
                interface: &interface,
                folder: folder.0.join(format!("{round}{program:?}")),
            };
            times.push(pair.round()?);
        }
    }
    println!("from kill -9 of a tracked process to the other host's first answer, {rounds} rounds each:");
    print("keepwatch", keepwatch);
    print("keepalived", keepalived);
    Ok(())
}

/// Times in milliseconds.
fn print(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
    let ms = |time: &Duration| time.as_secs_f64() * 1e3;
    if let (Some(median), Some(late), Some(last)) = (at(50), at(90), times.last()) {
        println!(
            "  {name:12}  median {:7.2} ms  90 % {:7.2} ms  longest {:7.2} ms",
            ms(median),
            ms(late),
            ms(last)
        );
    }
}

/// One program on both hosts, for a round.
struct Pair<'a> {
    program: Program,
    lan: &'a Lan,
    machine: &'a Namespace,
    interface: &'a str,
    folder: PathBuf,
}

impl Pair<'_> {
    /// Kills the process that the MASTER tracks, once everything is quiet; how long until the other host answers.
    fn round(&self) -> Outcome<Duration> {
        std::fs::create_dir(&self.folder)?;
        let name = format!("kwb{}", std::process::id());
        let tracked = Tracked::start(&self.folder.join(&name))?;
        let other = &self.lan.hosts.first().ok_or("no host")?.namespace;
        let above = format!("vrrp_track_process it {{\n process {name}\n}}\n");
        let inside = " track_process {\n  it\n }\n";
        let mut master = self.start(self.machine, HERE, &instance(self.interface, 250, &above, inside))?;
        let mut backup = self.start(other, OTHER, &instance("eth0", 240, "", ""))?;
        let target = SocketAddr::new([10, 1, 1, 30].into(), PORT);
        let client = TcpClient::start(&self.lan.client, target, EVERY)?;
        let told = |error: Box<dyn Error>| -> Box<dyn Error> {
            format!("{error}\n{}\n{}", master.output().join("\n"), backup.output().join("\n")).into()
        };
        until("the MASTER to answer", || client.greeted_by(HERE) > 0).map_err(told)?;
        self.ensure_it_is_told()?;
        std::thread::sleep(SETTLED);
        let (before, killed) = (client.greeted_by(OTHER), Instant::now());
        tracked.kill()?;
        until("the other host to answer", || client.greeted_by(OTHER) > before).map_err(told)?;
        let report = client.report();
        let theirs = report.attempts.iter().filter_map(|attempt| {
            let greeting = attempt.greeting.as_ref().ok()?;
            (greeting.host == OTHER).then_some(attempt.began + greeting.after)
        });
        let first = theirs.filter(|at| *at >= killed).min().ok_or("nobody answered")?;
        for daemon in [&mut master, &mut backup] {
            daemon.terminate()?;
            daemon.wait(PATIENCE)?.ok_or("a daemon does not end")?;
        }
        Ok(first.duration_since(killed))
    }

    fn start(&self, namespace: &Namespace, host: &str, config: &str) -> Outcome<Daemon> {
        let path = self.folder.join(format!("{host}.conf"));
        std::fs::write(&path, config)?;
        let at = |what: &str| self.folder.join(format!("{host}.{what}"));
        let mut command = match self.program {
            Program::Keepwatch => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_keepwatch"));
                command.arg("run").arg("--config").arg(path);
                command.env("KEEPWATCH_CONTROL", at("socket")).env("KEEPWATCH_STATE_DIR", at("state"));
                command.env("KEEPWATCH_CACHE_DIR", at("cache"));
                command
            }
            Program::Keepalived => {
                let mut command = Command::new(KEEPALIVED);
                command.args(["--dont-fork", "--vrrp", "--log-console", "--use-file"]).arg(path);
                command.arg("--pid").arg(at("pid")).arg("--vrrp_pid").arg(at("vrrp.pid"));
                command.arg("--checkers_pid").arg(at("check.pid"));
                command
            }
        };
        Ok(Daemon::start(namespace, &mut command)?)
    }

    /// keepwatch looks through all processes again and again where the kernel does not tell of them; that is not what is to be
    /// measured. (keepalived does not serve then.)
    fn ensure_it_is_told(&self) -> Outcome<()> {
        if self.program == Program::Keepalived {
            return Ok(());
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_keepwatch"));
        command.arg("status").env("KEEPWATCH_CONTROL", self.folder.join(format!("{HERE}.socket")));
        let status = String::from_utf8(command.output()?.stdout)?;
        if status.contains("looked through all") {
            return Err(format!("the kernel does not tell of processes here:\n{status}").into());
        }
        Ok(())
    }
}

/// Adverts every 100 ms, and priorities with which a backup that hears a resignation waits for 6 ms.
fn instance(interface: &str, priority: u8, above: &str, inside: &str) -> String {
    format!(
        "{above}vrrp_instance VI_1 {{\n version 3\n interface {interface}\n virtual_router_id 51\n priority {priority}\n \
         advert_int 0.1\n virtual_ipaddress {{\n  10.1.1.30\n }}\n{inside}}}\n"
    )
}

/// The process that is tracked. Killed when dropped.
struct Tracked(Child);

impl Tracked {
    /// Starts a program that sleeps, by this path.
    fn start(path: &Path) -> Outcome<Self> {
        symlink("/bin/sleep", path)?;
        let mut command = Command::new(path);
        command.arg("3600").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self(command.spawn()?))
    }

    fn kill(mut self) -> Outcome<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder that goes with this.
struct Folder(PathBuf);

impl Folder {
    fn create() -> Outcome<Self> {
        let path = std::env::temp_dir().join(format!("keepwatch-process-{}", std::process::id()));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn until(what: &str, holds: impl Fn() -> bool) -> Outcome<()> {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        if INTERRUPTED.load(Ordering::Relaxed) {
            return Err("interrupted; nothing is left running".into());
        }
        if Instant::now() > end {
            return Err(format!("waited in vain for {what}").into());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
