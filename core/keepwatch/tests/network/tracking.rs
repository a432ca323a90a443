//! Checks, weights and sync groups, alone and beside keepalived.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use keepwatch_lab::Daemon;
use libtest_mimic::Failed;
use nix::mount::{MsFlags, mount};

use crate::peers::{KEEPALIVED, keepalived};
use crate::site::{Site, ensure, explain, ip, seed, stop, vip, wait, wait_for_line};
use crate::{Case, HAPROXY, Need};

/// Where `service` stands in for the init that does not run here; without the file there is nothing to stand in for.
const SERVICE: Need = Need::Program("/usr/sbin/service", "init-system-helpers");

pub(crate) const CASES: &[Case] = &[
    Case { name: "tracking::the_seeds_pair", needs: &[HAPROXY, SERVICE], run: the_seeds_pair },
    Case {
        name: "tracking::the_seeds_pair_with_keepalived_as_backup",
        needs: &[HAPROXY, SERVICE, KEEPALIVED],
        run: with_keepalived_as_backup,
    },
    Case {
        name: "tracking::the_seeds_pair_with_keepalived_as_master",
        needs: &[HAPROXY, SERVICE, KEEPALIVED],
        run: with_keepalived_as_master,
    },
    Case { name: "tracking::a_reload_tracks_another_check", needs: &[], run: a_reload_tracks_another_check },
    Case {
        name: "tracking::a_check_in_the_place_of_another",
        needs: &[],
        run: a_check_in_the_place_of_another,
    },
    Case { name: "tracking::a_short_loss_of_a_link", needs: &[], run: a_short_loss_of_a_link },
    Case {
        name: "tracking::a_link_that_is_not_tracked_is_no_fault",
        needs: &[],
        run: a_link_that_is_not_tracked_is_no_fault,
    },
    Case { name: "tracking::a_group_moves_together", needs: &[], run: a_group_moves_together },
    Case {
        name: "tracking::a_group_moves_to_keepalived",
        needs: &[KEEPALIVED],
        run: a_group_moves_to_keepalived,
    },
    Case {
        name: "tracking::a_group_moves_from_keepalived",
        needs: &[KEEPALIVED],
        run: a_group_moves_from_keepalived,
    },
];

/// A check with another name: the MASTER goes on until the first verdict of the new one, which counts from then on.
fn a_reload_tracks_another_check() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let folder = site.folder().to_owned();
    let (native, number) = (folder.join("keepwatch.toml"), folder.join("number"));
    std::fs::write(folder.join("k.conf"), seed("h1.conf")?)?;
    let text = |name: &str| {
        format!(
            "keepalived = \"k.conf\"\n[check.{name}]\nfile = \"{}\"\ninterval = \"100ms\"\n[instance.VI_1]\ntrack =              [\"{name}\"]\n",
            number.display()
        )
    };
    std::fs::write(&native, text("m"))?;
    let h1 = site.keepwatch_at(1, &native, &[])?;
    site.wait_for_holder(1, vip())?;
    std::fs::write(&native, text("maint"))?;
    let output = site.asking(1).arg("reload").output()?;
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let expected = "VI_1: tracked check maint added, tracked check m removed, stays MASTER\ncheck m: removed\ncheck maint: added\n";
    ensure(output.status.code() == Some(0) && said == expected, || said.clone())?;
    std::fs::write(&number, "1")?;
    wait_for_line(&h1, "entering FAULT state (check maint fails")?;
    site.wait_for_nobody(vip())?;
    std::fs::remove_file(&number)?;
    site.wait_for_holder(1, vip())?;
    stop(h1)
}

