//! keepalived's mails.

use super::document::Table;
use super::list::Item;
use super::value;
use crate::model::{Config, Mail};

/// `[smtp_alert]`; none if keepalived would send no mail.
pub(super) fn table(config: &Config) -> Option<Table> {
    if !is_sent(config) {
        return None;
    }
    let Mail { to, from, server, connect_timeout, helo_name, alert: _, no_faults } = &config.globals.mail;
    let (host, port) = server.as_ref()?;
    let mut table = Table::part("smtp_alert", "global_defs");
    table.set("smtp_server", "smtp_server", value::text(host));
    if *port != 25 {
        table.set("smtp_port", "smtp_server", port.to_string());
    }
    let to = to.iter().map(|address| Item::text(address));
    table.set_list("notification_email", "notification_email", to.collect());
    if let Some(from) = from {
        table.set("notification_email_from", "notification_email_from", value::text(from));
    }
    if let Some(name) = helo_name {
        table.set("smtp_helo_name", "smtp_helo_name", value::text(name));
    }
    if let Some(timeout) = connect_timeout {
        table.set("smtp_connect_timeout", "smtp_connect_timeout", value::duration(*timeout));
    }
    if *no_faults {
        table.set("no_email_faults", "no_email_faults", "true".to_owned());
    }
    let instances = config.instances.iter().filter(|instance| instance.mail_alert);
    let groups = config.groups.iter().filter(|group| group.mail_alert);
    let instances: Vec<String> = instances.map(|instance| instance.name.clone()).collect();
    let groups: Vec<String> = groups.map(|group| group.name.clone()).collect();
    for (key, names) in [("instances", instances), ("groups", groups)] {
        if !names.is_empty() {
            table.set(key, "smtp_alert", value::texts(&names));
        }
    }
    Some(table)
}

/// Whether keepalived would send any mail: to somebody, by a relay, about something.
pub(super) fn is_sent(config: &Config) -> bool {
    let mail = &config.globals.mail;
    let asks = config.instances.iter().any(|instance| instance.mail_alert)
        || config.groups.iter().any(|group| group.mail_alert);
    asks && mail.server.is_some() && !mail.to.is_empty()
}
