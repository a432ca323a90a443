//! What the switch knows, how it treats multicast, and several networks.

use std::time::Duration;

use keepwatch_lab::{Capture, Lan, Prober, Querier};
use keepwatch_system::IpFamily;
use keepwatch_vrrp::MacAddress;
use libtest_mimic::Failed;

use crate::support::{Adverts, Bystander, announce, ensure, ip, is_lost, passes, wait};
use crate::{Case, IP};

pub(crate) const CASES: &[Case] = &[
    Case { name: "switch::learns_where_an_address_is", needs: None, run: learns_where_an_address_is },
    Case { name: "switch::snoops_as_it_is_told", needs: Some(IP), run: snoops_as_it_is_told },
    Case { name: "switch::memberships_lapse_in_silence", needs: None, run: memberships_lapse_in_silence },
    Case {
        name: "switch::memberships_last_with_a_querier",
        needs: None,
        run: memberships_last_with_a_querier,
    },
    Case { name: "switch::all_ports_without_a_querier", needs: None, run: all_ports_without_a_querier },
    Case { name: "switch::two_networks", needs: None, run: two_networks },
    Case { name: "switch::programs", needs: Some(IP), run: programs },
];

fn learns_where_an_address_is() -> Result<(), Failed> {
    let lan = Lan::new(2)?;
    let mac = MacAddress([0, 0, 0x5e, 0, 1, 51]);
    ensure(lan.ports_of(mac)?.is_empty(), || format!("{:?}", lan.ports_of(mac)))?;
    for host in [&lan.hosts[0], &lan.hosts[1], &lan.hosts[0]] {
        announce(host, mac, host.address)?;
        wait(&host.name, || lan.ports_of(mac).is_ok_and(|ports| ports == [host.name.as_str()]))?;
    }
    Ok(())
}

fn snoops_as_it_is_told() -> Result<(), Failed> {
    let lan = Lan::new(1)?;
    let membership = Duration::from_secs(6);
    for (querier, expected) in [
        (Querier::Present { membership }, ["mcast_querier 1", "mcast_query_interval 200"]),
        (Querier::Absent { membership }, ["mcast_querier 0", "mcast_query_interval 200"]),
        (Querier::Silent { membership }, ["mcast_querier 1", "mcast_startup_query_count 1"]),
    ] {
        lan.snoop(querier)?;
        let options = lan.run_on_switch("ip", "-details link show br0")?;
        let always =
            ["mcast_snooping 1", "mcast_membership_interval 600", "mcast_query_response_interval 100"];
        for option in always.into_iter().chain(expected) {
            ensure(options.contains(&format!("{option} ")), || {
                format!("{querier:?}: no {option} in {options}")
            })?;
        }
    }
    Ok(())
}

/// Once the membership has lapsed nobody hears the group, but for IPv4's, which goes everywhere.
fn memberships_lapse_in_silence() -> Result<(), Failed> {
    let lan = Lan::new(2)?;
    let [h1, h2] = &lan.hosts[..] else { return Err("two hosts".into()) };
    let sender = Adverts::open(h1, IpFamily::V6)?;
    let (mut member, mut member_v4) = (Adverts::open(h2, IpFamily::V6)?, Adverts::open(h2, IpFamily::V4)?);
    lan.snoop(Querier::Silent { membership: Duration::from_secs(2) })?;
    passes(&sender, &mut member)?;
    wait("the membership to lapse", || is_lost(&sender, &mut member).is_ok_and(|is_lost| is_lost))?;
    passes(&Adverts::open(h1, IpFamily::V4)?, &mut member_v4)?;
    // A host that joins anew is heard of.
    drop(member);
    passes(&sender, &mut Adverts::open(h2, IpFamily::V6)?)
}

/// Members go on hearing the group, and others do not hear it.
fn memberships_last_with_a_querier() -> Result<(), Failed> {
    let lan = Lan::new(2)?;
    let [h1, h2] = &lan.hosts[..] else { return Err("two hosts".into()) };
    let sender = Adverts::open(h1, IpFamily::V6)?;
    let mut member = Adverts::open(h2, IpFamily::V6)?;
    let membership = Duration::from_secs(3);
    lan.snoop(Querier::Present { membership })?;
    std::thread::sleep(membership * 2);
    let mut bystander = Bystander::open(&lan.client)?;
    passes(&sender, &mut member)?;
    // The same bridge has dealt with the advert that came through: had it gone here, it would be here by now.
    ensure(!bystander.heard_an_advert(), || "an advert came to a port without members".to_owned())
}

/// A Linux bridge that knows of no querier sends a group everywhere.
fn all_ports_without_a_querier() -> Result<(), Failed> {
    let lan = Lan::new(2)?;
    let [h1, h2] = &lan.hosts[..] else { return Err("two hosts".into()) };
    let sender = Adverts::open(h1, IpFamily::V6)?;
    let mut member = Adverts::open(h2, IpFamily::V6)?;
    let membership = Duration::from_secs(1);
    lan.snoop(Querier::Absent { membership })?;
    std::thread::sleep(membership * 2);
    let mut bystander = Bystander::open(&lan.client)?;
    passes(&sender, &mut member)?;
    wait("the client to hear it, too", || bystander.heard_an_advert())
}

fn two_networks() -> Result<(), Failed> {
    let lan = Lan::new_with_networks(2, 2)?;
    let h1 = &lan.hosts[0];
    for address in ["10.1.2.10", "fd00:2::10"] {
        ensure(h1.has_on("eth1", ip(address)), || format!("h1 lacks {address}"))?;
        ensure(!h1.has(ip(address)) && !h1.has_on("eth2", ip(address)), || format!("{address} elsewhere"))?;
    }
    ensure(h1.has(ip("10.1.1.10")) && h1.has_on("eth0", ip("10.1.1.10")), || {
        "h1 lacks 10.1.1.10".to_owned()
    })?;
    let first = Capture::start(&lan.client)?;
    for address in ["10.1.2.20", "fd00:2::20", "10.1.1.20", "fd00:1::20"] {
        let prober = Prober::start(&lan.client, ip(address), Duration::from_millis(5))?;
        wait(address, || prober.probes().answered() > 10)?;
        let on_first = !first.neighbours_used(ip(address)).is_empty();
        ensure(on_first == (address.contains("1.20") || address.contains(":1:")), || {
            format!("{address} on eth0")
        })?;
    }
    // A pulled cable of the first leaves the second alone.
    lan.hosts[1].pull_cable()?;
    let prober = Prober::start(&lan.client, ip("10.1.2.20"), Duration::from_millis(5))?;
    wait("answers", || prober.probes().answered() > 10)
}

fn programs() -> Result<(), Failed> {
    let lan = Lan::new(1)?;
    let shown = lan.hosts[0].run("ip", "-4 address show dev eth0")?;
    ensure(shown.contains("inet 10.1.1.10/24"), || shown)?;
    let shown = lan.run_on_switch("ip", "link show master br0")?;
    ensure(shown.contains("h1@") && shown.contains("client@"), || shown)?;
    let error = lan.hosts[0].run("ip", "link show dev nothing").err().ok_or("there is no such interface")?;
    ensure(error.to_string().contains("\"nothing\" does not exist"), || error.to_string())?;
    let error = lan.hosts[0].run("no-such-program", "").err().ok_or("there is no such program")?;
    ensure(error.to_string().starts_with("cannot run no-such-program"), || error.to_string())
}
