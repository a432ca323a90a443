//! `garp_*` and `vrrp_garp_*`: how often addresses are announced, and when, beside keepalived.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use keepwatch_lab::{Capture, SeenAdvert};
use keepwatch_vrrp::Family;
use libtest_mimic::Failed;

use crate::Case;
use crate::beside::{Forged, Program, address, addresses_v6, beside, instances, vrid};
use crate::peers::KEEPALIVED;
use crate::site::{Site, ensure, explain, stop, wait};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "announcing::settings_of_an_instance",
        needs: &[KEEPALIVED],
        run: || settings_of_an_instance(Family::V4),
    },
    Case {
        name: "announcing::settings_of_an_instance_v6",
        needs: &[KEEPALIVED],
        run: || settings_of_an_instance(Family::V6),
    },
    Case { name: "announcing::settings_of_all", needs: &[KEEPALIVED], run: || settings_of_all(Family::V4) },
    Case {
        name: "announcing::settings_of_all_v6",
        needs: &[KEEPALIVED],
        run: || settings_of_all(Family::V6),
    },
    Case { name: "announcing::refresh_of_all", needs: &[KEEPALIVED], run: || refresh_of_all(Family::V4) },
    Case { name: "announcing::refresh_of_all_v6", needs: &[KEEPALIVED], run: || refresh_of_all(Family::V6) },
    Case { name: "announcing::a_group", needs: &[KEEPALIVED], run: || a_group(Family::V4) },
    Case { name: "announcing::a_group_v6", needs: &[KEEPALIVED], run: || a_group(Family::V6) },
    Case { name: "announcing::least", needs: &[KEEPALIVED], run: || least(Family::V4) },
    Case { name: "announcing::least_v6", needs: &[KEEPALIVED], run: || least(Family::V6) },
];

/// How long a MASTER is watched from its first announcement on, and then from a lower advert on.
const ENTRY: Duration = Duration::from_millis(7_900);
const LOWER: Duration = Duration::from_millis(5_900);
/// That of the lower advert.
const LOWER_PRIORITY: u8 = 10;
/// Announcements that are no farther apart belong together.
const TOGETHER: Duration = Duration::from_millis(300);
/// An advert so soon after another one is an answer: by itself the next comes much later.
const AT_ONCE: Duration = Duration::from_millis(250);
/// What a busy machine may add, and keepalived, which looks whether to refresh when it advertises.
const LATE: Duration = Duration::from_millis(690);
/// keepwatch counts from the moment at which it woke up to become MASTER (keepalived from when it has announced): on a busy machine it may
/// be interrupted in between, and the next burst then comes so much earlier after the first. Together with [`LATE`] less than a second,
/// so that no burst is taken for one that is due a second before or after.
const EARLY: Duration = Duration::from_millis(300);

/// After how many seconds, and how many announcements at once.
type Burst = (u64, usize);

/// What announcements are to be seen.
#[derive(Clone, Copy)]
enum Seen {
    /// These bursts of both programs.
    Bursts(&'static [Burst]),
    /// These of keepalived 2.2.7, which counts the refresh from becoming MASTER on, and of keepwatch, which does as keepalived
    /// 2.4 does: from the second burst on.
    Refreshed(&'static [Burst], &'static [Burst]),
    /// keepalived's default bursts, and keepwatch's announcements spread over time.
    Spread,
    /// It is not tried.
    Untried,
}

use Seen::{Bursts, Refreshed, Spread, Untried};

/// keepalived's, unless told otherwise.
const THEIRS: &[Burst] = &[(0, 5), (5, 5)];

/// What an advert of lower priority is answered by, besides announcements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Advert,
    Nothing,
}

/// An instance, and what it announces as MASTER, and upon an advert of lower priority.
struct Row {
    lines: &'static str,
    entry: Seen,
    lower: Seen,
    answer: Answer,
}

const fn row(lines: &'static str, entry: Seen, lower: Seen, answer: Answer) -> Row {
    Row { lines, entry, lower, answer }
}

