//! What adverts look like, which ones are believed, and what a higher one is answered by, beside keepalived.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime};

use keepwatch_lab::{Capture, SeenAdvert};
use keepwatch_vrrp::Version;
use keepwatch_vrrp::wire::ChecksumForm;
use keepwatch_vrrp::wire::ChecksumForm::{MessageOnly, WithPseudoHeader};
use libtest_mimic::Failed;

use crate::Case;
use crate::beside::{Forged, Program, address, beside, instances, vrid};
use crate::peers::KEEPALIVED;
use crate::site::{Site, ensure, explain, ip, stop, wait};

pub(crate) const CASES: &[Case] = &[
    Case { name: "adverts::settings_of_an_instance", needs: &[KEEPALIVED], run: settings_of_an_instance },
    Case { name: "adverts::settings_of_all", needs: &[KEEPALIVED], run: settings_of_all },
    Case { name: "adverts::without_pseudo_header", needs: &[], run: without_pseudo_header },
    Case { name: "adverts::believed", needs: &[KEEPALIVED], run: believed },
    Case {
        name: "adverts::believed_by_settings_of_all",
        needs: &[KEEPALIVED],
        run: believed_by_settings_of_all,
    },
    Case { name: "adverts::a_higher_one_is_answered", needs: &[KEEPALIVED], run: a_higher_one_is_answered },
];

/// An instance, and what its adverts look like: version, sender, where to, TTL, what the checksum covers.
struct Look {
    lines: &'static str,
    /// An IPv6 address, or the one of its number.
    address: Option<&'static str>,
    version: u8,
    /// `None` for the link-local address of the interface.
    source: Option<&'static str>,
    destination: &'static str,
    ttl: u8,
    checksum: ChecksumForm,
}

/// Of version 2, as the standard has them.
const V2: Look = Look {
    lines: "",
    address: None,
    version: 2,
    source: Some("10.1.1.10"),
    destination: "224.0.0.18",
    ttl: 255,
    checksum: MessageOnly,
};
const V3: Look = Look { lines: "version 3", version: 3, checksum: WithPseudoHeader, ..V2 };
const V6: Look = Look { lines: "", address: Some("fe80::30"), source: None, destination: "ff02::12", ..V3 };
const UNICAST: Look = Look {
    lines: "version 3\n unicast_src_ip 10.1.1.10\n unicast_peer {\n 10.1.1.200\n }",
    destination: "10.1.1.200",
    ..V3
};

const OF_AN_INSTANCE: &[Look] = &[
    V2,
    V3,
    V6,
    Look { lines: "native_ipv6\n version 3", ..V6 },
    Look { lines: "mcast_dst_ip 224.0.0.118", destination: "224.0.0.118", ..V2 },
    Look { lines: "mcast_dst_ip ff02::118", destination: "ff02::118", ..V6 },
    Look { lines: "mcast_src_ip 10.1.1.77", source: Some("10.1.1.77"), ..V2 },
    UNICAST,
    Look {
        lines: "version 3\n unicast_ttl 7\n unicast_src_ip 10.1.1.77\n unicast_peer {\n 10.1.1.200\n }",
        source: Some("10.1.1.77"),
        ttl: 7,
        ..UNICAST
    },
];

const GLOBALS: &str = "vrrp_version 3\n vrrp_mcast_group4 224.0.0.119\n vrrp_mcast_group6 ff02::119";
const OF_ALL: &[Look] = &[
    Look { lines: "", destination: "224.0.0.119", ..V3 },
    Look { destination: "ff02::119", ..V6 },
    Look { lines: "version 2", destination: "224.0.0.119", ..V2 },
    Look { lines: "mcast_dst_ip 224.0.0.118", destination: "224.0.0.118", ..V3 },
];

/// keepalived has this since 2.2.8.
const WITHOUT_PSEUDO_HEADER: &[Look] = &[
    Look { checksum: MessageOnly, ..V3 },
    Look { lines: "version 3\n v3_checksum_as_v2 false", ..V3 },
    Look { lines: "version 2", ..V2 },
    V6,
];

fn settings_of_an_instance() -> Result<(), Failed> {
    look(OF_AN_INSTANCE, "")
}

fn settings_of_all() -> Result<(), Failed> {
    look(OF_ALL, GLOBALS)
}

fn look(rows: &[Look], globals: &str) -> Result<(), Failed> {
    let both = beside(|program| looks(program, rows, globals))?;
    ensure_looks(Program::Keepalived, rows, &both.keepalived)?;
    ensure_looks(Program::Keepwatch, rows, &both.keepwatch)
}

fn without_pseudo_header() -> Result<(), Failed> {
    let seen = looks(Program::Keepwatch, WITHOUT_PSEUDO_HEADER, "v3_checksum_as_v2")?;
    ensure_looks(Program::Keepwatch, WITHOUT_PSEUDO_HEADER, &seen)?;
    let rows = &[
        Look { lines: "version 3\n v3_checksum_as_v2", checksum: MessageOnly, ..V3 },
        Look { lines: "v3_checksum_as_v2", ..V2 },
        V3,
    ];
    ensure_looks(Program::Keepwatch, rows, &looks(Program::Keepwatch, rows, "")?)
}

