//! Routes, rules and static addresses, beside keepalived: the same ones at the same time.

use std::process::Command;
use std::time::{Duration, Instant};

use keepwatch_lab::Daemon;
use libtest_mimic::Failed;

use crate::peers::{IP, KEEPALIVED, keepalived};
use crate::reload::Reloaded;
use crate::site::{Site, ensure, explain, ip, keepwatch, stop, vip, wait, wait_for_line};
use crate::{Case, Need};

pub(crate) const CASES: &[Case] = &[
    Case { name: "routing::the_same_as_keepalived", needs: &[KEEPALIVED, IP], run: the_same_as_keepalived },
    Case { name: "routing::converted_the_same", needs: &[IP], run: converted_the_same },
    Case { name: "routing::what_is_taken_away_comes_back", needs: &[IP], run: what_is_taken_away_comes_back },
    Case { name: "routing::what_is_static_follows_a_reload", needs: &[IP], run: statics_follow_a_reload },
    Case { name: "routing::a_reload_leaves_others_alone", needs: &[IP], run: a_reload_leaves_others_alone },
    Case { name: "routing::they_go_with_mastership", needs: &[IP], run: they_go_with_mastership },
    Case {
        name: "routing::what_the_kernel_refuses_is_told",
        needs: &[IP],
        run: what_the_kernel_refuses_is_told,
    },
    Case { name: "routing::the_source_address_is_tracked", needs: &[IP], run: the_source_address_is_tracked },
    Case { name: "routing::the_start_is_delayed", needs: &[], run: the_start_is_delayed },
    Case { name: "routing::it_runs_in_a_namespace", needs: &[Need::RealRoot], run: it_runs_in_a_namespace },
];

const STATIC: &str = "
static_ipaddress {
    10.7.7.1/24 dev eth0
    10.7.8.1/32
    fd00:7::1/64 dev eth0
}
static_routes {
    10.8.0.0/16 via 10.1.1.99 dev eth0
    blackhole 10.66.0.0/16 metric 7
    unreachable fd00:66::/32 metric 9
    10.9.9.0/24 nexthop via 10.1.1.98 weight 3 nexthop via 10.1.1.97
    10.9.8.0/24 dev eth0 scope link mtu lock 1300 advmss 1200 table 77
}
static_rules {
    from 10.1.1.0/24 lookup 77 priority 700
    to 10.66.0.0/16 fwmark 0x10/0xff blackhole priority 701
    from fd00:66::/32 iif eth0 table main priority 702
    not from 10.5.0.0/16 table 77 suppress_prefixlength 0 priority 703
}
";
const VIRTUAL: &str = "virtual_routes {
        src 10.1.1.30 to 10.20.0.0/16 via 10.1.1.99 dev eth0
        10.21.0.0/16 via 10.1.1.99 metric 30
        10.21.0.0/16 via 10.1.1.98 metric 31 no_track protocol 4
        prohibit 10.22.0.0/16
        default via 10.1.1.99 table 99
        fd00:20::/32 via fd00:1::99
    }
    virtual_rules {
        from 10.1.1.30 table 99 priority 900
        iif eth0 to 10.20.0.0/16 tos 16 table 300 priority 901
        from 10.3.0.0/16 goto 950 priority 902
        from all nop priority 950
    }";

fn config(priority: u8) -> String {
    format!("{STATIC}\n{}", crate::site::config(priority, VIRTUAL, "10.1.1.30/24"))
}

/// Everything that `ip` tells of a host's routes, rules and addresses, in an order that does not matter.
pub(crate) fn listed(site: &Site, host: usize) -> Result<Vec<String>, Failed> {
    let mut lines = Vec::new();
    for arguments in
        ["-4 route show table all", "-6 route show table all", "-4 rule show", "-6 rule show", "-o addr show"]
    {
        let text = site.host(host).run("ip", arguments)?;
        let wanted =
            |line: &&str| !line.contains("fe80:") && !line.contains("ff00:") && !line.contains("table local");
        // The order of properties, who put an address there and what the kernel counts say nothing about the route.
        let line = |line: &str| {
            let words: Vec<&str> =
                line.split_whitespace().filter(|word| *word != "\\\\" && *word != "\\").collect();
            format!("{}: {}", arguments.trim_start_matches('-'), words.join(" ").replace(" proto 0x6b", ""))
        };
        lines.extend(text.lines().filter(wanted).map(line));
    }
    lines.sort();
    Ok(lines)
}