/// A check that a reload puts in the place of another one, and that says what that one said: its verdict counts.
fn a_check_in_the_place_of_another() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let native = site.folder().join("keepwatch.toml");
    // Whether it passes, its weight, and who tracks it: an instance and its router's number.
    let text = |check: &str, passes: bool, weight: i8, (instance, vrid): (&str, u8)| {
        format!(
            "[check.{check}]\nscript = [\"/usr/bin/{passes}\"]\ninterval = \"200ms\"\n[instance.{instance}]\n\
             interface = \"eth0\"\nvirtual_router_id = {vrid}\nadvert_interval = \"100ms\"\n\
             virtual_addresses = [\"10.1.1.{vrid}\"]\ntrack = [{{ check = \"{check}\", weight = {weight} }}]\n"
        )
    };
    let (own, other) = (("a", 51), ("b", 52));
    std::fs::write(&native, text("first", true, 20, own))?;
    let h1 = site.keepwatch_at(1, &native, &[])?;
    let status = || -> Result<serde_json::Value, Failed> {
        let output = site.asking(1).args(["status", "--json"]).output()?;
        Ok(serde_json::from_slice(&output.stdout)?)
    };
    let stands_at = |what: &str, priority: u8, state: &str| {
        wait(&format!("{what}, {state} with {priority}"), || {
            let instance = status().map(|status| status["snapshot"]["instances"][0].clone());
            instance.is_ok_and(|instance| instance["priority"] == priority && instance["state"] == state)
        })
        .map_err(|failed| explain(failed, &h1.output().join("\n")))
    };
    stands_at("the first one", 120, "MASTER")?;
    for (number, (passes, weight, who, priority, state)) in [
        (true, 20, own, 120, "MASTER"),
        (false, -20, own, 80, "MASTER"),
        (false, -30, own, 70, "MASTER"),
        (true, 0, own, 100, "MASTER"),
        (true, 0, other, 100, "MASTER"),
        (false, 0, other, 100, "FAULT"),
        (false, 0, own, 100, "FAULT"),
    ]
    .into_iter()
    .enumerate()
    {
        let check = format!("c{number}");
        std::fs::write(&native, text(&check, passes, weight, who))?;
        let output = site.asking(1).arg("reload").output()?;
        ensure(output.status.success(), || format!("{output:?}"))?;
        stands_at(&check, priority, state)?;
    }
    stop(h1)
}

/// A link that is lost for a moment is not lost, if the configuration says so; for longer it is.
fn a_short_loss_of_a_link() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let text = format!("interface_up_down_delays {{\n eth0 2\n}}\n{}", seed("h1.conf")?);
    let h1 = site.keepwatch(1, &text)?;
    site.wait_for_holder(1, vip())?;
    let capture = site.capture()?;
    site.host(1).pull_cable()?;
    site.host(1).plug_cable()?;
    // Longer than the delay.
    wait("five more adverts", || capture.adverts().len() >= 5)?;
    ensure(!h1.said("FAULT"), || h1.output().join("\n"))?;
    site.host(1).pull_cable()?;
    wait_for_line(&h1, "(VI_1) Entering FAULT STATE")?;
    site.host(1).plug_cable()?;
    site.wait_for_holder(1, vip())?;
    stop(h1)
}

/// With `dont_track_primary` a MASTER whose link is down stays MASTER, and advertises again as soon as it is up.
fn a_link_that_is_not_tracked_is_no_fault() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let tracked = seed("h1.conf")?;
    let text = tracked.replace("interface eth0\n", "interface eth0\n    dont_track_primary\n");
    ensure(text != tracked, || tracked.clone())?;
    let h1 = site.keepwatch(1, &text)?;
    site.wait_for_holder(1, vip())?;
    let capture = site.capture()?;
    wait("adverts", || capture.adverts().len() >= 2)?;
    site.host(1).pull_cable()?;
    // Longer than any other router would wait.
    std::thread::sleep(Duration::from_secs(4));
    let before = capture.adverts().len();
    site.host(1).plug_cable()?;
    wait("adverts once more", || capture.adverts().len() >= before + 3)?;
    ensure(site.host(1).has(vip()), || h1.output().join("\n"))?;
    // BACKUP, then MASTER, and nothing since.
    let entered = h1.output().iter().filter(|line| line.contains("Entering")).count();
    ensure(entered == 2, || h1.output().join("\n"))?;
    stop(h1)
}

