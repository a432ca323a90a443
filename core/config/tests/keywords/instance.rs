//! `vrrp_instance`, but for addresses and announcements.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use keepwatch_config::model::Password;
use keepwatch_vrrp::{
    Destination, Family, HigherAdverts, LinkTracking, LowerAdverts, Preemption, SourceCheck, Start,
    TrackWeight, UnicastPeer, Version,
};

use super::{GOOD, read, try_instance, with_instance};

#[test]
fn the_defaults() {
    let (instance, said) = with_instance("");
    assert!(said.is_empty());
    assert_eq!((instance.name.as_str(), instance.interface.as_str()), ("VI_1", "eth0"));
    assert_eq!((instance.vrid.get(), instance.priority.get(), instance.missed_adverts), (51, 100, 3));
    assert_eq!((instance.version, instance.family), (Version::V2, Family::V4));
    assert_eq!((instance.start, instance.preemption), (Start::Listening, Preemption::Immediate));
    assert_eq!(instance.interval.duration(), Duration::from_secs(1));
    assert_eq!(
        instance.destination,
        Destination::Multicast { group: IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18)) }
    );
    assert_eq!(
        (instance.lower_adverts, instance.higher_adverts),
        (LowerAdverts::Answer, HigherAdverts::Yield)
    );
    assert_eq!(instance.link_tracking, LinkTracking::Tracked);
    assert_eq!((instance.password, instance.source), (None, None));
    assert!(!instance.mail_alert && !instance.checksum_as_v2);
}

/// State, priority, nopreempt and preempt_delay, as keepalived settles them.
#[test]
fn state_priority_and_preemption() {
    use Preemption::{After, Immediate, Never};
    use Start::{Asserting, Listening};
    let half_a_minute = After(Duration::from_secs(30));
    let master = "warning `nopreempt` does not go with `state master`";
    let table: [(&str, u8, Start, Preemption, &[&str]); 20] = [
        ("state MASTER\npriority 101", 101, Listening, Immediate, &[]),
        ("state MASTER", 255, Asserting, Immediate, &[]),
        ("state BACKUP", 100, Listening, Immediate, &[]),
        ("priority 255", 255, Asserting, Immediate, &[]),
        ("priority 255\nstate BACKUP", 255, Listening, Immediate, &[]),
        (
            "priority 255\nnopreempt",
            255,
            Asserting,
            Immediate,
            &["warning `nopreempt` does not go with priority 255"],
        ),
        ("state MASTER\nnopreempt\npriority 9", 9, Listening, Immediate, &[master]),
        (
            "state MASTER\npreempt_delay 30\npriority 9",
            9,
            Listening,
            Immediate,
            &["warning `preempt_delay` does not go with `state master`"],
        ),
        ("nopreempt", 100, Listening, Never, &[]),
        ("nopreempt\npreempt", 100, Listening, Immediate, &[]),
        ("preempt_delay 30", 100, Listening, half_a_minute, &[]),
        ("preempt_delay 0.5", 100, Listening, After(Duration::from_millis(500)), &[]),
        ("preempt_delay 0", 100, Listening, Immediate, &[]),
        ("preempt_delay 1001", 100, Listening, Immediate, &["warning `preempt_delay` is out of range"]),
        (
            "nopreempt\npreempt_delay 30",
            100,
            Listening,
            Never,
            &["warning `preempt_delay` does not go with `nopreempt`"],
        ),
        ("priority 0", 100, Listening, Immediate, &["warning `priority` is out of range"]),
        ("priority 12x", 100, Listening, Immediate, &["warning `priority` is not a number"]),
        ("state master\npriority 7", 7, Listening, Immediate, &["warning `master` is no state"]),
        (
            "state MASTER\nstate BACKUP\npriority 7",
            7,
            Listening,
            Immediate,
            &["warning `state` is master already"],
        ),
        ("priority 7\npriority 8", 8, Listening, Immediate, &["remark `priority` is given twice"]),
    ];
    for (body, priority, start, preemption, expected) in table {
        let (instance, said) = with_instance(body);
        let found = (instance.priority.get(), instance.start, instance.preemption);
        assert_eq!(found, (priority, start, preemption), "{body}");
        assert_eq!(said, expected, "{body}");
    }
}

