//! Tables of what is different.

use super::*;
use crate::load_text;

fn config(text: &str) -> Config {
    let loaded = load_text("keepalived.conf", text);
    let shown = loaded.findings.render(&loaded.source, crate::Style::Plain);
    loaded.config.unwrap_or_else(|| panic!("{shown}"))
}

fn instance(name: &str, vrid: u8, more: &str) -> String {
    let address = if more.contains("virtual_ipaddress ") {
        String::new()
    } else {
        format!("virtual_ipaddress {{\n 10.1.{vrid}.1\n }}\n")
    };
    format!("vrrp_instance {name} {{\n interface eth0\n virtual_router_id {vrid}\n {more}\n {address} }}\n")
}

/// What becomes of instances: `update VI_1: priority 100 -> 101`.
fn said(before: &str, after: &str) -> Vec<String> {
    let diff = Diff::between(&config(before), &config(after));
    let instances = diff
        .instances
        .iter()
        .map(|change| format!("{:?} {}: {}", change.deed, change.name(), change.changes.join("; ")));
    let others = diff.others.iter().map(|change| {
        let name = change.name.as_deref().unwrap_or("-");
        format!("{:?} {:?} {name}: {}", change.deed, change.object, change.changes.join("; "))
    });
    instances.chain(others).collect()
}

#[test]
fn what_is_different_in_an_instance() {
    let rows = [
        ("priority 101", "Update VI: priority 100 -> 101"),
        ("advert_int 2", "Update VI: advert interval 1s -> 2s"),
        ("nopreempt", "Update VI: does not preempt"),
        ("preempt_delay 5", "Update VI: preempts after 5s"),
        ("down_timer_adverts 5", "Update VI: adverts missed before a take-over 3 -> 5"),
        ("authentication {\n auth_type PASS\n auth_pass 1111\n }", "Update VI: password set"),
        ("unicast_peer {\n 10.1.1.20\n }", "Update VI: multicast -> unicast"),
        ("mcast_src_ip 10.1.1.9", "Update VI: source address the interface's own -> 10.1.1.9"),
        ("garp_master_refresh 60", "Update VI: when addresses are announced"),
        ("track_interface {\n eth1\n }", "Update VI: tracked interface eth1 added"),
        ("no_accept", "Update VI: drops packets to its addresses"),
        ("dont_track_primary", "Update VI: whether its link down is a fault"),
        ("promote_secondaries", "Update VI: promote_secondaries"),
        ("notify_master /bin/true", "Update VI: notify scripts"),
        ("virtual_ipaddress {\n 10.1.51.1\n 10.1.51.2/24\n }", "Update VI: address 10.1.51.2/24 added"),
        (
            "virtual_ipaddress {\n 10.1.51.1/24\n }",
            "Update VI: address 10.1.51.1/24 added; address 10.1.51.1/32 removed",
        ),
        (
            "virtual_ipaddress {\n 10.1.51.1 label eth0:x\n }",
            "Update VI: address 10.1.51.1/32 put in place otherwise",
        ),
        ("version 3", "Restart VI: version 2 -> 3"),
        ("use_vmac", "Restart VI: virtual MAC 00:00:5e:00:01:33 on vrrp.51"),
        ("use_ipvlan 10.1.51.11", "Restart VI: ipvlan vrrp.51"),
    ];
    let plain = instance("VI", 51, "");
    for (more, expected) in rows {
        assert_eq!(said(&plain, &instance("VI", 51, more)), [expected], "{more}");
    }
    let ipvlan = |words: &str| instance("VI", 51, &format!("use_ipvlan {words}"));
    let rows = [
        ("10.1.51.12", "address of the ipvlan 10.1.51.11/32 -> 10.1.51.12/32"),
        ("10.1.51.11 vepa", "mode of the ipvlan bridge -> vepa"),
        ("10.1.51.11 ipv0", "ipvlan vrrp.51 -> ipv0"),
    ];
    for (words, expected) in rows {
        let changes = said(&ipvlan("10.1.51.11"), &ipvlan(words));
        assert_eq!(changes, [format!("Restart VI: {expected}")], "{words}");
    }
    assert_eq!(said(&ipvlan("10.1.51.11"), &plain), ["Restart VI: ipvlan off"]);
    let moved = plain.replace("eth0", "eth1");
    assert_eq!(said(&plain, &moved), ["Restart VI: interface eth0 -> eth1"]);
    assert_eq!(
        said(&plain, &instance("VI", 52, "virtual_ipaddress {\n 10.1.51.1\n }")),
        ["Restart VI: VRID 51 -> 52"]
    );
}

