//! Instances and groups as tables.

use keepwatch_vrrp::{
    AdvertInterval, Destination, Family, HigherAdverts, LinkTracking, LowerAdverts, MacAddress, Preemption,
    Priority, SourceCheck, Start, TrackWeight, UnicastPeer, Version,
};

use super::document::Table;
use super::list::Item;
use super::{Loss, announcing, routing, value};
use crate::model::{
    Config, Deleted, Instance, IpvlanMode, Lifetime, Notify, OwnInterface, Scope, SyncGroup, TrackCheck,
    TrackInterface, VirtualAddress, VmacAdverts,
};
use crate::similar::shown;

/// `[instance.NAME]`
pub(super) fn table(instance: &Instance, config: &Config, losses: &mut Vec<Loss>) -> Table {
    // Spelt out: what is added to an instance has to be converted, too.
    let Instance {
        name,
        interface,
        own_interface,
        vrid,
        version,
        family,
        priority,
        interval,
        missed_adverts,
        start,
        meant: _,
        preemption,
        password,
        checksum_as_v2,
        destination,
        source,
        tracks_source,
        promotes_secondaries,
        accepts,
        lower_adverts,
        higher_adverts,
        stop_mode: _,
        link_tracking,
        addresses,
        excluded,
        routing: ways,
        announce,
        track_interfaces,
        track_checks,
        notify,
        mail_alert: _,
        place: _,
    } = instance;
    let mut table = Table::new("instance", name, "vrrp_instance", name);
    table.set("interface", "interface", value::text(interface.as_str()));
    table.set("virtual_router_id", "virtual_router_id", vrid.to_string());
    match *priority {
        Priority::DEFAULT => table.set_default("priority", "priority", priority.to_string()),
        _ => table.set("priority", "priority", priority.to_string()),
    }
    // It goes without saying that an owner does not listen first.
    if priority.is_owner() && *start == Start::Listening {
        table.set("state", "state", value::text("BACKUP"));
    }
    if *version == Version::V2 {
        table.set("version", "version", "2".to_owned());
    }
    let written = value::duration(interval.duration());
    match *interval {
        AdvertInterval::DEFAULT => table.set_default("advert_interval", "advert_int", written),
        _ => table.set("advert_interval", "advert_int", written),
    }
    let list = |of: &[VirtualAddress]| of.iter().map(virtual_address).collect();
    table.set_list("virtual_addresses", "virtual_ipaddress", list(addresses));
    if !excluded.is_empty() {
        table.set_list("virtual_addresses_excluded", "virtual_ipaddress_excluded", list(excluded));
    }
    routing::write(ways, &mut table);
    match preemption {
        Preemption::Immediate => {}
        Preemption::Never => table.set("nopreempt", "nopreempt", "true".to_owned()),
        Preemption::After(delay) => table.set("preempt_delay", "preempt_delay", value::duration(*delay)),
    }
    if *missed_adverts != 3 {
        table.set("down_timer_adverts", "down_timer_adverts", missed_adverts.to_string());
    }
    if let Some(password) = password {
        let octets: Vec<u8> = password.0.iter().copied().take_while(|octet| *octet != 0).collect();
        match String::from_utf8(octets) {
            Ok(text) => table.set("auth_pass", "authentication", value::text(&text)),
            Err(_) => losses.push(Loss {
                what: format!(
                    "the password of {}: its 8 octets end within a character, which `auth_pass` cannot; write it into a file, \
                     and `auth_pass_file`",
                    shown(name)
                ),
                block: ("vrrp_instance", name.clone()),
                keyword: "authentication",
            }),
        }
    }
    if let Some(source) = source {
        table.set("source", "unicast_src_ip", value::text(&source.to_string()));
    }
    // Its addresses say of which family it is; without any, whom it speaks with.
    let implied = addresses.first().map_or(Family::V4, |address| Family::of(address.address));
    write_destination(destination, implied, &mut table);
    match own_interface {
        Some(OwnInterface::VirtualMac(vmac)) => {
            let mut entries = vec![("name", value::text(vmac.interface.as_str()))];
            if vmac.mac != MacAddress::of_virtual_router(*family, *vrid) {
                entries.push(("mac", value::text(&vmac.mac.to_string())));
            }
            if vmac.adverts == VmacAdverts::FromBase {
                entries.push(("adverts", value::text("interface")));
            }
            table.set("use_vmac", "use_vmac", value::inline(&entries));
        }
        Some(OwnInterface::Ipvlan(ipvlan)) => {
            let mut entries = vec![("name", value::text(ipvlan.interface.as_str()))];
            if let Some((address, prefix_len)) = ipvlan.address {
                entries.push(("address", value::text(&format!("{address}/{prefix_len}"))));
            }
            if ipvlan.mode != IpvlanMode::default() {
                entries.push(("mode", value::text(&ipvlan.mode.to_string())));
            }
            table.set("use_ipvlan", "use_ipvlan", value::inline(&entries));
        }
        None => {}
    }
    let switches = [
        ("dont_track_primary", *link_tracking == LinkTracking::Ignored),
        ("v3_checksum_as_v2", *checksum_as_v2),
        ("lower_prio_no_advert", *lower_adverts == LowerAdverts::Ignore),
        ("track_src_ip", *tracks_source),
        ("promote_secondaries", *promotes_secondaries),
        ("higher_prio_send_advert", *higher_adverts == HigherAdverts::AnswerAndYield),
    ];
    for (key, _) in switches.into_iter().filter(|(_, is_on)| *is_on) {
        table.set(key, key, "true".to_owned());
    }
    if !accepts {
        table.set("accept", "no_accept", "false".to_owned());
    }
    announcing::write(announce, &mut table);
    let group = config.groups.iter().find(|group| group.members.contains(name));
    // What the group tracks stands there.
    let of_group = |track: &TrackCheck| group.is_some_and(|group| group.track_checks.contains(track));
    let of_group_too =
        |track: &TrackInterface| group.is_some_and(|group| group.track_interfaces.contains(track));
    let checks = track_checks.iter().filter(|track| !of_group(track));
    let interfaces = track_interfaces.iter().filter(|track| !of_group_too(track));
    write_tracks(checks, interfaces, config, &mut table);
    write_notify(notify, config, &mut table);
    table
}

