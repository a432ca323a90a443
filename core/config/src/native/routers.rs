//! The instances and groups of a native file, beside those of its keepalived.conf.

use std::collections::HashSet;

use keepwatch_vrrp::Destination;

use super::group::{self, Group};
use super::own_interface;
use super::reader::Reader;
use super::router::Router;
use crate::diagnostic::Diagnostic;
use crate::model::{Config, Instance, InterfaceName};
use crate::similar::shown;
use crate::site::Refused;

/// Adds instances and groups to what the keepalived.conf has, if there is one.
pub(super) fn add(
    reader: &mut Reader<'_>,
    mut routers: Vec<Router>,
    groups: &[Group],
    refused: &Refused,
    config: &mut Config,
) {
    let mut taken: HashSet<InterfaceName> = HashSet::new();
    let of_routers = routers.iter().flat_map(|router| &router.instances);
    for instance in config.instances.iter().chain(of_routers) {
        taken.insert(instance.interface.clone());
        taken.extend(instance.own_interface.as_ref().map(|own| own.name().clone()));
    }
    for nth in 0..routers.len() {
        let (before, rest) = routers.split_at_mut(nth);
        let Some(router) = rest.first_mut() else { break };
        refuse_known(reader, router, before, &config.instances);
        if let Some(wish) = &router.own_interface {
            own_interface::give(reader, wish, &mut router.instances, &mut taken);
            for instance in &router.instances {
                own_interface::check_beside(reader, wish, instance, &config.instances);
            }
        }
        config.instances.extend(router.instances.iter().cloned());
    }
    for group in groups.iter().filter(|group| config.groups.iter().any(|known| known.name == group.name)) {
        let message = format!("the keepalived.conf has a group {}, too", shown(&group.name));
        reader.error(&group.span, message, "give this one another name");
    }
    let mut resolved = group::resolve(reader, groups, &routers, refused, &config.instances);
    group::hand_down(&mut resolved, &routers, &mut config.instances);
    config.groups.extend(resolved);
}

/// Refuses what another instance is already: by name, or as the same virtual router. `before` are those of this file among them.
fn refuse_known(reader: &mut Reader<'_>, router: &Router, before: &[Router], known: &[Instance]) {
    let written = |other: &Instance| {
        let is_it = |router: &&Router| router.instances.iter().any(|instance| instance.name == other.name);
        before.iter().find(is_it)
    };
    for instance in &router.instances {
        if let Some(other) = known.iter().find(|other| other.name == instance.name) {
            let finding =
                Diagnostic::error(&router.span, format!("{} is there already", shown(&instance.name)), "");
            reader.findings.push(match written(other) {
                Some(two) => finding
                    .and(&two.span, "two virtual routers")
                    .note(of_both_families(two))
                    .help("give one of them another name"),
                None if instance.name != router.name => finding
                    .note(format!(
                        "{} has addresses of both families: its IPv6 half has that name",
                        router.name
                    ))
                    .help("give it another name: the keepalived.conf has one of that name"),
                None => finding
                    .help("what the keepalived.conf has is changed there; here it can have `track` only"),
            });
        }
    }
    let pairs = router.instances.iter().flat_map(|instance| known.iter().map(move |other| (instance, other)));
    let same = pairs.into_iter().find(|(instance, other)| is_same_router(instance, other));
    if let Some((instance, other)) = same {
        let message = format!(
            "virtual_router_id {} is used twice on {}, here and by {}",
            instance.vrid,
            instance.interface,
            shown(&other.name)
        );
        let finding = Diagnostic::error(&router.vrid_at, message, "give one of them another");
        reader.findings.push(match written(other) {
            Some(first) => finding.and(&first.vrid_at, "the first time"),
            None => finding,
        });
    }
}

fn of_both_families(router: &Router) -> String {
    format!("{} has addresses of both families: its IPv6 half has that name", shown(&router.name))
}

/// Whether adverts of one would be taken for those of the other.
fn is_same_router(one: &Instance, other: &Instance) -> bool {
    let ways = match (&one.destination, &other.destination) {
        (Destination::Multicast { group: one }, Destination::Multicast { group: other }) => one == other,
        (Destination::Unicast { peers, .. }, Destination::Unicast { peers: others, .. }) => {
            let is_shared = |address| others.iter().any(|other| other.address == address);
            one.configured_source() == other.configured_source()
                && peers.iter().any(|peer| is_shared(peer.address))
        }
        _ => false,
    };
    ways && (one.vrid, one.family, &one.interface) == (other.vrid, other.family, &other.interface)
}
