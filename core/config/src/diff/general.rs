//! What has become of all that is no instance.

use super::{Deed, Object, OtherDiff};
use crate::model::{Check, Config, Globals, LinkDelay, Statics, SyncGroup, VirtualAddress};

pub(super) fn others(before: &Config, after: &Config) -> Vec<OtherDiff> {
    let mut others = named(&before.groups, &after.groups, Object::Group, |group| group.name.clone(), group);
    others.extend(named(&before.checks, &after.checks, Object::Check, |check| check.name.clone(), check));
    let interface = |delay: &LinkDelay| delay.interface.to_string();
    others.extend(named(&before.link_delays, &after.link_delays, Object::LinkDelay, interface, link_delay));
    others.extend(statics(&before.statics, &after.statics));
    let changes = globals(&before.globals, &after.globals);
    if !changes.is_empty() {
        others.push(OtherDiff { object: Object::Globals, name: None, deed: Deed::Update, changes });
    }
    let changes = restarts(before, after);
    if !changes.is_empty() {
        others.push(OtherDiff { object: Object::Globals, name: None, deed: Deed::Restart, changes });
    }
    others
}

/// What has become of things with names; what is as it was is left out.
fn named<T: PartialEq>(
    before: &[T],
    after: &[T],
    object: Object,
    name: impl Fn(&T) -> String,
    changes: impl Fn(&T, &T) -> Vec<String>,
) -> Vec<OtherDiff> {
    let find = |all: &[T], wanted: &T| all.iter().position(|one| name(one) == name(wanted));
    let other = |one: &T, deed, changes| OtherDiff { object, name: Some(name(one)), deed, changes };
    let gone = before.iter().filter(|old| find(after, old).is_none());
    let mut others: Vec<OtherDiff> = gone.map(|old| other(old, Deed::Remove, Vec::new())).collect();
    for new in after {
        match find(before, new).and_then(|place| before.get(place)) {
            None => others.push(other(new, Deed::Add, Vec::new())),
            Some(old) if old != new => others.push(other(new, Deed::Update, changes(old, new))),
            Some(_) => {}
        }
    }
    others
}

fn group(old: &SyncGroup, new: &SyncGroup) -> Vec<String> {
    let mut changes = Vec::new();
    if old.members != new.members {
        changes.push(format!("members {}", new.members.join(", ")));
    }
    if old.track_interfaces != new.track_interfaces || old.track_checks != new.track_checks {
        changes.push("what it tracks".to_owned());
    }
    if old.notify != new.notify {
        changes.push("notify scripts".to_owned());
    }
    if old.mail_alert != new.mail_alert {
        changes.push(if new.mail_alert { "sends mail" } else { "sends no mail" }.to_owned());
    }
    changes
}

fn check(old: &Check, new: &Check) -> Vec<String> {
    let mut changes = Vec::new();
    if old.what != new.what {
        changes.push("what is looked at".to_owned());
    }
    if old.interval != new.interval {
        changes.push(format!("interval {:?} -> {:?}", old.interval, new.interval));
    }
    if old.timeout != new.timeout {
        changes.push(format!("timeout {:?} -> {:?}", old.timeout, new.timeout));
    }
    if old.policy != new.policy {
        changes.push("what its verdicts are worth".to_owned());
    }
    if old.weight != new.weight {
        changes.push("weight".to_owned());
    }
    changes
}

fn link_delay(old: &LinkDelay, new: &LinkDelay) -> Vec<String> {
    let shown = |delay: &LinkDelay| format!("down {:?}, up {:?}", delay.down, delay.up);
    vec![format!("{} -> {}", shown(old), shown(new))]
}

