//! Every word that keepalived knows: none is unknown here, and what is not served says what keepalived would have done.

use std::collections::BTreeMap;

use keepwatch_config::{Style, keyword_tables, load_text};

use super::GOOD;

/// Where each keyword stands, as keepalived's source has it.
const WORDS: &str = include_str!("keepalived-2.4.3.txt");

/// Common ones that ask for what keepwatch always does: a finding about them would be noise.
const NOTHING_TO_DO: [&str; 4] =
    ["dynamic_interfaces", "max_auto_priority", "reload_check_config", "vrrp_skip_check_adv_addr"];

/// What the book says becomes of a keyword, by where it stands and what it is.
fn statuses() -> BTreeMap<(String, String), String> {
    let mut statuses = BTreeMap::new();
    let mut place = String::new();
    let tables = keyword_tables();
    for line in tables.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            let last = title.rsplit(' ').next().unwrap();
            place = if title == "Outside all blocks" { "root".to_owned() } else { last.to_owned() };
        } else if let Some(row) = line.strip_prefix("| `") {
            let (word, status) = row.split_once("` | ").unwrap();
            statuses.insert((place.clone(), word.to_owned()), status.trim_end_matches(" |").to_owned());
        }
    }
    statuses
}

/// What is said about this keyword alone in its place.
fn said(place: &str, word: &str) -> String {
    let instance = format!("vrrp_instance VI_1 {{\n{GOOD}}}\n");
    let text = match place {
        "root" => format!("{instance}{word} 1\n"),
        "vrrp_instance" => format!("vrrp_instance VI_1 {{\n{GOOD}{word} 1\n}}\n"),
        "authentication" => {
            format!("vrrp_instance VI_1 {{\n{GOOD}authentication {{\n{word} 1\n}}\n}}\n")
        }
        "global_defs" => format!("global_defs {{\n{word} 1\n}}\n{instance}"),
        block => format!("{block} x {{\n{word} 1\n}}\n{instance}"),
    };
    let loaded = load_text("t.conf", text);
    loaded.findings.render(&loaded.source, Style::Plain)
}

#[test]
fn every_word_of_keepalived_is_known_and_says_what_it_would_have_done() {
    let statuses = statuses();
    let (mut left_out, mut nothing_to_do) = (0, Vec::new());
    for line in WORDS.lines().filter(|line| !line.starts_with('#')) {
        let (place, word) = line.split_once(' ').unwrap();
        let status = statuses.get(&(place.to_owned(), word.to_owned()));
        let status = status.unwrap_or_else(|| panic!("{line} is in no table"));
        let said = said(place, word);
        assert!(!said.contains("unknown keyword"), "{line}: {said}");
        match status.split([':', ',']).next().unwrap() {
            "yes" => {}
            "nothing to do" => {
                assert_eq!(said, "", "{line}");
                nothing_to_do.push(word);
            }
            "left out" | "refused" | "load balancing" => {
                left_out += 1;
                assert!(said.contains("keepalived would "), "{line}: {said}");
            }
            old => {
                assert!(old.starts_with("old word for "), "{line}: {old}");
                assert!(said.contains("is deprecated"), "{line}: {said}");
            }
        }
    }
    nothing_to_do.sort_unstable();
    assert_eq!(nothing_to_do, NOTHING_TO_DO);
    assert!(left_out > 100, "{left_out}");
}

/// Words within an address, a route or a rule: served, or said to be left out.
#[test]
fn every_word_of_an_address_a_route_and_a_rule_is_known() {
    let addresses = "dev eth1|scope link|label a|brd +|broadcast 10.9.0.255|peer 10.9.0.2|home|-nodad|mngtmpaddr|\
                     noprefixroute|autojoin|no_track|preferred_lft 5|use_vmac|track_group g";
    let routes = "src 10.9.0.1|to 10.8.0.0/24|via 10.9.0.1|gw 10.9.0.1|dev eth1|oif eth1|scope link|table 7|\
                  protocol static|metric 1|priority 1|preference 1|mtu 1400|mtu lock 1400|hoplimit 3|advmss 3|\
                  rtt 3|rttvar 3|reordering 3|window 3|cwnd 3|ssthresh 3|realms 3|rto_min 3|initcwnd 3|initrwnd 3|\
                  features ecn|quickack 1|congctl cubic|pref low|expires 3|encap mpls 3|nexthop via 10.9.0.1|\
                  ttl-propagate enabled|fastopen_no_cookie 1|as to 10.9.0.1|vrf x|from 10.9.0.0/24|tos 4|dsfield 4|\
                  inet|add|append|prepend|onlink|or 10.9.0.1|no_track|track_group g|local|broadcast|anycast|\
                  multicast|nat|blackhole|unreachable|prohibit|throw|unicast";
    let rules = "not|from 10.9.0.0/24|to 10.9.0.0/24|iif eth1|dev eth1|oif eth1|fwmark 3|tos 4|dsfield 4|\
                 preference 3|priority 3|order 3|realms 3|suppress_prefixlength 3|sup_pl 3|suppress_ifgroup 3|\
                 sup_group 3|tunnel-id 3|l3mdev|uidrange 3-4|protocol static|ipproto 6|sport 80|dport 80|inet|\
                 no_track|track_group g|goto 9|nop|type nop|blackhole|lookup 8";
    let table = [
        ("static_ipaddress", "10.9.0.1", "", addresses),
        ("static_routes", "", "10.8.0.0/24", routes),
        ("static_rules", "", "", rules),
    ];
    for (block, before, behind, words) in table {
        for word in words.split('|') {
            let text = format!("{block} {{\n{before} {word} {behind}\n}}\nvrrp_instance VI_1 {{\n{GOOD}}}\n");
            let loaded = load_text("t.conf", text);
            let said = loaded.findings.render(&loaded.source, Style::Plain);
            for unknown in ["is no option", "is neither a word", "is no word", "is neither a number nor"] {
                assert!(!said.contains(unknown), "{block} {word}: {said}");
            }
            assert!(
                !said.contains("not supported") || said.contains("keepalived would "),
                "{block} {word}: {said}"
            );
        }
    }
}
