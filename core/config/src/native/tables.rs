//! The tables of a native file.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeString, DeTable};

use super::instance::Addition;
use super::reader::{Reader, optional};
use super::{action, check, instance, notify};
use crate::diagnostic::Diagnostic;
use crate::model::{Check, Extensions, PluginTable};
use crate::name::is_name;
use crate::similar::shown;

/// What a native file says.
pub(super) struct Native {
    pub(super) keepalived: Keepalived,
    pub(super) extensions: Extensions,
    pub(super) checks: Vec<Check>,
    pub(super) additions: Vec<Addition>,
}

/// The keepalived.conf that a native file names.
pub(super) struct Keepalived {
    pub(super) path: PathBuf,
    pub(super) span: Range<usize>,
}

const ROOT: &[&str] = &["keepalived", "hooks", "plugin", "check", "action", "notify", "instance"];
/// What the native format will have.
const LATER: &[&str] = &["node", "route", "group"];
const PLUGIN: &[&str] = &["file", "grants", "config", "timeout", "cpu", "memory", "queue"];
/// Reads the whole file.
pub(super) fn read(reader: &mut Reader<'_>, root: &DeTable<'_>, folder: &Path) -> Option<Native> {
    for key in root.keys().filter(|key| LATER.contains(&key.get_ref().as_ref())) {
        let name = shown(key.get_ref());
        let finding = Diagnostic::error(&key.span(), format!("{name} is not in this version"), "")
            .help("instances come from a keepalived.conf: keepalived = \"/etc/keepalived/keepalived.conf\"");
        reader.findings.push(finding);
    }
    let known: Vec<&str> = ROOT.iter().chain(LATER).copied().collect();
    reader.only(root, &known, "keepwatch.toml");
    let mut extensions = Extensions { hooks: Some(folder.join("hooks.d")), ..Extensions::default() };
    if let Some(hooks) = root.get("hooks") {
        extensions.hooks = reader.path(hooks, folder);
    }
    let mut checks = Vec::new();
    let hooks = extensions.hooks.clone().unwrap_or_else(|| folder.join("hooks.d"));
    each(reader, root, "plugin", |reader, name, table, _| {
        let plugin = plugin(reader, name, table, folder, &hooks);
        extensions.plugins.push(plugin);
    });
    each(reader, root, "check", |reader, name, table, span| {
        if extensions.plugins.iter().any(|plugin| plugin.name == name) {
            reader.error(span, format!("{} is a plugin, too", shown(name)), "give one of them another name");
        }
        checks.extend(check::read(reader, name, table, folder, span));
    });
    each(reader, root, "action", |reader, name, table, span| {
        extensions.actions.extend(action::read(reader, name, table, folder, span));
    });
    each(reader, root, "notify", |reader, name, table, span| {
        extensions.destinations.extend(notify::read(reader, name, table, folder, span));
    });
    let mut additions = Vec::new();
    instances(reader, root, |reader, name, table, span| {
        additions.push(instance::read(reader, name, table, span));
    });
    let Some(keepalived) = root.get("keepalived") else {
        let finding = Diagnostic::error(&(0..0), "no instances: the key `keepalived` is missing", "")
            .help("name the file with them: keepalived = \"/etc/keepalived/keepalived.conf\"");
        reader.findings.push(finding);
        return None;
    };
    let path = reader.path(keepalived, folder)?;
    let keepalived = Keepalived { path, span: keepalived.span() };
    Some(Native { keepalived, extensions, checks, additions })
}

/// Reads each `[instance.NAME]`. keepalived takes names as they come.
fn instances<'i>(
    reader: &mut Reader<'_>,
    root: &DeTable<'i>,
    mut read: impl FnMut(&mut Reader<'_>, &str, &DeTable<'i>, &Range<usize>),
) {
    let Some(tables) = root.get("instance") else { return };
    let Some(tables) = reader.table(tables, "tables: write [instance.NAME]") else { return };
    for (name, value) in tables {
        let what = format!("a table: write [instance.{}]", name.get_ref());
        if let Some(table) = reader.table(value, &what) {
            read(reader, name.get_ref(), table, &name.span());
        }
    }
}

/// Reads each `[KIND.NAME]`.
fn each<'i>(
    reader: &mut Reader<'_>,
    root: &DeTable<'i>,
    kind: &str,
    mut read: impl FnMut(&mut Reader<'_>, &str, &DeTable<'i>, &Range<usize>),
) {
    let Some(tables) = root.get(kind) else { return };
    let Some(tables) = reader.table(tables, &format!("tables: write [{kind}.NAME]")) else { return };
    if let Some((key, _)) = tables.iter().find(|(_, value)| value.get_ref().as_table().is_none()) {
        let message = format!("{} stands in [{kind}] itself", shown(key.get_ref()));
        return reader.error(&key.span(), message, format!("it belongs under a name: [{kind}.NAME]"));
    }
    for (name, value) in tables {
        let Some(table) = value.get_ref().as_table() else { continue };
        if has_name(reader, name) {
            read(reader, name.get_ref(), table, &name.span());
        }
    }
}

fn has_name(reader: &mut Reader<'_>, name: &Spanned<DeString<'_>>) -> bool {
    let text = name.get_ref();
    let is_valid = is_name(text);
    if !is_valid {
        let label = "letters, digits, `-`, `_` and `.`, 64 at most";
        reader.error(&name.span(), format!("{} is no name", shown(text)), label);
    }
    is_valid
}

fn plugin(
    reader: &mut Reader<'_>,
    name: &str,
    table: &DeTable<'_>,
    folder: &Path,
    hooks: &Path,
) -> PluginTable {
    reader.only(table, PLUGIN, "[plugin]");
    let file = table.get("file").and_then(|file| reader.path(file, folder));
    let file = file.unwrap_or_else(|| hooks.join(format!("{name}.rhai")));
    common(reader, name, table, file)
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
        timeout: optional(table, "timeout", |value| reader.duration(value)),
        cpu: optional(table, "cpu", |value| reader.duration(value)),
        memory: optional(table, "memory", |value| reader.size(value)),
        queue: optional(table, "queue", |value| reader.count(value)),
    }
}
