//! `notify_fifo`: FIFOs that get a line at each transition, and the programs that read them.

use std::ops::Range;

use toml::de::DeTable;

use super::keys::FIFO;
use super::kinds::absolute;
use super::notify_scripts::command;
use super::reader::{Entry, Reader, optional};
use super::user;
use crate::diagnostic::{Diagnostic, Findings};
use crate::model::NotifyFifo;

/// A FIFO, and where it is written.
#[derive(Debug)]
pub(super) struct Fifo {
    fifo: NotifyFifo,
    span: Range<usize>,
}

/// One, or several.
pub(super) fn read(reader: &mut Reader<'_>, root: &DeTable<'_>) -> Vec<Fifo> {
    let Some(value) = root.get("notify_fifo") else { return Vec::new() };
    let entries: Vec<Entry<'_, '_>> = match value.get_ref().as_array() {
        Some(entries) => entries.iter().collect(),
        None => vec![value],
    };
    entries.into_iter().filter_map(|entry| fifo(reader, entry)).collect()
}

/// A path, or `{ path = "/PATH", user = "NAME", script = ["/PROGRAM"] }`.
fn fifo(reader: &mut Reader<'_>, entry: Entry<'_, '_>) -> Option<Fifo> {
    let span = entry.span();
    if entry.get_ref().as_str().is_some() {
        let path = path(reader, entry)?;
        return Some(Fifo { fifo: NotifyFifo { path, user: None, script: None }, span });
    }
    let table = reader.table(entry, "a path, or { path = \"/run/keepwatch/vrrp.fifo\" }")?;
    reader.only(table, &[FIFO], "a FIFO");
    let user = user::read(reader, table);
    let script = optional(table, "script", |value| command(reader, value));
    let Some(value) = table.get("path") else {
        reader.error(&span, "this FIFO has no path", "add path = \"/run/keepwatch/vrrp.fifo\"");
        return None;
    };
    Some(Fifo { fifo: NotifyFifo { path: path(reader, value)?, user, script }, span })
}

fn path(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<String> {
    absolute(reader, value).map(|path| path.to_string_lossy().into_owned())
}

/// Adds them to those of the keepalived.conf.
pub(super) fn add(own: Vec<Fifo>, fifos: &mut Vec<NotifyFifo>, findings: &mut Findings) {
    for Fifo { fifo, span } in own {
        if fifos.iter().any(|known| known.path == fifo.path) {
            let message = "this FIFO gets each line twice";
            findings.push(Diagnostic::warning(&span, message, "remove one of them"));
        }
        fifos.push(fifo);
    }
}
