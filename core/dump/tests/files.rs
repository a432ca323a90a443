//! The files, literally.

#![allow(clippy::panic, clippy::unwrap_used)]

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use keepwatch_config::Config;
use keepwatch_dump::{Cleared, Figures, Scene, data, json, stats};
use keepwatch_event::{
    Counters, Health, InstanceSettings, InstanceStatus, Peer, Snapshot, State, Timestamp, TrackStatus,
};

const CONFIG: &str = "global_defs {
    router_id lb1
}
vrrp_script chk {
    script \"/bin/true -x\"
    interval 2
    timeout 1
    weight -20
    rise 2
    fall 3
}
vrrp_track_process hap {
    process /usr/sbin/haproxy
    quorum 2
    weight 5
    delay 1.5
}
track_file maintenance {
    file /etc/keepalived/maintenance
    weight 1
}
vrrp_sync_group G {
    group {
        VI_1
        VI_2
    }
    notify_master \"/bin/echo group\"
}
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority 101
    garp_master_delay 3
    garp_master_refresh 60
    authentication {
        auth_type PASS
        auth_pass s3cret78
    }
    virtual_ipaddress {
        10.1.1.30/24 label eth0:1
        10.1.1.31 dev eth1 scope link
    }
    virtual_ipaddress_excluded {
        fd00::30/64
        fd00::31
    }
    track_interface {
        eth1
    }
    notify \"/bin/echo any\"
    smtp_alert
}
vrrp_instance VI_2 {
    interface eth0
    use_vmac
    version 3
    virtual_router_id 52
    priority 90
    advert_int 0.5
    preempt_delay 2.5
    virtual_ipaddress {
        10.1.1.40/24 brd 10.1.1.255
    }
    notify_deleted
}
vrrp_instance VI_3 {
    interface eth0
    virtual_router_id 53
    nopreempt
    unicast_src_ip 10.1.1.10
    unicast_peer {
        10.1.1.20
    }
    virtual_ipaddress {
        10.1.1.50
    }
    track_script {
        chk
    }
    track_process {
        hap weight 7
    }
    track_file {
        maintenance
    }
}
";

fn config(more: &str) -> Config {
    let text = CONFIG.replacen("router_id lb1", &format!("router_id lb1\n{more}"), 1);
    let loaded = keepwatch_config::load_text("keepalived.conf", text);
    let said = loaded.findings.render(&loaded.source, keepwatch_config::Style::Plain);
    loaded.config.unwrap_or_else(|| panic!("{said}"))
}

fn at(micros: u64) -> Timestamp {
    Timestamp { wall: SystemTime::UNIX_EPOCH + Duration::from_micros(micros), monotonic: Duration::ZERO }
}

fn instance(config: &Config, name: &str, state: State, counters: Counters) -> InstanceStatus {
    let instance = config.instances.iter().find(|instance| instance.name == name).unwrap();
    let settings = InstanceSettings {
        interface: instance.interface.to_string(),
        virtual_router_id: instance.vrid.get(),
        version: instance.version.number(),
        advert_interval: instance.interval.duration(),
        base_priority: instance.priority.get(),
        addresses: Vec::new(),
    };
    let since = Some(at(1_795_869_223_299_866));
    let counters = Some(counters);
    InstanceStatus { state, since, counters, ..InstanceStatus::new(name.into(), &settings) }
}

/// VI_1 serves, VI_2 follows 10.1.1.20, VI_3 has not begun.
fn snapshot(config: &Config) -> Snapshot {
    let counters = Counters { adverts_sent: 12, became_master: 1, ..Counters::default() };
    let mut first = instance(config, "VI_1", State::Master, counters);
    first.priority = 81;
    first.held = vec!["10.1.1.30/24".to_owned(), "fd00::30/64".to_owned()];
    let counters = Counters {
        adverts_received: 40,
        adverts_sent: 3,
        became_master: 2,
        released_master: 1,
        priority_zero_received: 4,
        priority_zero_sent: 2,
        length_errors: 5,
        type_errors: 6,
        ttl_errors: 7,
        auth_type_errors: 8,
        auth_type_mismatches: 9,
        auth_failures: 10,
        interval_mismatches: 11,
        address_list_mismatches: 12,
        duplicate_vrids: 13,
        ..Counters::default()
    };
    let mut second = instance(config, "VI_2", State::Backup, counters);
    let source: IpAddr = "10.1.1.20".parse().unwrap();
    second.peer = Some(Peer { source, priority: 150, since: at(0), heard: true });
    second.master_advert_interval = Some(Duration::from_secs(1));
    let mut third = instance(config, "VI_3", State::Init, Counters::default());
    third.since = None;
    let mut snapshot = Snapshot::new("h1", at(0), vec![first, second, third]);
    let track = |name: &str, health| {
        let (name, text) = (name.to_owned(), String::new());
        Arc::new(TrackStatus { name, health, text, since: at(0), flapping: false, skipped: 0 })
    };
    snapshot.tracks = vec![track("chk", Health::Pass), track("hap", Health::Fail)];
    snapshot
}

