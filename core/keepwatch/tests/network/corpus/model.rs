//! Our model, in the words of `dump`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use keepwatch_config::Config;
use keepwatch_config::model::{
    Check, CheckKind, Command, Deleted, Instance, Lifetime, ProcessMatch, Statics, TrackInterface,
    VirtualAddress, VmacAdverts,
};
use keepwatch_vrrp::{
    AnnouncePolicy, Destination, HigherAdverts, LinkTracking, LowerAdverts, Preemption, Schedule,
    SourceCheck, TrackWeight, Version,
};

use super::routing::{our_route, our_rule};

pub(super) fn digest(config: &Config) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for instance in &config.instances {
        let mut lines = of_instance(instance, config);
        lines.extend(
            config
                .groups
                .iter()
                .filter(|group| group.members.contains(&instance.name))
                .map(|group| format!("in group {}", group.name)),
        );
        out.extend(lines.into_iter().map(|line| format!("{}: {line}", instance.name)));
    }
    for group in &config.groups {
        let mut lines = vec![format!("smtp alert {}", yes(group.mail_alert))];
        lines.extend(group.members.iter().map(|member| format!("member {member}")));
        lines.extend(group.track_interfaces.iter().map(of_interface));
        out.extend(lines.into_iter().map(|line| format!("{}: {line}", group.name)));
    }
    for check in &config.checks {
        out.extend(of_check(check).into_iter().map(|line| format!("{}: {line}", check.name)));
    }
    let Statics { addresses, routing } = &config.statics;
    out.extend(addresses.iter().map(|it| {
        let device = it.device.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("Static Addresses: {}", on(it, &device))
    }));
    out.extend(routing.routes.iter().map(|it| format!("Static Routes: {}", our_route(it))));
    out.extend(routing.rules.iter().map(|it| format!("Static Rules: {}", our_rule(it))));
    out
}

fn of_check(check: &Check) -> Vec<String> {
    match &check.what {
        CheckKind::Script(script) if !is_there(&script.command) => Vec::new(),
        CheckKind::Script(script) => vec![
            format!("runs {}", command(&script.command)),
            format!("every {} sec", check.interval.as_secs()),
            format!("timeout {} sec", check.timeout.as_secs()),
            format!("weight {}", weight(check.weight)),
            format!("rise {}", check.policy.rise),
            format!("fall {}", check.policy.fall),
        ],
        CheckKind::TrackFile(file) => {
            vec![format!("reads {}", file.path.display()), format!("weight {}", weight(check.weight))]
        }
        CheckKind::Process(process) => {
            let arguments = match &process.matching {
                ProcessMatch::Name | ProcessMatch::Program => String::new(),
                ProcessMatch::Exactly(words)
                | ProcessMatch::First(words)
                | ProcessMatch::Beginning(words) => words.join(" "),
            };
            let most = process.quorum_max.map_or_else(|| "any".to_owned(), |most| most.to_string());
            let (fork, terminate) = (process.fork_delay.as_secs_f64(), process.terminate_delay.as_secs_f64());
            vec![
                format!("looks for {} {arguments}", process.program).trim_end().to_owned(),
                format!("at least {}", process.quorum),
                format!("at most {most}"),
                format!("weight {}", weight(check.weight)),
                format!("delays {fork} {terminate}"),
            ]
        }
        _ => Vec::new(),
    }
}

/// When it announces. Without a word about it keepwatch spreads announcements, where keepalived has two bursts of five.
fn announcements(policy: &AnnouncePolicy) -> [String; 3] {
    let burst = |schedule: &Schedule| match schedule.0.as_slice() {
        [] => "none".to_owned(),
        _ if *schedule == Schedule::spread() => "5 and 5 after 5 s".to_owned(),
        [(_, rounds)] => rounds.to_string(),
        [(_, rounds), (delay, again), ..] => format!("{rounds} and {again} after {} s", delay.as_secs()),
    };
    [
        format!("announces {}", burst(&policy.entry)),
        format!("announces after lower adverts {}", burst(&policy.on_lower)),
        match policy.refresh {
            None => "announces never again".to_owned(),
            Some(refresh) => format!("announces {} each {} s", refresh.rounds, refresh.every.as_secs()),
        },
    ]
}