/// An advert of each.
fn looks(program: Program, rows: &[Look], globals: &str) -> Result<Vec<SeenAdvert>, Failed> {
    let addresses = |row: usize| rows[row].address.map_or_else(|| address(row).to_string(), str::to_owned);
    let config = instances(globals, rows.iter().enumerate().map(|(row, look)| (look.lines, addresses(row))));
    let site = Site::new(1)?;
    site.host(1).add_address(ip("10.1.1.77"), 24)?;
    // On the host itself, which sends some of them to one peer.
    let capture = Capture::start(site.host(1))?;
    let daemon = program.start(&site, 1, &config)?;
    let of = |row: usize| capture.adverts().into_iter().find(|advert| advert.vrid == vrid(row));
    wait("adverts of all", || (0..rows.len()).all(|row| of(row).is_some()))
        .map_err(|failed| explain(failed, &daemon.output().join("\n")))?;
    stop(daemon)?;
    Ok((0..rows.len()).filter_map(of).collect())
}

fn ensure_looks(program: Program, rows: &[Look], all: &[SeenAdvert]) -> Result<(), Failed> {
    ensure(rows.len() == all.len(), || format!("{all:?}"))?;
    for (row, seen) in rows.iter().zip(all) {
        let Look { version, destination, ttl, checksum, .. } = *row;
        let is_source = match (row.source, seen.source) {
            (Some(source), seen) => seen == ip(source),
            (None, IpAddr::V6(seen)) => seen.is_unicast_link_local(),
            (None, IpAddr::V4(_)) => false,
        };
        let looks = (seen.version, seen.destination, seen.ttl, seen.checksum);
        let is_it = is_source && looks == (version, ip(destination), ttl, checksum);
        ensure(is_it, || format!("{program:?} with {:?}: {seen:?}", row.lines))?;
    }
    Ok(())
}

/// Who believes an advert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Believed {
    Both,
    Neither,
    /// keepwatch is on purpose the one that does: each form of checksum is in use.
    KeepwatchAlone,
}

use Believed::{Both, KeepwatchAlone, Neither};

/// What is otherwise about an advert of priority 250 that a MASTER hears.
#[derive(Clone, Copy, Debug)]
enum Heard {
    Multicast,
    /// From 10.1.1.200 to 10.1.1.10, with this TTL.
    Unicast(u8),
    /// With this TTL.
    Routed(u8),
    /// With the other form of checksum.
    Checksum(ChecksumForm),
    /// Of version 2.
    OtherVersion,
    To(Ipv4Addr),
}

use Heard::{Checksum, Multicast, OtherVersion, Routed, To, Unicast};

const PEER: &str = "unicast_src_ip 10.1.1.10\n unicast_peer {\n 10.1.1.200\n }";
const OTHER_PEER: &str = "unicast_src_ip 10.1.1.10\n unicast_peer {\n 10.1.1.99\n }";
const NEAR_PEER: &str = "unicast_src_ip 10.1.1.10\n unicast_peer {\n 10.1.1.200 min_ttl 10 max_ttl 20\n }";
const DIRECT_PEER: &str =
    "unicast_src_ip 10.1.1.10\n unicast_peer {\n 10.1.1.200 min_ttl 255 max_ttl 255\n }";
const CHECKED_PEER: &str = "check_unicast_src\n unicast_src_ip 10.1.1.10\n unicast_peer {\n 10.1.1.200\n }";
const CHECKED_OTHER: &str = "check_unicast_src\n unicast_src_ip 10.1.1.10\n unicast_peer {\n 10.1.1.99\n }";

const BELIEVED: &[(&str, Heard, Believed)] = &[
    ("", Multicast, Both),
    ("", Routed(254), Neither),
    ("", OtherVersion, Neither),
    ("", Checksum(MessageOnly), KeepwatchAlone),
    ("mcast_dst_ip 224.0.0.118", To(Ipv4Addr::new(224, 0, 0, 118)), Both),
    ("mcast_dst_ip 224.0.0.118", Multicast, Neither),
    (PEER, Unicast(255), Both),
    (PEER, Unicast(64), Both),
    (OTHER_PEER, Unicast(255), Both),
    (NEAR_PEER, Unicast(15), Both),
    (NEAR_PEER, Unicast(9), Neither),
    (NEAR_PEER, Unicast(21), Neither),
    (DIRECT_PEER, Unicast(255), Both),
    (DIRECT_PEER, Unicast(254), Neither),
    (CHECKED_PEER, Unicast(255), Both),
    (CHECKED_OTHER, Unicast(255), Neither),
];

const BELIEVED_BY_ALL: &[(&str, Heard, Believed)] = &[
    (PEER, Unicast(255), Both),
    (OTHER_PEER, Unicast(255), Neither),
    ("", To(Ipv4Addr::new(224, 0, 0, 119)), Both),
    ("", Multicast, Neither),
];

