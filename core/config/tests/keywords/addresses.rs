//! `virtual_ipaddress` and `virtual_ipaddress_excluded`.

use std::net::Ipv4Addr;
use std::time::Duration;

use keepwatch_config::model::{InterfaceName, Lifetime, Place, Scope, VirtualAddress};

use super::{read, try_instance, with_instance};

fn only(entry: &str) -> (Option<VirtualAddress>, Vec<String>) {
    let body = format!(
        "interface eth0\nvirtual_router_id 1\nno_virtual_ipaddress\nvirtual_ipaddress {{\n{entry}\n}}"
    );
    let (instance, said) = try_instance(&body);
    let said = said.into_iter().filter(|line| !line.starts_with("remark")).collect();
    (instance.and_then(|instance| instance.addresses.into_iter().next()), said)
}

fn plain(address: &str, prefix_len: u8) -> VirtualAddress {
    VirtualAddress {
        address: address.parse().unwrap(),
        prefix_len,
        device: None,
        scope: Scope::Global,
        label: None,
        broadcast: None,
        peer: None,
        duplicate_detection: false,
        no_prefix_route: false,
        home: false,
        manage_temporary: false,
        preferred_lifetime: Lifetime::Forever,
        tracked: true,
        place: Place::default(),
    }
}

#[test]
fn every_option_has_its_place_in_the_model() {
    let v4 = plain("10.1.1.30", 24);
    let table = [
        ("10.1.1.30", plain("10.1.1.30", 32)),
        ("10.1.1.30/24", v4.clone()),
        ("10.1.1.30/24 dev eth1", VirtualAddress { device: InterfaceName::new("eth1"), ..v4.clone() }),
        ("10.1.1.30/24 scope link", VirtualAddress { scope: Scope::Link, ..v4.clone() }),
        ("10.1.1.30/24 scope host", VirtualAddress { scope: Scope::Host, ..v4.clone() }),
        ("10.1.1.30/24 scope 200", VirtualAddress { scope: Scope::Site, ..v4.clone() }),
        ("10.1.1.30/24 scope 77", VirtualAddress { scope: Scope::Number(77), ..v4.clone() }),
        ("10.1.1.30/24 label eth0:1", VirtualAddress { label: Some("eth0:1".to_owned()), ..v4.clone() }),
        (
            "10.1.1.30/24 brd 10.1.1.7",
            VirtualAddress { broadcast: Some(Ipv4Addr::new(10, 1, 1, 7)), ..v4.clone() },
        ),
        (
            "10.1.1.30/24 brd +",
            VirtualAddress { broadcast: Some(Ipv4Addr::new(10, 1, 1, 255)), ..v4.clone() },
        ),
        (
            "10.1.1.30/24 broadcast -",
            VirtualAddress { broadcast: Some(Ipv4Addr::new(10, 1, 1, 0)), ..v4.clone() },
        ),
        (
            "10.1.1.30/0 brd +",
            VirtualAddress { prefix_len: 0, broadcast: Some(Ipv4Addr::BROADCAST), ..v4.clone() },
        ),
        ("10.1.1.30/24 noprefixroute", VirtualAddress { no_prefix_route: true, ..v4.clone() }),
        ("10.1.1.30/24 no_track home", VirtualAddress { tracked: false, home: true, ..v4 }),
        (
            "10.1.1.30 peer 10.1.1.31",
            VirtualAddress { peer: Some(("10.1.1.31".parse().unwrap(), 32)), ..plain("10.1.1.30", 32) },
        ),
        ("fd00::1/64", plain("fd00::1", 64)),
        (
            "fd00::1",
            VirtualAddress { preferred_lifetime: Lifetime::For(Duration::ZERO), ..plain("fd00::1", 128) },
        ),
        ("fd00::1 preferred_lft forever", plain("fd00::1", 128)),
        (
            "fd00::1/64 preferred_lft 60 mngtmpaddr",
            VirtualAddress {
                preferred_lifetime: Lifetime::For(Duration::from_secs(60)),
                manage_temporary: true,
                ..plain("fd00::1", 64)
            },
        ),
        ("fd00::1/64 -nodad", VirtualAddress { duplicate_detection: true, ..plain("fd00::1", 64) }),
    ];
    for (entry, expected) in table {
        assert_eq!(only(entry), (Some(expected), vec![]), "{entry}");
    }
}

