//! keepalived's mails as a destination.

use super::document::Table;
use super::value;
use crate::model::{Config, Mail};
use crate::name::is_name;

/// As keepwatch calls keepalived's own mails, so that letters that wait go on.
const NAME: &str = "smtp_alert";

/// `[notify.smtp_alert]`; none if keepalived would send no mail, or its addresses are not whole, which is said then.
pub(super) fn table(config: &Config, lost: &mut Vec<String>) -> Option<Table> {
    let Mail { to, from, server, connect_timeout, helo_name, alert: _, no_faults } = &config.globals.mail;
    let instances = config.instances.iter().filter(|instance| instance.mail_alert);
    let groups = config.groups.iter().filter(|group| group.mail_alert && is_name(&group.name));
    let about: Vec<String> = instances
        .map(|instance| instance.name.clone())
        .chain(groups.map(|group| group.name.clone()))
        .collect();
    let (host, port) = server.as_ref().filter(|_| !to.is_empty() && !about.is_empty())?;
    let Some(from) = from.as_ref().filter(|_| from.iter().chain(to).all(|address| address.contains('@')))
    else {
        let message = "mail: its sender and recipients need a domain here: write [notify.NAME] with `smtp`, `from` and `to` \
                       (the book's page \"Mail\")";
        lost.push(message.to_owned());
        return None;
    };
    let shown = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let mut table = Table::new("notify", NAME, "notification_email");
    table.set("smtp", "smtp_server", value::text(&shown));
    table.set("tls", "smtp_server", value::text("none"));
    table.set("from", "notification_email_from", value::text(from));
    table.set("to", "notification_email", value::texts(to));
    match helo_name {
        Some(name) if name.chars().all(|c| c.is_ascii_graphic()) => {
            table.set("helo", "smtp_helo_name", value::text(name));
        }
        Some(_) => lost.push("smtp_helo_name: no name of a host".to_owned()),
        None => {}
    }
    if connect_timeout.is_some() {
        let message = "smtp_connect_timeout: here `timeout` is for everything with the relay";
        lost.push(message.to_owned());
    }
    table.set("instances", "smtp_alert", value::texts(&about));
    let faults = if *no_faults { ", and of FAULT, too" } else { "" };
    lost.push(format!(
        "mail: [notify.{NAME}] tells of the same instances in keepwatch's words{faults}; its `tls` can be more than keepalived has"
    ));
    Some(table)
}