fn has(site: &Site, host: usize, arguments: &str, text: &str) -> bool {
    site.host(host).run("ip", arguments).is_ok_and(|listed| listed.contains(text))
}

/// What is there before, while MASTER and after the end.
fn story(
    site: &Site,
    start: impl FnOnce(&Site) -> Result<Daemon, Failed>,
) -> Result<[Vec<String>; 3], Failed> {
    let before = listed(site, 1)?;
    let daemon = start(site)?;
    site.wait_for_holder(1, vip())?;
    wait("the last rule", || has(site, 1, "rule show", "950:"))
        .map_err(|failed| explain(failed, &daemon.output().join("\n")))?;
    wait("the static address", || site.host(1).has(ip("10.7.8.1")))?;
    let during = listed(site, 1)?;
    stop(daemon)?;
    Ok([before, during, listed(site, 1)?])
}

fn the_same_as_keepalived() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let theirs = story(&site, |site| keepalived(site, 1, &config(100)))?;
    let ours = story(&site, |site| site.keepwatch(1, &config(100)))?;
    for (when, (ours, theirs)) in ["before", "during", "after"].iter().zip(ours.iter().zip(&theirs)) {
        ensure(ours == theirs, || {
            let only = |one: &[String], other: &[String]| {
                one.iter().filter(|line| !other.contains(line)).cloned().collect::<Vec<_>>().join("\n")
            };
            format!("{when}, ours alone:\n{}\ntheirs alone:\n{}", only(ours, theirs), only(theirs, ours))
        })?;
    }
    ensure(ours[1].len() > ours[0].len() + 20, || format!("not much was added: {:?}", ours[1]))?;
    ensure(ours[0] == ours[2], || format!("something was left: {:?}", ours[2]))
}

/// A keepalived.conf, and what `keepwatch convert` makes of it, in a file that another one includes.
fn converted_the_same() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let conf = site.file(1, "keepalived", &config(100))?;
    let original = story(&site, |site| site.keepwatch_at(1, &conf, &[]))?;
    let converted = keepwatch().arg("convert").arg(&conf).output()?;
    let lost = String::from_utf8_lossy(&converted.stderr).into_owned();
    ensure(converted.status.success() && !lost.contains("not converted"), || lost)?;
    std::fs::create_dir_all(site.folder().join("ways.d"))?;
    std::fs::write(site.folder().join("ways.d/ways.toml"), &converted.stdout)?;
    let path = site.folder().join("ways.toml");
    std::fs::write(&path, "include = \"ways.d/*.toml\"\n")?;
    let native = story(&site, |site| site.keepwatch_at(1, &path, &[]))?;
    ensure(native == original, || format!("{original:#?}\nbecame\n{native:#?}"))?;
    ensure(native[1].len() > native[0].len() + 20, || format!("not much was added: {:?}", native[1]))
}