/// `[group.NAME]`
pub(super) fn group_table(group: &SyncGroup, config: &Config) -> Table {
    let SyncGroup { name, members, track_interfaces, track_checks, notify, mail_alert: _ } = group;
    let mut table = Table::new("group", name, "vrrp_sync_group", name);
    table.set_list("members", "group", members.iter().map(|member| Item::text(member)).collect());
    write_tracks(track_checks.iter(), track_interfaces.iter(), config, &mut table);
    let moves = |weight: &TrackWeight| matches!(weight, TrackWeight::Adjust { .. });
    let has_own = config.instances.iter().filter(|instance| members.contains(&instance.name)).any(|member| {
        let mut checks = member.track_checks.iter().filter(|track| !track_checks.contains(track));
        let mut interfaces = member.track_interfaces.iter().filter(|track| !track_interfaces.contains(track));
        checks.any(|track| moves(&track.weight)) || interfaces.any(|track| moves(&track.weight))
    });
    if has_own {
        table.set("sync_group_tracking_weight", "sync_group_tracking_weight", "true".to_owned());
    }
    write_notify(notify, config, &mut table);
    table
}

fn write_destination(destination: &Destination, implied: Family, table: &mut Table) {
    match destination {
        Destination::Multicast { group } => {
            let default = if implied == Family::V6 { "ff02::12" } else { "224.0.0.18" };
            if group.to_string() != default {
                table.set("mcast_dst_ip", "mcast_dst_ip", value::text(&group.to_string()));
            }
        }
        Destination::Unicast { peers, ttl, source_check } => {
            table.set_list("unicast_peer", "unicast_peer", peers.iter().map(peer).collect());
            if *ttl != 255 {
                table.set("unicast_ttl", "unicast_ttl", ttl.to_string());
            }
            if *source_check == SourceCheck::Peers {
                table.set("check_unicast_src", "check_unicast_src", "true".to_owned());
            }
        }
    }
}

/// An entry of `unicast_peer`.
fn peer(UnicastPeer { address, min_ttl, max_ttl }: &UnicastPeer) -> Item {
    let text = value::text(&address.to_string());
    let mut entries = vec![("address", text.clone())];
    if *min_ttl != 0 {
        entries.push(("min_ttl", min_ttl.to_string()));
    }
    if *max_ttl != 255 {
        entries.push(("max_ttl", max_ttl.to_string()));
    }
    Item::address(*address, if entries.len() == 1 { text } else { value::inline(&entries) })
}