/// Who runs on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    Keepwatch,
    Keepalived,
}

impl Peer {
    fn start(self, site: &Site, host: usize, config: &str) -> Result<Daemon, Failed> {
        match self {
            Self::Keepwatch => site.keepwatch(host, config),
            Self::Keepalived => keepalived(site, host, config),
        }
    }
}

fn the_seeds_pair() -> Result<(), Failed> {
    haproxy_is_killed(Peer::Keepwatch, Peer::Keepwatch)
}

fn with_keepalived_as_backup() -> Result<(), Failed> {
    haproxy_is_killed(Peer::Keepwatch, Peer::Keepalived)
}

fn with_keepalived_as_master() -> Result<(), Failed> {
    haproxy_is_killed(Peer::Keepalived, Peer::Keepwatch)
}

/// What a busy machine may add to what the settings promise.
const SLACK: Duration = Duration::from_secs(2);

/// The settings of a host of the seed's that say how long things take.
struct Promise {
    /// How often the script runs; it has to fail, and to pass, so many times in a row.
    interval: Duration,
    fall: u32,
    rise: u32,
    /// How long after a resignation it takes over.
    skew: Duration,
    /// How long it listens before it takes over from a MASTER of lower priority.
    master_down: Duration,
}

impl Promise {
    fn of(config: &str) -> Result<Self, Failed> {
        let setting = |key: &str| -> Result<u32, Failed> {
            let mut words = config.split_whitespace();
            words.find(|word| *word == key).ok_or_else(|| format!("no {key}"))?;
            Ok(words.next().ok_or("no value")?.parse()?)
        };
        let seconds = |key: &str| Ok::<_, Failed>(Duration::from_secs(setting(key)?.into()));
        // Version 2: in 256ths of a second.
        let skew = Duration::from_secs(1) * (256 - setting("priority")?) / 256;
        Ok(Self {
            interval: seconds("interval")?,
            fall: setting("fall")?,
            rise: setting("rise")?,
            skew,
            master_down: seconds("advert_int")? * 3 + skew,
        })
    }
}

