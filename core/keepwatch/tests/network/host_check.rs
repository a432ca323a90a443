//! `keepwatch check --host`, to the letter.

use std::process::Stdio;

use libtest_mimic::Failed;

use crate::Case;
use crate::site::{Site, config, ensure, keepwatch, stop, vip, wait};

pub(crate) const CASES: &[Case] = &[
    Case { name: "host_check::what_is_missing", needs: &[], run: what_is_missing },
    Case { name: "host_check::what_is_right", needs: &[], run: what_is_right },
    Case { name: "host_check::no_ipv6", needs: &[], run: no_ipv6 },
    Case { name: "host_check::nothing_to_say", needs: &[], run: nothing_to_say },
];

/// The exit code of `keepwatch check` on h1, and what it says.
fn check(site: &Site, text: &str, more: &[&str]) -> Result<(Option<i32>, String), Failed> {
    let path = site.file(1, "checked", text)?;
    let mut command = keepwatch();
    command.arg("check").args(more).arg(path).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = site.host(1).namespace.spawn(&mut command)?.wait_with_output()?;
    let text = [output.stderr, output.stdout].concat();
    Ok((output.status.code(), String::from_utf8_lossy(&text).into_owned()))
}

fn of(name: &str, interface: &str, vrid: u8, more: &str, address: &str) -> String {
    let text = config(100, more, address).replace("VI_1", name).replace("eth0", interface);
    text.replace("virtual_router_id 51", &format!("virtual_router_id {vrid}"))
}

fn what_is_missing() -> Result<(), Failed> {
    let site = Site::with_networks(1, 2)?;
    let host = site.host(1);
    host.run("ip", "link set eth1 down")?;
    host.run("ip", "link add bare0 type veth peer name bare1")?;
    host.run("ip", "link set bare0 up")?;
    host.run("ip", "link set bare1 up")?;
    host.add_address("10.9.9.1".parse()?, 32)?;
    let text = [
        of("gone", "eth7", 51, "", "10.1.1.30"),
        of("down", "eth1", 52, "", "10.2.1.30"),
        of("nameless", "bare0", 53, "", "10.3.1.30"),
        of("taken", "eth0", 54, "", "10.9.9.1"),
        of("other-source", "eth0", 55, "unicast_src_ip 10.1.1.99\nunicast_peer {\n10.1.1.10\n}", "10.1.1.31"),
        of("tracks", "eth0", 56, "track_interface {\neth9\n}", "10.1.1.32 dev wlan0"),
        "static_ipaddress {\n 10.1.1.200/24 dev eth0\n 10.8.1.1/24 dev eth8\n}\n".to_owned(),
    ]
    .concat();
    let (code, said) = check(&site, &text, &["--host"])?;
    let expected = [
        "warning: gone: there is no interface eth7 on this host",
        "help: it waits in FAULT until there is one; there are ",
        "warning: down: eth1 is down",
        "help: ip link set eth1 up",
        "warning: nameless: bare0 has no IPv4 address that adverts could come from",
        "warning: taken: the virtual address 10.9.9.1 is on eth0 already",
        "warning: other-source: adverts are to come from 10.1.1.99, which is not on eth0",
        "help: eth0 has 10.1.1.10, ",
        "warning: other-source: its peer 10.1.1.10 is this host",
        "warning: tracks: the tracked interface eth9 is not on this host",
        "warning: tracks: 10.1.1.32 is for wlan0, which is not on this host",
        "warning: the static address 10.8.1.1 is for eth8, which is not on this host",
        "help: it is added when there is one; there are ",
        "9 warnings.",
    ];
    for line in expected {
        ensure(said.contains(line), || format!("no {line:?} in:\n{said}"))?;
    }
    // At the line of each: the interface's, the address's, the tracked interface's.
    for place in ["3:15", "13:15", "23:15", "38:9", "43:15", "60:1", "63:9"] {
        ensure(said.contains(&format!("h1-checked.conf:{place}\n")), || {
            format!("no place {place} in:\n{said}")
        })?;
    }
    let line = text.lines().position(|line| line.contains("10.8.1.1")).unwrap_or_default() + 1;
    ensure(said.contains(&format!("h1-checked.conf:{line}:2")), || format!("no line {line} in:\n{said}"))?;
    ensure(code == Some(0), || format!("{code:?}"))?;
    let (code, _) = check(&site, &text, &["--host", "--strict"])?;
    ensure(code == Some(3), || format!("{code:?}"))?;
    // Without being asked it does not look.
    let (code, said) = check(&site, &text, &["--strict"])?;
    ensure(code == Some(0) && !said.contains("on this host"), || format!("{code:?}\n{said}"))
}

