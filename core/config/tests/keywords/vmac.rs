//! `use_vmac`, `vmac_xmit_base` and `vmac_prefix`.

use keepwatch_config::model::{VirtualMac, VmacAdverts};

use super::{GOOD, read, try_instance, with_instance};

/// `NAME MAC`, and ` base` if adverts come from the base's MAC.
fn shown(vmac: &VirtualMac) -> String {
    let base = if vmac.adverts == VmacAdverts::FromBase { " base" } else { "" };
    format!("{} {}{base}", vmac.interface, vmac.mac)
}

fn only(body: &str) -> (Option<String>, Vec<String>) {
    let (instance, said) = with_instance(body);
    (instance.vmac().map(shown), said)
}

#[test]
fn what_use_vmac_may_say() {
    let default = "vrrp.51 00:00:5e:00:01:33";
    let base = format!("{default} base");
    let table: [(&str, Option<&str>, &[&str]); 24] = [
        ("", None, &[]),
        ("use_vmac", Some(default), &[]),
        ("use_vmac vip0", Some("vip0 00:00:5e:00:01:33"), &[]),
        ("use_vmac name group", Some("group 00:00:5e:00:01:33"), &[]),
        ("use_vmac vip0 02:00:00:00:00:aB", Some("vip0 02:00:00:00:00:ab"), &[]),
        ("use_vmac 02:00:00:00:00:ab vip0", Some("vip0 02:00:00:00:00:ab"), &[]),
        ("use_vmac 2:0:0:0:77", Some("vrrp.51 02:00:00:00:77:33"), &[]),
        ("use_vmac 02:00:00:00:77:", Some("vrrp.51 02:00:00:00:77:33"), &[]),
        ("use_vmac\nvmac_xmit_base", Some(&base), &[]),
        ("vmac_xmit_base", None, &["warning `vmac_xmit_base` without `use_vmac`"]),
        (
            "use_vmac sixteen_letters_",
            Some(default),
            &["warning `sixteen_letters_` cannot be the name of an interface"],
        ),
        ("use_vmac a/b", Some(default), &["warning `a/b` cannot be the name of an interface"]),
        ("use_vmac a b", Some("a 00:00:5e:00:01:33"), &["warning `use_vmac` has a name already"]),
        ("use_vmac eth0", Some(default), &["warning an interface `eth0` is there already"]),
        ("use_vmac name", Some(default), &["warning `name` needs a value"]),
        ("use_vmac 02:00:00:00:00", Some("vrrp.51 02:00:00:00:00:33"), &[]),
        ("use_vmac 02:00:00:00", Some(default), &["warning `02:00:00:00` is not a mac"]),
        ("use_vmac 02:00:00:00:00:123", Some(default), &["warning `02:00:00:00:00:123` is not a mac"]),
        ("use_vmac 02:00:00:00:00:zz", Some(default), &["warning `02:00:00:00:00:zz` is not a mac"]),
        ("use_vmac 03:00:00:00:00:01", Some(default), &["warning `03:00:00:00:00:01` is a multicast mac"]),
        (
            "use_vmac 00:00:5e:00:01:07",
            Some(default),
            &["warning `00:00:5e:00:01:07` is a virtual router's mac"],
        ),
        (
            "use_vmac 02:0:0:0:1 02:0:0:0:2",
            Some("vrrp.51 02:00:00:00:01:33"),
            &["warning `use_vmac` has a mac already"],
        ),
        (
            "use_vmac netlink_notify_msg vip0",
            Some("vip0 00:00:5e:00:01:33"),
            &["warning `netlink_notify_msg` is not supported by this version"],
        ),
        (
            "use_vmac group 7 vip0",
            Some("vip0 00:00:5e:00:01:33"),
            &["warning `group` is not supported by this version"],
        ),
    ];
    for (body, vmac, expected) in table {
        let (found, said) = only(body);
        assert_eq!(found.as_deref(), vmac, "{body}");
        assert_eq!(said, expected, "{body}");
    }
}

#[test]
fn ipv6_has_another_mac() {
    let body = "interface eth0\nvirtual_router_id 51\nuse_vmac\nvirtual_ipaddress {\n fe80::30\n}\n";
    let (instance, said) = try_instance(body);
    assert_eq!(instance.unwrap().vmac().map(shown).as_deref(), Some("vrrp.51 00:00:5e:00:02:33"));
    assert!(said.is_empty(), "{said:?}");
}

