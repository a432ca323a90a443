//! Statuses as text, to the letter.

use std::time::Duration;

use keepwatch_control::{CallTimes, ConfigStatus, DestinationSummary, PluginReport, Rejection};
use keepwatch_event::{
    Hindrance, PluginState, PluginStatus, Reason, Snapshot, Timestamp, TrackStatus, Trouble,
};

use super::super::plugins::table;
use super::super::wrong::wrong;
use super::*;

/// Noon, 11,520 s after boot.
const NOW: u64 = 11_520;

/// So many seconds ago.
fn ago(seconds: f64) -> Timestamp {
    let (noon, ago) =
        (humantime::parse_rfc3339("2026-11-22T14:16:12Z").unwrap(), Duration::from_secs_f64(seconds));
    Timestamp { wall: noon - ago, monotonic: Duration::from_secs(NOW) - ago }
}

fn instance() -> InstanceStatus {
    InstanceStatus {
        name: "VI_1".into(),
        interface: "eth0".into(),
        virtual_router_id: 51,
        version: 2,
        advert_interval: Duration::from_secs(1),
        base_priority: 101,
        priority: 101,
        addresses: vec!["10.1.1.30/32".into()],
        held: vec!["10.1.1.30/32".into()],
        state: State::Master,
        since: Some(ago(11_516.0)),
        reason: Some(Reason::NoAdvert { silent: Duration::from_millis(3_610) }),
        term: 2,
        leaving: false,
        peer: Some(Peer {
            source: "10.1.1.20".parse().unwrap(),
            priority: 100,
            since: ago(11_515.0),
            heard: false,
        }),
        announced: Some(ago(12.0)),
        troubles: Vec::new(),
        counters: None,
        master_advert_interval: None,
    }
}

fn status(instances: Vec<InstanceStatus>) -> Status {
    Status {
        version: "0.1.0".into(),
        pid: 7,
        node: "h1.example.com".into(),
        at: ago(0.0),
        started: ago(11_520.0),
        uptime: Duration::from_secs(11_520),
        config: ConfigStatus {
            path: "/etc/keepalived/keepalived.conf".into(),
            hash: "1f0c9ab2d5e64f7a8b9c0d1e2f304152".into(),
            loaded: ago(11_520.0),
            waits: None,
            rejected: None,
        },
        snapshot: Snapshot::new("h1.example.com", ago(11_520.0), instances),
        plugins: Vec::new(),
        destinations: Vec::new(),
    }
}

fn rendered(status: &Status) -> String {
    render(status, &wrong(status), Paint::Plain)
}

#[track_caller]
fn assert_lines(text: &str, expected: &[&str]) {
    assert_eq!(text.lines().collect::<Vec<_>>(), expected, "\n{text}");
}

#[test]
fn a_master_on_which_nothing_is_wrong() {
    assert_lines(
        &rendered(&status(vec![instance()])),
        &[
            "h1.example.com   keepwatch 0.1.0, up 3 h 12 min   keepalived.conf, loaded 11:04:12 UTC (1f0c9ab2)",
            "",
            "VI_1   MASTER for 3 h 11 min (no advert heard for 3.61 s)",
            "       eth0, VRID 51, VRRPv2 every 1 s, priority 101",
            "       10.1.1.30 present, last announced 12 s ago",
            "       last heard 10.1.1.20 with priority 100, 3 h 11 min ago",
            "",
            "Nothing is wrong.",
        ],
    );
}

#[test]
fn a_backup_beside_an_instance_with_a_longer_name() {
    let backup = InstanceStatus {
        state: State::Backup,
        since: Some(ago(4.2)),
        reason: Some(Reason::Started),
        held: Vec::new(),
        announced: None,
        priority: 91,
        advert_interval: Duration::from_millis(100),
        version: 3,
        peer: Some(Peer { heard: true, ..instance().peer.unwrap() }),
        ..instance()
    };
    let new = InstanceStatus {
        name: "storage".into(),
        state: State::Init,
        since: None,
        reason: None,
        peer: None,
        held: Vec::new(),
        ..instance()
    };
    assert_lines(
        &rendered(&status(vec![backup, new])),
        &[
            "h1.example.com   keepwatch 0.1.0, up 3 h 12 min   keepalived.conf, loaded 11:04:12 UTC (1f0c9ab2)",
            "",
            "VI_1      BACKUP for 4.2 s (started)",
            "          eth0, VRID 51, VRRPv3 every 100 ms, priority 91 (configured: 101)",
            "          10.1.1.30 not on this host",
            "          hears 10.1.1.20 as MASTER with priority 100, for 3 h 11 min",
            "",
            "storage   INIT, about to take part",
            "          eth0, VRID 51, VRRPv2 every 1 s, priority 101",
            "          10.1.1.30 not on this host",
            "",
            "Nothing is wrong.",
        ],
    );
}

