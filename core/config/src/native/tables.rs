//! The tables of a native file.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::dumps::Dumps;
use super::fifos::Fifo;
use super::group::{self, Group};
use super::include::Files;
use super::instance::{Addition, Whose};
use super::keys::{self, PLUGIN};
use super::link_delays::Delay;
use super::nftables::Nftables;
use super::reader::{Entry, Reader, optional};
use super::router::{self, Router};
use super::scheduling::Scheduling;
use super::smtp_alert::{self, SmtpAlert};
use super::spacing::Spacing;
use super::statics::{self, Static};
use super::{action, check, dumps, fifos, instance, link_delays, nftables, notify, scheduling, spacing};
use crate::diagnostic::Diagnostic;
use crate::model::{Check, Extensions, PluginTable, Written};
use crate::name::{is_line, is_name};
use crate::similar::shown;
use crate::site::{Purpose, Refused};

/// The kernel takes a lifetime of one second for over within it.
const SHORTEST_LIFETIME: Duration = Duration::from_secs(2);

/// What a native file says.
pub(super) struct Native {
    pub(super) keepalived: Option<Keepalived>,
    pub(super) globals: Globals,
    pub(super) routers: Vec<Router>,
    pub(super) groups: Vec<Group>,
    pub(super) statics: Static,
    pub(super) link_delays: Vec<Delay>,
    pub(super) fifos: Vec<Fifo>,
    pub(super) smtp_alert: Option<SmtpAlert>,
    pub(super) extensions: Extensions,
    pub(super) checks: Vec<Check>,
    pub(super) additions: Vec<Addition>,
    /// What is there as well, and could not be read.
    pub(super) refused: Refused,
}

/// What holds for the whole daemon; what is absent is as the keepalived.conf says.
#[derive(Debug, Default)]
pub(super) struct Globals {
    /// What this host is called.
    pub(super) node: Option<String>,
    pub(super) net_namespace: Option<String>,
    pub(super) startup_delay: Option<Duration>,
    pub(super) delay_after_boot: Option<Duration>,
    pub(super) vip_lifetime: Option<VipLifetime>,
    pub(super) script_security: Option<bool>,
    pub(super) firewall: Nftables,
    pub(super) scheduling: Scheduling,
    pub(super) spacing: Spacing,
    pub(super) dumps: Dumps,
}

/// `vip_lifetime`.
#[derive(Debug)]
pub(super) struct VipLifetime {
    pub(super) lifetime: Duration,
    pub(super) span: Range<usize>,
}

/// The keepalived.conf that a native file names.
pub(super) struct Keepalived {
    pub(super) path: PathBuf,
    pub(super) span: Range<usize>,
}