const OF_AN_INSTANCE: &[Row] = &[
    row("", Spread, Spread, Answer::Advert),
    row(
        "garp_master_repeat 3\n garp_master_delay 2",
        Bursts(&[(0, 3), (2, 3)]),
        Bursts(THEIRS),
        Answer::Advert,
    ),
    row("garp_master_repeat 2\n garp_master_delay 0", Bursts(&[(0, 2)]), Bursts(THEIRS), Answer::Advert),
    row("garp_master_delay 1", Bursts(&[(0, 5), (1, 5)]), Bursts(THEIRS), Answer::Advert),
    row("garp_master_repeat 4", Bursts(&[(0, 4), (5, 4)]), Bursts(THEIRS), Answer::Advert),
    row(
        "garp_master_repeat 1\n garp_master_delay 1\n garp_master_refresh 3\n garp_master_refresh_repeat 2",
        Refreshed(&[(0, 1), (1, 1), (3, 2), (6, 2)], &[(0, 1), (1, 1), (4, 2), (7, 2)]),
        Untried,
        Answer::Advert,
    ),
    row(
        "garp_master_repeat 1\n garp_master_delay 0\n garp_lower_prio_repeat 3\n garp_lower_prio_delay 1",
        Bursts(&[(0, 1)]),
        Bursts(&[(0, 3), (1, 3)]),
        Answer::Advert,
    ),
    row(
        "garp_master_repeat 2\n garp_master_delay 1\n garp_lower_prio_delay 0",
        Bursts(&[(0, 2), (1, 2)]),
        Bursts(&[(0, 5)]),
        Answer::Advert,
    ),
    row(
        "garp_master_repeat 2\n garp_lower_prio_repeat 0",
        Bursts(&[(0, 2), (5, 2)]),
        Bursts(&[]),
        Answer::Advert,
    ),
    row("garp_lower_prio_repeat 2", Spread, Bursts(&[(0, 2), (5, 2)]), Answer::Advert),
    row(
        "garp_master_repeat 2\n garp_master_delay 1\n garp_lower_prio_delay 2\n lower_prio_no_advert",
        Bursts(&[(0, 2), (1, 2)]),
        Bursts(&[(0, 5), (2, 5)]),
        Answer::Nothing,
    ),
    row("strict_mode", Spread, Bursts(&[]), Answer::Nothing),
];

/// The globals, and instances that have some of them otherwise.
const GLOBALS: &str = "vrrp_garp_master_repeat 2\n vrrp_garp_master_delay 1\n vrrp_garp_lower_prio_repeat 3\n \
                       vrrp_garp_lower_prio_delay 2\n vrrp_lower_prio_no_advert";
const OF_ALL: &[Row] = &[
    row("", Bursts(&[(0, 2), (1, 2)]), Bursts(&[(0, 3), (2, 3)]), Answer::Nothing),
    row(
        "garp_master_repeat 3\n lower_prio_no_advert false",
        Bursts(&[(0, 3), (1, 3)]),
        Bursts(&[(0, 3), (2, 3)]),
        Answer::Advert,
    ),
    row(
        "garp_master_delay 0\n garp_lower_prio_repeat 1\n lower_prio_no_advert off",
        Bursts(&[(0, 2)]),
        Bursts(&[(0, 1), (2, 1)]),
        Answer::Advert,
    ),
];

/// The same of the refresh.
const REFRESH: &str = "vrrp_garp_master_repeat 1\n vrrp_garp_master_refresh 3\n vrrp_garp_master_refresh_repeat 2\n \
                       vrrp_garp_lower_prio_delay 1";
const REFRESHED: &[Row] = &[
    row("garp_master_delay 0", Bursts(&[(0, 1), (3, 2), (6, 2)]), Untried, Answer::Advert),
    row("garp_master_refresh 0", Bursts(&[(0, 1), (5, 1)]), Bursts(&[(0, 1), (1, 1)]), Answer::Advert),
    row(
        "garp_master_delay 1\n garp_master_refresh 4\n garp_master_refresh_repeat 1",
        Refreshed(&[(0, 1), (1, 1), (4, 1)], &[(0, 1), (1, 1), (5, 1)]),
        Untried,
        Answer::Advert,
    ),
];

fn settings_of_an_instance(family: Family) -> Result<(), Failed> {
    compare(family, OF_AN_INSTANCE, "")
}

fn settings_of_all(family: Family) -> Result<(), Failed> {
    compare(family, OF_ALL, GLOBALS)
}

fn refresh_of_all(family: Family) -> Result<(), Failed> {
    compare(family, REFRESHED, REFRESH)
}

/// `vrrp_min_garp`
fn least(family: Family) -> Result<(), Failed> {
    compare(family, &[row("", Bursts(&[(0, 1)]), Bursts(&[(0, 1)]), Answer::Advert)], "vrrp_min_garp")
}