#[test]
fn what_is_wrong_stands_first_the_gravest_before_the_others() {
    let trouble = |severity, text: &str, times| Trouble {
        kind: "advert_anomaly".into(),
        severity,
        text: text.into(),
        first: ago(841.0),
        last: ago(3.0),
        times,
        subject: Default::default(),
        address: None,
    };
    let torn = InstanceStatus {
        addresses: vec!["10.1.1.30/32".into(), "10.1.1.31/32".into()],
        troubles: vec![
            trouble(Severity::Warning, "the wall clock is odd", 1),
            trouble(Severity::Error, "advert from 10.1.1.20: it also claims to be MASTER", 31),
        ],
        peer: Some(Peer { heard: true, since: ago(841.0), ..instance().peer.unwrap() }),
        ..instance()
    };
    let down = InstanceStatus {
        name: "VI_2".into(),
        state: State::Fault,
        since: Some(ago(61.0)),
        reason: Some(Reason::Hindered(Hindrance::InterfaceDown { interface: "eth1".into() })),
        held: Vec::new(),
        peer: None,
        ..instance()
    };
    let mut status = status(vec![torn, down]);
    status.config.rejected =
        Some(Rejection { at: ago(60.0), reason: "2 errors\n--> keepalived.conf:3".into() });
    assert_lines(
        &rendered(&status),
        &[
            "h1.example.com   keepwatch 0.1.0, up 3 h 12 min   keepalived.conf, loaded 11:04:12 UTC (1f0c9ab2)",
            "",
            "VI_1 is MASTER, but 10.1.1.31 is not on this host",
            "VI_1: advert from 10.1.1.20: it also claims to be MASTER (31 times since 14:02:11 UTC, last 3.0 s ago)",
            "VI_2 is in FAULT for 1 min 1 s: interface eth1 down",
            "VI_1: the wall clock is odd (3.0 s ago)",
            "/etc/keepalived/keepalived.conf was not taken over at 14:15:12 UTC, what was in force goes on: 2 errors",
            "  --> keepalived.conf:3",
            "",
            "VI_1   MASTER for 3 h 11 min (no advert heard for 3.61 s)",
            "       eth0, VRID 51, VRRPv2 every 1 s, priority 101",
            "       10.1.1.30 present, last announced 12 s ago",
            "       10.1.1.31 missing",
            "       also hears 10.1.1.20 as MASTER with priority 100, for 14 min 1 s",
            "",
            "VI_2   FAULT for 1 min 1 s (interface eth1 down)",
            "       eth0, VRID 51, VRRPv2 every 1 s, priority 101",
            "       10.1.1.30 not on this host",
        ],
    );
}

#[test]
fn a_check_that_has_answered_is_not_waited_for() {
    let waiting = InstanceStatus {
        state: State::Fault,
        reason: Some(Reason::Hindered(Hindrance::CheckPending { check: "hdr".into() })),
        held: Vec::new(),
        peer: None,
        ..instance()
    };
    let mut status = status(vec![waiting]);
    let text = rendered(&status);
    assert_eq!(text.matches("waiting for the first answer of check hdr").count(), 2, "{text}");
    let hdr = TrackStatus {
        name: "hdr".into(),
        health: Health::Pass,
        text: "3 ms".into(),
        since: ago(9.0),
        flapping: false,
        skipped: 0,
    };
    status.snapshot.tracks = vec![hdr.into()];
    let text = rendered(&status);
    assert_eq!(text.matches("what it still waits for, `keepwatch explain VI_1` says").count(), 2, "{text}");
    assert!(!text.contains("first answer"), "{text}");
}