fn what_is_taken_away_comes_back() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let daemon = site.keepwatch(1, &config(100))?;
    site.wait_for_holder(1, vip())?;
    wait("the last rule", || has(&site, 1, "rule show", "950:"))?;
    let before = listed(&site, 1)?;
    // They have been looked at meanwhile: nothing is there twice.
    std::thread::sleep(Duration::from_millis(2500));
    let after = listed(&site, 1)?;
    ensure(before == after, || format!("{before:?}\nbecame {after:?}"))?;
    for (take_away, ask, text) in [
        ("route del 10.20.0.0/16", "route show 10.20.0.0/16", "via 10.1.1.99"),
        ("rule del priority 900", "rule show", "900:"),
        ("route del 10.8.0.0/16", "route show 10.8.0.0/16", "via 10.1.1.99"),
        ("addr del 10.7.7.1/24 dev eth0", "addr show dev eth0", "10.7.7.1/24"),
    ] {
        site.host(1).run("ip", take_away)?;
        wait(&format!("what `ip {take_away}` took away"), || has(&site, 1, ask, text))?;
    }
    // With its interface goes everything.
    site.host(1).delete_interface()?;
    wait("the routes to go", || !has(&site, 1, "route show 10.8.0.0/16", "via"))?;
    site.host(1).create_interface()?;
    wait("the static route to be back", || has(&site, 1, "route show 10.8.0.0/16", "via 10.1.1.99"))?;
    wait("the virtual route to be back", || has(&site, 1, "route show 10.20.0.0/16", "via 10.1.1.99"))?;
    stop(daemon)
}

/// Another first address of the VIP's network, another metric, another rule; what stays is not touched, and what is restored is what
/// the new file has.
fn statics_follow_a_reload() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let text = |address: &str, metric: &str, rule: &str| {
        format!(
            "static_ipaddress {{\n {address} dev eth0\n 10.62.0.1/24 dev eth0\n}}\n\
             static_routes {{\n 10.8.0.0/24 via 10.1.1.254 dev eth0 metric {metric}\n blackhole 10.66.0.0/16\n}}\n\
             static_rules {{\n {rule}\n}}\n{}",
            crate::site::config(100, "", "10.60.0.30/24")
        )
    };
    let before = text("10.60.0.1/24", "5", "from 10.9.0.0/24 table 100 priority 700");
    let after = text("10.60.0.2/24", "6", "from 10.9.0.0/24 table 100 priority 701");
    let h1 = Reloaded::start(&site, 1, &before)?;
    h1.wait_for_state("VI_1", "MASTER")?;
    wait("the VIP", || site.host(1).has(ip("10.60.0.30")))?;
    ensure(site.host(1).has(ip("10.60.0.1")), || "no static address".to_owned())?;
    let mut command = Command::new("ip");
    command.args(["monitor", "address", "route", "rule"]).stdout(std::process::Stdio::piped());
    let mut monitor = site.host(1).namespace.spawn(&mut command)?;
    std::thread::sleep(Duration::from_millis(200));
    let expected = [
        "static address 10.60.0.1/24 dev eth0: removed",
        "static address 10.60.0.2/24 dev eth0: added",
        "static route 10.8.0.0/24 via 10.1.1.254 dev eth0 metric 5: removed",
        "static route 10.8.0.0/24 via 10.1.1.254 dev eth0 metric 6: added",
        "static rule from 10.9.0.0/24 table 100 priority 700: removed",
        "static rule from 10.9.0.0/24 table 100 priority 701: added",
    ];
    h1.follow(&after, &expected)?;
    // They have been looked at since.
    std::thread::sleep(Duration::from_millis(2500));
    monitor.kill()?;
    let told = String::from_utf8(monitor.wait_with_output()?.stdout)?;
    let is_there = |arguments: &str, text: &str| has(&site, 1, arguments, text);
    for (arguments, gone, new) in [
        ("addr show dev eth0", "10.60.0.1/24", "10.60.0.2/24"),
        ("route show 10.8.0.0/24", "metric 5", "metric 6"),
        ("rule show", "700:", "701:"),
    ] {
        ensure(!is_there(arguments, gone), || format!("{gone} is still there"))?;
        ensure(is_there(arguments, new), || format!("{new} is not there"))?;
    }
    for untouched in ["10.62.0.1", "10.66.0.0"] {
        ensure(!told.contains(untouched), || told.clone())?;
    }
    // The kernel would have taken the VIP along with the first address of its network.
    let goes = |line: &str| line.starts_with("Deleted") && line.contains("inet 10.60.0.30");
    ensure(!told.lines().any(goes), || told.clone())?;
    ensure(site.host(1).has(ip("10.60.0.30")), || "the VIP has gone".to_owned())?;
    ensure(!h1.daemon.said("something else removed"), || h1.daemon.output().join("\n"))?;
    ensure(h1.status()?["config"]["waits"].is_null(), || "something waits".to_owned())?;
    site.host(1).run("ip", "route del 10.8.0.0/24")?;
    wait("the route", || is_there("route show 10.8.0.0/24", "metric 6"))?;
    // To none, and, as an instance's own, one that was static.
    h1.follow(
        &crate::site::config(100, "", "10.60.0.30/24\n 10.60.0.2/24"),
        &["static address 10.60.0.2/24 dev eth0: removed", "address 10.60.0.2/24 added"],
    )?;
    wait("the other VIP", || site.host(1).has(ip("10.60.0.2")))?;
    std::thread::sleep(Duration::from_millis(1500));
    ensure(!is_there("route show", "10.8.0.0/24") && !is_there("route show", "blackhole"), || {
        "a route has come back".to_owned()
    })?;
    ensure(!is_there("rule show", "701:"), || "a rule has come back".to_owned())?;
    ensure(!site.host(1).has(ip("10.62.0.1")), || "an address has come back".to_owned())?;
    // And back: what the instance gives up is static again.
    h1.follow(&after, &["static address 10.60.0.2/24 dev eth0: added", "address 10.60.0.2/24 removed"])?;
    wait("the static address", || site.host(1).has(ip("10.60.0.2")))?;
    wait("the static route", || is_there("route show 10.8.0.0/24", "metric 6"))?;
    stop(h1.daemon)?;
    ensure(!site.host(1).has(ip("10.60.0.2")), || "it is left behind".to_owned())
}