#[test]
fn what_is_wrong_is_said_and_ends_as_with_keepalived() {
    let kept = |address: &str, prefix_len| Some(plain(address, prefix_len));
    let table = [
        ("10.1.1.300", None, "warning `10.1.1.300` is not an ip address"),
        ("www.example.com", None, "warning `www.example.com` is not an ip address"),
        ("10.1.1.30/33", kept("10.1.1.30", 32), "warning `10.1.1.30/33` has a prefix length that cannot be"),
        ("10.1.1.30/24x", kept("10.1.1.30", 24), "warning `10.1.1.30/24x` is not a plain number"),
        (
            "10.1.1.30/<N>",
            kept("10.1.1.30", 32),
            "warning `10.1.1.30/<n>` has a prefix length that cannot be",
        ),
        ("10.1.1.30/24 eth1", kept("10.1.1.30", 24), "warning `eth1` is no option of an address"),
        ("10.1.1.30/24 dev", None, "warning `dev` needs a value"),
        ("10.1.1.30/24 dev a dev b", None, "warning a second `dev`"),
        ("10.1.1.30/24 dev a/b", None, "error `a/b` cannot be the name of an interface"),
        ("10.1.1.30/24 scope wide", kept("10.1.1.30", 24), "warning `wide` is no scope"),
        ("10.1.1.30/24 label sixteen_letters_", None, "warning the label is too long"),
        ("10.1.1.30 brd x", None, "warning `x` is not an ipv4 address"),
        (
            "10.1.1.30 brd +",
            kept("10.1.1.30", 32),
            "warning a prefix of 32 is too long for a broadcast address",
        ),
        (
            "10.1.1.30 peer fd00::1",
            kept("10.1.1.30", 32),
            "warning `fd00::1` cannot be the peer of this address",
        ),
        (
            "10.1.1.30/24 use_vmac",
            kept("10.1.1.30", 24),
            "warning `use_vmac` is not supported by this version",
        ),
        ("fd00::1/64 brd +", None, "warning ipv6 has no broadcast address"),
        ("fd00::1/64 scope link", kept("fd00::1", 64), "warning an ipv6 address has no scope to set"),
        (
            "10.1.1.30/24 preferred_lft 60",
            kept("10.1.1.30", 24),
            "warning an ipv4 address has no preferred lifetime",
        ),
        ("fd00::1/64 label x", kept("fd00::1", 64), "warning an ipv6 address has no label"),
        (
            "fd00::1/64 preferred_lft x",
            Some(VirtualAddress {
                preferred_lifetime: Lifetime::For(Duration::ZERO),
                ..plain("fd00::1", 64)
            }),
            "warning `x` is not a plain number",
        ),
        ("fd00::1/64 preferred_lft -1", kept("fd00::1", 64), "warning `-1` is no lifetime"),
    ];
    for (entry, address, expected) in table {
        assert_eq!(only(entry), (address, vec![expected.to_owned()]), "{entry}");
    }
}

#[test]
fn excluded_addresses_may_be_of_the_other_family_and_follow_in_the_parameters() {
    let (instance, said) = with_instance("virtual_ipaddress_excluded {\n fd00::9/64\n 10.1.1.30 dev eth1\n}");
    assert!(said.is_empty(), "{said:?}");
    let params = instance.params();
    let addresses: Vec<_> = params.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["10.1.1.30", "fd00::9", "10.1.1.30"]);
    assert_eq!(params.advertised, 1);
    assert_eq!(params.check(), Ok(()));
}

#[test]
fn an_address_counts_once() {
    let table = [
        ("virtual_ipaddress { 10.1.1.30 }", 1, 0),
        (
            "virtual_ipaddress_excluded {\n10.1.1.9\n10.1.1.9\n10.1.1.9 dev eth1\n}\nvirtual_ipaddress { 10.1.1.9 }",
            1,
            2,
        ),
    ];
    for (body, addresses, excluded) in table {
        let (instance, said) = with_instance(body);
        assert_eq!((instance.addresses.len(), instance.excluded.len()), (addresses, excluded), "{body}");
        assert!(said.iter().all(|line| line == "warning this address is there already"), "{said:?}");
    }
}

#[test]
fn addresses_that_do_not_fit_an_advert_become_excluded() {
    for (family, most) in [("10.1", 255), ("fd00:", 89)] {
        let separator = if most == 255 { '.' } else { ':' };
        let list: String =
            (0..300).map(|n| format!("{family}{separator}{}{separator}{}\n", n / 200, n % 200)).collect();
        let list = if most == 255 { list } else { list.replace("fd00::", "fd00::1:") };
        let text = format!(
            "vrrp_instance a {{\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {{\n{list}}}\n}}"
        );
        let (config, said) = read(&text);
        let instance = config.unwrap().instances.into_iter().next().unwrap();
        assert_eq!((instance.addresses.len(), instance.excluded.len()), (most, 300 - most));
        assert!(said.contains(&"warning 300 addresses do not fit an advert".to_owned()), "{said:?}");
        assert_eq!(instance.params().check(), Ok(()));
    }
}

#[test]
fn an_instance_without_addresses() {
    let body = "interface eth0\nvirtual_router_id 1\n";
    assert_eq!(try_instance(body).1, ["warning `vi_1` has no virtual_ipaddress"]);
    assert_eq!(try_instance(&format!("{body}no_virtual_ipaddress")).1, Vec::<String>::new());
    assert_eq!(try_instance(&format!("{body}version 3")).1, ["error `vi_1` has no virtual_ipaddress"]);
    assert_eq!(try_instance(&format!("{body}version 3\nno_virtual_ipaddress")).1, Vec::<String>::new());
}
