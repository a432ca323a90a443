//! From a configuration's `[notify.NAME]` tables, and keepalived's mail settings, to destinations.

mod keepalived;
mod mail;
mod webhook;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keepwatch_config::model::{
    Config, FileAt, Gravity, NotifyTable, NotifyWay, SecretAt, TemplateAt, Written,
};
use keepwatch_config::{Diagnostic, Findings, Refused, Site, nearest, there_is};
use keepwatch_event::{KINDS, Severity};
use keepwatch_notify::{Destination, Escape, Grouping, On, Route, TOPICS, Template, Topic, Transport};

/// An attempt by a transport ends by itself; this much later it is broken off.
const LONGER: Duration = Duration::from_secs(5);

/// The destinations of a configuration. What cannot be becomes a finding about the native file.
fn read(config: &Config, refused: &Refused, host: &str, findings: &mut Findings) -> Vec<Destination> {
    let tables = &config.extensions.destinations;
    let mut destinations: Vec<Destination> =
        tables.iter().filter_map(|table| destination(table, config, refused, host, findings)).collect();
    if let Some(mails) = keepalived::destination(config, host) {
        if let Some(same) = tables.iter().find(|table| table.name == *mails.name) {
            let message = format!("{} is what keepalived's mails are called here", same.name);
            findings.push(Diagnostic::error(&same.place.span, message, "give it another name"));
        }
        destinations.push(mails);
    }
    destinations
}

/// The destinations of a configuration that was read. What cannot be becomes a finding, and the configuration then is none.
pub(crate) fn of_site(site: &mut Site) -> Vec<Destination> {
    let Some(config) = site.draft() else { return Vec::new() };
    let mut findings = Findings::default();
    let destinations = read(config, &site.refused, &host_name(), &mut findings);
    site.refuse(&findings);
    destinations
}

/// Whether a configuration has a destination of this name.
pub(crate) fn has(config: &Config, name: &str) -> bool {
    names(config).contains(&name)
}

/// The names of a configuration's destinations.
pub(crate) fn names(config: &Config) -> Vec<&str> {
    let mut names: Vec<&str> =
        config.extensions.destinations.iter().map(|table| table.name.as_str()).collect();
    if keepalived::destination(config, &host_name()).is_some() {
        names.push(keepalived::NAME);
    }
    names
}

/// What mails and webhooks call this host: `router_id`, or the host's name.
pub(crate) fn node(config: &Config) -> String {
    config.globals.router_id.clone().unwrap_or_else(host_name)
}

/// What servers know this host by.
fn host_name() -> String {
    nix::unistd::gethostname().unwrap_or_default().to_string_lossy().into_owned()
}

fn destination(
    table: &NotifyTable,
    config: &Config,
    refused: &Refused,
    host: &str,
    findings: &mut Findings,
) -> Option<Destination> {
    let mut reader = Reader { span: table.place.span.clone(), name: &table.name, findings };
    let route = route(table, config, refused, reader.findings);
    let (transport, timeout): (Arc<dyn Transport>, Duration) = match &table.way {
        NotifyWay::Mail(mail) => {
            let relays = u32::try_from(mail.relays.len()).unwrap_or(1);
            (Arc::new(mail::transport(mail, table.timeout, host, &mut reader)?), table.timeout * relays)
        }
        NotifyWay::Webhook(webhook) => {
            (Arc::new(webhook::transport(webhook, table.timeout, &mut reader)?), table.timeout)
        }
    };
    Some(Destination {
        name: table.name.as_str().into(),
        route,
        transport,
        grouping: Grouping::Together(table.group_wait),
        ttl: table.ttl,
        timeout: timeout + LONGER,
        remind: table.remind,
    })
}

