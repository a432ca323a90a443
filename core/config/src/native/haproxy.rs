//! `haproxy` in checks and in actions.

use std::path::Path;

use toml::de::DeTable;

use super::reader::{Entry, Reader, optional};
use crate::model::{ActionKind, HaproxyBackend, HaproxyCheck, HaproxySocket, ReloadBy, ServerState};
use crate::similar::shown;

/// HAProxy's usual place.
const PROGRAM: &str = "/usr/sbin/haproxy";

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    Reload,
    Server(ServerState),
}

pub(super) fn check(
    reader: &mut Reader<'_>,
    value: Entry<'_, '_>,
    table: &DeTable<'_>,
) -> Option<HaproxyCheck> {
    let address = reader.socket(value);
    let frontends = optional(table, "frontends", |value| reader.some_texts(value, "a list of names"));
    let frontends = frontends.unwrap_or_default().into_iter().map(|written| written.text).collect();
    let backends = table.get("backends").map(|value| backends(reader, value)).unwrap_or_default();
    let socket = of_process(reader, table, address);
    Some(HaproxyCheck { socket: socket?, frontends, backends })
}

/// `["web", "api"]`, or `{ web = 2 }` with how many servers must be up.
fn backends(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Vec<HaproxyBackend> {
    if let Some(table) = value.get_ref().as_table() {
        let backend = |(name, value): (&toml::Spanned<toml::de::DeString<'_>>, Entry<'_, '_>)| {
            Some(HaproxyBackend { name: name.get_ref().to_string(), up: reader.count(value)? })
        };
        return table.iter().filter_map(backend).collect();
    }
    let names = reader.some_texts(value, "a list of names, or a table: { NAME = 2 }").unwrap_or_default();
    names.into_iter().map(|written| HaproxyBackend { name: written.text, up: 1 }).collect()
}

/// `master = true` says whose socket it is.
fn of_process(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    address: Option<String>,
) -> Option<HaproxySocket> {
    let is_masters = optional(table, "master", |value| reader.flag(value)).unwrap_or(false);
    let address = address?;
    Some(if is_masters { HaproxySocket::Master(address) } else { HaproxySocket::Stats(address) })
}

pub(super) fn action(
    reader: &mut Reader<'_>,
    value: Entry<'_, '_>,
    table: &DeTable<'_>,
    folder: &Path,
) -> Option<ActionKind> {
    let words = [
        ("reload", Deed::Reload),
        ("enable", Deed::Server(ServerState::Enabled)),
        ("disable", Deed::Server(ServerState::Disabled)),
        ("drain", Deed::Server(ServerState::Drained)),
    ];
    let deed = reader.one_of(value, &words);
    let socket = match table.get("socket") {
        Some(socket) => reader.socket(socket),
        None => {
            let label = "add socket = \"/run/haproxy/admin.sock\"";
            reader.error(&value.span(), "it is not said where HAProxy is asked", label);
            None
        }
    };
    match deed? {
        Deed::Reload => {
            belongs_not(reader, table, &["server", "wait"], "reload");
            reload(reader, value, table, folder, socket)
        }
        Deed::Server(to) => {
            belongs_not(
                reader,
                table,
                &["config", "program", "pid_file", "systemd"],
                "enable, disable and drain",
            );
            server(reader, value, table, socket, to)
        }
    }
}

fn belongs_not(reader: &mut Reader<'_>, table: &DeTable<'_>, keys: &[&str], with: &str) {
    for key in keys {
        if let Some((key, _)) = table.get_key_value(*key) {
            let message = format!("{} does not go with {with}", shown(key.get_ref()));
            reader.error(&key.span(), message, "remove this");
        }
    }
}

fn reload(
    reader: &mut Reader<'_>,
    value: Entry<'_, '_>,
    table: &DeTable<'_>,
    folder: &Path,
    socket: Option<String>,
) -> Option<ActionKind> {
    let program = optional(table, "program", |value| reader.path(value, folder));
    let files = table.get("config").map(|value| reader.some_texts(value, "a list of files"));
    if files.is_none() {
        let label = "add config = [\"/etc/haproxy/haproxy.cfg\"]";
        reader.error(&value.span(), "it is not said what HAProxy's configuration is", label);
    }
    let pid_file = optional(table, "pid_file", |value| reader.path(value, folder));
    let unit = optional(table, "systemd", |value| unit(reader, value));
    if let (true, Some((key, _))) = (table.contains_key("pid_file"), table.get_key_value("systemd")) {
        reader.error(&key.span(), "HAProxy is told by its `pid_file` already", "remove one of them");
        return None;
    }
    let watch = of_process(reader, table, socket.clone());
    let by = match (pid_file, unit) {
        (Some(pid_file), _) => ReloadBy::Signal { pid_file, watch: watch? },
        (None, Some(unit)) => ReloadBy::Systemd { unit, watch: watch? },
        // Only the master reloads.
        (None, None) => ReloadBy::Master(socket?),
    };
    let config: Vec<_> = files??.into_iter().map(|written| folder.join(written.text)).collect();
    if config.is_empty() {
        reader.error(&value.span(), "it is not said what HAProxy's configuration is", "`config` is empty");
        return None;
    }
    Some(ActionKind::HaproxyReload { program: program.unwrap_or_else(|| PROGRAM.into()), config, by })
}

fn server(
    reader: &mut Reader<'_>,
    value: Entry<'_, '_>,
    table: &DeTable<'_>,
    socket: Option<String>,
    to: ServerState,
) -> Option<ActionKind> {
    let waits = optional(table, "wait", |value| reader.flag(value)).unwrap_or(false);
    let to = match (to, waits) {
        (ServerState::Drained, true) => ServerState::DrainedAndIdle,
        (to, false) => to,
        (to, true) => {
            if let Some((key, _)) = table.get_key_value("wait") {
                reader.error(&key.span(), "only drain can wait", "remove this");
            }
            to
        }
    };
    let server = match table.get("server") {
        Some(server) => backend_and_server(reader, server),
        None => {
            reader.error(&value.span(), "it is not said which server", "add server = \"BACKEND/SERVER\"");
            None
        }
    };
    let socket = of_process(reader, table, socket);
    Some(ActionKind::HaproxyServer { socket: socket?, server: server?, to })
}

/// `BACKEND/SERVER`, of the letters that HAProxy allows.
fn backend_and_server(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<String> {
    let text = reader.text(value)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    let is_name = |name: &str| !name.is_empty() && name.chars().all(allowed);
    if !text.split_once('/').is_some_and(|(backend, server)| is_name(backend) && is_name(server)) {
        let message = format!("{} names no server", shown(&text));
        reader.error(&value.span(), message, "write BACKEND/SERVER, such as web/a");
        return None;
    }
    Some(text)
}

/// The name of a unit of systemd.
pub(super) fn unit(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<String> {
    let text = reader.text(value)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:@\\".contains(c);
    if text.is_empty() || text.starts_with('-') || !text.chars().all(allowed) {
        reader.error(&value.span(), format!("{} is no unit", shown(&text)), "such as haproxy.service");
        return None;
    }
    Some(text)
}