/// An entry of `virtual_addresses` and the like.
pub(super) fn virtual_address(own: &VirtualAddress) -> Item {
    let VirtualAddress {
        address,
        prefix_len,
        device,
        scope,
        label,
        broadcast,
        peer,
        duplicate_detection,
        no_prefix_route,
        home,
        manage_temporary,
        preferred_lifetime,
        tracked,
        place: _,
    } = own;
    let whole = if address.is_ipv4() { 32 } else { 128 };
    let text = if *prefix_len == whole { address.to_string() } else { format!("{address}/{prefix_len}") };
    let default = Lifetime::of_prefix(*prefix_len);
    let mut entries = vec![("address", value::text(&text))];
    entries.extend(device.as_ref().map(|device| ("dev", value::text(device.as_str()))));
    let label = label.as_ref().filter(|label| !label.is_empty());
    entries.extend(label.map(|label| ("label", value::text(label))));
    let scope = match scope {
        Scope::Global => None,
        Scope::Number(number) => Some(number.to_string()),
        named => Some(value::text(&named.to_string())),
    };
    entries.extend(scope.map(|scope| ("scope", scope)));
    entries.extend(broadcast.map(|broadcast| ("broadcast", value::text(&broadcast.to_string()))));
    entries.extend(peer.map(|(peer, _)| ("peer", value::text(&peer.to_string()))));
    if *preferred_lifetime != default && address.is_ipv6() {
        let lifetime = match preferred_lifetime {
            Lifetime::For(time) => value::duration(*time),
            Lifetime::Forever => value::text("forever"),
        };
        entries.push(("preferred_lft", lifetime));
    }
    // Some the kernel knows of IPv6 addresses alone.
    let switches = [
        ("no_track", !tracked),
        ("noprefixroute", *no_prefix_route),
        ("dad", *duplicate_detection && address.is_ipv6()),
        ("home", *home && address.is_ipv6()),
        ("mngtmpaddr", *manage_temporary && address.is_ipv6()),
    ];
    entries.extend(switches.into_iter().filter(|(_, is_on)| *is_on).map(|(key, _)| (key, "true".to_owned())));
    let written = if entries.len() == 1 { value::text(&text) } else { value::inline(&entries) };
    Item::address(*address, written)
}

fn write_tracks<'c>(
    checks: impl Iterator<Item = &'c TrackCheck>,
    interfaces: impl Iterator<Item = &'c TrackInterface>,
    config: &Config,
    table: &mut Table,
) {
    let of_checks = checks.map(|track| {
        let default = config.checks.iter().find(|check| check.name == track.check).map(|check| check.weight);
        if default == Some(track.weight) {
            return Item::text(&track.check);
        }
        Item::named(&track.check, tracked(("check", value::text(&track.check)), track.weight))
    });
    let of_interfaces = interfaces.map(|track| {
        let name = track.interface.as_str();
        Item::named(name, tracked(("interface", value::text(name)), track.weight))
    });
    let all: Vec<Item> = of_checks.chain(of_interfaces).collect();
    if !all.is_empty() {
        table.set_list("track", "track_script", all);
    }
}

fn tracked(what: (&str, String), weight: TrackWeight) -> String {
    let (weight, reverse) = match weight {
        TrackWeight::Fault { reverse } => (0, reverse),
        TrackWeight::Adjust { weight, reverse } => (weight, reverse),
    };
    let mut entries = vec![what, ("weight", weight.to_string())];
    if reverse {
        entries.push(("reverse", "true".to_owned()));
    }
    value::inline(&entries)
}

fn write_notify(notify: &Notify, config: &Config, table: &mut Table) {
    let Notify { master, backup, fault, stop, deleted, master_rx_lower_priority, any, priority_changes } =
        notify;
    let deleted = match deleted {
        Deleted::AsFault => None,
        Deleted::AsDeleted(None) => {
            table.set("notify_deleted", "notify_deleted", "true".to_owned());
            None
        }
        Deleted::AsDeleted(Some(command)) => Some(command),
    };
    let all = [
        ("notify_master", master.as_ref()),
        ("notify_backup", backup.as_ref()),
        ("notify_fault", fault.as_ref()),
        ("notify_stop", stop.as_ref()),
        ("notify_deleted", deleted),
        ("notify_master_rx_lower_pri", master_rx_lower_priority.as_ref()),
        ("notify", any.as_ref()),
    ];
    if *priority_changes {
        table.set("notify_priority_changes", "notify_priority_changes", "true".to_owned());
    }
    for (key, command) in all {
        let Some(command) = command else { continue };
        table.set(key, key, super::command(command, &config.globals));
    }
}