/// The seed's application monitoring, verbatim: HAProxy on the MASTER is killed, the address moves to the other host; it
/// runs again, and the address comes back. HTTP is answered by whoever holds it. Both take what the settings promise.
fn haproxy_is_killed(first: Peer, second: Peer) -> Result<(), Failed> {
    let site = Site::new(2)?;
    let runs = Runs::of(&site, 1)?;
    let mut proxies = [haproxy(&site, 1)?, haproxy(&site, 2)?];
    let configs = [seed("h1-check.conf")?, seed("h2-check.conf")?];
    let (own, other) = (Promise::of(&configs[0])?, Promise::of(&configs[1])?);
    let h1 = first.start(&site, 1, &configs[0])?;
    let h2 = second.start(&site, 2, &configs[1])?;
    let told = || format!("h1:\n{}\nh2:\n{}", h1.output().join("\n"), h2.output().join("\n"));
    let add = |failed| explain(failed, &told());
    site.wait_for_holder(1, vip()).map_err(add)?;
    wait("h1's HAProxy to answer", || answer(&site, vip()).as_deref() == Some("h1"))?;

    // Just behind a run, so that the next one begins afterwards: the address stays for one interval more at least.
    let before = runs.next()?;
    let killed = Instant::now();
    proxies[0].kill()?;
    site.wait_for_holder(2, vip()).map_err(add)?;
    let took = killed.elapsed();
    let failed = runs.since(before)?;
    let fall = usize::try_from(own.fall)?;
    ensure(failed.len() >= fall && failed.iter().all(|passed| !passed), || format!("{failed:?}"))?;
    let most = own.interval * own.fall + other.skew + SLACK;
    ensure((own.interval * (own.fall - 1)..most).contains(&took), || {
        format!("moved after {took:?}, not within {most:?}\n{}", told())
    })?;
    wait("h2's HAProxy to answer", || answer(&site, vip()).as_deref() == Some("h2"))?;
    if first == Peer::Keepwatch {
        wait_for_line(&h1, "VRRP_Script(check_haproxy) failed")?;
        wait_for_line(&h1, "(VI_1) Entering FAULT STATE")?;
    }

    // And h1's priority is higher.
    let before = runs.next()?;
    let restarted = Instant::now();
    proxies[0] = haproxy(&site, 1)?;
    site.wait_for_holder(1, vip()).map_err(add)?;
    let took = restarted.elapsed();
    let passed = runs.since(before)?.iter().filter(|passed| **passed).count();
    ensure(passed >= usize::try_from(own.rise)?, || format!("it came back after {passed} runs that passed"))?;
    let most = own.interval * own.rise + own.master_down + SLACK;
    ensure((own.interval * (own.rise - 1)..most).contains(&took), || {
        format!("came back after {took:?}, not within {most:?}\n{}", told())
    })?;
    wait("h1's HAProxy to answer again", || answer(&site, vip()).as_deref() == Some("h1"))?;
    if first == Peer::Keepwatch {
        wait_for_line(&h1, "VRRP_Script(check_haproxy) succeeded")?;
        let status = String::from_utf8(site.asking(1).arg("status").output()?.stdout)?;
        ensure(status.contains("check check_haproxy: passes"), || status.clone())?;
        // An advert of h2's may have crossed the first one of h1's.
        let is_well =
            status.contains("Nothing is wrong.") || status.contains("VI_1: asserted priority 101 against");
        ensure(is_well, || status.clone())?;
    }
    for (daemon, peer) in [(h1, first), (h2, second)] {
        if peer == Peer::Keepwatch {
            stop(daemon)?;
        }
    }
    Ok(())
}

/// What became of each run of the script on a host: a line for each, written at its end.
struct Runs(PathBuf);

impl Runs {
    fn of(site: &Site, host: usize) -> Result<Self, Failed> {
        let folder = stand_in_for_service(site)?;
        let namespace = site.host(host).run("stat", "-Lc %i /proc/self/ns/net")?;
        Ok(Self(folder.join(namespace.trim())))
    }

    /// Whether each of them passed.
    fn all(&self) -> Vec<bool> {
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        text.lines().map(|code| code == "0").collect()
    }

    /// Waits until one more has ended; how many there were then.
    fn next(&self) -> Result<usize, Failed> {
        let before = self.all().len();
        wait("a run of the script", || self.all().len() > before)?;
        Ok(self.all().len())
    }

    /// Whether those after so many passed.
    fn since(&self, before: usize) -> Result<Vec<bool>, Failed> {
        Ok(self.all().get(before..).ok_or("runs were lost")?.to_vec())
    }
}

/// `service haproxy status` in a host's namespace, where no init runs: whether something listens on port 80 there. It
/// notes what it says in a file named for the namespace; gives the folder.
fn stand_in_for_service(site: &Site) -> Result<PathBuf, Failed> {
    static DONE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let done = DONE.get_or_init(|| {
        let (folder, path) = (site.folder().join("runs"), site.folder().join("service"));
        let script = format!(
            "#!/bin/sh\n[ \"$*\" = \"haproxy status\" ] || exit 64\ncode=0\n\
             grep -q ':0050 00000000:0000 0A' /proc/self/net/tcp || code=3\n\
             echo $code >> \"{}/$(stat -Lc %i /proc/self/ns/net)\"\nexit $code\n",
            folder.display()
        );
        let outcome = std::fs::create_dir(&folder).and_then(|()| {
            use std::os::unix::fs::PermissionsExt;
            std::fs::write(&path, script)?;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
            // Whoever runs scripts here.
            std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777))?;
            // In the tests' own mount namespace.
            let nothing: Option<&str> = None;
            Ok(mount(Some(&path), "/usr/sbin/service", nothing, MsFlags::MS_BIND, nothing)?)
        });
        outcome.map(|()| folder).map_err(|error| error.to_string())
    });
    done.clone().map_err(Failed::from)
}

