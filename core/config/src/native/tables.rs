//! The tables of a native file.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use keepwatch_vrrp::{TrackPolicy, TrackWeight};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::reader::{Entry, Reader};
use crate::diagnostic::Diagnostic;
use crate::model::{ActionTable, Check, CheckKind, Extensions, PluginTable};
use crate::similar::shown;

/// What a native file says.
pub(super) struct Native {
    pub(super) keepalived: Keepalived,
    pub(super) extensions: Extensions,
    pub(super) checks: Vec<Check>,
}

/// The keepalived.conf that a native file names.
pub(super) struct Keepalived {
    pub(super) path: PathBuf,
    pub(super) span: Range<usize>,
}

const ROOT: &[&str] = &["keepalived", "hooks", "plugin", "check", "action"];
/// What the native format will have.
const LATER: &[&str] = &["node", "instance", "notify", "route", "group"];
const PLUGIN: &[&str] = &["file", "grants", "config", "timeout", "cpu", "memory", "queue"];
const CHECK: &[&str] = &["plugin", "grants", "config", "interval", "timeout", "cpu", "memory"];
const ACTION: &[&str] = &["exec", "user", "timeout"];

/// How often a check is asked unless it says otherwise, and how long its answer may take.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long an action may run unless it says otherwise.
const ACTION_TIMEOUT: Duration = Duration::from_secs(30);

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
        checks.extend(check(reader, name, table, folder, span));
    });
    each(reader, root, "action", |reader, name, table, span| {
        extensions.actions.extend(action(reader, name, table, span));
    });
    let Some(keepalived) = root.get("keepalived") else {
        let finding = Diagnostic::error(&(0..0), "no instances: the key `keepalived` is missing", "")
            .help("name the file with them: keepalived = \"/etc/keepalived/keepalived.conf\"");
        reader.findings.push(finding);
        return None;
    };
    let path = reader.path(keepalived, folder)?;
    Some(Native { keepalived: Keepalived { path, span: keepalived.span() }, extensions, checks })
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
    for (name, value) in tables {
        let what = format!("a table: write [{kind}.{}]", name.get_ref());
        let Some(table) = reader.table(value, &what) else { continue };
        if is_name(reader, name) {
            read(reader, name.get_ref(), table, &name.span());
        }
    }
}

/// Letters, digits, `-`, `_` and `.`: a name stands in grants, in paths and on terminals.
fn is_name(reader: &mut Reader<'_>, name: &Spanned<DeString<'_>>) -> bool {
    let text = name.get_ref();
    let valid = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_valid = !text.is_empty() && text.chars().all(valid) && text.len() <= 64;
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

fn check(
    reader: &mut Reader<'_>,
    name: &str,
    table: &DeTable<'_>,
    folder: &Path,
    span: &Range<usize>,
) -> Option<Check> {
    reader.only(table, CHECK, "[check]");
    let Some(file) = table.get("plugin") else {
        reader.error(span, format!("check {} has no plugin", shown(name)), "add plugin = \"/PATH/TO/FILE\"");
        return None;
    };
    let file = reader.path(file, folder)?;
    let interval = optional(table, "interval", |value| reader.duration(value)).unwrap_or(INTERVAL);
    let mut plugin = common(reader, name, table, file);
    let timeout = plugin.timeout.take();
    if let (Some(timeout), Some(value)) = (timeout, table.get("timeout"))
        && timeout > interval
    {
        let finding = Diagnostic::warning(&value.span(), "an answer may take longer than the interval", "")
            .note("the next question then waits for it");
        reader.findings.push(finding);
    }
    Some(Check {
        name: name.to_owned(),
        what: CheckKind::Plugin(plugin),
        interval,
        timeout: timeout.unwrap_or(interval),
        policy: TrackPolicy::default(),
        weight: TrackWeight::Fault { reverse: false },
    })
}

/// What plugins and checks have in common.
fn common(reader: &mut Reader<'_>, name: &str, table: &DeTable<'_>, file: PathBuf) -> PluginTable {
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

fn action(
    reader: &mut Reader<'_>,
    name: &str,
    table: &DeTable<'_>,
    span: &Range<usize>,
) -> Option<ActionTable> {
    reader.only(table, ACTION, "[action]");
    let Some(exec) = table.get("exec") else {
        let label = "add exec = [\"/PATH/TO/PROGRAM\", \"ARGUMENT\"]";
        reader.error(span, format!("action {} runs nothing", shown(name)), label);
        return None;
    };
    let timeout = optional(table, "timeout", |value| reader.duration(value)).unwrap_or(ACTION_TIMEOUT);
    let user = optional(table, "user", |value| reader.text(value));
    let words = reader.texts(exec, "a list: [\"/PATH/TO/PROGRAM\", \"ARGUMENT\"]")?;
    let program = words.first().map(|word| word.text.as_str()).unwrap_or_default();
    if !program.starts_with('/') {
        let place = words.first().map_or_else(|| exec.span(), |word| word.span.clone());
        let label = "no shell looks for it in PATH: write where it is, /usr/bin/...";
        reader.error(&place, "a program is named by its absolute path", label);
        return None;
    }
    let exec = words.into_iter().map(|word| word.text).collect();
    Some(ActionTable { name: name.to_owned(), exec, user, timeout })
}

fn optional<T>(table: &DeTable<'_>, key: &str, read: impl FnOnce(Entry<'_, '_>) -> Option<T>) -> Option<T> {
    table.get(key).and_then(|value: &Spanned<DeValue<'_>>| read(value))
}