/// An address that the host had by itself stays when a reload drops it.
fn a_reload_leaves_others_alone() -> Result<(), Failed> {
    let site = Site::new(1)?;
    site.host(1).run("ip", "addr add 10.63.0.1/24 dev eth0")?;
    let plain = crate::site::config(100, "", "10.1.1.30/24");
    let statics = "static_ipaddress {\n 10.63.0.1/24 dev eth0\n 10.63.0.2/24 dev eth0\n}\n";
    let h1 = Reloaded::start(&site, 1, &format!("{statics}{plain}"))?;
    h1.wait_for_state("VI_1", "MASTER")?;
    wait("the other one", || site.host(1).has(ip("10.63.0.2")))?;
    h1.follow(&plain, &["static address 10.63.0.1/24 dev eth0: removed"])?;
    wait("the other one to go", || !site.host(1).has(ip("10.63.0.2")))?;
    ensure(site.host(1).has(ip("10.63.0.1")), || "the host's own address has gone".to_owned())?;
    stop(h1.daemon)
}

fn they_go_with_mastership() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let low = site.keepwatch(1, &config(100))?;
    site.wait_for_holder(1, vip())?;
    wait("the route", || has(&site, 1, "route show 10.20.0.0/16", "via"))?;
    let high = site.keepwatch(2, &config(200))?;
    site.wait_for_holder(2, vip())?;
    wait("the route on the other host", || has(&site, 2, "route show 10.20.0.0/16", "via"))?;
    wait("no route here", || {
        !has(&site, 1, "route show 10.20.0.0/16", "via") && !has(&site, 1, "rule show", "900:")
    })?;
    // A second later it still is not there, and what is static still is.
    std::thread::sleep(Duration::from_millis(1500));
    ensure(!has(&site, 1, "route show 10.20.0.0/16", "via"), || {
        "a backup has put its route back".to_owned()
    })?;
    ensure(has(&site, 1, "route show 10.8.0.0/16", "via"), || "a static route has gone".to_owned())?;
    stop(high)?;
    stop(low)
}