#[test]
fn a_new_address_comes_behind_those_that_are_there() {
    let addresses = |all: &str| instance("VI", 51, &format!("virtual_ipaddress {{\n {all}\n }}"));
    let before = addresses("10.1.51.1/24\n 10.1.51.3/24\n 10.2.0.1/24");
    let rows = [
        (
            "10.1.51.2/24\n 10.1.51.1/24\n 10.1.51.3/24\n 10.2.0.1/24",
            "address 10.1.51.2/24 added (behind 10.1.51.1/24 until it next becomes MASTER)",
        ),
        (
            "10.1.51.1/24\n 10.1.51.2/24\n 10.2.0.1/24\n 10.1.51.3/24",
            "address 10.1.51.2/24 added (behind 10.1.51.3/24 until it next becomes MASTER)",
        ),
        // The last one, another network, another prefix length, another interface: as after a start.
        ("10.1.51.1/24\n 10.1.51.3/24\n 10.1.51.2/24\n 10.2.0.1/24", "address 10.1.51.2/24 added"),
        ("10.3.0.1/24\n 10.1.51.1/24\n 10.1.51.3/24\n 10.2.0.1/24", "address 10.3.0.1/24 added"),
        ("10.1.51.2/25\n 10.1.51.1/24\n 10.1.51.3/24\n 10.2.0.1/24", "address 10.1.51.2/25 added"),
        ("10.1.51.2/24 dev eth1\n 10.1.51.1/24\n 10.1.51.3/24\n 10.2.0.1/24", "address 10.1.51.2/24 added"),
        (
            "10.1.51.2/24 dev eth0\n 10.1.51.1/24\n 10.1.51.3/24\n 10.2.0.1/24",
            "address 10.1.51.2/24 added (behind 10.1.51.1/24 until it next becomes MASTER)",
        ),
    ];
    for (after, expected) in rows {
        assert_eq!(said(&before, &addresses(after)), [format!("Update VI: {expected}")], "{after}");
    }
    // All of them are put in place anew.
    let anew = addresses("10.1.51.2/24\n 10.1.51.1/24\n 10.1.51.3/24\n 10.2.0.1/24").replace("eth0", "eth1");
    let expected = "Restart VI: interface eth0 -> eth1; address 10.1.51.2/24 added";
    assert_eq!(said(&before, &anew), [expected]);
    let v6 = |all: &str| {
        addresses(&format!("fe80::1/64\n {all}"))
            .replace("virtual_router_id 51", "version 3\n virtual_router_id 51")
    };
    let expected = "Update VI: address fd00::2/64 added";
    assert_eq!(said(&v6("fd00::1/64"), &v6("fd00::2/64\n fd00::1/64")), [expected]);
}

#[test]
fn instances_match_by_name_and_then_by_what_they_are() {
    let (one, two) = (instance("VI_1", 51, ""), instance("VI_2", 52, ""));
    let both = format!("{one}{two}");
    assert_eq!(said(&both, &both), ["Keep VI_1: ", "Keep VI_2: "]);
    assert_eq!(said(&both, &two), ["Remove VI_1: ", "Keep VI_2: "]);
    assert_eq!(said(&one, &both), ["Keep VI_1: ", "Add VI_2: "]);
    let renamed = instance("web", 51, "");
    assert_eq!(said(&one, &renamed), ["Update web: VI_1 is called web now"]);
    // The name counts more than what it is.
    let other = instance("VI_1", 60, "");
    let expected = [
        "Restart VI_1: VRID 51 -> 60; address 10.1.60.1/32 added; address 10.1.51.1/32 removed",
        "Add web: ",
    ];
    assert_eq!(said(&one, &format!("{other}{renamed}")), expected);
}

