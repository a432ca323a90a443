//! `[notify.NAME]`

use super::shape::{Key, Shape, Sort, Table, key};

pub(crate) const TABLE: Table = Table {
    kind: "notify",
    means: "Who is told, of what, and how: by mail or by webhook.",
    common: &[COMMON],
    sorts: &[
        Sort { by: &["smtp"], unless: None, means: "mail", keys: MAIL },
        Sort {
            by: &["webhook", "webhook_file", "webhook_credential"],
            unless: None,
            means: "a webhook",
            keys: WEBHOOK,
        },
    ],
    required: &[],
    alone: None,
};

const FILE: Shape = Shape::Path("/etc/keepwatch/file");
const CREDENTIAL: Shape = Shape::Text("keepwatch.secret");
const TEMPLATE: Shape = Shape::Text("{{ line }}");
const MAILBOXES: Shape =
    Shape::Either(&[Shape::Text("admin@example.com"), Shape::List(&Shape::Text("admin@example.com"))]);

const USER: Key = key("user", Shape::Text("keepwatch"), "who we are to the other side", "nobody");
const PASSWORD_FILE: Key = key("password_file", FILE, "what proves it: a file, read for each delivery", "");
const PASSWORD_CREDENTIAL: Key =
    key("password_credential", CREDENTIAL, "the same, a credential of systemd", "");
const CA_FILE: Key =
    key("ca_file", FILE, "PEM: who may have signed the other side's certificate", "who this host trusts");
const CERTIFICATE_FILE: Key =
    key("certificate_file", FILE, "PEM: what this host shows when it is asked for a certificate", "none");
const KEY_FILE: Key = key("key_file", FILE, "PEM: the certificate's key", "none");

/// Keys of every destination.
pub(crate) const COMMON: &[Key] = &[
    key(
        "on",
        Shape::Either(&[Shape::Text("transition"), Shape::List(&Shape::Text("transition"))]),
        "what is told: `transition`, `check`, `plugin`, `trouble`, `config`, `daemon`, `custom`, `all`, and each kind of event by its name",
        "`\"transition\"`",
    ),
    key(
        "instances",
        Shape::Either(&[Shape::Text("web"), Shape::List(&Shape::Text("web"))]),
        "only about these instances and sync groups",
        "all",
    ),
    key("severity", Shape::Words(&["info", "warning", "error"]), "at least so grave", "`\"info\"`"),
    key(
        "group_wait",
        Shape::Pause,
        "how long an event waits for others about the same instance or sync group, to go together",
        "`\"2s\"`",
    ),
    key("ttl", Shape::Duration, "how long it is tried", "`\"1d\"`"),
    key("timeout", Shape::Duration, "how long one attempt may take", "`\"30s\"`"),
    key("remind", Shape::Duration, "how often it is told again that an instance is still in FAULT", "never"),
];

pub(crate) const MAIL: &[Key] = &[
    key(
        "smtp",
        Shape::Either(&[Shape::Text("mail.example.com"), Shape::List(&Shape::Text("mail.example.com"))]),
        "the relay, with `:PORT` if it is not the usual one; a list is asked in order",
        "",
    ),
    key(
        "tls",
        Shape::Words(&["starttls", "implicit", "none"]),
        "port 587, 465 or 25, unless said otherwise",
        "`\"starttls\"`",
    ),
    CA_FILE,
    CERTIFICATE_FILE,
    KEY_FILE,
    USER,
    PASSWORD_FILE,
    PASSWORD_CREDENTIAL,
    key(
        "auth",
        Shape::Words(&["plain", "login", "xoauth2"]),
        "how; the last with an access token instead of the password",
        "plain, then login",
    ),
    key("from", MAILBOXES, "the sender", ""),
    key("to", MAILBOXES, "the recipients", ""),
    key("helo", Shape::Text("h1.example.com"), "the name after EHLO", "this host's name"),
    key("subject", TEMPLATE, "a template", "keepwatch's"),
    key("subject_file", FILE, "the same, in a file", ""),
    key("text", TEMPLATE, "a template", "keepwatch's"),
    key("text_file", FILE, "the same, in a file", ""),
    key("html", TEMPLATE, "a template; values in it are escaped", "keepwatch's; none if `text` is set"),
    key("html_file", FILE, "the same, in a file", ""),
];

pub(crate) const WEBHOOK: &[Key] = &[
    key("webhook", Shape::Text("https://hooks.example.com/keepwatch"), "the URL", ""),
    key("webhook_file", FILE, "a file that it is in, if it is a secret", ""),
    key("webhook_credential", CREDENTIAL, "the same, a credential of systemd", ""),
    key(
        "format",
        Shape::Words(&["cloudevents", "cloudevents-single", "slack", "teams", "pagerduty", "ntfy"]),
        "what is sent",
        "`\"cloudevents\"`",
    ),
    key("body", TEMPLATE, "a template instead of a format; in JSON, values come with their quotes", "none"),
    key("body_file", FILE, "the same, in a file", ""),
    key("content_type", Shape::Text("text/plain"), "what the template gives", "`\"application/json\"`"),
    key("method", Shape::Words(&["POST", "PUT", "PATCH"]), "the method", "`\"POST\"`"),
    key("headers", Shape::Map(&Shape::Text("north")), "further headers", "none"),
    key("header_files", Shape::Map(&FILE), "further headers whose values are secrets, in files", "none"),
    key("bearer_file", FILE, "who we are: a token in a file", ""),
    key("bearer_credential", CREDENTIAL, "the same, a credential of systemd", ""),
    USER,
    PASSWORD_FILE,
    PASSWORD_CREDENTIAL,
    CA_FILE,
    CERTIFICATE_FILE,
    KEY_FILE,
    key("proxy", Shape::Text("environment"), "`http://HOST:PORT`, `environment` or `none`", "`\"none\"`"),
    key(
        "secret_file",
        Shape::Either(&[FILE, Shape::List(&FILE)]),
        "what messages are signed with; two while one takes the other's place",
        "not signed",
    ),
    key("secret_credential", CREDENTIAL, "the same, a credential of systemd", ""),
    key("routing_key_file", FILE, "PagerDuty: its routing key, in a file", ""),
    key("routing_key_credential", CREDENTIAL, "the same, a credential of systemd", ""),
];