/// The RFC's own layout: each of two hosts owns an address and stands by for the other's; a source on another interface; and what
/// both families of an instance would say is said once.
fn what_is_right() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let owner = config(255, "", "10.1.1.10");
    let other = of("VI_2", "eth0", 52, "", "10.1.1.20");
    let (code, said) = check(&site, &format!("{owner}{other}"), &["--host", "--strict"])?;
    ensure(code == Some(0), || format!("{code:?}\n{said}"))?;
    site.host(1).run("ip", "addr add 10.5.5.5/32 dev lo")?;
    let routed = of("VI_1", "eth0", 51, "unicast_src_ip 10.5.5.5\nunicast_peer {\n10.1.1.20\n}", "10.1.1.30");
    let (code, said) = check(&site, &routed, &["--host", "--strict"])?;
    ensure(code == Some(0), || format!("{code:?}\n{said}"))?;
    let elsewhere = config(100, "", "10.5.5.5");
    let (_, said) = check(&site, &elsewhere, &["--host"])?;
    ensure(said.contains("on lo already") && said.contains("whoever is MASTER"), || said.clone())?;
    let path = site.folder().join("both.toml");
    std::fs::write(
        &path,
        "[instance.web]\ninterface = \"eth5\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.30/24\", \"fd00::30/64\"]\n",
    )?;
    let mut command = keepwatch();
    command.args(["check", "--host"]).arg(path).stderr(Stdio::piped()).stdout(Stdio::piped());
    let output = site.host(1).namespace.spawn(&mut command)?.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure(said.matches("warning: ").count() == 1 && said.contains("web: there is no interface eth5"), || {
        said.to_string()
    })
}

/// An interface without IPv6, for an instance of that family, and for addresses that go with one of the other.
fn no_ipv6() -> Result<(), Failed> {
    let site = Site::with_networks(1, 2)?;
    site.host(1).run("sysctl", "-qw net.ipv6.conf.eth1.disable_ipv6=1")?;
    let excluded =
        "virtual_ipaddress_excluded {\n fd00:1::31/64\n fd00:2::31/64 dev eth1\n fd00:2::32/64 dev eth1\n}";
    let text =
        of("six", "eth1", 51, "version 3", "fd00:2::30/64") + &of("four", "eth0", 52, excluded, "10.1.1.30");
    let (code, said) = check(&site, &text, &["--host"])?;
    let expected = [
        "warning: six: fd00:2::30 cannot be added to eth1, which has no IPv6",
        "warning: four: fd00:2::31 cannot be added to eth1, which has no IPv6",
        "help: sysctl -w net.ipv6.conf.eth1.disable_ipv6=0",
    ];
    for line in expected {
        ensure(said.contains(line), || format!("no {line:?} in:\n{said}"))?;
    }
    ensure(code == Some(0) && said.matches("which has no IPv6").count() == 2, || {
        format!("{code:?}\n{said}")
    })?;
    site.host(1).run("sysctl", "-qw net.ipv6.conf.eth1.disable_ipv6=0")?;
    let (_, said) = check(&site, &text, &["--host"])?;
    ensure(!said.contains("which has no IPv6"), || said)
}

/// Also while the daemon runs and holds the addresses.
fn nothing_to_say() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let text = config(100, "use_vmac\nvmac_xmit_base\nunicast_peer {\n10.1.1.20\n}", "10.1.1.30");
    let expected = "h1-checked.conf is valid: 1 instance (VI_1).\n";
    let (code, said) = check(&site, &text, &["--host", "--strict"])?;
    ensure(code == Some(0) && said == expected, || format!("{code:?}\n{said}"))?;
    let h1 = site.keepwatch(1, &text)?;
    wait("h1 to hold it", || site.host(1).has_on("vrrp.51", vip()))?;
    let (code, said) = check(&site, &text, &["--host", "--strict"])?;
    ensure(code == Some(0) && said == expected, || format!("{code:?}\n{said}"))?;
    stop(h1)
}
