//! A LAN with daemons on its hosts, and ways to wait for what should happen.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use keepwatch_lab::{Capture, Daemon, Host, Lan};
use libtest_mimic::Failed;

/// Longer than anything that should happen takes, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// The address that everything is about.
pub(crate) fn vip() -> IpAddr {
    ip("10.1.1.30")
}

/// A LAN and a folder for its daemons' files.
pub(crate) struct Site {
    pub(crate) lan: Lan,
    folder: PathBuf,
}

impl Site {
    pub(crate) fn new(hosts: u8) -> Result<Self, Failed> {
        Ok(Self { lan: Lan::new(hosts)?, folder: new_folder()? })
    }

    /// Each host and the client on several networks: eth0, eth1, ...
    pub(crate) fn with_networks(hosts: u8, networks: u8) -> Result<Self, Failed> {
        Ok(Self { lan: Lan::new_with_networks(hosts, networks)?, folder: new_folder()? })
    }

    pub(crate) fn host(&self, number: usize) -> &Host {
        &self.lan.hosts[number - 1]
    }

    /// Starts keepwatch on a host with a configuration.
    pub(crate) fn keepwatch(&self, host: usize, config: &str) -> Result<Daemon, Failed> {
        self.keepwatch_with(host, config, &[])
    }

    /// The same with more arguments.
    pub(crate) fn keepwatch_with(&self, host: usize, config: &str, more: &[&str]) -> Result<Daemon, Failed> {
        let path = self.file(host, "keepwatch", config)?;
        self.keepwatch_at(host, &path, more)
    }

    /// Starts keepwatch on a host with a configuration file.
    pub(crate) fn keepwatch_at(&self, host: usize, path: &Path, more: &[&str]) -> Result<Daemon, Failed> {
        let mut command = keepwatch();
        command.args(["run", "-v", "--config"]).arg(path).args(more);
        self.start(host, command)
    }

    /// The same with a /sys of the host's own, as `ip netns exec` has it: there the kernel shows the interfaces of the
    /// namespace in which it was mounted.
    pub(crate) fn keepwatch_with_sys(&self, host: usize, path: &Path) -> Result<Daemon, Failed> {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", "mount -t sysfs sysfs /sys && exec \"$0\" \"$@\""]);
        command.arg(env!("CARGO_BIN_EXE_keepwatch")).args(["run", "-v", "--config"]).arg(path);
        self.start(host, command)
    }

    pub(crate) fn start(&self, host: usize, mut command: Command) -> Result<Daemon, Failed> {
        command.env("KEEPWATCH_CONTROL", self.control(host));
        command.env("KEEPWATCH_STATE_DIR", self.folder.join(format!("h{host}.state")));
        command.env("KEEPWATCH_CACHE_DIR", self.folder.join(format!("h{host}.cache")));
        Ok(Daemon::start(&self.host(host).namespace, &mut command)?)
    }

    /// The control socket of a host's daemon: hosts have networks of their own, but one file system.
    pub(crate) fn control(&self, host: usize) -> PathBuf {
        self.folder.join(format!("h{host}.sock"))
    }

    /// keepwatch, to ask a host's daemon.
    pub(crate) fn asking(&self, host: usize) -> Command {
        let mut command = keepwatch();
        command.env("KEEPWATCH_CONTROL", self.control(host));
        command
    }

    /// Writes a file for a daemon on a host.
    pub(crate) fn file(&self, host: usize, name: &str, text: &str) -> Result<PathBuf, Failed> {
        let path = self.folder.join(format!("h{host}-{name}.conf"));
        std::fs::write(&path, text)?;
        Ok(path)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Listens on the client's interface.
    pub(crate) fn capture(&self) -> Result<Capture, Failed> {
        Ok(Capture::start(&self.lan.client)?)
    }

    /// Waits until exactly this host has an address.
    pub(crate) fn wait_for_holder(&self, host: usize, address: IpAddr) -> Result<(), Failed> {
        let holders = || -> Vec<usize> {
            (1..=self.lan.hosts.len()).filter(|number| self.host(*number).has(address)).collect()
        };
        wait(&format!("h{host} alone to hold {address}"), || holders() == [host])
            .map_err(|failed| explain(failed, &format!("held by hosts {:?}", holders())))
    }

    /// Waits until no host has an address.
    pub(crate) fn wait_for_nobody(&self, address: IpAddr) -> Result<(), Failed> {
        wait(&format!("nobody to hold {address}"), || self.lan.hosts.iter().all(|host| !host.has(address)))
    }
}

/// The program under test, with a control socket that no other has: never the machine's own.
pub(crate) fn keepwatch() -> Command {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let socket = format!("{}.sock", NEXT.fetch_add(1, Ordering::Relaxed));
    let mut command = Command::new(env!("CARGO_BIN_EXE_keepwatch"));
    if let Some(folder) = FOLDER.get() {
        command.env("KEEPWATCH_CONTROL", folder.join(socket));
    }
    command
}

/// Where the tests' files go; removed with the process outside.
static FOLDER: OnceLock<PathBuf> = OnceLock::new();

pub(crate) fn set_folder(folder: PathBuf) {
    FOLDER.get_or_init(|| folder);
}

fn new_folder() -> Result<PathBuf, Failed> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let folder = FOLDER.get().ok_or("no folder")?.join(NEXT.fetch_add(1, Ordering::Relaxed).to_string());
    std::fs::create_dir(&folder)?;
    Ok(folder)
}

/// Waits for a condition.
pub(crate) fn wait(what: &str, condition: impl Fn() -> bool) -> Result<(), Failed> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if condition() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    Err(format!("waited {} s in vain for {what}", PATIENCE.as_secs()).into())
}

/// Waits for a line in a daemon's log.
pub(crate) fn wait_for_line(daemon: &Daemon, text: &str) -> Result<(), Failed> {
    wait(&format!("the line \"{text}\""), || daemon.said(text))
        .map_err(|failed| explain(failed, &daemon.output().join("\n")))
}

/// Adds to what is known of a failure.
pub(crate) fn explain(failed: Failed, more: &str) -> Failed {
    format!("{}\n{more}", failed.message().unwrap_or_default()).into()
}

/// Fails with a text unless a condition holds.
pub(crate) fn ensure(condition: bool, text: impl FnOnce() -> String) -> Result<(), Failed> {
    if condition { Ok(()) } else { Err(text().into()) }
}

/// Tells a daemon to stop and expects exit code 0.
pub(crate) fn stop(mut daemon: Daemon) -> Result<(), Failed> {
    stop_it(&mut daemon)
}

/// The same, and what it said can still be read.
pub(crate) fn stop_it(daemon: &mut Daemon) -> Result<(), Failed> {
    daemon.terminate()?;
    let status = daemon.wait(PATIENCE)?;
    ensure(status.is_some_and(|status| status.success()), || {
        format!("ended with {status:?} instead of 0:\n{}", daemon.output().join("\n"))
    })
}

/// A configuration with one instance `VI_1`, VRID 51 on eth0; `more` goes into the instance.
pub(crate) fn config(priority: u8, more: &str, addresses: &str) -> String {
    format!(
        "vrrp_instance VI_1 {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    {more}
    virtual_ipaddress {{
        {addresses}
    }}
}}
"
    )
}

/// The seed's two configurations, as the examples have them.
pub(crate) fn seed(name: &str) -> Result<String, Failed> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/haproxy-pair").join(name);
    Ok(std::fs::read_to_string(path)?)
}