/// What a file says of this scene.
fn written(more: &str, file: impl Fn(Scene<'_>) -> String) -> String {
    let config = config(more);
    let snapshot = snapshot(&config);
    file(Scene { config: &config, snapshot: &snapshot, cleared: &Cleared::new() })
}

#[test]
fn the_counters_by_keepalived_s_labels() {
    let text = written("", stats);
    let of_second = text.split("VRRP Instance: ").find(|part| part.starts_with("VI_2")).unwrap();
    assert_eq!(
        of_second,
        "VI_2
  Advertisements:
    Received: 40
    Sent: 5
  Became master: 2
  Released master: 1
  Packet Errors:
    Length: 5
    TTL: 7
    Invalid Type: 6
    Advertisement Interval: 11
    Address List: 25
  Authentication Errors:
    Invalid Type: 8
    Type Mismatch: 9
    Failure: 10
  Priority Zero:
    Received: 4
    Sent: 2
"
    );
    assert_eq!(text.matches("VRRP Instance: ").count(), 3);
}

#[test]
fn counters_that_were_cleared_begin_at_zero() {
    let config = config("");
    let snapshot = snapshot(&config);
    let cleared = Cleared::from([("VI_1".to_owned(), Figures { advert_sent: 10, ..Figures::default() })]);
    let text = stats(Scene { config: &config, snapshot: &snapshot, cleared: &cleared });
    let sent: Vec<&str> = text.lines().filter(|line| line.starts_with("    Sent: ")).collect();
    assert_eq!(sent[0], "    Sent: 2");
    assert_eq!(sent[2], "    Sent: 5", "another instance's are as they were");
}

#[test]
fn how_everything_is_by_keepalived_s_labels() {
    let text = written("", data);
    let expected = include_str!("keepalived.data");
    assert_eq!(text, expected);
    assert!(!text.contains("s3cret78"));
}

#[test]
fn json_with_keepalived_s_keys() {
    let text = written("", |scene| json(scene).unwrap());
    assert_eq!(text, include_str!("keepalived.json").trim_end());
    assert!(!text.contains("s3cret78"));
}

#[test]
fn json_of_version_2_is_an_object() {
    let first = written("", |scene| json(scene).unwrap());
    let second = written("json_version 2", |scene| json(scene).unwrap());
    let processes = r#"[{"process":"hap","param_match":"none","min_processes":2,"have_quorum":false,"weight":5,"terminate_delay":1.5,"fork_delay":1.5,"full_command":false}]"#;
    assert_eq!(second, format!("{{\"vrrp\":{first},\"track_process\":{processes}}}"));
}

/// An instance with an ipvlan is on it, as keepalived sees it, and its addresses are on the interface below.
#[test]
fn an_ipvlan() {
    let text = "vrrp_instance VI_1 {
    interface eth0
    use_ipvlan ipv0 10.1.1.11/24 private
    virtual_router_id 51
    virtual_ipaddress {
        10.1.1.30
    }
}
";
    let config = keepwatch_config::load_text("keepalived.conf", text).config.unwrap();
    let status = instance(&config, "VI_1", State::Backup, Counters::default());
    let snapshot = Snapshot::new("h1", at(0), vec![status]);
    let scene = Scene { config: &config, snapshot: &snapshot, cleared: &Cleared::new() };
    let text = data(scene);
    for line in [
        "   Use IPVLAN, i/f ipv0, i/f address = 10.1.1.11/24, type private\n",
        "   Interface = ipv0, ipvlan on eth0\n",
        "   Using src_ip = 10.1.1.11 (from configuration)\n",
        "     10.1.1.30 dev eth0 scope global\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    let text = json(scene).unwrap();
    assert!(text.contains(r#""vmac_ifname":"ipv0","ifp_ifname":"ipv0""#), "{text}");
}