/// One member of a sync group hears a lower advert: all announce, each as it is told to.
fn a_group(family: Family) -> Result<(), Failed> {
    const ROWS: &[Row] = &[
        row("garp_lower_prio_repeat 3\n garp_lower_prio_delay 0", Untried, Bursts(&[(0, 3)]), Answer::Advert),
        row(
            "garp_lower_prio_repeat 2\n garp_lower_prio_delay 1",
            Untried,
            Bursts(&[(0, 2), (1, 2)]),
            Answer::Advert,
        ),
        row("garp_lower_prio_repeat 0", Untried, Bursts(&[]), Answer::Advert),
    ];
    let scene = |program: Program| {
        let site = Site::new(1)?;
        let capture = site.capture()?;
        let group = "vrrp_sync_group G {\n group {\n VI_100\n VI_101\n VI_102\n }\n}\n";
        let daemon = program.start(&site, 1, &format!("{group}{}", config(family, ROWS, "")))?;
        for row in 0..ROWS.len() {
            for address in announced(family, row) {
                site.wait_for_holder(1, address)?;
            }
        }
        // Those of becoming MASTER are over.
        std::thread::sleep(Duration::from_secs(6));
        let at = lower_advert(&site, &capture, family, 0)?;
        std::thread::sleep(Duration::from_secs(3));
        let of = |row: usize| offsets(&capture, &announced(family, row), at, Duration::from_secs(3));
        let seen: Vec<_> = (0..ROWS.len()).map(of).collect();
        stop(daemon)?;
        Ok(seen)
    };
    let both = beside(scene)?;
    for (program, all) in [(Program::Keepalived, both.keepalived), (Program::Keepwatch, both.keepwatch)] {
        for (row, seen) in ROWS.iter().zip(all) {
            ensure(is_as(program, row.lower, &seen), || {
                format!("{program:?} with {:?}: {seen:?}", row.lines)
            })?;
        }
    }
    Ok(())
}

/// An instance for each.
fn config(family: Family, rows: &[Row], globals: &str) -> String {
    let (lines, addresses): (Vec<String>, Vec<String>) = rows
        .iter()
        .enumerate()
        .map(|(row, Row { lines, .. })| {
            let lines = format!("version 3\n advert_int 0.5\n {lines}");
            match family {
                Family::V4 => (lines, format!("{}/24", address(row))),
                Family::V6 => {
                    let [link_local, other] = addresses_v6(row);
                    let excluded = format!("virtual_ipaddress_excluded {{\n {other}/64\n }}");
                    (format!("{lines}\n {excluded}"), format!("{link_local}/64"))
                }
            }
        })
        .unzip();
    instances(globals, lines.iter().map(String::as_str).zip(addresses))
}

/// What an instance is to announce; the first is the one that adverts list.
fn announced(family: Family, row: usize) -> Vec<IpAddr> {
    match family {
        Family::V4 => vec![address(row).into()],
        Family::V6 => addresses_v6(row).map(IpAddr::from).to_vec(),
    }
}

/// How long after a moment each of an instance's addresses was announced, as far as that is within a time.
fn offsets(
    capture: &Capture,
    addresses: &[IpAddr],
    since: SystemTime,
    within: Duration,
) -> Vec<Vec<Duration>> {
    let of = |address: &IpAddr| {
        let all = capture.announcements(*address).into_iter();
        all.filter_map(|(at, _)| at.duration_since(since).ok()).filter(|offset| *offset < within).collect()
    };
    addresses.iter().map(of).collect()
}

/// What was seen of an instance: when it announced each of its addresses as MASTER, and after the lower advert.
#[derive(Debug)]
struct Observed {
    entry: Vec<Vec<Duration>>,
    lower: Vec<Vec<Duration>>,
    answer: Answer,
}

/// All become MASTER, and then hear an advert of lower priority each.
fn scene(program: Program, family: Family, rows: &[Row], globals: &str) -> Result<Vec<Observed>, Failed> {
    let site = Site::new(1)?;
    let capture = site.capture()?;
    let daemon = program.start(&site, 1, &config(family, rows, globals))?;
    let first = |row: usize| {
        let all = announced(family, row);
        all.into_iter().find_map(|address| capture.announcements(address).first().map(|(at, _)| *at))
    };
    wait("all to be MASTER", || (0..rows.len()).all(|row| first(row).is_some()))
        .map_err(|failed| explain(failed, &daemon.output().join("\n")))?;
    std::thread::sleep(ENTRY);
    let mut observed = Vec::new();
    let mut heard = Vec::new();
    for (row, Row { lower, .. }) in rows.iter().enumerate() {
        let entry = offsets(&capture, &announced(family, row), first(row).ok_or("no announcement")?, ENTRY);
        observed.push(Observed { entry, lower: Vec::new(), answer: Answer::Nothing });
        heard.push(match lower {
            Untried => None,
            Bursts(_) | Refreshed(..) | Spread => Some(lower_advert(&site, &capture, family, row)?),
        });
    }
    std::thread::sleep(LOWER);
    let adverts = capture.adverts();
    for (row, seen) in observed.iter_mut().enumerate() {
        let Some(at) = heard[row] else { continue };
        seen.lower = offsets(&capture, &announced(family, row), at, LOWER);
        let is_answer = |advert: &SeenAdvert| {
            let own = advert.vrid == vrid(row) && advert.priority != LOWER_PRIORITY;
            own && advert.at.duration_since(at).is_ok_and(|after| after < AT_ONCE)
        };
        if adverts.iter().any(is_answer) {
            seen.answer = Answer::Advert;
        }
    }
    stop(daemon)?;
    Ok(observed)
}