#[test]
fn what_is_different_beside_instances() {
    let (one, two) = (instance("VI_1", 51, ""), instance("VI_2", 52, ""));
    let both = format!("{one}{two}");
    let group =
        |more: &str| format!("vrrp_sync_group G {{\n group {{\n VI_1\n VI_2\n }}\n {more}\n}}\n{both}");
    let rest = |before: &str, after: &str| -> Vec<String> {
        said(before, after).into_iter().filter(|line| !line.contains(" VI_")).collect()
    };
    assert_eq!(rest(&both, &group("")), ["Add Group G: "]);
    assert_eq!(rest(&group(""), &both), ["Remove Group G: "]);
    assert_eq!(rest(&group(""), &group("notify_master /bin/true")), ["Update Group G: notify scripts"]);
    let script = |more: &str| {
        let tracks = instance("VI_1", 51, "track_script {\n web\n }");
        format!("vrrp_script web {{\n script \"/bin/true\"\n timeout 1\n {more}\n}}\n{tracks}")
    };
    assert_eq!(rest(&script(""), &script("interval 2")), ["Update Check web: interval 1s -> 2s"]);
    assert_eq!(rest(&script(""), &script("fall 3")), ["Update Check web: what its verdicts are worth"]);
    let mail = format!(
        "global_defs {{\n notification_email {{\n a@example.com\n }}\n smtp_server 127.0.0.1\n}}\n{both}"
    );
    assert_eq!(rest(&both, &mail), ["Update Globals -: mail settings"]);
    let table = format!("global_defs {{\n nftables vips\n}}\n{both}");
    assert_eq!(rest(&both, &table), ["Update Globals -: the nftables table"]);
    let named = format!("global_defs {{\n router_id h9\n}}\n{both}");
    assert_eq!(rest(&both, &named), ["Restart Globals -: router_id"]);
    let delayed = format!("global_defs {{\n vrrp_startup_delay 3\n}}\n{both}");
    let expected = "Update Globals -: start delays, which count from the next start on";
    assert_eq!(rest(&both, &delayed), [expected]);
    let scheduled = format!("global_defs {{\n vrrp_rt_priority 50\n}}\n{both}");
    assert_eq!(rest(&both, &scheduled), ["Restart Globals -: how the kernel runs the engine"]);
    let dumped = format!("global_defs {{\n stats_dump_file /run/k.stats\n}}\n{both}");
    assert_eq!(rest(&both, &dumped), ["Update Globals -: files that signals ask for"]);
    let diff = Diff::between(&config(&both), &config(&named));
    assert!(diff.needs_restart() && diff.restarts() == ["router_id"]);
}

#[test]
fn what_is_different_of_statics() {
    let plain = instance("VI", 51, "");
    let statics = |addresses: &str, routes: &str, rules: &str| {
        format!(
            "static_ipaddress {{\n {addresses}\n}}\nstatic_routes {{\n {routes}\n}}\nstatic_rules {{\n {rules}\n}}\n{plain}"
        )
    };
    let route = "10.8.0.0/24 via 10.1.1.254 dev eth0";
    let rule = "from 10.9.0.0/24 table 100 priority 700";
    let before = statics("10.1.1.60/24 dev eth0", route, rule);
    let rows = [
        (
            plain.clone(),
            vec![
                "Remove StaticAddress 10.1.1.60/24 dev eth0: ".to_owned(),
                format!("Remove StaticRoute {route}: "),
                format!("Remove StaticRule {rule}: "),
            ],
        ),
        (
            statics("10.1.1.61/24 dev eth0\n 10.1.1.60/24 dev eth0", route, rule),
            vec!["Add StaticAddress 10.1.1.61/24 dev eth0: ".to_owned()],
        ),
        (
            statics("10.1.1.60/24 dev eth1", route, rule),
            vec![
                "Remove StaticAddress 10.1.1.60/24 dev eth0: ".to_owned(),
                "Add StaticAddress 10.1.1.60/24 dev eth1: ".to_owned(),
            ],
        ),
        (
            statics("10.1.1.60/24 dev eth0 label eth0:x", route, rule),
            vec!["Update StaticAddress 10.1.1.60/24 dev eth0: put in place otherwise".to_owned()],
        ),
        (
            statics("10.1.1.60/24 dev eth0", &format!("{route} metric 6"), rule),
            vec![format!("Remove StaticRoute {route}: "), format!("Add StaticRoute {route} metric 6: ")],
        ),
        // The same in other words, or in another place.
        (statics("10.1.1.60/24 dev eth0", "10.8.0.0/24 dev eth0 via 10.1.1.254", rule), vec![]),
        (format!("\n\n{before}"), vec![]),
    ];
    for (after, expected) in rows {
        let all = said(&before, &after);
        assert_eq!(all.split_first(), Some((&"Keep VI: ".to_owned(), &*expected)), "{after}");
        let diff = Diff::between(&config(&before), &config(&after));
        assert!(!diff.needs_restart(), "{after}");
        assert_eq!(Diff::followed(&config(&before), &config(&after)), config(&after), "{after}");
    }
}
