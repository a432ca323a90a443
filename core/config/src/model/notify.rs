//! Who is told what: `[notify.NAME]`. Only a native file has them; keepalived's mail settings are [`super::Mail`].

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{FileAt, Place, Written};

/// One `[notify.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyTable {
    /// Its name; unique.
    pub name: String,
    /// The way to it.
    pub way: NotifyWay,
    /// `on`: topics and kinds of events, as written.
    pub on: Vec<Written>,
    /// `instances`: about these only; all if empty.
    pub instances: Vec<Written>,
    /// `severity`: at least so grave.
    pub severity: Gravity,
    /// `group_wait`: how long an event waits for others about the same instance or sync group to go with it.
    pub group_wait: Duration,
    /// `ttl`: how long it is tried to deliver something.
    pub ttl: Duration,
    /// `timeout`: how long one attempt may take; of a mail, with one relay.
    pub timeout: Duration,
    /// `remind`: how often it is told again that an instance is still in FAULT.
    pub remind: Option<Duration>,
    /// Where it is written: its name.
    pub place: Place,
}

impl NotifyTable {
    /// The files that are read for each delivery, by their keys.
    #[must_use]
    pub fn files(&self) -> Vec<(&'static str, &FileAt)> {
        match &self.way {
            NotifyWay::Mail(mail) => mail.files(),
            NotifyWay::Webhook(webhook) => webhook.files(),
        }
    }
}

/// How grave an event is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gravity {
    /// `"info"`
    #[default]
    Info,
    /// `"warning"`
    Warning,
    /// `"error"`
    Error,
}

/// The way to a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotifyWay {
    /// `smtp`
    Mail(Box<MailTable>),
    /// `webhook`
    Webhook(Box<WebhookTable>),
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretAt {
    /// `..._file`: in a file.
    File(FileAt),
    /// `..._credential`: in a file of this name that systemd has put in `$CREDENTIALS_DIRECTORY`.
    Credential(String),
}

impl SecretAt {
    /// Its file, if it has one of its own; what systemd provides is there only for the service.
    fn file(&self) -> Option<&FileAt> {
        match self {
            Self::File(file) => Some(file),
            Self::Credential(_) => None,
        }
    }

    /// Where it is, if systemd's credentials are in this folder.
    #[must_use]
    pub fn within(&self, credentials: &Path) -> PathBuf {
        match self {
            Self::File(file) => file.path.clone(),
            Self::Credential(name) => credentials.join(name),
        }
    }
}

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateAt {
    /// It stands in the configuration.
    Inline(Written),
    /// In a file.
    File(FileAt),
}

/// A certificate of this host with its key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// `certificate_file`
    pub certificate: FileAt,
    /// `key_file`
    pub key: FileAt,
}

impl ClientCertificate {
    fn files(&self) -> [(&'static str, &FileAt); 2] {
        [("certificate_file", &self.certificate), ("key_file", &self.key)]
    }
}

/// `smtp` and what goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailTable {
    /// `smtp`: relays in their order, with a port if one is written.
    pub relays: Vec<(String, Option<u16>)>,
    /// `tls`
    pub tls: MailTls,
    /// `ca_file`
    pub ca_file: Option<FileAt>,
    /// What this host shows to relays that ask for a certificate.
    pub certificate: Option<ClientCertificate>,
    /// `user`, and its password or token.
    pub user: Option<(String, SecretAt)>,
    /// `auth`; PLAIN or LOGIN, as the relay offers, if absent.
    pub auth: Option<MailAuth>,
    /// `from`
    pub from: Written,
    /// `to`; never empty.
    pub to: Vec<Written>,
    /// `helo`
    pub helo: Option<String>,
    /// `subject`
    pub subject: Option<TemplateAt>,
    /// `text`
    pub text: Option<TemplateAt>,
    /// `html`
    pub html: Option<TemplateAt>,
}

impl MailTable {
    fn files(&self) -> Vec<(&'static str, &FileAt)> {
        let password = self.user.as_ref().and_then(|(_, secret)| Some(("password_file", secret.file()?)));
        let mut files: Vec<(&str, &FileAt)> = password.into_iter().collect();
        files.extend(self.ca_file.as_ref().map(|file| ("ca_file", file)));
        files.extend(self.certificate.iter().flat_map(ClientCertificate::files));
        files
    }
}