/// Sends an advert of lower priority long before the instance's next one is due; says when.
fn lower_advert(site: &Site, capture: &Capture, family: Family, row: usize) -> Result<SystemTime, Failed> {
    let adverts = || capture.adverts().into_iter().filter(|advert| advert.vrid == vrid(row)).count();
    let before = adverts();
    wait("an advert", || adverts() > before)?;
    std::thread::sleep(AT_ONCE / 4);
    let now = SystemTime::now();
    let listed = *announced(family, row).first().ok_or("no address")?;
    Forged::new(vrid(row), LOWER_PRIORITY, listed).send(&site.lan.client)?;
    Ok(now)
}

fn compare(family: Family, rows: &[Row], globals: &str) -> Result<(), Failed> {
    let both = beside(|program| scene(program, family, rows, globals))?;
    for (program, all) in [(Program::Keepalived, both.keepalived), (Program::Keepwatch, both.keepwatch)] {
        for (row, seen) in rows.iter().zip(all) {
            let is_it = is_as(program, row.entry, &seen.entry)
                && is_as(program, row.lower, &seen.lower)
                && (matches!(row.lower, Untried) || seen.answer == row.answer);
            ensure(is_it, || format!("{program:?} with {globals:?} and {:?}: {seen:?}", row.lines))?;
        }
    }
    Ok(())
}

/// Whether announcements of all addresses are as expected.
fn is_as(program: Program, expected: Seen, offsets: &[Vec<Duration>]) -> bool {
    let are = !offsets.is_empty() && offsets.iter().all(|offsets| is_one_as(program, expected, offsets));
    matches!(expected, Untried) || are
}

fn is_one_as(program: Program, expected: Seen, offsets: &[Duration]) -> bool {
    let are = |expected: &[Burst]| {
        let bursts = bursts(offsets);
        let is_it = |(at, count): &(Duration, usize), (second, expected): &Burst| {
            let due = Duration::from_secs(*second);
            count == expected && at.saturating_add(EARLY) >= due && *at <= due + LATE
        };
        bursts.len() == expected.len() && bursts.iter().zip(expected).all(|(seen, burst)| is_it(seen, burst))
    };
    match (expected, program) {
        (Untried, _) => true,
        (Bursts(expected), _) | (Refreshed(expected, _), Program::Keepalived) => are(expected),
        (Refreshed(_, expected), Program::Keepwatch) => are(expected),
        (Spread, Program::Keepalived) => are(THEIRS),
        (Spread, Program::Keepwatch) => are_spread(offsets),
    }
}

/// At 0, 5, 20, 100, 500 ms, 2 s and 5 s. A busy machine is late, and then does two at once; those that come early after a first one that
/// was late are as many fewer.
fn are_spread(offsets: &[Duration]) -> bool {
    let no_more = |millis, most| {
        offsets.iter().filter(|offset| **offset < Duration::from_millis(millis)).count() <= most
    };
    (4..=7).contains(&offsets.len())
        && [(50, 3), (450, 4), (1_900, 5), (4_900, 6)].into_iter().all(|(millis, most)| no_more(millis, most))
        && offsets.last().is_some_and(|last| last.saturating_add(EARLY) >= Duration::from_secs(5))
}

/// Those that belong together, by when the first of them was heard.
fn bursts(offsets: &[Duration]) -> Vec<(Duration, usize)> {
    let mut bursts: Vec<(Duration, usize)> = Vec::new();
    let mut last = Duration::ZERO;
    for &offset in offsets {
        match bursts.last_mut() {
            Some((_, count)) if offset.saturating_sub(last) < TOGETHER => *count += 1,
            Some(_) | None => bursts.push((offset, 1)),
        }
        last = offset;
    }
    bursts
}