#[test]
fn intervals_are_rounded_as_the_version_needs() {
    let v2 = "warning `advert_int` must be whole seconds";
    let v3 = "warning `advert_int` must be 0.01 to 40.95 in steps of 0.01";
    let range = "warning `advert_int` is out of range";
    let table: [(&str, u64, &[&str]); 13] = [
        ("advert_int 2", 2_000, &[]),
        ("advert_int 255", 255_000, &[]),
        ("advert_int 256", 1_000, &[range]),
        ("advert_int 0.3", 1_000, &[v2]),
        ("advert_int 1.5", 2_000, &[v2]),
        ("advert_int 1.4", 1_000, &[v2]),
        ("version 3\nadvert_int 0.01", 10, &[]),
        ("version 3\nadvert_int 0.001", 1_000, &[range]),
        ("version 3\nadvert_int 0.014", 10, &[v3]),
        ("version 3\nadvert_int 41", 40_950, &[v3]),
        ("version 3\nadvert_int 40.95", 40_950, &[]),
        ("advert_int 10s", 1_000, &["warning `advert_int` is not a number"]),
        ("advert_int -1", 1_000, &[range]),
    ];
    for (body, milliseconds, expected) in table {
        let (instance, said) = with_instance(body);
        assert_eq!(instance.interval.duration(), Duration::from_millis(milliseconds), "{body}");
        assert_eq!(said, expected, "{body}");
    }
}

#[test]
fn versions_and_families() {
    let v6 = "interface eth0\nvirtual_router_id 51\nvirtual_ipaddress {\n fe80::30\n}\n";
    let contradiction = "warning `version 2` contradicts what stands above";
    let table: [(&str, Version, Family, &[&str]); 6] = [
        ("version 3", Version::V3, Family::V4, &[]),
        (
            "version 2\nversion 3",
            Version::V2,
            Family::V4,
            &["warning `version 3` contradicts what stands above"],
        ),
        ("version 4", Version::V2, Family::V4, &["warning `version` is out of range"]),
        (v6, Version::V3, Family::V6, &[]),
        (
            "native_ipv6\nno_virtual_ipaddress",
            Version::V3,
            Family::V6,
            &["warning an address is not of the instance's family"],
        ),
        (&format!("native_ipv6\n{v6}version 2"), Version::V3, Family::V6, &[contradiction]),
    ];
    for (body, version, family, expected) in table {
        let text = if body.contains("fe80") { body.to_owned() } else { format!("{body}\n{GOOD}") };
        let (instance, said) = try_instance(&text);
        let instance = instance.unwrap_or_else(|| panic!("{said:?}"));
        assert_eq!((instance.version, instance.family), (version, family), "{body}");
        assert_eq!(said, expected, "{body}");
    }
    assert_eq!(try_instance(&format!("version 2\n{v6}")).1, ["error vrrp version 2 has no ipv6"]);
    assert_eq!(with_instance("virtual_ipaddress {\n 10.9.9.9\n}\nnative_ipv6").1.len(), 1);
}