fn believed() -> Result<(), Failed> {
    hear(BELIEVED, "vrrp_version 3")
}

fn believed_by_settings_of_all() -> Result<(), Failed> {
    hear(BELIEVED_BY_ALL, "vrrp_version 3\n vrrp_check_unicast_src\n vrrp_mcast_group4 224.0.0.119")
}

impl Heard {
    fn forged(self, row: usize) -> Forged {
        let plain = Forged::new(vrid(row), 250, address(row).into());
        let ours = ip("10.1.1.10");
        match self {
            Multicast => plain,
            Unicast(ttl) => Forged { destination: ours, ttl, ..plain },
            Routed(ttl) => Forged { ttl, ..plain },
            Checksum(checksum) => Forged { checksum, ..plain },
            OtherVersion => Forged { version: Version::V2, checksum: MessageOnly, ..plain },
            To(destination) => Forged { destination: destination.into(), ..plain },
        }
    }
}

/// All are MASTER, and hear a higher one: who believes it has given its address up two seconds later, and has it again as
/// soon as it misses more of them.
fn hear(rows: &[(&str, Heard, Believed)], globals: &str) -> Result<(), Failed> {
    let config = instances(
        globals,
        rows.iter().enumerate().map(|(row, (lines, ..))| (*lines, format!("{}/24", address(row)))),
    );
    let both = beside(|program| {
        let site = Site::new(1)?;
        let daemon = program.start(&site, 1, &config)?;
        let has = |row: usize| site.host(1).has(address(row).into());
        wait("all to be MASTER", || (0..rows.len()).all(has))
            .map_err(|failed| explain(failed, &daemon.output().join("\n")))?;
        std::thread::sleep(Duration::from_millis(200));
        for (row, (_, heard, _)) in rows.iter().enumerate() {
            heard.forged(row).send(&site.lan.client)?;
        }
        std::thread::sleep(Duration::from_secs(2));
        let left: Vec<bool> = (0..rows.len()).map(|row| !has(row)).collect();
        wait("all to be MASTER again", || (0..rows.len()).all(has))?;
        stop(daemon)?;
        Ok(left)
    })?;
    for (number, (lines, heard, expected)) in rows.iter().enumerate() {
        let seen = match (both.keepalived[number], both.keepwatch[number]) {
            (true, true) => Some(Both),
            (false, false) => Some(Neither),
            (false, true) => Some(KeepwatchAlone),
            (true, false) => None,
        };
        ensure(seen == Some(*expected), || format!("{globals:?}, {lines:?}, {heard:?}: {seen:?}"))?;
    }
    Ok(())
}

/// `higher_prio_send_advert`: one more advert, so that the other one announces its addresses again.
fn a_higher_one_is_answered() -> Result<(), Failed> {
    for (globals, rows) in [
        ("", [("", false), ("higher_prio_send_advert", true), ("higher_prio_send_advert off", false)]),
        (
            "vrrp_higher_prio_send_advert",
            [("", true), ("higher_prio_send_advert false", false), ("strict_mode", false)],
        ),
    ] {
        let addresses = (0..rows.len()).map(|row| format!("{}/24", address(row)));
        let lines: Vec<String> = rows.iter().map(|(lines, _)| format!("version 3\n {lines}")).collect();
        let config = instances(globals, lines.iter().map(String::as_str).zip(addresses));
        let both = beside(|program| answers(program, &config, rows.len()))?;
        for (number, (lines, expected)) in rows.iter().enumerate() {
            let seen = (both.keepalived[number], both.keepwatch[number]);
            ensure(seen == (*expected, *expected), || format!("{globals:?}, {lines:?}: {seen:?}"))?;
        }
    }
    Ok(())
}

/// Whether each instance has sent one more advert when it heard a higher one.
fn answers(program: Program, config: &str, count: usize) -> Result<Vec<bool>, Failed> {
    let site = Site::new(1)?;
    let capture = site.capture()?;
    let daemon = program.start(&site, 1, config)?;
    let mut answers = Vec::new();
    for row in 0..count {
        let own = || {
            let source = IpAddr::from(site.host(1).address);
            let mut adverts = capture.adverts();
            adverts.retain(|advert| advert.vrid == vrid(row) && advert.source == source);
            adverts
        };
        let before = own().len();
        // By itself the next would come a second later.
        wait("an advert", || own().len() > before)
            .map_err(|failed| explain(failed, &daemon.output().join("\n")))?;
        let at = SystemTime::now();
        Forged::new(vrid(row), 250, address(row).into()).send(&site.lan.client)?;
        std::thread::sleep(Duration::from_millis(1_500));
        let after: Vec<SeenAdvert> = own().into_iter().filter(|advert| advert.at > at).collect();
        ensure(after.len() <= 1 && after.iter().all(|advert| advert.priority == 200), || {
            format!("{program:?}: {after:?}")
        })?;
        answers.push(after.len() == 1);
    }
    stop(daemon)?;
    Ok(answers)
}