fn of_instance(instance: &Instance, config: &Config) -> Vec<String> {
    let mut out = vec![
        format!("version {}", if instance.version == Version::V2 { 2 } else { 3 }),
        format!("interface {}", instance.interface),
        format!("vrid {}", instance.vrid),
        format!("priority {}", instance.priority),
        format!("interval {} ms", instance.interval.duration().as_millis()),
        format!("missed adverts {}", instance.missed_adverts),
        format!("answers lower {}", instance.lower_adverts == LowerAdverts::Answer),
        format!("answers higher {}", instance.higher_adverts == HigherAdverts::AnswerAndYield),
        format!("smtp alert {}", yes(instance.mail_alert)),
        format!("accept {}", if instance.accepts { "enabled" } else { "disabled" }),
        format!(
            "told as deleted {}",
            if instance.notify.deleted == Deleted::AsFault { "Fault" } else { "Deleted" }
        ),
        format!("priority changes {}", instance.notify.priority_changes),
    ];
    out.extend(announcements(&instance.announce));
    out.extend(instance.routing.routes.iter().map(|it| format!("route {}", our_route(it))));
    out.extend(instance.routing.rules.iter().map(|it| format!("rule {}", our_rule(it))));
    match instance.preemption {
        Preemption::Immediate => out.push("preempt enabled".to_owned()),
        Preemption::Never => out.push("preempt disabled".to_owned()),
        Preemption::After(delay) => {
            out.push("preempt enabled".to_owned());
            out.push(format!("preempt delay {}", delay.as_secs_f64()));
        }
    }
    if instance.link_tracking == LinkTracking::Ignored {
        out.push("own interface not tracked".to_owned());
    }
    out.extend(instance.configured_source().map(|source| format!("source {source}")));
    match &instance.destination {
        Destination::Multicast { group } => out.push(format!("group {group}")),
        Destination::Unicast { peers, ttl, source_check } => {
            out.extend(peers.iter().map(|peer| {
                format!("peer {} min_ttl {} max_ttl {}", peer.address, peer.min_ttl, peer.max_ttl)
            }));
            if *ttl != 255 {
                out.push(format!("unicast ttl {ttl}"));
            }
            out.push(format!("checks senders {}", yes(*source_check == SourceCheck::Peers)));
        }
    }
    out.extend(
        instance.vmac().map(|vmac| {
            format!("vmac {} from base {}", vmac.interface, vmac.adverts == VmacAdverts::FromBase)
        }),
    );
    out.extend(instance.ipvlan().map(|ipvlan| {
        let address = ipvlan.address.map(|(address, prefix_len)| match prefix_len {
            32 | 128 => format!(" {address}"),
            _ => format!(" {address}/{prefix_len}"),
        });
        format!("ipvlan {}{} {}", ipvlan.interface, address.unwrap_or_default(), ipvlan.mode)
    }));
    out.extend(instance.password.map(|password| {
        let octets: Vec<u8> = password.0.into_iter().take_while(|octet| *octet != 0).collect();
        format!("password {}", String::from_utf8_lossy(&octets))
    }));
    out.extend(instance.addresses.iter().map(|it| format!("holds {}", address(it, instance))));
    out.extend(instance.excluded.iter().map(|it| format!("excluded {}", address(it, instance))));
    let of_group = |tracked: &&TrackInterface| {
        let mut groups = config.groups.iter().filter(|group| group.members.contains(&instance.name));
        groups.any(|group| group.track_interfaces.contains(tracked))
    };
    out.extend(instance.track_interfaces.iter().filter(|tracked| !of_group(tracked)).map(of_interface));
    for tracked in &instance.track_checks {
        let kind = config.checks.iter().find(|check| check.name == tracked.check).map(|check| &check.what);
        let noun = match kind {
            Some(CheckKind::Script(script)) if !is_there(&script.command) => continue,
            Some(CheckKind::Script(_)) => "script",
            Some(CheckKind::TrackFile(_)) => "file",
            Some(CheckKind::Process(_)) => "process",
            _ => "something",
        };
        out.push(format!("tracks {noun} {} weight {}", tracked.check, weight(tracked.weight)));
    }
    let notify = &instance.notify;
    let deleted = match &notify.deleted {
        Deleted::AsDeleted(script) => script.as_ref(),
        Deleted::AsFault => None,
    };
    let scripts = [
        ("master", notify.master.as_ref()),
        ("backup", notify.backup.as_ref()),
        ("fault", notify.fault.as_ref()),
        ("stop", notify.stop.as_ref()),
        ("any", notify.any.as_ref()),
        ("deleted", deleted),
        ("lower", notify.master_rx_lower_priority.as_ref()),
    ];
    out.extend(scripts.into_iter().filter_map(|(name, script)| {
        let script = script.filter(|script| is_there(script))?;
        Some(format!("notify {name} {}", command(script)))
    }));
    out
}