#[test]
fn identity_is_required() {
    let table = [
        ("interface eth0", "error `vi_1` has no virtual_router_id"),
        ("virtual_router_id 51", "error `vi_1` has no interface"),
        ("virtual_router_id 51\nunicast_src_ip 10.0.0.1", "error `vi_1` has no interface"),
        ("virtual_router_id 0\ninterface eth0", "error this cannot be a virtual_router_id"),
        ("virtual_router_id 51x\ninterface eth0", "error this cannot be a virtual_router_id"),
        ("virtual_router_id\ninterface eth0", "error `virtual_router_id` needs a value"),
        ("virtual_router_id 51\ninterface a/b", "error `a/b` cannot be the name of an interface"),
        (
            "virtual_router_id 51\ninterface sixteen_letters_",
            "error `sixteen_letters_` cannot be the name of an interface",
        ),
        ("virtual_router_id 51\ninterface lo", "error a loopback interface cannot carry adverts"),
    ];
    for (body, expected) in table {
        assert_eq!(try_instance(body), (None, vec![expected.to_owned()]), "{body}");
    }
}

#[test]
fn passwords() {
    let block = |inner: &str| format!("authentication {{\n{inner}\n}}");
    let none = "warning authentication without a password";
    let table: [(String, Option<&[u8; 8]>, &[&str]); 10] = [
        (block("auth_type PASS\nauth_pass 1111"), Some(b"1111\0\0\0\0"), &[]),
        (block("auth_pass 12345678\nauth_type PASS"), Some(b"12345678"), &[]),
        (
            block("auth_type PASS\nauth_pass 123456789"),
            Some(b"12345678"),
            &["warning the password is too long"],
        ),
        (block("auth_type PASS\nauth_pass \"a b#c\""), Some(b"a b#c\0\0\0"), &[]),
        (
            block("auth_type PASS\nauth_pass ab#cd"),
            Some(b"ab\0\0\0\0\0\0"),
            &["remark the password ends where a comment begins"],
        ),
        (block("auth_type PASS\nauth_pass ab #cd"), Some(b"ab\0\0\0\0\0\0"), &[]),
        (block("auth_type PASS"), None, &[none]),
        (block("auth_type pass\nauth_pass 1"), None, &["warning `pass` is no kind of authentication"]),
        (block("auth_pass 1"), None, &["warning a password without `auth_type`"]),
        (
            block("auth_type PASS\nauth_pass 1") + "\nversion 3",
            None,
            &["warning vrrp version 3 has no authentication"],
        ),
    ];
    for (body, password, expected) in table {
        let (instance, said) = with_instance(&body);
        assert_eq!(instance.password, password.map(|octets| Password(*octets)), "{body}");
        assert_eq!(said, expected, "{body}");
    }
    let (refused, said) = try_instance(&format!("{GOOD}{}", block("auth_type AH\nauth_pass 1")));
    assert_eq!(
        (refused, said),
        (None, vec!["error `auth_type ah` is not supported by this version".to_owned()])
    );
    assert_eq!(
        try_instance(&format!("{GOOD}{}", block("auth_type PASS\nauth_pass #1"))).1,
        ["error `auth_pass` needs a value"]
    );
    assert_eq!(format!("{:?}", Password(*b"secret\0\0")), "Password(***)");
}