/// `on`, `instances` and `severity`.
fn route(table: &NotifyTable, config: &Config, refused: &Refused, findings: &mut Findings) -> Route {
    let (mut topics, mut kinds) = (Vec::new(), Vec::new());
    for word in &table.on {
        let topic = TOPICS.iter().find(|(name, _)| *name == word.text).map(|(_, topic)| *topic);
        match topic {
            Some(topic) => topics.push(topic),
            None if word.text == "all" => topics.extend(TOPICS.iter().map(|(_, topic)| *topic)),
            None if KINDS.contains(&word.text.as_str()) => kinds.push(word.text.clone()),
            None => findings.push(unknown(word)),
        }
    }
    let is_known = |name: &str| {
        config.instances.iter().any(|instance| instance.name == name)
            || config.groups.iter().any(|group| group.name == name)
            || ["instance", "group"].iter().any(|kind| refused.has(kind, name))
    };
    for name in table.instances.iter().filter(|name| !is_known(&name.text)) {
        let known = config.instances.iter().map(|instance| instance.name.as_str());
        let all: Vec<&str> = known.chain(refused.of("instance")).collect();
        let message = format!("there is no instance and no group \"{}\"", name.text);
        findings.push(Diagnostic::error(&name.span, message, there_is(&all)));
    }
    let severity = match table.severity {
        Gravity::Info => Severity::Info,
        Gravity::Warning => Severity::Warning,
        Gravity::Error => Severity::Error,
    };
    let instances = table.instances.iter().map(|name| name.text.clone()).collect();
    Route::On(On { topics, kinds, instances, severity })
}

fn unknown(word: &Written) -> Diagnostic {
    let topics: Vec<&str> = TOPICS.iter().map(|(name, _): &(&str, Topic)| *name).collect();
    let message = format!("nothing is called \"{}\" that one could hear of", word.text);
    let names = topics.iter().chain(KINDS).copied().chain(["all"]);
    let is_state = ["init", "backup", "master", "fault", "stop", "stopped"]
        .iter()
        .any(|state| state.eq_ignore_ascii_case(&word.text));
    let label = match nearest(&word.text, names) {
        _ if is_state => "all changes of state are told as \"transition\"".to_owned(),
        Some(name) => format!("did you mean \"{name}\"?"),
        None => String::new(),
    };
    Diagnostic::error(&word.span, message, label).help(format!(
        "there is {}, all, and each kind of event that `keepwatch events` shows",
        topics.join(", ")
    ))
}

/// What the parts of a destination are read with.
pub(crate) struct Reader<'r> {
    /// Where its name stands.
    span: Range<usize>,
    name: &'r str,
    findings: &'r mut Findings,
}

impl Reader<'_> {
    /// Notes that something about it cannot be, and what would be right.
    fn error(&mut self, span: Option<&Range<usize>>, message: impl Into<String>, label: &str) {
        let span = span.unwrap_or(&self.span);
        self.findings.push(Diagnostic::error(span, message, label));
    }

    /// A template; none if there is something wrong with it.
    fn template(&mut self, key: &str, at: &TemplateAt, escape: Escape) -> Option<Template> {
        let (path, text, span) = match at {
            TemplateAt::Inline(written) => {
                let path = PathBuf::from(format!("notify.{} {key}", self.name));
                (path, written.text.clone(), written.span.clone())
            }
            TemplateAt::File(FileAt { path, place }) => match std::fs::read_to_string(path) {
                Ok(text) => (path.clone(), text, place.span.clone()),
                Err(error) => {
                    let error = error.to_string();
                    let plain = error.split(" (os error").next().unwrap_or(&error);
                    let why = format!("the template {} cannot be read: {plain}", path.display());
                    self.error(Some(&place.span), why, &format!("correct {key}_file"));
                    return None;
                }
            },
        };
        match Template::compile(&path, &text, escape) {
            Ok(template) => Some(template),
            Err(why) => {
                let message = format!("the template of `{key}` is not right");
                self.findings.push(Diagnostic::error(&span, message, "").note(why));
                None
            }
        }
    }
}

/// The file of a secret. systemd puts credentials into a folder that only the service can read.
fn secret_file(at: &SecretAt) -> PathBuf {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY").unwrap_or_else(|| "/run/credentials".into());
    at.within(Path::new(&folder))
}