/// Reads the whole configuration.
pub(super) fn read(
    reader: &mut Reader<'_>,
    root: &DeTable<'_>,
    files: &Files,
    purpose: Purpose,
) -> Option<Native> {
    only_known(reader, root);
    let plain = files.folder(&(0..0)).join("hooks.d");
    let mut extensions = Extensions { hooks: Some(plain.clone()), ..Extensions::default() };
    if let Some(hooks) = root.get("hooks") {
        extensions.hooks = reader.path(hooks, files.folder(&hooks.span()));
    }
    let hooks = extensions.hooks.clone().unwrap_or(plain);
    let mut refused = Refused::default();
    extensions.plugins =
        each(reader, root, ("plugin", Names::Plain), &mut refused, |reader, name, table, span| {
            Some(plugin(reader, name, table, files.folder(span), &hooks))
        });
    let checks = each(reader, root, ("check", Names::Lines), &mut refused, |reader, name, table, span| {
        if extensions.plugins.iter().any(|plugin| plugin.name == name) {
            reader.error(span, format!("{} is a plugin, too", shown(name)), "give one of them another name");
        }
        check::read(reader, name, table, files.folder(span), span)
    });
    extensions.actions =
        each(reader, root, ("action", Names::Plain), &mut refused, |reader, name, table, span| {
            action::read(reader, name, table, files.folder(span), span)
        });
    extensions.destinations =
        each(reader, root, ("notify", Names::Plain), &mut refused, |reader, name, table, span| {
            notify::read(reader, name, table, files.folder(span), span)
        });
    let keepalived = root.get("keepalived");
    let mut routers = Vec::new();
    let mut additions = Vec::new();
    instances(reader, root, |reader, name, table, span| {
        let is_router = table.contains_key("interface") || table.contains_key("virtual_router_id");
        let whose = if is_router || keepalived.is_none() { Whose::Own } else { Whose::Keepalived };
        if whose == Whose::Own {
            let router = router::read(reader, name, table, span, (files.folder(span), purpose));
            if router.is_none() {
                refused.note("instance", name);
                refused.note_implied("instance", router::ipv6_name(name));
            }
            routers.extend(router);
        }
        additions.push(instance::read(reader, name, table, span, whose));
    });
    let groups = each(reader, root, ("group", Names::Lines), &mut refused, group::read);
    if root.is_empty() {
        let finding = Diagnostic::error(&(0..0), "there are no instances", "")
            .help("write [instance.NAME], or name a file with some: keepalived = \"/etc/keepalived/keepalived.conf\"");
        reader.findings.push(finding);
    }
    let keepalived = keepalived.map(|value| {
        let span = value.span();
        reader.path(value, files.folder(&span)).map(|path| Keepalived { path, span })
    });
    // Which one is meant nobody knows, nor then what there is in it.
    let keepalived = match keepalived {
        Some(None) => return None,
        named => named.flatten(),
    };
    let globals = Globals {
        node: optional(root, "node", |value| reader.text(value)),
        net_namespace: optional(root, "net_namespace", |value| reader.text(value)),
        startup_delay: optional(root, "vrrp_startup_delay", |value| reader.duration(value)),
        delay_after_boot: optional(root, "vrrp_delay_after_boot", |value| reader.duration(value)),
        vip_lifetime: optional(root, "vip_lifetime", |value| vip_lifetime(reader, value)),
        script_security: optional(root, "enable_script_security", |value| reader.flag(value)),
        firewall: nftables::read(reader, root),
        dumps: dumps::read(reader, root),
        scheduling: scheduling::read(reader, root),
        spacing: spacing::read(reader, root),
    };
    let statics = statics::read(reader, root);
    let (link_delays, fifos) = (link_delays::read(reader, root), fifos::read(reader, root));
    Some(Native {
        keepalived,
        globals,
        routers,
        groups,
        statics,
        link_delays,
        fifos,
        smtp_alert: smtp_alert::read(reader, root),
        extensions,
        checks,
        additions,
        refused,
    })
}

/// Reads how long addresses stay that nobody renews: the kernel counts in whole seconds.
fn vip_lifetime(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<VipLifetime> {
    let lifetime = reader.duration(value)?;
    if lifetime < SHORTEST_LIFETIME || lifetime.subsec_nanos() != 0 {
        let label = "whole seconds, at least \"2s\"";
        reader.error(&value.span(), "the kernel keeps no address for just so long", label);
        return None;
    }
    Some(VipLifetime { lifetime, span: value.span() })
}

/// Reads each `[instance.NAME]`.
fn instances<'i>(
    reader: &mut Reader<'_>,
    root: &DeTable<'i>,
    mut read: impl FnMut(&mut Reader<'_>, &str, &DeTable<'i>, &Range<usize>),
) {
    for (name, table) in named(reader, root, "instance") {
        if Names::Lines.has(reader, name) {
            read(reader, name.get_ref(), table, &name.span());
        }
    }
}

/// Reads each `[KIND.NAME]`, and notes those that cannot be.
fn each<'i, T>(
    reader: &mut Reader<'_>,
    root: &DeTable<'i>,
    (kind, names): (&'static str, Names),
    refused: &mut Refused,
    mut read: impl FnMut(&mut Reader<'_>, &str, &DeTable<'i>, &Range<usize>) -> Option<T>,
) -> Vec<T> {
    let mut all = Vec::new();
    for (name, table) in named(reader, root, kind) {
        let one =
            if names.has(reader, name) { read(reader, name.get_ref(), table, &name.span()) } else { None };
        if one.is_none() {
            refused.note(kind, name.get_ref());
        }
        all.extend(one);
    }
    all
}