#[test]
fn unicast() {
    let peer = |last, min_ttl, max_ttl| UnicastPeer {
        address: IpAddr::V4(Ipv4Addr::new(10, 1, 1, last)),
        min_ttl,
        max_ttl,
    };
    let (instance, said) = with_instance(
        "unicast_src_ip 10.1.1.10\nunicast_peer {\n 10.1.1.20\n 10.1.1.21/24\n}\nunicast_ttl 7",
    );
    assert!(said.is_empty(), "{said:?}");
    assert_eq!(instance.source, Some(IpAddr::V4(Ipv4Addr::new(10, 1, 1, 10))));
    let peers = vec![peer(20, 0, 255), peer(21, 0, 255)];
    assert_eq!(
        instance.destination,
        Destination::Unicast { peers, ttl: 7, source_check: SourceCheck::Anybody }
    );

    let checked = [
        "unicast_peer { 10.1.1.20 min_ttl 250 max_ttl 254 }",
        "unicast_peer { 10.1.1.20 }\ncheck_unicast_src",
    ];
    let limits = [(250, 254), (0, 255)];
    for (body, (least, most)) in checked.into_iter().zip(limits) {
        let (instance, said) = with_instance(body);
        assert!(said.is_empty(), "{said:?}");
        let peers = vec![peer(20, least, most)];
        assert_eq!(
            instance.destination,
            Destination::Unicast { peers, ttl: 255, source_check: SourceCheck::Peers }
        );
    }

    let table = [
        ("unicast_ttl 7", "warning `unicast_ttl` without `unicast_peer`"),
        ("unicast_src_ip 10.1.1.10", "warning unicast without `unicast_peer`"),
        ("unicast_ttl 256", "warning `unicast_ttl` is out of range"),
        ("unicast_peer { 10.1.1.20 max_ttl }", "warning a peer's option needs a value"),
        ("unicast_peer { 10.1.1.20 ttl 3 }", "warning `ttl` is no option of a peer"),
        ("unicast_peer { 10.1.1.20 min_ttl x }", "warning a ttl is out of range"),
        ("unicast_peer { 10.1.1.20 min_ttl 9 max_ttl 8 }", "warning min_ttl is greater than max_ttl"),
        ("unicast_peer { 10.1.1.20\n 10.1.1.20 }", "warning this peer is there already"),
        ("unicast_peer { 10.1.1.20\n fd00::1 }", "warning `fd00::1` is not of the instance's family"),
        (
            "mcast_dst_ip 224.0.0.9\nunicast_peer { 10.1.1.20 }",
            "warning `mcast_dst_ip` does not go with unicast",
        ),
    ];
    for (body, expected) in table {
        assert_eq!(with_instance(body).1, [expected], "{body}");
    }
    assert_eq!(
        try_instance(&format!("{GOOD}unicast_fault_no_peer")).1,
        ["error there is no peer to send to"]
    );
}

#[test]
fn multicast_groups_and_sources() {
    let table: [(&str, &str, &[&str]); 4] = [
        ("mcast_dst_ip 224.0.0.99", "224.0.0.99", &[]),
        (
            "mcast_dst_ip 10.0.0.1",
            "224.0.0.18",
            &["warning `mcast_dst_ip` is not a multicast address of this link"],
        ),
        ("mcast_dst_ip nonsense", "224.0.0.18", &["warning `nonsense` is not an ip address"]),
        ("mcast_src_ip 10.1.1.10", "224.0.0.18", &[]),
    ];
    for (body, group, expected) in table {
        let (instance, said) = with_instance(body);
        assert_eq!(instance.destination, Destination::Multicast { group: group.parse().unwrap() }, "{body}");
        assert_eq!(said, expected, "{body}");
    }
    let v6 = "interface eth0\nvirtual_router_id 51\nmcast_dst_ip ff12::9\nvirtual_ipaddress {\n fe80::30\n}";
    let group = Destination::Multicast { group: "ff12::9".parse().unwrap() };
    assert_eq!(try_instance(v6).0.unwrap().destination, group);
}

#[test]
fn switches() {
    let (instance, said) = with_instance(
        "lower_prio_no_advert\nhigher_prio_send_advert yes\ndont_track_primary\ndown_timer_adverts 9\nsmtp_alert",
    );
    assert_eq!(said, ["remark mail is asked for, but there is no `notification_email`"]);
    assert_eq!(
        (instance.lower_adverts, instance.higher_adverts),
        (LowerAdverts::Ignore, HigherAdverts::AnswerAndYield)
    );
    assert_eq!((instance.link_tracking, instance.missed_adverts), (LinkTracking::Ignored, 9));
    assert!(instance.mail_alert);
    let (instance, said) =
        with_instance("lower_prio_no_advert off\nsmtp_alert maybe\ndown_timer_adverts 101");
    assert_eq!(instance.lower_adverts, LowerAdverts::Answer);
    assert!(!instance.mail_alert);
    assert_eq!(
        said,
        ["warning `smtp_alert` can be on or off only", "warning `down_timer_adverts` is out of range"]
    );
    assert!(with_instance("version 3\nv3_checksum_as_v2").0.checksum_as_v2);
    assert!(!with_instance("version 3\nv3_checksum_as_v2 off").0.checksum_as_v2);
    assert!(!with_instance("v3_checksum_as_v2").0.checksum_as_v2, "of no meaning in version 2");
}

