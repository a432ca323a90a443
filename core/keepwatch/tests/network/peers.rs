//! Other people's daemons on a host.

use std::process::Command;
use std::time::Duration;

use keepwatch_lab::Daemon;
use libtest_mimic::Failed;

use crate::site::{Site, wait};
use crate::{Need, site};

pub(crate) const KEEPALIVED: Need = Need::Program("/usr/sbin/keepalived", "keepalived");
pub(crate) const FRR: Need = Need::Program("/usr/lib/frr/vrrpd", "frr");
pub(crate) const IP: Need = Need::Program("/usr/sbin/ip", "iproute2");

/// Starts keepalived on a host.
pub(crate) fn keepalived(site: &Site, host: usize, config: &str) -> Result<Daemon, Failed> {
    let path = site.file(host, "keepalived", config)?;
    let pid = |name: &str| site.folder().join(format!("h{host}-{name}.pid"));
    let mut command = Command::new("/usr/sbin/keepalived");
    command.args(["-P", "-n", "-l", "-D", "-f"]).arg(path);
    command.arg("-p").arg(pid("keepalived")).arg("-r").arg(pid("vrrp"));
    Ok(Daemon::start(&site.host(host).namespace, &mut command)?)
}

/// FRR's zebra and vrrpd on a host, with one virtual router, VRID 51.
pub(crate) struct Frr {
    vrrpd: Daemon,
    // Stopped after vrrpd.
    _zebra: Daemon,
}

impl Frr {
    /// Starts both with one address, version 3, each second.
    pub(crate) fn start(site: &Site, host: usize, priority: u8, address: &str) -> Result<Self, Failed> {
        Self::start_with(site, host, priority, 3, 100, &[address.to_owned()])
    }

    /// Starts both; the virtual addresses live on a macvlan with the virtual MAC, as FRR wants it.
    pub(crate) fn start_with(
        site: &Site,
        host: usize,
        priority: u8,
        version: u8,
        centis: u16,
        addresses: &[String],
    ) -> Result<Self, Failed> {
        let v6 = addresses.iter().any(|address| address.contains(':'));
        let (device, keyword) = if v6 { ("vrrp6", "ipv6") } else { ("vrrp4", "ip") };
        let mac = if v6 { "00:00:5e:00:02:33" } else { "00:00:5e:00:01:33" };
        let nodad = if v6 { " nodad" } else { "" };
        // Its backup has the addresses, too, on a device that is down: eth0 must not answer for them.
        site.host(host).run("sysctl", "-qw net.ipv4.conf.eth0.arp_ignore=1")?;
        if !has_device(site, host, device) {
            for arguments in [
                format!("link add {device} link eth0 type macvlan mode bridge"),
                format!("link set {device} address {mac}"),
                // Until FRR is MASTER: it holds the addresses otherwise before FRR has begun.
                format!("link set {device} protodown on"),
                format!("link set {device} up"),
            ] {
                run(site, host, "ip", &arguments)?;
            }
            for address in addresses {
                let prefix = if address.contains('/') { "" } else { "/24" };
                run(site, host, "ip", &format!("addr add {address}{prefix} dev {device}{nodad}"))?;
            }
        }
        let list: String = addresses
            .iter()
            .map(|address| address.split('/').next().unwrap_or(address))
            .map(|address| format!(" vrrp 51 {keyword} {address}\n"))
            .collect();
        let folder = site.folder().join(format!("frr-h{host}"));
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("zebra.conf"), "log stdout\n")?;
        std::fs::write(
            folder.join("vrrpd.conf"),
            format!(
                "log stdout\ninterface eth0\n vrrp 51 version {version}\n vrrp 51 priority {priority}\n \
                 vrrp 51 advertisement-interval {}\n{list}",
                u32::from(centis) * 10
            ),
        )?;
        std::fs::create_dir_all("/var/run/frr")?;
        for path in [folder.as_path(), std::path::Path::new("/var/run/frr")] {
            let status = Command::new("chown").args(["-R", "frr:frr"]).arg(path).status()?;
            site::ensure(status.success(), || format!("chown {}: {status}", path.display()))?;
        }
        let start = |daemon: &str| -> Result<Daemon, Failed> {
            let mut command = Command::new(format!("/usr/lib/frr/{daemon}"));
            command.arg("-f").arg(folder.join(format!("{daemon}.conf")));
            command.arg("-i").arg(folder.join(format!("{daemon}.pid")));
            command.arg("-z").arg(folder.join("zserv.api")).arg("--vty_socket").arg(&folder);
            Ok(Daemon::start(&site.host(host).namespace, &mut command)?)
        };
        let zebra = start("zebra")?;
        wait("zebra's socket", || folder.join("zserv.api").exists())?;
        Ok(Self { vrrpd: start("vrrpd")?, _zebra: zebra })
    }

    /// Stops vrrpd, which resigns.
    pub(crate) fn stop(mut self) -> Result<(), Failed> {
        self.vrrpd.terminate()?;
        self.vrrpd.wait(Duration::from_secs(10))?.ok_or("vrrpd did not stop")?;
        Ok(())
    }
}

fn has_device(site: &Site, host: usize, device: &str) -> bool {
    run(site, host, "ip", &format!("link show {device}")).is_ok()
}

fn run(site: &Site, host: usize, program: &str, arguments: &str) -> Result<(), Failed> {
    let mut command = Command::new(program);
    command.args(arguments.split_whitespace());
    let output = site.host(host).namespace.run(|| command.output())?;
    site::ensure(output.status.success(), || {
        format!("{program} {arguments}: {}", String::from_utf8_lossy(&output.stderr))
    })
}