#[test]
fn an_owner_a_leaver_and_many_addresses() {
    let owner =
        InstanceStatus { base_priority: 255, priority: 255, held: Vec::new(), peer: None, ..instance() };
    let leaver = InstanceStatus { leaving: true, held: Vec::new(), peer: None, ..instance() };
    let addresses: Vec<String> = (1..=11).map(|number| format!("10.0.0.{number}/24")).collect();
    let many =
        InstanceStatus { held: addresses.clone(), addresses, peer: None, announced: None, ..instance() };
    let text = rendered(&status(vec![owner, leaver, many]));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[4], "       10.1.1.30 present, last announced 12 s ago");
    assert_eq!(lines[6], "VI_1   MASTER for 3 h 11 min, leaving (no advert heard for 3.61 s)");
    assert_eq!(
        lines[12],
        "       10.0.0.1/24, 10.0.0.2/24, 10.0.0.3/24, 10.0.0.4/24, 10.0.0.5/24, 10.0.0.6/24, 10.0.0.7/24, \
         10.0.0.8/24 and 3 more present"
    );
    assert_eq!(lines.last(), Some(&"Nothing is wrong."));
}

fn plugins() -> Vec<PluginReport> {
    let chat = PluginReport {
        path: "/etc/keepwatch/hooks.d/chat.rhai".into(),
        role: "handler".into(),
        calls: 5_760,
        waiting: 2,
        last_success: Some(ago(3.0)),
        call_times: Some(CallTimes {
            p50: Duration::from_micros(20),
            p99: Duration::from_micros(41),
            max: Duration::from_millis(2),
        }),
        memory_bytes: Some(1_300_000),
        ..PluginReport::new("chat".into(), PluginState::Running, ago(11_520.0))
    };
    let lag = PluginReport {
        role: "checker".into(),
        calls: 1,
        failures: 1,
        skipped: 3,
        messages: 300,
        messages_refused: 1,
        last_error: Some("it trapped:\nunreachable".into()),
        ..PluginReport::new("lag".into(), PluginState::Restarting, ago(2.5))
    };
    vec![chat, lag]
}

#[test]
fn checks_and_plugins_stand_after_the_instances() {
    let mut status = status(Vec::new());
    let track = |name: &str, health, text: &str| TrackStatus {
        name: name.into(),
        health,
        text: text.into(),
        since: ago(9.0),
        flapping: name == "web",
        skipped: if name == "web" { 1_200 } else { 0 },
    };
    status.snapshot.tracks =
        vec![track("haproxy", Health::Pass, "3 ms").into(), track("web", Health::Fail, "no answer").into()];
    status.plugins = plugins();
    let told = |name: &str, state, trouble: Option<&str>| PluginStatus {
        name: name.into(),
        path: String::new(),
        state,
        since: ago(2.5),
        trouble: trouble.map(str::to_owned),
    };
    status.snapshot.plugins = vec![
        told("chat", PluginState::Running, None).into(),
        told("lag", PluginState::Restarting, Some("plugin lag trapped")).into(),
        told("old", PluginState::Refused, Some("it needs http\n--> old.wasm")).into(),
        told("odd", PluginState::Running, Some("no such host")).into(),
    ];
    assert_lines(
        &rendered(&status),
        &[
            "h1.example.com   keepwatch 0.1.0, up 3 h 12 min   keepalived.conf, loaded 11:04:12 UTC (1f0c9ab2)",
            "",
            "check web fails for 9.0 s: no answer",
            "plugin old is not loaded: it needs http",
            "  --> old.wasm",
            "check web changes again and again",
            "plugin lag is about to be started anew: plugin lag trapped",
            "plugin odd runs, but had trouble: no such host",
            "",
            "The configuration has no instance.",
            "",
            "check haproxy: passes for 9.0 s (3 ms)",
            "check web: fails for 9.0 s (no answer), 1,200 skipped",
            "",
            "plugin chat: running for 3 h 12 min, handler, 5,760 calls, 2 events waiting, last success 3.0 s ago",
            "plugin lag: restarting for 2.5 s, checker, 1 call, 1 failure, 3 skipped, 300 messages, 1 message refused, \
             as too many",
            "plugin old: not loaded for 2.5 s",
            "plugin odd: running for 2.5 s",
        ],
    );
}

