//! A keepalived.conf as a keepwatch.toml: what it means, in the other words.
//!
//! ```text
//!   Config --instance, check--> Table: keys, each with the keyword it stands for
//!   text   --comments-->        Comments: block and keyword of each comment
//!                               both --document--> keepwatch.toml, and what has no place in it
//! ```

mod announcing;
mod check;
mod comments;
mod document;
mod instance;
mod list;
mod mail;
mod routing;
mod same;
mod value;

use comments::Comments;
use document::{Document, Table};

use crate::model::{
    Command, Config, Dumps, Firewall, Globals, JsonVersion, LinkDelay, NotifyFifo, Scheduling, Spacing,
    SpacingGroup, Statics, User, VirtualAddress,
};

/// A configuration in the native format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The keepwatch.toml.
    pub text: String,
    /// What it cannot say, a sentence each, with what to do instead. It stands in the text as a comment, too.
    pub lost: Vec<String>,
    /// What else is not the same when the text is read: that is a mistake of the conversion.
    pub wrong: Vec<String>,
}

/// Something that cannot be said.
struct Loss {
    what: String,
    /// keepalived's block that says it, with its name, and the keyword.
    block: (&'static str, String),
    keyword: &'static str,
}

/// Converts what a keepalived.conf means; `source` is its text, for the comments.
#[must_use]
pub fn convert(config: &Config, source: &str) -> Converted {
    let Config { globals, instances, checks, groups, link_delays, statics, extensions: _ } = config;
    let mut losses = Vec::new();
    let mut document = Document::default();
    globals_table(globals, link_delays, &mut document);
    if *statics != Statics::default() {
        document.tables.push(statics_table(statics));
    }
    document.tables.extend(instances.iter().map(|instance| instance::table(instance, config, &mut losses)));
    document.tables.extend(groups.iter().map(|group| instance::group_table(group, config)));
    // keepalived runs only what is tracked.
    let tracked = |name: &str| {
        let mut tracks = instances.iter().flat_map(|instance| &instance.track_checks);
        tracks.any(|track| track.check == name)
    };
    for found in checks.iter().filter(|check| tracked(&check.name)) {
        document.tables.extend(check::table(found, config));
    }
    document.tables.extend(mail::table(config));
    if document.is_empty() {
        // Said as such: a keepwatch.toml in which nothing stands may be half written.
        document.tables.push(Table::part("instance", ""));
    }
    let mut comments = Comments::read(source);
    for Loss { what, block: (block, name), keyword } in &losses {
        comments.add(block, name, keyword, &format!("not converted: {what}"));
    }
    let text = document.render(&comments);
    let wrong = same::differences(&text, config);
    Converted { text, lost: losses.into_iter().map(|loss| loss.what).collect(), wrong }
}

fn globals_table(globals: &Globals, link_delays: &[LinkDelay], document: &mut Document) {
    let Globals {
        router_id,
        // A destination.
        mail: _,
        script_user: _,
        script_security,
        net_namespace,
        startup_delay,
        delay_after_boot,
        notify_fifos,
        firewall,
        scheduling,
        spacing,
        dumps,
        // No keepalived.conf has it.
        vip_lifetime: _,
    } = globals;
    let mut table = Table::root("global_defs");
    if let Some(name) = router_id {
        table.set("node", "router_id", value::text(name));
    }
    if let Some(name) = net_namespace {
        // It stands outside `global_defs`.
        table.set_block("net_namespace", "net_namespace", value::text(name));
    }
    let delays = [("vrrp_startup_delay", startup_delay), ("vrrp_delay_after_boot", delay_after_boot)];
    for (key, delay) in delays.into_iter().filter(|(_, delay)| !delay.is_zero()) {
        table.set(key, key, value::duration(*delay));
    }
    if *script_security {
        table.set("enable_script_security", "enable_script_security", "true".to_owned());
    }
    let fifos: Vec<String> = notify_fifos.iter().map(|own| fifo(own, globals)).collect();
    match fifos.as_slice() {
        [] => {}
        [one] => table.set("notify_fifo", "notify_fifo", one.clone()),
        several => table.set("notify_fifo", "notify_fifo", value::list(several)),
    }
    let Dumps { state, stats, json, json_version } = dumps;
    for (key, place) in [("state_dump_file", state), ("stats_dump_file", stats), ("json_dump_file", json)] {
        if let Some(place) = place {
            table.set(key, key, value::text(place));
        }
    }
    if *json_version == JsonVersion::Object {
        table.set("json_version", "json_version", "2".to_owned());
    }
    let Spacing { each, groups } = spacing;
    let apart = [("vrrp_garp_interval", each.garp), ("vrrp_gna_interval", each.gna)];
    for (key, apart) in apart.into_iter().filter(|(_, apart)| !apart.is_zero()) {
        table.set(key, key, value::duration(apart));
    }
    if !groups.is_empty() {
        let groups: Vec<String> = groups.iter().map(garp_group).collect();
        table.set_block("garp_group", "garp_group", value::list(&groups));
    }
    if !link_delays.is_empty() {
        let key = "interface_up_down_delays";
        table.set_block(key, key, delays_of_links(link_delays));
    }
    document.tables.push(table);
    if *firewall != Firewall::default() {
        document.tables.push(firewall_table(firewall));
    }
    if *scheduling != Scheduling::default() {
        document.tables.push(scheduling_table(scheduling));
    }
}

/// `{ interfaces = ["eth0"], garp_interval = "1ms" }`
fn garp_group(SpacingGroup { interfaces, intervals }: &SpacingGroup) -> String {
    let names: Vec<String> = interfaces.iter().map(ToString::to_string).collect();
    let mut entries = vec![("interfaces", value::texts(&names))];
    let apart = [("garp_interval", intervals.garp), ("gna_interval", intervals.gna)];
    for (key, apart) in apart.into_iter().filter(|(_, apart)| !apart.is_zero()) {
        entries.push((key, value::duration(apart)));
    }
    value::inline(&entries)
}

/// `{ eth0 = "2s", eth1 = { down = "1s", up = "5s" } }`
fn delays_of_links(delays: &[LinkDelay]) -> String {
    let delay = |LinkDelay { interface, down, up }: &LinkDelay| {
        let both = || value::inline(&[("down", value::duration(*down)), ("up", value::duration(*up))]);
        let value = if down == up { value::duration(*down) } else { both() };
        (value::key(interface.as_str()), value)
    };
    let delays: Vec<(String, String)> = delays.iter().map(delay).collect();
    let entries: Vec<(&str, String)> =
        delays.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    value::inline(&entries)
}

fn scheduling_table(scheduling: &Scheduling) -> Table {
    let Scheduling { real_time, nice, processors, locks_memory } = scheduling;
    let mut table = Table::part("scheduling", "global_defs");
    if let Some(priority) = real_time {
        table.set("real_time_priority", "vrrp_rt_priority", priority.to_string());
    }
    if let Some(nice) = nice {
        table.set("nice", "vrrp_priority", nice.to_string());
    }
    if !processors.is_empty() {
        let numbers: Vec<String> = processors.iter().map(u16::to_string).collect();
        table.set("cpu_affinity", "vrrp_cpu_affinity", value::list(&numbers));
    }
    if *locks_memory {
        table.set("no_swap", "vrrp_no_swap", "true".to_owned());
    }
    table
}

fn firewall_table(Firewall { table: name, priority, counters }: &Firewall) -> Table {
    let default = Firewall::default();
    let mut table = Table::part("nftables", "global_defs");
    if *name != default.table {
        table.set("table", "nftables", value::text(name));
    }
    if *priority != default.priority {
        table.set("priority", "nftables_priority", priority.to_string());
    }
    if *counters != default.counters {
        table.set("counters", "nftables_counters", counters.to_string());
    }
    table
}

/// `[static]`
fn statics_table(Statics { addresses, routing }: &Statics) -> Table {
    let mut table = Table::part("static", "static");
    if !addresses.is_empty() {
        // No instance depends on their interfaces.
        let own = |address: &VirtualAddress| VirtualAddress { tracked: true, ..address.clone() };
        let all = addresses.iter().map(|address| instance::virtual_address(&own(address)));
        table.set_block_list("addresses", "static_ipaddress", all.collect());
    }
    let (routes, rules) = routing::lists(routing);
    if !routes.is_empty() {
        table.set_block_list("routes", "static_routes", routes);
    }
    if !rules.is_empty() {
        table.set_block_list("rules", "static_rules", rules);
    }
    table
}

/// Whom a command runs as, as keys of a table; none if nothing is said.
fn user_of(own: Option<&User>, globals: &Globals) -> Vec<(&'static str, String)> {
    let Some(User { name, group, supplementary_groups, place: _ }) = own.or(globals.script_user.as_ref())
    else {
        return Vec::new();
    };
    let mut keys = vec![("user", value::text(name))];
    keys.extend(group.as_ref().map(|group| ("group", value::text(group))));
    keys.extend(supplementary_groups.then(|| ("supplementary_groups", "true".to_owned())));
    keys
}

/// A command, with whom it runs as if that is said.
fn command(Command { argv, user, place: _ }: &Command, globals: &Globals) -> String {
    let mut entries = vec![("exec", value::texts(argv))];
    entries.extend(user_of(user.as_ref(), globals));
    if entries.len() == 1 { value::texts(argv) } else { value::inline(&entries) }
}

/// An entry of `notify_fifo`.
fn fifo(NotifyFifo { path, user, script }: &NotifyFifo, globals: &Globals) -> String {
    let mut entries = vec![("path", value::text(path))];
    entries.extend(user_of(user.as_ref(), globals));
    entries.extend(script.as_ref().map(|script| ("script", command(script, globals))));
    if entries.len() == 1 { value::text(path) } else { value::inline(&entries) }
}
