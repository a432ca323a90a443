//! `keepwatch.toml`, the native format. This version of it takes its instances from a keepalived.conf
//! and adds checks, plugins, actions and who is told.
//!
//! ```toml
//! keepalived = "/etc/keepalived/keepalived.conf"
//!
//! [action.haproxy-reload]
//! exec = ["/usr/bin/systemctl", "reload", "haproxy"]
//! timeout = "10s"
//!
//! [plugin.haproxy]                     # hooks.d/haproxy.rhai
//! grants = ["run:haproxy-reload"]
//!
//! [check.web]
//! http = "http://127.0.0.1/health"
//!
//! [instance.VI_1]                      # adds to the instance of the keepalived.conf
//! track = ["web", { interface = "eth1", weight = -10 }]
//! ```

mod action;
mod address;
mod attach;
mod check;
mod haproxy;
mod instance;
mod kinds;
mod mail;
mod notify;
mod reader;
mod tables;
mod webhook;

use std::path::Path;

use crate::diagnostic::{Diagnostic, Findings, Source};
use crate::load::{self, LoadError, Loaded};
use crate::site::Site;
use reader::Reader;

/// Reads the native file at `path` and the keepalived.conf it names.
pub(crate) fn load(path: &Path, config_id: &str) -> Result<Site, LoadError> {
    let source = load::read(path)?;
    let mut findings = Findings::default();
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let read = read(&source, &folder, &mut findings);
    let mut texts = Vec::new();
    let mut config = None;
    if let Some(native) = read {
        match load::load_tracked(&native.keepalived.path, config_id, &native.tracked()) {
            Ok(Loaded { source, findings: said, config: read }) => {
                texts.push((source, said));
                config = read.map(|read| native.added_to(read, &mut findings));
            }
            Err(error) => {
                findings.push(Diagnostic::error(&native.keepalived.span, error.to_string(), "named here"));
            }
        }
    }
    findings.sort();
    if findings.has_errors() {
        config = None;
    }
    texts.insert(0, (source, findings));
    Ok(Site { texts, config })
}

/// What a native text says; `folder` is where it is.
fn read(source: &Source, folder: &Path, findings: &mut Findings) -> Option<tables::Native> {
    let (table, errors) = toml::de::DeTable::parse_recoverable(&source.text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        findings.push(Diagnostic::error(&span, error.message().to_owned(), "").note("this is not TOML"));
    }
    if !errors.is_empty() {
        // What stands behind a mistake need not mean what it seems to.
        return None;
    }
    let mut reader = Reader { findings };
    let read = tables::read(&mut reader, table.get_ref(), folder);
    if findings.has_errors() { None } else { read }
}