#[test]
fn the_table_of_plugins() {
    assert_eq!(table(&[], Paint::Plain), "No plugins are loaded.\n");
    assert_lines(
        &table(&plugins(), Paint::Plain),
        &[
            "PLUGIN  ROLE     STATE       CALLS  ERRORS  FAILURES  WAITING    P99   MEMORY  FILE",
            "chat    handler  running      5760       0         0        2  41 us  1.2 MiB  /etc/keepwatch/hooks.d/chat.rhai",
            "lag     checker  restarting      1       0         1        0      -        -  -",
            "",
            "lag: it trapped:",
            "  unreachable",
        ],
    );
}

#[test]
fn colours_stand_around_words() {
    let text = render(&status(vec![instance()]), &[], Paint::Colour);
    assert!(text.contains("\u{1b}[1;32mMASTER\u{1b}[0m for"), "{text:?}");
    assert!(text.ends_with("\u{1b}[1;32mNothing is wrong.\u{1b}[0m\n"), "{text:?}");
}

fn destination(name: &str) -> DestinationSummary {
    DestinationSummary {
        name: name.into(),
        way: Some("mail to admin@example.com by mail.example.com:587".into()),
        delivered: 0,
        failed: 0,
        waiting: 0,
        dead: 0,
        refusal: None,
        trouble: None,
        gone: None,
        last: None,
        next: None,
    }
}

#[test]
fn destinations_that_are_well() {
    let mut status = status(vec![instance()]);
    let told = DestinationSummary {
        delivered: 12,
        last: Some("2026-11-22T14:13:07.000Z".into()),
        ..destination("admins")
    };
    // One that the configuration has no longer, and for which nothing waits, is nobody's business.
    let old = DestinationSummary { way: None, delivered: 3, ..destination("old") };
    status.destinations = vec![told, old, destination("others")];
    let text = rendered(&status);
    let last: Vec<&str> = text.lines().skip(7).collect();
    let expected = [
        "destination admins: mail to admin@example.com by mail.example.com:587, 12 letters delivered, last 3 min 5 s ago",
        "destination others: mail to admin@example.com by mail.example.com:587",
        "",
        "Nothing is wrong.",
    ];
    assert_eq!(last, expected, "{text}");
}

#[test]
fn destinations_that_cannot_be_told_stand_first() {
    let mut status = status(vec![instance()]);
    let away = DestinationSummary {
        failed: 7,
        waiting: 3,
        trouble: Some("mail.example.com:587 refused the connection".into()),
        next: Some("2026-11-22T14:17:02.000Z".into()),
        ..destination("admins")
    };
    let gone = DestinationSummary {
        way: Some("webhook to https://hooks.example.com/...".into()),
        dead: 1,
        refusal: Some("hooks.example.com answers 404 Not Found".into()),
        gone: Some("hooks.example.com answers 410 Gone".into()),
        ..destination("chat")
    };
    let old = DestinationSummary { way: None, waiting: 1, ..destination("old") };
    status.destinations = vec![away, gone, old];
    let text = rendered(&status);
    let lines: Vec<&str> = text.lines().collect();
    let expected = [
        "destination chat takes nothing any more: hooks.example.com answers 410 Gone (`keepwatch spool retry chat` tries it \
         again)",
        "admins cannot be told: mail.example.com:587 refused the connection (3 letters waiting, next try 14:17:02 UTC)",
        "1 letter to chat given up: hooks.example.com answers 404 Not Found (`keepwatch spool list --dead` has all; `spool retry \
         chat` tries again)",
        "1 letter waiting for old, which the configuration has no longer (`keepwatch spool purge old --all`)",
    ];
    assert_eq!(lines[2..6], expected, "{text}");
    let expected = [
        "destination admins: mail to admin@example.com by mail.example.com:587, 3 letters waiting",
        "destination chat: webhook to https://hooks.example.com/..., 1 letter given up, disabled",
        "destination old: no longer in the configuration, 1 letter waiting",
    ];
    assert_eq!(lines[lines.len() - 3..], expected, "{text}");
}