/// How a connection to a relay is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MailTls {
    /// `"starttls"`, required.
    #[default]
    StartTls,
    /// `"implicit"`
    Implicit,
    /// `"none"`
    None,
}

/// How a user is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailAuth {
    /// `"plain"`
    Plain,
    /// `"login"`
    Login,
    /// `"xoauth2"`
    Xoauth2,
}

/// `webhook` and what goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookTable {
    /// `webhook`, or `webhook_file`: the URL.
    pub url: UrlAt,
    /// `format`
    pub format: WebhookFormat,
    /// `method`
    pub method: WebhookMethod,
    /// `headers`
    pub headers: Vec<(String, String)>,
    /// `header_files`: headers whose values are secrets.
    pub header_files: Vec<(String, FileAt)>,
    /// `bearer_file`, or `user` with `password_file`.
    pub auth: Option<WebhookAuth>,
    /// `ca_file`
    pub ca_file: Option<FileAt>,
    /// What this host shows to servers that ask for a certificate.
    pub certificate: Option<ClientCertificate>,
    /// `proxy`
    pub proxy: WebhookProxy,
    /// `secret_file`: what it is signed with; two while one takes the other's place.
    pub signing: Vec<SecretAt>,
}

impl WebhookTable {
    fn files(&self) -> Vec<(&'static str, &FileAt)> {
        let url = match &self.url {
            UrlAt::Inline(_) => None,
            UrlAt::Secret(secret) => Some(("webhook_file", secret)),
        };
        let auth = self.auth.as_ref().map(|auth| match auth {
            WebhookAuth::Bearer(secret) => ("bearer_file", secret),
            WebhookAuth::Basic(_, secret) => ("password_file", secret),
        });
        let routing_key = match &self.format {
            WebhookFormat::PagerDuty(secret) => Some(("routing_key_file", secret)),
            _ => None,
        };
        let signing = self.signing.iter().map(|secret| ("secret_file", secret));
        let secrets = url.into_iter().chain(auth).chain(routing_key).chain(signing);
        let mut files: Vec<(&str, &FileAt)> =
            secrets.filter_map(|(key, secret)| Some((key, secret.file()?))).collect();
        files.extend(self.header_files.iter().map(|(_, file)| ("header_files", file)));
        files.extend(self.ca_file.as_ref().map(|file| ("ca_file", file)));
        files.extend(self.certificate.iter().flat_map(ClientCertificate::files));
        files
    }
}

/// A URL, which may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum UrlAt {
    /// As written.
    Inline(Written),
    /// In a file.
    Secret(SecretAt),
}

/// Many services know their users by the URL: it is not shown.
impl std::fmt::Debug for UrlAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Inline(_) => f.write_str("Inline(***)"),
            Self::Secret(secret) => f.debug_tuple("Secret").field(secret).finish(),
        }
    }
}

/// What a webhook says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookFormat {
    /// `"cloudevents"`: several at once as a batch.
    CloudEvents,
    /// `"cloudevents-single"`: several at once as one.
    CloudEventsSingle,
    /// `"slack"`
    Slack,
    /// `"teams"`
    Teams,
    /// `"pagerduty"`, with `routing_key_file`.
    PagerDuty(SecretAt),
    /// `"ntfy"`
    Ntfy,
    /// `body`: a template, and what it gives.
    Template(TemplateAt, String),
}

/// How a webhook is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WebhookMethod {
    /// `"POST"`
    #[default]
    Post,
    /// `"PUT"`
    Put,
    /// `"PATCH"`
    Patch,
}

/// Who we are, to a webhook's server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookAuth {
    /// `bearer_file`
    Bearer(SecretAt),
    /// `user`, `password_file`
    Basic(String, SecretAt),
}

/// The way to a webhook's server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum WebhookProxy {
    /// The straight one.
    #[default]
    None,
    /// `"environment"`: what the environment says.
    Environment,
    /// Through this one: `http://HOST:PORT`.
    At(String),
}