fn address(address: &VirtualAddress, instance: &Instance) -> String {
    let is_own_family =
        address.address.is_ipv4() == instance.addresses.first().is_none_or(|it| it.address.is_ipv4());
    let carrier =
        instance.vmac().filter(|_| is_own_family).map_or(&instance.interface, |vmac| &vmac.interface);
    on(address, address.device.as_ref().unwrap_or(carrier).as_str())
}

/// An address on this interface.
fn on(address: &VirtualAddress, device: &str) -> String {
    let mut out = format!("{}/{} dev {device}", address.address, address.prefix_len);
    if let Some(broadcast) = address.broadcast {
        out.push_str(&format!(" brd {broadcast}"));
    }
    out.push_str(&format!(" scope {}", address.scope));
    if let Some(label) = &address.label {
        out.push_str(&format!(" label {label}"));
    }
    if let Some((peer, length)) = address.peer {
        out.push_str(&format!(" peer {peer}/{length}"));
    }
    let is_v6 = matches!(address.address, IpAddr::V6(_));
    let flags = [
        ("home", address.home),
        ("-nodad", address.duplicate_detection),
        ("mngtmpaddr", address.manage_temporary),
        ("noprefixroute", address.no_prefix_route),
        ("no_track", !address.tracked),
        ("deprecated", is_v6 && address.preferred_lifetime == Lifetime::For(std::time::Duration::ZERO)),
    ];
    flags.into_iter().filter(|(_, is_set)| *is_set).for_each(|(name, _)| out.push_str(&format!(" {name}")));
    out
}

fn weight(weight: TrackWeight) -> String {
    let (number, reverse) = match weight {
        TrackWeight::Fault { reverse } => (0, reverse),
        TrackWeight::Adjust { weight, reverse } => (weight, reverse),
    };
    format!("{number}{}", if reverse { " reverse" } else { "" })
}

fn of_interface(tracked: &TrackInterface) -> String {
    format!("tracks interface {} weight {}", tracked.interface, weight(tracked.weight))
}

/// Whether the program is on this host: keepalived forgets those that are not.
fn is_there(command: &Command) -> bool {
    let Some(program) = command.argv.first() else { return false };
    let folders = ["", "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    let folders = if program.starts_with('/') { &folders[..1] } else { &folders[1..] };
    folders.iter().any(|folder| std::path::Path::new(folder).join(program).is_file())
}

/// Without the folder of the program, which keepalived looks up.
fn command(command: &Command) -> String {
    let mut words = command.argv.clone();
    if let Some(program) = words.first_mut() {
        *program = program.rsplit('/').next().unwrap_or(program).to_owned();
    }
    words.join(" ")
}

const fn yes(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}