/// What is always in place. Which of them comes first makes no difference.
fn statics(before: &Statics, after: &Statics) -> Vec<OtherDiff> {
    let named = |statics: &Statics| -> Vec<(Object, String)> {
        let address = |address: &VirtualAddress| {
            let device = address.device.as_ref().map(|device| format!(" dev {device}"));
            format!("{}/{}{}", address.address, address.prefix_len, device.unwrap_or_default())
        };
        let addresses = statics.addresses.iter().map(|one| (Object::StaticAddress, address(one)));
        let routes = statics.routing.routes.iter().map(|route| (Object::StaticRoute, route.text.clone()));
        let rules = statics.routing.rules.iter().map(|rule| (Object::StaticRule, rule.text.clone()));
        addresses.chain(routes).chain(rules).collect()
    };
    let (gone, new) = (named(&before.without(after)), named(&after.without(before)));
    let only_gone = gone.iter().filter(|one| !new.contains(one)).map(|one| (one, Deed::Remove));
    let all_new = new.iter().map(|one| (one, if gone.contains(one) { Deed::Update } else { Deed::Add }));
    let other = |((object, name), deed): (&(Object, String), Deed)| {
        let changes =
            if deed == Deed::Update { vec!["put in place otherwise".to_owned()] } else { Vec::new() };
        OtherDiff { object: *object, name: Some(name.clone()), deed, changes }
    };
    only_gone.chain(all_new).map(other).collect()
}

fn globals(old: &Globals, new: &Globals) -> Vec<String> {
    let delays = |globals: &Globals| (globals.startup_delay, globals.delay_after_boot);
    let all = [
        (old.mail != new.mail, "mail settings"),
        (old.script_user != new.script_user, "script_user"),
        (old.script_security != new.script_security, "enable_script_security"),
        (old.notify_fifos != new.notify_fifos, "notify FIFOs"),
        (old.firewall != new.firewall, "the nftables table"),
        (old.dumps != new.dumps, "files that signals ask for"),
        (old.spacing != new.spacing, "the time between announcements"),
        (old.vip_lifetime != new.vip_lifetime, "vip_lifetime"),
        // Whatever runs has begun.
        (delays(old) != delays(new), "start delays, which count from the next start on"),
    ];
    all.iter().filter(|(differs, _)| *differs).map(|(_, what)| (*what).to_owned()).collect()
}

/// What only a restart of keepwatch follows.
fn restarts(before: &Config, after: &Config) -> Vec<String> {
    let mut changes = Vec::new();
    let mut followed = followed(before, after);
    // Letters that wait, and webhooks, know this host by it.
    if before.globals.router_id != after.globals.router_id {
        changes.push("router_id".to_owned());
    }
    let (old, new) = (&before.globals, &after.globals);
    let named = [
        (old.net_namespace != new.net_namespace, "net_namespace"),
        (old.scheduling != new.scheduling, "how the kernel runs the engine"),
    ];
    changes.extend(named.iter().filter(|(differs, _)| *differs).map(|(_, what)| (*what).to_owned()));
    followed.globals = after.globals.clone();
    if followed != *after {
        changes.push("settings that this version follows only when it is started anew".to_owned());
    }
    changes
}

/// What is in force when what can be followed has been.
pub(super) fn followed(before: &Config, after: &Config) -> Config {
    #[allow(clippy::needless_update, reason = "what this module does not know stays as it was")]
    let globals = Globals {
        mail: after.globals.mail.clone(),
        script_user: after.globals.script_user.clone(),
        script_security: after.globals.script_security,
        notify_fifos: after.globals.notify_fifos.clone(),
        firewall: after.globals.firewall.clone(),
        dumps: after.globals.dumps.clone(),
        spacing: after.globals.spacing.clone(),
        vip_lifetime: after.globals.vip_lifetime,
        startup_delay: after.globals.startup_delay,
        delay_after_boot: after.globals.delay_after_boot,
        ..before.globals.clone()
    };
    #[allow(clippy::needless_update, reason = "the same")]
    let followed = Config {
        globals,
        instances: after.instances.clone(),
        checks: after.checks.clone(),
        groups: after.groups.clone(),
        link_delays: after.link_delays.clone(),
        statics: after.statics.clone(),
        extensions: after.extensions.clone(),
        ..before.clone()
    };
    followed
}