#[test]
fn unicast_leaves_from_the_base() {
    let peer = "unicast_peer {\n 10.1.1.20\n}\n";
    let needs = "warning unicast with `use_vmac` needs `vmac_xmit_base`";
    let expected = Some("vrrp.51 00:00:5e:00:01:33 base".to_owned());
    assert_eq!(only(&format!("use_vmac\n{peer}")), (expected.clone(), vec![needs.to_owned()]));
    assert_eq!(only(&format!("use_vmac\nvmac_xmit_base\n{peer}")), (expected, vec![]));
}

#[test]
fn strict_forbids_what_the_rfc_does_not_have() {
    let (vmac, said) = only("strict_mode\nuse_vmac 02:00:00:00:00\nvmac_xmit_base");
    assert_eq!(vmac.as_deref(), Some("vrrp.51 00:00:5e:00:01:33"));
    let expected = [
        "remark the virtual addresses of `vi_1` will answer nobody",
        "warning `vrrp_strict` forbids a mac of one's own",
        "warning `vrrp_strict` forbids `vmac_xmit_base`",
    ];
    assert_eq!(said, expected);
}

/// Instances `A`, `B`, ... with these bodies.
fn instances(globals: &str, bodies: &[&str]) -> (Option<Vec<String>>, Vec<String>) {
    let blocks =
        bodies.iter().zip('A'..).map(|(body, name)| format!("vrrp_instance {name} {{\n{body}\n}}\n"));
    let (config, said) = read(&format!("{globals}{}", blocks.collect::<String>()));
    let names = |config: keepwatch_config::Config| {
        config.instances.iter().filter_map(|instance| instance.vmac().map(shown)).collect()
    };
    (config.map(names), said)
}

/// As keepalived 2.2.7 and 2.4.3 name them.
#[test]
fn names_that_nobody_gave() {
    let v4 = format!("use_vmac\n{GOOD}");
    let v6 = v4.replace("10.1.1.30", "fe80::30");
    let elsewhere = v4.replace("eth0", "eth1");
    let (vmacs, said) = instances("", &[&v4, &v6, &elsewhere]);
    assert_eq!(said, Vec::<String>::new());
    let expected = ["vrrp.51 00:00:5e:00:01:33", "vrrp6.51 00:00:5e:00:02:33", "vrrp1.51 00:00:5e:00:01:33"];
    assert_eq!(vmacs.unwrap(), expected);

    let named = elsewhere.replace("use_vmac", "use_vmac vrrp.51");
    let (vmacs, said) = instances("", &[&v4, &named, &named.replace("eth1", "eth2")]);
    assert_eq!(said, ["warning an interface `vrrp.51` is there already"]);
    let expected = ["vrrp1.51 00:00:5e:00:01:33", "vrrp.51 00:00:5e:00:01:33", "vrrp2.51 00:00:5e:00:01:33"];
    assert_eq!(vmacs.unwrap(), expected);
}

#[test]
fn a_prefix_for_names() {
    let v4 = format!("use_vmac\n{GOOD}");
    let with = |prefix: &str| instances(&format!("global_defs {{\n{prefix}\n}}\n"), &[&v4]);
    let table = [
        ("vmac_prefix vip", "vip.51 00:00:5e:00:01:33", ""),
        ("vmac_prefix a_very_long_prefix", "a_very_long_.51 00:00:5e:00:01:33", ""),
        ("vmac_prefix a\nvmac_prefix b", "a.51 00:00:5e:00:01:33", "warning `vmac_prefix` is there already"),
    ];
    for (body, vmac, expected) in table {
        let (vmacs, said) = with(body);
        assert_eq!(vmacs.unwrap(), [vmac], "{body}");
        assert_eq!(said.join(""), expected, "{body}");
    }
    assert_eq!(with("vmac_prefix a/b").1, ["error `a/b` cannot begin the name of an interface"]);
}

#[test]
fn one_mac_stands_once_on_an_interface() {
    let own = format!("use_vmac 02:00:00:00:00:07\n{GOOD}");
    let second =
        own.replace("virtual_router_id 51", "virtual_router_id 52").replace("10.1.1.30", "10.1.1.31");
    let (vmacs, said) = instances("", &[&own, &second]);
    assert_eq!(vmacs, None);
    assert_eq!(said, ["error the virtual mac 02:00:00:00:00:07 is used twice on eth0"]);
    let (vmacs, said) = instances("", &[&own, &second.replace("eth0", "eth1")]);
    assert_eq!((vmacs.map(|vmacs| vmacs.len()), said), (Some(2), vec![]));
}
