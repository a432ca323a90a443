//! keepalived's own mails: `notification_email`, `smtp_server` and `smtp_alert`.

use std::sync::Arc;
use std::time::Duration;

use keepwatch_config::model::{Config, Mail as Globals};
use keepwatch_notify::{Alerts, Destination, Grouping, Route};
use keepwatch_smtp::{Mail, Mailbox, Relay, Settings, Style, Tls};

/// What its queue is called.
pub(super) const NAME: &str = "smtp_alert";

/// keepalived's default.
const CONNECT: Duration = Duration::from_secs(30);
/// How long a mail may take in all; keepalived has no such limit.
const TIMEOUT: Duration = Duration::from_secs(90);
const TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// The destination, if anybody is to be written to by some server, and some instance or group asks for it.
pub(super) fn destination(config: &Config, host: &str) -> Option<Destination> {
    let mail = &config.globals.mail;
    let instances = config.instances.iter().filter(|instance| instance.mail_alert);
    let groups = config.groups.iter().filter(|group| group.mail_alert);
    let alerts = Alerts {
        instances: instances.map(|instance| instance.name.clone()).collect(),
        groups: groups.map(|group| group.name.clone()).collect(),
        no_faults: mail.no_faults,
        gone: Vec::new(),
    };
    let to: Vec<Mailbox> = mail.to.iter().filter_map(|to| mailbox(to, host)).collect();
    if to.is_empty() || (alerts.instances.is_empty() && alerts.groups.is_empty()) {
        return None;
    }
    let (from, (server, port)) = (sender(mail, host)?, mail.server.clone()?);
    let settings = Settings {
        helo: Some(mail.helo_name.clone().unwrap_or_else(|| host.to_owned())),
        connect_timeout: mail.connect_timeout.unwrap_or(CONNECT),
        timeout: TIMEOUT,
        style: Style::Keepalived,
        ..Settings::new(Relay { host: server, port, tls: Tls::None }, from, to)
    };
    Some(Destination {
        name: NAME.into(),
        route: Route::Alerts(alerts),
        transport: Arc::new(Mail::new(settings)),
        grouping: Grouping::Each,
        ttl: TTL,
        timeout: TIMEOUT + super::LONGER,
        remind: None,
    })
}

/// `notification_email_from`, or root at this host.
fn sender(mail: &Globals, host: &str) -> Option<Mailbox> {
    let written = mail.from.as_ref().and_then(|from| mailbox(from, host));
    written.or_else(|| mailbox("root", host))
}

/// An address; one without domain is at this host.
fn mailbox(text: &str, host: &str) -> Option<Mailbox> {
    let at = |domain: &str| format!("{text}@{domain}").parse().ok();
    text.parse().ok().or_else(|| at(host)).or_else(|| at("localhost"))
}