fn what_the_kernel_refuses_is_told() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let routes = "virtual_routes {\n 10.20.0.0/16 via 192.0.2.1\n 10.21.0.0/16 dev eth7\n }";
    let daemon = site.keepwatch(1, &crate::site::config(100, routes, "10.1.1.30"))?;
    wait_for_line(&daemon, "the route 10.20.0.0/16 via 192.0.2.1 of VI_1")?;
    wait_for_line(&daemon, "there is no interface eth7")?;
    // Told once, tried again, and there as soon as it can be.
    site.host(1).run("ip", "addr add 192.0.2.9/24 dev eth0")?;
    wait("the route", || has(&site, 1, "route show 10.20.0.0/16", "via 192.0.2.1"))?;
    let told = daemon.output().iter().filter(|line| line.contains("the route 10.20.0.0/16")).count();
    ensure(told == 1, || format!("told {told} times"))?;
    stop(daemon)
}

/// `track_src_ip`: without its source address an instance is in FAULT, and takes part again when it is back.
fn the_source_address_is_tracked() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let more = "mcast_src_ip 10.1.1.77\n    track_src_ip";
    let daemon = site.keepwatch(1, &crate::site::config(100, more, "10.1.1.30"))?;
    let why = "the source address 10.1.1.77 is not on interface eth0";
    wait_for_line(&daemon, &format!("FAULT state ({why})"))?;
    for command in ["status", "explain"] {
        let told = String::from_utf8(site.asking(1).arg(command).output()?.stdout)?;
        ensure(told.contains(why), || told)?;
    }
    site.host(1).run("ip", "addr add 10.1.1.77/24 dev eth0")?;
    site.wait_for_holder(1, vip())?;
    site.host(1).run("ip", "addr del 10.1.1.77/24 dev eth0")?;
    site.wait_for_nobody(vip())?;
    stop(daemon)
}

/// `vrrp_startup_delay`: an owner, which would serve at once, does not before it has passed; and stopping does not wait for it.
fn the_start_is_delayed() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let globals = |seconds: u32| format!("global_defs {{\n vrrp_startup_delay {seconds}\n}}\n");
    let instance = crate::site::config(255, "", "10.1.1.30").replace("state BACKUP", "state MASTER");
    let before = Instant::now();
    let daemon = site.keepwatch(1, &format!("{}{instance}", globals(2)))?;
    site.wait_for_holder(1, vip())?;
    ensure(before.elapsed() >= Duration::from_secs(2), || "it served before its time".to_owned())?;
    stop(daemon)?;
    let fixed = "static_ipaddress {\n 10.7.8.1/32 dev eth0\n}\n";
    let daemon = site.keepwatch(1, &format!("{}{fixed}{instance}", globals(3000)))?;
    wait_for_line(&daemon, "no instance takes part in the first 3000 s")?;
    // What is static does not wait; and signals are heard by then.
    wait("the static address", || site.host(1).has(ip("10.7.8.1")))?;
    ensure(!site.host(1).has(vip()), || "it serves before its time".to_owned())?;
    stop(daemon)?;
    site.wait_for_nobody(vip())
}

/// `net_namespace`: started on one host, it serves on the other, whose namespace has a name.
fn it_runs_in_a_namespace() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let config = format!("net_namespace blue\n{}", crate::site::config(100, "", "10.1.1.30"));
    let path = site.file(1, "keepwatch", &config)?;
    let namespace = format!("/proc/{}/fd/{}", std::process::id(), site.host(2).namespace.descriptor());
    let start =
        "mount -t tmpfs tmpfs /run && mkdir /run/netns && ln -s \"$0\" /run/netns/blue && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", start, &namespace]);
    command.arg(env!("CARGO_BIN_EXE_keepwatch")).args(["run", "-v", "--config"]).arg(&path);
    command.env("KEEPWATCH_CONTROL", site.control(1)).env("KEEPWATCH_STATE_DIR", site.folder().join("state"));
    let daemon = Daemon::start(&site.host(1).namespace, &mut command)?;
    site.wait_for_holder(2, vip()).map_err(|failed| explain(failed, &daemon.output().join("\n")))?;
    stop(daemon)?;
    site.wait_for_nobody(vip())?;
    // One that is not there is said with what to do.
    let daemon = site.keepwatch(1, &config.replace("blue", "kw-no-such-namespace"))?;
    wait_for_line(&daemon, "`ip netns add kw-no-such-namespace` makes it")
}
