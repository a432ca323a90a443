//! Each keyword alone, with the literal value it gives the model and what is said about it.

#![allow(clippy::panic, clippy::type_complexity, clippy::unwrap_used)]

mod addresses;
mod announce;
mod every;
mod globals;
mod groups;
mod instance;
mod ipvlan;
mod routing;
mod scripts;
mod trackers;
mod vmac;

use keepwatch_config::model::Instance;
use keepwatch_config::{Config, Findings, load_text};

const GOOD: &str = "interface eth0\nvirtual_router_id 51\nvirtual_ipaddress {\n 10.1.1.30\n}\n";

/// The findings as `severity message`; those about what this version does not do yet are left out.
fn said(findings: &Findings) -> Vec<String> {
    let not_yet = |message: &str| message.contains(" in this version: ");
    let shown = findings.iter().filter(|finding| !not_yet(&finding.message));
    shown.map(|finding| format!("{:?} {}", finding.severity, finding.message).to_lowercase()).collect()
}

fn read(text: &str) -> (Option<Config>, Vec<String>) {
    let loaded = load_text("t.conf", text);
    (loaded.config, said(&loaded.findings))
}

/// A configuration whose global_defs hold `body`, with one plain instance.
fn with_globals(body: &str) -> (Config, Vec<String>) {
    let text = format!("global_defs {{\n{body}\n}}\nvrrp_instance VI_1 {{\n{GOOD}}}\n");
    let (config, said) = read(&text);
    (config.unwrap_or_else(|| panic!("{said:?}")), said)
}

/// A plain instance with `body` before the rest.
fn with_instance(body: &str) -> (Instance, Vec<String>) {
    let (instance, said) = try_instance(&format!("{body}\n{GOOD}"));
    (instance.unwrap_or_else(|| panic!("{said:?}")), said)
}

/// An instance with just `body`.
fn try_instance(body: &str) -> (Option<Instance>, Vec<String>) {
    let (config, said) = read(&format!("vrrp_instance VI_1 {{\n{body}\n}}\n"));
    (config.and_then(|config| config.instances.into_iter().next()), said)
}

#[test]
fn unknown_unsupported_deprecated_and_refused_are_told_apart() {
    let table = [
        ("prioritee 7", "warning unknown keyword `prioritee`"),
        ("use_vmac_addr", "warning `use_vmac_addr` is not supported by this version"),
        (
            "owner_ignore_adverts off\nowner_ignore_adverts",
            "warning `owner_ignore_adverts` is not supported by this version",
        ),
        ("vmac_garp_intvl 3", "warning `vmac_garp_intvl` is deprecated"),
        ("auth_hmac {\n key 1 x\n}", "error `auth_hmac` is not supported by this version"),
        ("priority {\n}", "error `priority` has no block"),
        ("track_script", "error `track_script` needs a block"),
        ("track_interface {\n eth1 {\n }\n}", "error an entry of `track_interface` has no block"),
    ];
    for (body, expected) in table {
        assert_eq!(try_instance(&format!("{GOOD}{body}")).1, [expected], "{body}");
    }
    assert_eq!(with_instance("accept").1, Vec::<String>::new());
    for ignored in ["debug 1", "skip_check_adv_addr", "kernel_rx_buf_size 1000"] {
        let word = ignored.split(' ').next().unwrap();
        let expected = format!("remark `{word}` is not supported by this version");
        assert_eq!(with_instance(ignored).1, [expected], "{ignored}");
    }
}

#[test]
fn at_the_root() {
    let good = format!("vrrp_instance VI_1 {{\n{GOOD}}}\n");
    let table = [
        ("net_namespace a/b", "error `a/b` cannot be the name of a network namespace"),
        ("net_namespace blue\nnet_namespace red", "warning `net_namespace` is there already"),
        ("static_routes {\n x\n}", "warning `x` is neither a word of a route nor a network"),
        ("track_group g {\n x\n}", "warning `track_group` is not supported by this version"),
        ("track_file f {\n file /x\n}", "warning nothing tracks the track file `f`"),
        ("vrrp_instance a b {\n}", "warning `vrrp_instance` needs one name"),
        ("vrrp_sync_group {\n}", "warning `vrrp_sync_group` needs one name"),
        ("vrrp_script {\n}", "error `vrrp_script` needs a value"),
        ("}", "warning this `}` closes nothing"),
        ("priority 7", "warning unknown keyword `priority`"),
    ];
    for (text, expected) in table {
        assert_eq!(read(&format!("{good}{text}")).1, [expected], "{text}");
    }
    for ignored in ["instance x", "use_pid_dir", "child_wait_time 3"] {
        let word = ignored.split(' ').next().unwrap();
        let expected = format!("remark `{word}` is not supported by this version");
        assert_eq!(read(&format!("{good}{ignored}")).1, [expected], "{ignored}");
    }
}

/// keepalived runs with any of these, and does nothing. What may get instances later, or has addresses of its own, runs here,
/// too; what would do nothing but be mistaken for something does not.
#[test]
fn a_file_may_be_without_an_instance_but_not_without_anything() {
    let without = "warning there is no instance, and so no address";
    let table: &[(&str, &[&str])] = &[
        ("global_defs {\n router_id lb1\n}\n", &[without]),
        ("static_ipaddress {\n 10.9.0.1/24 dev eth0\n}\n", &[without]),
        ("vrrp_script s {\n script /bin/true\n}\n", &["warning nothing tracks the script `s`", without]),
        ("$NAME=lb1\n", &[without]),
        ("", &["error there is nothing in this file"]),
        ("# vrrp_instance VI_1 {\n# }\n", &["error there is nothing in this file"]),
        (
            "virtual_server 10.1.1.30 80 {\n lb_algo rr\n}\n",
            &["warning load balancing (ipvs) is not part of keepwatch", "error there is no vrrp_instance"],
        ),
        ("lvs_id x\n", &["warning unknown keyword `lvs_id`", "error there is no vrrp_instance"]),
        (
            "global_defs {\n}\nvrrp_instanc VI_1 {\n}\n",
            &["warning unknown keyword `vrrp_instanc`", "error there is no vrrp_instance"],
        ),
        (
            "global_defs {\n}\nvrrp_instance {\n}\n",
            &["error there is no vrrp_instance", "warning `vrrp_instance` needs one name"],
        ),
    ];
    for (text, expected) in table {
        let (config, said) = read(text);
        assert_eq!(said, *expected, "{text}");
        let is_one = said.iter().all(|line| !line.starts_with("error"));
        assert_eq!(config.map(|config| config.instances.len()), is_one.then_some(0), "{text}");
    }
}

#[test]
fn after_a_hundred_unknown_keywords_the_rest_is_counted() {
    let body: String = (0..105).map(|index| format!("unheard_of_{index}\n")).collect();
    let (_, said) = with_instance(&body);
    assert_eq!(said.len(), 101);
    assert_eq!(said.last().unwrap(), "warning 5 more unknown keywords are not shown");
}