#[test]
fn tracked_interfaces() {
    let adjust = |weight, reverse| TrackWeight::Adjust { weight, reverse };
    let table: [(&str, Option<TrackWeight>, &[&str]); 10] = [
        ("eth1", Some(TrackWeight::Fault { reverse: false }), &[]),
        ("eth1 weight 0 reverse", Some(TrackWeight::Fault { reverse: true }), &[]),
        ("eth1 weight -20", Some(adjust(-20, false)), &[]),
        ("eth1 weight 20 reverse", Some(adjust(20, true)), &[]),
        ("eth1 weight 254", Some(adjust(253, false)), &["warning a weight is out of range"]),
        (
            "eth1 weight 900",
            Some(TrackWeight::Fault { reverse: false }),
            &["warning a weight is out of range"],
        ),
        ("eth1 weight 5x", Some(adjust(5, false)), &["warning `5x` is not a plain number"]),
        ("eth1 weight 5 sideways", Some(adjust(5, false)), &["warning `sideways` is no option of a weight"]),
        ("eth1 wait 5", None, &["warning an entry has an option that cannot be"]),
        ("eth0", None, &["warning the instance's own interface is tracked anyway"]),
    ];
    for (entry, weight, expected) in table {
        let (instance, said) = with_instance(&format!("track_interface {{\n{entry}\n}}"));
        assert_eq!(instance.track_interfaces.first().map(|tracked| tracked.weight), weight, "{entry}");
        assert_eq!(instance.params().trackers, Vec::from_iter(weight), "{entry}");
        assert_eq!(said, expected, "{entry}");
    }
    let (instance, said) = with_instance("priority 255\ntrack_interface {\n eth1 weight 5\n eth2\n}");
    assert_eq!(instance.track_interfaces.len(), 1);
    assert_eq!(said, ["warning a weight does not go with priority 255"]);
}

#[test]
fn vrrp_strict_settles_elections_as_keepalived_does() {
    let (instance, said) = with_instance(
        "strict_mode\nstate MASTER\npriority 150\npreempt_delay 9\ndown_timer_adverts 5\nlower_prio_no_advert off\n\
         higher_prio_send_advert\nauthentication {\nauth_type PASS\nauth_pass 1111\n}",
    );
    assert_eq!((instance.start, instance.preemption), (Start::Listening, Preemption::Immediate));
    assert_eq!(
        (instance.lower_adverts, instance.higher_adverts),
        (LowerAdverts::Ignore, HigherAdverts::Yield)
    );
    assert_eq!((instance.password, instance.missed_adverts), (None, 3));
    assert!(instance.announce.on_lower.0.is_empty());
    let expected = [
        "warning `vrrp_strict` makes master of priority 255 only",
        "warning `vrrp_strict` forbids `down_timer_adverts`",
        "remark the virtual addresses of `vi_1` will answer nobody",
        "warning `vrrp_strict` forbids `preempt_delay`",
        "warning `vrrp_strict` forbids answers to lower adverts",
        "warning `vrrp_strict` forbids `higher_prio_send_advert`",
        "warning `vrrp_strict` forbids authentication",
    ];
    assert_eq!(said, expected);
    // As they would be anyway, and as global_defs has them for others: nothing is lost.
    let (_, said) = with_instance("strict_mode\nlower_prio_no_advert\nhigher_prio_send_advert off");
    assert_eq!(said, ["remark the virtual addresses of `vi_1` will answer nobody"]);
    for body in ["unicast_peer { 10.0.0.2 }", "virtual_ipaddress_excluded { 10.0.0.9 }\nno_virtual_ipaddress"]
    {
        let text =
            format!("vrrp_instance a {{\nstrict_mode\ninterface eth0\nvirtual_router_id 1\n{body}\n}}");
        assert!(read(&text).0.is_none(), "{body}");
    }
}

