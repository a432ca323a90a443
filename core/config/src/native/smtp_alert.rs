//! `[smtp_alert]`: keepalived's mails, in its words. What `[notify.NAME]` can do they cannot.

use toml::de::DeTable;

use super::keys::SMTP_ALERT;
use super::reader::{Reader, optional};
use crate::diagnostic::{Diagnostic, Findings};
use crate::lint;
use crate::model::{Config, Mail, Written};
use crate::similar::{choice, shown, there_is};
use crate::site::Refused;

/// keepalived's default.
const PORT: u16 = 25;

/// What the table says.
#[derive(Debug)]
pub(super) struct SmtpAlert {
    mail: Mail,
    /// What mails are about.
    instances: Vec<Written>,
    groups: Vec<Written>,
}

/// Reads the table, if it is there.
pub(super) fn read(reader: &mut Reader<'_>, root: &DeTable<'_>) -> Option<SmtpAlert> {
    let value = root.get("smtp_alert")?;
    let table = reader.table(value, "a table: write [smtp_alert]")?;
    reader.only(table, &[SMTP_ALERT], "[smtp_alert]");
    let mut needed = |key: &str, example: &str| {
        let found = table.get(key);
        if found.is_none() {
            let message = format!("[smtp_alert] has no `{key}`");
            reader.error(&value.span(), message, format!("add {key} = {example}"));
        }
        found
    };
    let server = needed("smtp_server", "\"10.1.1.25\"");
    let to = needed("notification_email", "[\"admin@example.com\"]");
    let server = server.and_then(|value| reader.text(value));
    let to = to.and_then(|value| reader.some_texts(value, "an address, or a list of addresses"));
    let mut names = |key: &str| {
        optional(table, key, |value| reader.some_texts(value, "a list of names")).unwrap_or_default()
    };
    let (instances, groups) = (names("instances"), names("groups"));
    if instances.is_empty() && groups.is_empty() {
        let message = "no mail is sent: it is not said what about";
        let finding = Diagnostic::warning(&value.span(), message, "");
        reader.findings.push(finding.help("add instances = [\"INSTANCE\"], or groups = [\"GROUP\"]"));
    }
    let port = optional(table, "smtp_port", |value| reader.whole(value, 1..=65535));
    let port = port.and_then(|port| u16::try_from(port).ok()).unwrap_or(PORT);
    let from = optional(table, "notification_email_from", |value| {
        reader.text(value).map(|text| Written { text, span: value.span() })
    });
    let helo_name = optional(table, "smtp_helo_name", |value| reader.text(value));
    let connect_timeout = optional(table, "smtp_connect_timeout", |value| reader.duration(value));
    let no_faults = optional(table, "no_email_faults", |value| reader.flag(value)).unwrap_or_default();
    let (server, to) = (server?, to?);
    let nobody = to.iter().map(|to| (to, "nobody is written to there"));
    for (address, instead) in nobody.chain(from.iter().map(|from| (from, "root at this host is the sender")))
    {
        if !lint::is_mail_address(&address.text) {
            let message = format!("{} is no mail address", shown(&address.text));
            reader.findings.push(Diagnostic::warning(&address.span, message, instead));
        }
    }
    let mail = Mail {
        to: to.into_iter().map(|to| to.text).collect(),
        from: from.map(|from| from.text),
        server: Some((server, port)),
        connect_timeout,
        helo_name,
        alert: false,
        no_faults,
    };
    Some(SmtpAlert { mail, instances, groups })
}

impl SmtpAlert {
    /// Takes the place of what the keepalived.conf says of mails.
    pub(super) fn over(self, config: &mut Config, refused: &Refused, findings: &mut Findings) {
        let Self { mail, instances, groups } = self;
        config.globals.mail = mail;
        let is_in = |names: &[Written], name: &str| names.iter().any(|written| written.text == name);
        config.instances.iter_mut().for_each(|known| known.mail_alert = is_in(&instances, &known.name));
        config.groups.iter_mut().for_each(|known| known.mail_alert = is_in(&groups, &known.name));
        let known = config.instances.iter().map(|known| known.name.as_str()).collect();
        unknown("instance", &instances, known, refused, findings);
        let known = config.groups.iter().map(|known| known.name.as_str()).collect();
        unknown("group", &groups, known, refused, findings);
    }
}

/// Reports names of which there is nothing of this kind.
fn unknown(kind: &str, names: &[Written], known: Vec<&str>, refused: &Refused, findings: &mut Findings) {
    for Written { text, span } in names {
        if known.contains(&text.as_str()) || refused.has(kind, text) {
            continue;
        }
        let label = choice(text, &known, &there_is(&known));
        findings.push(Diagnostic::error(span, format!("there is no {kind} {}", shown(text)), label));
    }
}
