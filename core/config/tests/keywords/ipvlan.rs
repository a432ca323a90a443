//! `use_ipvlan`.

use keepwatch_config::model::{Instance, Ipvlan};

use super::{GOOD, read, try_instance, with_instance};

/// `NAME ADDRESS MODE`
fn shown(ipvlan: &Ipvlan) -> String {
    let address = ipvlan.address.map_or_else(|| "-".to_owned(), |(address, len)| format!("{address}/{len}"));
    format!("{} {address} {}", ipvlan.interface, ipvlan.mode)
}

fn of(instance: &Instance) -> Option<String> {
    instance.ipvlan().map(shown)
}

#[test]
fn what_use_ipvlan_may_say() {
    let default = "vrrp.51 10.1.1.11/32 bridge";
    let table: [(&str, &str, &[&str]); 15] = [
        ("use_ipvlan 10.1.1.11", default, &[]),
        ("use_ipvlan 10.1.1.11/24", "vrrp.51 10.1.1.11/24 bridge", &[]),
        ("use_ipvlan ipv0 10.1.1.11/24 private", "ipv0 10.1.1.11/24 private", &[]),
        ("use_ipvlan vepa 10.1.1.11 ipv0", "ipv0 10.1.1.11/32 vepa", &[]),
        ("use_ipvlan name bridge 10.1.1.11", "bridge 10.1.1.11/32 bridge", &[]),
        ("use_ipvlan 10.1.1.11 bridge vepa", default, &["warning `use_ipvlan` has a mode already"]),
        ("use_ipvlan 10.1.1.11 10.1.1.12", default, &["warning `use_ipvlan` has an address already"]),
        ("use_ipvlan a 10.1.1.11 b", "a 10.1.1.11/32 bridge", &["warning `use_ipvlan` has a name already"]),
        (
            "use_ipvlan 10.1.1.11 sixteen_letters_",
            default,
            &["warning `sixteen_letters_` cannot be the name of an interface"],
        ),
        ("use_ipvlan eth0 10.1.1.11", default, &["warning an interface `eth0` is there already"]),
        ("use_ipvlan 10.1.1.11 name", default, &["warning `name` needs a value"]),
        (
            "use_ipvlan 10.1.1.11 group 7 ipv0",
            "ipv0 10.1.1.11/32 bridge",
            &["warning `group` is not supported by this version"],
        ),
        ("use_ipvlan 10.1.1.11 fe80::11", default, &["warning `use_ipvlan` has an address already"]),
        ("use_ipvlan 10.1.1.11\nuse_ipvlan 10.1.1.12", default, &["warning `use_ipvlan` is there already"]),
        ("use_ipvlan 10.1.1.11\nvmac_xmit_base", default, &["warning `vmac_xmit_base` without `use_vmac`"]),
    ];
    for (body, ipvlan, expected) in table {
        let (instance, said) = with_instance(body);
        assert_eq!(of(&instance).as_deref(), Some(ipvlan), "{body}");
        assert_eq!(said, expected, "{body}");
    }
}

#[test]
fn what_cannot_be() {
    let table = [
        ("use_ipvlan", "error `use_ipvlan` needs an address with ipv4"),
        ("use_ipvlan 10.1.1.11/33", "error `10.1.1.11/33` has a prefix length that cannot be"),
        ("use_ipvlan 10.1.1.11\nuse_vmac", "error `use_ipvlan` does not go with `use_vmac`"),
    ];
    for (body, expected) in table {
        let (instance, said) = try_instance(&format!("{body}\n{GOOD}"));
        assert!(instance.is_none(), "{body}");
        assert_eq!(said.first().map(String::as_str), Some(expected), "{body}: {said:?}");
    }
}

/// The address decides the family if nothing has yet, as keepalived's order of lines has it; IPv6 needs none.
#[test]
fn families() {
    let v6 = GOOD.replace("10.1.1.30", "fe80::30");
    let of = |body: &str| try_instance(body).0.as_ref().and_then(of);
    assert_eq!(of(&format!("use_ipvlan\n{v6}")).as_deref(), Some("vrrp.51 - bridge"));
    assert_eq!(of(&format!("use_ipvlan fe80::11/64\n{v6}")).as_deref(), Some("vrrp.51 fe80::11/64 bridge"));
    let (instance, said) = try_instance(&format!("{v6}use_ipvlan 10.1.1.11"));
    assert_eq!(
        instance.as_ref().and_then(|instance| instance.ipvlan().map(shown)).as_deref(),
        Some("vrrp.51 - bridge")
    );
    assert_eq!(said, ["warning `10.1.1.11` is not of the instance's family"]);
    let (_, said) = try_instance(&format!("use_ipvlan fe80::11\n{GOOD}no_virtual_ipaddress"));
    assert_eq!(said, ["warning an address is not of the instance's family"]);
}

/// Adverts come from its address unless another one is named.
#[test]
fn the_source_of_adverts() {
    let source = |body: &str| with_instance(body).0.configured_source().map(|source| source.to_string());
    assert_eq!(source("use_ipvlan 10.1.1.11").as_deref(), Some("10.1.1.11"));
    assert_eq!(source("use_ipvlan 10.1.1.11\nmcast_src_ip 10.1.1.9").as_deref(), Some("10.1.1.9"));
    assert_eq!(with_instance("use_ipvlan 10.1.1.11\ntrack_src_ip").1, Vec::<String>::new());
}

/// What the kernel does not let stand on one interface.
#[test]
fn beside_others() {
    let with = |number: u8, own: &str, interface: &str| {
        format!(
            "vrrp_instance VI_{number} {{\ninterface {interface}\nvirtual_router_id {number}\n{own}\n\
             virtual_ipaddress {{\n 10.1.{number}.1\n}}\n}}\n"
        )
    };
    let said = |own: [&str; 2], second: &str| {
        read(&format!("{}{}", with(1, own[0], "eth0"), with(2, own[1], second))).1
    };
    let mixed = "error `use_vmac` and `use_ipvlan` on one interface, eth0";
    assert_eq!(said(["use_vmac", "use_ipvlan 10.1.1.11"], "eth0"), [mixed]);
    assert_eq!(said(["use_ipvlan 10.1.1.11", "use_vmac"], "eth0"), [mixed]);
    assert_eq!(said(["use_ipvlan 10.1.1.11", "use_vmac"], "eth1"), Vec::<String>::new());
    let modes = ["use_ipvlan 10.1.1.11", "use_ipvlan 10.1.1.12 private"];
    assert_eq!(said(modes, "eth0"), ["warning the ipvlans on eth0 have one mode"]);
    assert_eq!(said(modes, "eth1"), Vec::<String>::new());
    assert_eq!(
        said(["use_ipvlan a 10.1.1.11", "use_ipvlan a 10.1.1.12"], "eth0"),
        ["warning an interface `a` is there already"]
    );
}