#[test]
fn two_instances_that_would_be_one_router_are_refused() {
    let pair = |first: &str, second: &str| {
        let instance = |name: &str, body: &str| {
            format!(
                "vrrp_instance {name} {{\nvirtual_router_id 7\nvirtual_ipaddress {{ 10.0.0.9 }}\n{body}\n}}\n"
            )
        };
        read(&(instance("a", first) + &instance("b", second))).0.is_some()
    };
    let table = [
        ("interface eth0", "interface eth0", false),
        ("interface eth0", "interface eth1", true),
        ("interface eth0", "interface eth0\nmcast_dst_ip 224.0.0.99", true),
        ("interface eth0", "interface eth0\nunicast_peer { 10.0.0.2 }", true),
        ("interface eth0\nunicast_peer { 10.0.0.3 }", "interface eth0\nunicast_peer { 10.0.0.2 }", true),
        (
            "interface eth0\nunicast_peer { 10.0.0.2 }",
            "interface eth0\nunicast_peer { 10.0.0.3\n10.0.0.2 }",
            false,
        ),
        (
            "interface eth0\nunicast_src_ip 10.0.0.1\nunicast_peer { 10.0.0.2 }",
            "interface eth0\nunicast_src_ip 10.0.0.4\nunicast_peer { 10.0.0.2 }",
            true,
        ),
    ];
    for (first, second, accepted) in table {
        assert_eq!(pair(first, second), accepted, "{first} / {second}");
    }
}

/// As keepalived 2.2.7 settles it: each row was tried there, and `nft list ruleset` looked at.
#[test]
fn who_accepts_packets_to_virtual_addresses() {
    const STRICT: &str = "strict_mode\n";
    const RESET: &str = "warning `vrrp_strict` forbids `accept` with vrrp version 2";
    const NOBODY: &str = "remark the virtual addresses of `vi_1` will answer nobody";
    const OWNER: &str = "warning `no_accept` does not go with priority 255";
    const HEARS: &str = "remark `vrrp_strict` with priority 255 does not ignore adverts here";
    let table = [
        ("version 2", "", true, None),
        ("version 2", "accept", true, None),
        ("version 2", "no_accept", false, None),
        ("version 3", "no_accept", false, None),
        ("version 3", "no_accept\naccept", true, None),
        ("version 3", "accept\nno_accept", false, None),
        ("version 2\npriority 255", "", true, None),
        ("version 3\npriority 255", "no_accept", true, Some(OWNER)),
        ("version 2\npriority 255", "no_accept", true, Some(OWNER)),
        ("strict version 2", "", false, Some(NOBODY)),
        ("strict version 2", "accept", false, Some(RESET)),
        ("strict version 2", "no_accept", false, None),
        ("strict version 3", "", false, Some(NOBODY)),
        ("strict version 3", "accept", true, None),
        ("strict version 3", "no_accept", false, None),
        ("strict version 2\nstate MASTER\npriority 255", "", true, Some(HEARS)),
        ("strict version 2\nstate MASTER\npriority 255", "accept", true, Some(HEARS)),
        ("strict version 3\npriority 255", "accept", true, Some(HEARS)),
    ];
    for (settings, accept, expected, finding) in table {
        let body = format!("{}\n{accept}", settings.replace("strict ", STRICT));
        let (instance, said) = with_instance(&body);
        assert_eq!(instance.accepts, expected, "{body}");
        assert_eq!(said, Vec::from_iter(finding), "{body}");
    }
}