/// Starts HAProxy on a host; it answers on port 80 with the host's name.
fn haproxy(site: &Site, host: usize) -> Result<Daemon, Failed> {
    let config = format!(
        "defaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\nfrontend web\n bind *:80\n \
         http-request return status 200 content-type text/plain string h{host}\n"
    );
    let path = site.file(host, "haproxy", &config)?;
    let mut command = Command::new("/usr/sbin/haproxy");
    command.arg("-db").arg("-f").arg(path);
    Ok(Daemon::start(&site.host(host).namespace, &mut command)?)
}

/// What a client gets from this address by HTTP, if anything.
fn answer(site: &Site, address: IpAddr) -> Option<String> {
    let patience = Duration::from_millis(500);
    let asked = site.lan.client.namespace.run(|| {
        let mut stream = TcpStream::connect_timeout(&SocketAddr::new(address, 80), patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    });
    let text = asked.ok()?;
    text.split("\r\n\r\n").nth(1).map(str::to_owned)
}

/// Two instances on two networks, in a group.
fn group(priority: u8) -> String {
    let instance = |number: u8| {
        format!(
            "vrrp_instance VI_{number} {{\n interface eth{}\n virtual_router_id 5{number}\n priority {priority}\n \
             advert_int 1\n virtual_ipaddress {{\n  10.1.{number}.30/24\n }}\n}}\n",
            number - 1
        )
    };
    format!("vrrp_sync_group G {{\n group {{\n  VI_1\n  VI_2\n }}\n}}\n{}{}", instance(1), instance(2))
}

fn a_group_moves_together() -> Result<(), Failed> {
    link_is_lost(Peer::Keepwatch, Peer::Keepwatch)
}

fn a_group_moves_to_keepalived() -> Result<(), Failed> {
    link_is_lost(Peer::Keepwatch, Peer::Keepalived)
}

fn a_group_moves_from_keepalived() -> Result<(), Failed> {
    link_is_lost(Peer::Keepalived, Peer::Keepwatch)
}

/// One link of the MASTER is lost: both addresses move, and come back with it.
fn link_is_lost(first: Peer, second: Peer) -> Result<(), Failed> {
    let site = Site::with_networks(2, 2)?;
    let h1 = first.start(&site, 1, &group(150))?;
    let h2 = second.start(&site, 2, &group(100))?;
    let both = || [ip("10.1.1.30"), ip("10.1.2.30")];
    let told = || format!("h1:\n{}\nh2:\n{}", h1.output().join("\n"), h2.output().join("\n"));
    let all_at = |host: usize| -> Result<(), Failed> {
        let is_at = |number: usize| both().iter().all(|address| site.host(number).has_anywhere(*address));
        let is_not_at =
            |number: usize| both().iter().all(|address| !site.host(number).has_anywhere(*address));
        wait(&format!("both addresses at h{host} alone"), || is_at(host) && is_not_at(3 - host))
            .map_err(|failed| explain(failed, &told()))
    };
    all_at(1)?;
    site.host(1).pull_cable()?;
    all_at(2)?;
    if first == Peer::Keepwatch {
        wait_for_line(&h1, "(VI_2) Entering FAULT STATE")?;
        wait_for_line(&h1, "VRRP_Group(G) Syncing instances to FAULT state")?;
    }
    if second == Peer::Keepwatch {
        wait_for_line(&h2, "VRRP_Group(G) Syncing instances to MASTER state")?;
    }
    site.host(1).plug_cable()?;
    all_at(1)?;
    for (daemon, peer) in [(h1, first), (h2, second)] {
        if peer == Peer::Keepwatch {
            stop(daemon)?;
        }
    }
    Ok(())
}
