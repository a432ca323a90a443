//! `keepwatch.toml`, the native format: instances of its own, those of a keepalived.conf, or both, with checks, plugins,
//! actions and who is told.
//!
//! ```toml
//! [instance.web]
//! interface = "eth0"
//! virtual_router_id = 51
//! priority = 101
//! advert_interval = "100ms"
//! virtual_addresses = ["10.1.1.30/24", "fd00::30/64"]
//! track = ["haproxy", { interface = "eth1", weight = -10 }]
//!
//! [check.haproxy]
//! haproxy = "/run/haproxy/admin.sock"
//!
//! [action.haproxy-reload]
//! exec = ["/usr/bin/systemctl", "reload", "haproxy"]
//! timeout = "10s"
//!
//! [plugin.haproxy]                     # hooks.d/haproxy.rhai
//! grants = ["run:haproxy-reload"]
//! ```

mod action;
mod address;
mod announcing;
mod attach;
mod auth_pass;
mod check;
mod dumps;
mod fifos;
mod group;
mod haproxy;
mod headers;
mod include;
mod instance;
mod ipvlan;
mod keys;
mod kinds;
mod link_delays;
mod mail;
mod nftables;
mod notify;
mod notify_scripts;
mod own_interface;
mod peers;
mod reader;
mod router;
mod routers;
mod routing;
mod scheduling;
mod smtp_alert;
mod spacing;
mod statics;
mod tables;
mod track_file;
mod user;
mod virtual_address;
mod virtual_mac;
mod webhook;

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Findings, Source};
use crate::load::{self, Loaded};
use crate::model::Config;
use crate::site::{Purpose, Refused, Site};
use include::Files;
pub use keys::{reference, schema};
use reader::Reader;

/// Reads what the native file at `path` says, those it includes, and the keepalived.conf they name.
pub(crate) fn load(source: Source, path: &Path, config_id: &str, purpose: Purpose) -> Site {
    let mut findings = Findings::default();
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let files = Files::read(&source, path, folder, &mut findings);
    let (read, secrets) = read(&files, purpose, &mut findings);
    let mut source = files.into_source(source).naming(secrets);
    let mut texts = Vec::new();
    let (mut draft, mut refused) = (None, Refused::default());
    if let Some(mut native) = read {
        refused = std::mem::take(&mut native.refused);
        source = source.naming(native.keepalived.iter().map(|keepalived| keepalived.path.clone()).collect());
        match &native.keepalived {
            None => draft = Some(native.added_to(Config::default(), &refused, &mut findings)),
            Some(keepalived) => match load::load_tracked(&keepalived.path, config_id, &native.tracked()) {
                Ok(Loaded { source, findings: said, config: read }) => {
                    texts.push((source, said));
                    draft = read.map(|read| native.added_to(read, &refused, &mut findings));
                }
                Err(error) => {
                    findings.push(Diagnostic::error(&keepalived.span, error.to_string(), "named here"));
                }
            },
        }
    }
    // Of one with mistakes nobody knows whether it has none.
    let is_right = !findings.has_errors();
    if let Some(finding) = draft.as_ref().filter(|_| is_right).and_then(load::no_instance) {
        findings.push(finding);
    }
    findings.sort();
    let config = if findings.has_errors() { None } else { draft.take() };
    texts.insert(0, (source, findings));
    Site { texts, config, draft, refused }
}

/// What native files say together, and where the passwords are that they name. What is wrong with one table does not hide what
/// is wrong between others.
fn read(files: &Files, purpose: Purpose, findings: &mut Findings) -> (Option<tables::Native>, Vec<PathBuf>) {
    let Some(table) = files.table(findings) else { return (None, Vec::new()) };
    let read = tables::read(&mut Reader { findings }, &table, files, purpose);
    (read, auth_pass::named(&table, files))
}