/// Refuses what cannot stand above all tables.
fn only_known(reader: &mut Reader<'_>, root: &DeTable<'_>) {
    const PLACE: &str = "keepwatch.toml";
    let known = keys::of_root();
    for (key, value) in root {
        let is_table = value.get_ref().is_table() && !known.contains(&key.get_ref().as_ref());
        match keys::kind_meant(key.get_ref()).filter(|_| is_table) {
            Some(kind) => reader.unknown(key, PLACE, format!("did you mean [{kind}.NAME]?")),
            None => reader.known(key, &known, PLACE),
        }
    }
}

/// The tables `[KIND.NAME]`.
fn named<'t, 'i>(
    reader: &mut Reader<'_>,
    root: &'t DeTable<'i>,
    kind: &str,
) -> Vec<(&'t Spanned<DeString<'i>>, &'t DeTable<'i>)> {
    let what = format!("tables: write [{kind}.NAME]");
    let tables = root.get(kind).and_then(|tables| reader.table(tables, &what));
    let mut found = Vec::new();
    // Then a table with the name of a key is that key.
    let is_nameless = tables.is_some_and(|tables| tables.values().any(|value| !value.get_ref().is_table()));
    for (name, value) in tables.into_iter().flatten() {
        match value.get_ref().as_table() {
            Some(table) if !(is_nameless && keys::kind_has(kind, name.get_ref())) => {
                found.push((name, table));
            }
            _ => {
                let message = format!("{} stands in [{kind}] itself", shown(name.get_ref()));
                reader.error(&name.span(), message, format!("it belongs under a name: [{kind}.NAME]"));
            }
        }
    }
    found
}

/// What names tables of a kind have.
#[derive(Clone, Copy)]
enum Names {
    /// Plain ones: what only keepwatch knows.
    Plain,
    /// Any of one line: what keepalived knows, too.
    Lines,
}

/// What plain names are made of.
pub(super) const NAME: &str = "letters, digits, `-`, `_` and `.`, 64 octets at most";

impl Names {
    /// Whether this is one; says so if not.
    fn has(self, reader: &mut Reader<'_>, name: &Spanned<DeString<'_>>) -> bool {
        let text = name.get_ref();
        let (is_valid, label) = match self {
            Self::Plain => (is_name(text), NAME),
            Self::Lines => (is_line(text), "a name is one line"),
        };
        if !is_valid {
            reader.error(&name.span(), format!("{} is no name", shown(text)), label);
        }
        is_valid
    }
}

fn plugin(
    reader: &mut Reader<'_>,
    name: &str,
    table: &DeTable<'_>,
    folder: &Path,
    hooks: &Path,
) -> PluginTable {
    reader.only(table, &[PLUGIN], "[plugin]");
    let file = table.get("file").and_then(|file| reader.path(file, folder));
    let file = file.unwrap_or_else(|| hooks.join(format!("{name}.rhai")));
    common(reader, name, table, file)
}

/// The keys of a table, each with the place of it and its value.
fn places(table: &DeTable<'_>) -> Vec<Written> {
    let written = |(key, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| Written {
        text: key.get_ref().to_string(),
        span: key.span().start..value.span().end,
    };
    table.iter().map(written).collect()
}

/// What plugins and checks have in common.
pub(super) fn common(reader: &mut Reader<'_>, name: &str, table: &DeTable<'_>, file: PathBuf) -> PluginTable {
    let what = "a list of texts: [\"run:NAME\", \"http://HOST:PORT\"]";
    let config = table.get("config").and_then(|config| reader.table(config, "a table: { KEY = VALUE }"));
    PluginTable {
        name: name.to_owned(),
        file,
        grants: optional(table, "grants", |value| reader.texts(value, what)).unwrap_or_default(),
        config: config.map(|config| reader.object(config)).unwrap_or_default(),
        config_places: config.map(places).unwrap_or_default(),
        timeout: optional(table, "timeout", |value| reader.duration(value)),
        cpu: optional(table, "cpu", |value| reader.duration(value)),
        memory: optional(table, "memory", |value| reader.size(value)),
        queue: optional(table, "queue", |value| reader.count(value)),
    }
}
