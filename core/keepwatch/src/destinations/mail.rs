//! `smtp`.

use std::time::Duration;

use keepwatch_config::model::{MailAuth, MailTable, MailTls, Written};
use keepwatch_notify::Escape;
use keepwatch_smtp::{
    AddressError, Identity, Mail, Mailbox, Mechanism, Relay, Secret, Settings, SignIn, Style, Templates, Tls,
};

use super::{Reader, secret_file};

/// Mails as the table says; none if something about it cannot be.
pub(super) fn transport(
    table: &MailTable,
    timeout: Duration,
    host: &str,
    reader: &mut Reader<'_>,
) -> Option<Mail> {
    let tls = match table.tls {
        MailTls::StartTls => Tls::StartTls,
        MailTls::Implicit => Tls::Implicit,
        MailTls::None => Tls::None,
    };
    let relays = table.relays.iter().map(|(host, port)| match port {
        Some(port) => Relay { host: host.clone(), port: *port, tls },
        None => Relay::new(host, tls),
    });
    let from = mailbox(&table.from, reader);
    let to: Option<Vec<Mailbox>> = table.to.iter().map(|to| mailbox(to, reader)).collect();
    let default = Templates::default();
    let subject = match &table.subject {
        Some(at) => reader.template("subject", at, Escape::Text),
        None => Some(default.subject),
    };
    let text = match &table.text {
        Some(at) => reader.template("text", at, Escape::Text),
        None => Some(default.text),
    };
    let html = match &table.html {
        Some(at) => reader.template("html", at, Escape::Html).map(Some),
        // Whoever writes a text wants that one read.
        None if table.text.is_some() => Some(None),
        None => Some(default.html),
    };
    let sign_in = table.user.as_ref().map(|(user, secret)| {
        let secret = Secret::file(secret_file(secret));
        match table.auth {
            None => SignIn::with_password(user, secret),
            Some(auth) => {
                let mechanism = match auth {
                    MailAuth::Plain => Mechanism::Plain,
                    MailAuth::Login => Mechanism::Login,
                    MailAuth::Xoauth2 => Mechanism::Xoauth2,
                };
                SignIn { user: user.clone(), secret, mechanisms: vec![mechanism] }
            }
        }
    });
    let identity = table
        .certificate
        .as_ref()
        .map(|own| Identity { certificate: own.certificate.path.clone(), key: own.key.path.clone() });
    Some(Mail::new(Settings {
        relays: relays.collect(),
        ca_file: table.ca_file.as_ref().map(|file| file.path.clone()),
        identity,
        sign_in,
        from: from?,
        to: to?,
        helo: Some(table.helo.clone().unwrap_or_else(|| host.to_owned())),
        connect_timeout: keepwatch_smtp::CONNECT_TIMEOUT.min(timeout),
        timeout,
        style: Style::Keepwatch,
        templates: Templates { subject: subject?, text: text?, html: html? },
    }))
}

fn mailbox(written: &Written, reader: &mut Reader<'_>) -> Option<Mailbox> {
    match written.text.parse() {
        Ok(mailbox) => Some(mailbox),
        Err(error) => {
            let message =
                format!("\"{}\" is no mail address: {}", written.text, in_words(&written.text, &error));
            reader.error(
                Some(&written.span),
                message,
                "such as \"admin@example.com\" or \"Admins <admin@example.com>\"",
            );
            None
        }
    }
}

/// What is wrong with an address.
fn in_words(text: &str, error: &AddressError) -> &'static str {
    match error {
        _ if !text.contains('@') => "there is no @ in it",
        _ if text.matches('@').count() > 1 && text.contains(',') => "several are a list: [\"...\", \"...\"]",
        AddressError::MissingParts => "there is no @ with something on both sides of it",
        AddressError::Unbalanced => "a < or a > is missing",
        AddressError::InvalidUser => "what stands before the @ cannot be there",
        AddressError::InvalidDomain => "what stands behind the @ is no domain",
        _ => "it cannot be read",
    }
}
