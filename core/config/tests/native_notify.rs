//! `[notify.NAME]` of the native format: what each key means, and each mistake.

use std::path::PathBuf;
use std::time::Duration;

use keepwatch_config::model::{
    ClientCertificate, FileAt, Gravity, MailAuth, MailTable, MailTls, NotifyTable, NotifyWay, Place,
    SecretAt, TemplateAt, UrlAt, WebhookAuth, WebhookFormat, WebhookMethod, WebhookProxy, WebhookTable,
};
use keepwatch_config::{Site, Style, load_site};

const CONF: &str =
    "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress { 10.1.1.30 }\n}\n";
const MAIL: &str = "smtp = \"mail.example.com\"\nfrom = \"k@example.com\"\nto = \"admin@example.com\"\n";

/// A keepwatch.toml with this destination, read; and the folder it lay in.
fn read(keys: &str) -> (Site, PathBuf) {
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("keepwatch-notify-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("k.conf"), CONF).unwrap();
    let text = format!("keepalived = \"k.conf\"\n[notify.n]\n{keys}\n");
    std::fs::write(folder.join("keepwatch.toml"), text).unwrap();
    let site = load_site(&folder.join("keepwatch.toml")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    (site, folder)
}

/// A file; where it is named makes no difference.
fn file(path: PathBuf) -> FileAt {
    FileAt { path, place: Place::default() }
}

fn table(keys: &str) -> (NotifyTable, PathBuf) {
    let (site, folder) = read(keys);
    assert_eq!(site.render(Style::Plain), "", "{keys}");
    (site.config.unwrap().extensions.destinations.pop().unwrap(), folder)
}

fn mail_of(keys: &str) -> (MailTable, PathBuf) {
    let (table, folder) = table(&format!("{MAIL}{keys}"));
    let NotifyWay::Mail(mail) = table.way else { panic!("{keys}") };
    (*mail, folder)
}

fn webhook(keys: &str) -> (WebhookTable, PathBuf) {
    let (table, folder) = table(keys);
    let NotifyWay::Webhook(webhook) = table.way else { panic!("{keys}") };
    (*webhook, folder)
}

#[test]
fn what_all_destinations_have() {
    let (plain, _) = table(MAIL);
    let words = |list: &[keepwatch_config::model::Written]| -> Vec<String> {
        list.iter().map(|written| written.text.clone()).collect()
    };
    assert_eq!((words(&plain.on), words(&plain.instances)), (vec!["transition".to_owned()], Vec::new()));
    let seconds = Duration::from_secs;
    assert_eq!((plain.group_wait, plain.ttl, plain.timeout), (seconds(2), seconds(86_400), seconds(30)));
    assert_eq!((plain.severity, plain.remind), (Gravity::Info, None));
    let (all, _) = table(&format!(
        "{MAIL}on = [\"check\", \"address_lost\"]\ninstances = \"VI_1\"\nseverity = \"warning\"\ngroup_wait = \"0s\"\n\
         ttl = \"2h\"\ntimeout = \"5s\"\nremind = \"1h\""
    ));
    assert_eq!(words(&all.on), ["check", "address_lost"]);
    assert_eq!((words(&all.instances), all.severity), (vec!["VI_1".to_owned()], Gravity::Warning));
    assert_eq!((all.group_wait, all.ttl, all.timeout), (Duration::ZERO, seconds(7_200), seconds(5)));
    assert_eq!(all.remind, Some(seconds(3_600)));
}

#[test]
fn mails() {
    let (plain, _) = mail_of("");
    assert_eq!(plain.relays, [("mail.example.com".to_owned(), None)]);
    assert_eq!((plain.tls, plain.auth, plain.user), (MailTls::StartTls, None, None));
    assert_eq!((plain.from.text.as_str(), plain.to[0].text.as_str()), ("k@example.com", "admin@example.com"));
    let (all, folder) = mail_of(
        "tls = \"implicit\"\nuser = \"k\"\npassword_file = \"p\"\nauth = \"xoauth2\"\nca_file = \"/ca\"\n\
         certificate_file = \"c\"\nkey_file = \"k\"\nhelo = \"h1\"\nsubject = \"{{ line }}\"\ntext_file = \"t.j2\"",
    );
    assert_eq!((all.tls, all.auth), (MailTls::Implicit, Some(MailAuth::Xoauth2)));
    assert_eq!(all.user, Some(("k".to_owned(), SecretAt::File(file(folder.join("p"))))));
    let certificate = ClientCertificate { certificate: file(folder.join("c")), key: file(folder.join("k")) };
    assert_eq!((all.certificate, all.ca_file), (Some(certificate), Some(file("/ca".into()))));
    assert!(matches!(all.subject, Some(TemplateAt::Inline(written)) if written.text == "{{ line }}"));
    assert_eq!((all.text, all.html), (Some(TemplateAt::File(file(folder.join("t.j2")))), None));
    let (systemd, _) = mail_of("user = \"k\"\npassword_credential = \"smtp\"");
    assert_eq!(systemd.user, Some(("k".to_owned(), SecretAt::Credential("smtp".into()))));
}

#[test]
fn relays_have_ports_and_families() {
    type Relays = &'static [(&'static str, Option<u16>)];
    let rows: &[(&str, Relays)] = &[
        ("\"a:25\"", &[("a", Some(25))]),
        ("[\"a\", \"b:465\"]", &[("a", None), ("b", Some(465))]),
        ("\"fd00::1\"", &[("fd00::1", None)]),
        ("\"[fd00::1]:25\"", &[("fd00::1", Some(25))]),
    ];
    for (text, expected) in rows {
        let (table, _) = table(&MAIL.replace("\"mail.example.com\"", text));
        let NotifyWay::Mail(mail) = table.way else { panic!() };
        let relays: Vec<(&str, Option<u16>)> =
            mail.relays.iter().map(|(host, port)| (host.as_str(), *port)).collect();
        assert_eq!(&relays, expected, "{text}");
    }
}

#[test]
fn a_password_that_would_go_unencrypted_over_a_network_is_told() {
    let said = |relay: &str, more: &str| {
        let keys = MAIL.replace("\"mail.example.com\"", relay);
        let (site, _) = read(&format!("{keys}tls = \"none\"\n{more}"));
        (site.config.is_some(), site.render(Style::Plain))
    };
    let user = "user = \"k\"\npassword_file = \"p\"";
    for (relay, host) in [
        ("\"mail.example.com\"", "mail.example.com"),
        ("[\"localhost\", \"10.1.1.9:25\"]", "10.1.1.9"),
        ("\"[fd00::1]:25\"", "fd00::1"),
    ] {
        let expected = format!("warning: no mail goes by `{host}`: no password is sent unencrypted");
        let (valid, text) = said(relay, user);
        assert!(text.starts_with(&expected) && text.contains("keepwatch.toml:3:"), "{text}");
        assert!(text.contains("nothing is encrypted") && text.contains("help: leave `tls` out"), "{text}");
        assert_eq!((valid, text.matches("no mail goes").count()), (true, 1), "{text}");
        assert_eq!(said(relay, ""), (true, String::new()), "without a password: {relay}");
    }
    for relay in ["localhost:25", "127.0.0.1", "127.8.0.1:2525", "::1", "[::ffff:127.0.0.1]:25"] {
        assert_eq!(said(&format!("\"{relay}\""), user), (true, String::new()), "{relay}");
    }
}

#[test]
fn webhooks() {
    let url = "webhook = \"https://hooks.example.com/T0/B0\"\n";
    let (plain, _) = webhook(url);
    assert!(matches!(&plain.url, UrlAt::Inline(written) if written.text.ends_with("/T0/B0")));
    assert!(!format!("{plain:?}").contains("T0"));
    assert_eq!(
        (plain.format, plain.method, plain.proxy),
        (WebhookFormat::CloudEvents, WebhookMethod::Post, WebhookProxy::None)
    );
    let (all, folder) = webhook(
        "webhook_file = \"url\"\nformat = \"slack\"\nmethod = \"PUT\"\nheaders = { X-A = \"b\" }\n\
         header_files = { X-C = \"d\" }\nuser = \"u\"\npassword_file = \"p\"\nproxy = \"http://proxy:3128\"\n\
         secret_file = [\"new\", \"old\"]",
    );
    assert_eq!(all.url, UrlAt::Secret(SecretAt::File(file(folder.join("url")))));
    assert_eq!((all.format, all.method), (WebhookFormat::Slack, WebhookMethod::Put));
    assert_eq!(all.headers, [("X-A".to_owned(), "b".to_owned())]);
    assert_eq!(all.header_files, [("X-C".to_owned(), file(folder.join("d")))]);
    assert_eq!(all.auth, Some(WebhookAuth::Basic("u".into(), SecretAt::File(file(folder.join("p"))))));
    assert_eq!(all.proxy, WebhookProxy::At("http://proxy:3128".into()));
    assert_eq!(
        all.signing,
        [SecretAt::File(file(folder.join("new"))), SecretAt::File(file(folder.join("old")))]
    );
    let (key, folder) = webhook(&format!("{url}format = \"pagerduty\"\nrouting_key_file = \"k\""));
    assert_eq!(key.format, WebhookFormat::PagerDuty(SecretAt::File(file(folder.join("k")))));
    let (body, _) = webhook(&format!("{url}body = \"{{{{ line }}}}\"\ncontent_type = \"text/plain\""));
    assert!(
        matches!(body.format, WebhookFormat::Template(TemplateAt::Inline(_), kind) if kind == "text/plain")
    );
    let (token, folder) = webhook(&format!("{url}bearer_file = \"t\""));
    assert_eq!(token.auth, Some(WebhookAuth::Bearer(SecretAt::File(file(folder.join("t"))))));
}

#[test]
fn mistakes_are_named() {
    let url = "webhook = \"https://a.example/T0\"\n";
    let rows = [
        ("".to_owned(), "it is not said how n is told"),
        (format!("{MAIL}{url}"), "n goes by webhook already"),
        ("smtp = \"m\"\nto = \"a@b\"".to_owned(), "it is not said who writes in n"),
        ("smtp = \"m\"\nfrom = \"a@b\"".to_owned(), "it is not said who is written to in n"),
        (
            MAIL.replace("mail.example.com", "mail.example.com:99999"),
            "mail.example.com:99999 is no mail server",
        ),
        (format!("{MAIL}tls = \"ssl\""), "ssl cannot be here"),
        (format!("{MAIL}tls = true"), "a boolean cannot be here"),
        (format!("{MAIL}user = \"u\""), "user means nothing without password_file"),
        (format!("{MAIL}password_file = \"u\""), "password_file means nothing without user"),
        (format!("{MAIL}auth = \"plain\""), "auth means nothing without user"),
        (format!("{MAIL}key_file = \"k\""), "key_file means nothing without certificate_file"),
        (format!("{MAIL}text = \"a\"\ntext_file = \"b\""), "text stands here already"),
        (format!("{MAIL}user = \"u\"\npassword_credential = \"../x\""), "../x is no name of a credential"),
        (MAIL.replace("\"k@example.com\"", "[\"a@b\", \"c@d\"]"), "a mail has one sender"),
        (format!("{MAIL}severity = \"loud\""), "loud cannot be here"),
        (format!("{MAIL}password = \"open\""), "a secret stands in a file of its own: password_file"),
        (format!("{MAIL}token = \"secret@\""), "unknown key token in a destination with smtp"),
        ("url = \"https://a.example\"".to_owned(), "the URL: webhook ="),
        (format!("{MAIL}colour = \"red\""), "unknown key colour in a destination with smtp"),
        (format!("{MAIL}helo = \"h1 and\\r\\nRCPT\""), "is no name of a host"),
        ("webhook = \"ftp://a/T0\"".to_owned(), "this is no URL of a webhook"),
        ("webhook = \"https://user:secret@host/x\"".to_owned(), "this is no URL of a webhook"),
        (format!("{url}format = \"slak\""), "slak cannot be here"),
        (format!("{url}format = \"pagerduty\""), "PagerDuty knows its users by a routing key"),
        (format!("{url}headers = {{ \"X Y\" = \"z\" }}"), "X Y is no name of a header"),
        (format!("{url}headers = {{ X = \"a\\nb\" }}"), "a header's value is one line"),
        (format!("{url}password_credential = \"p\""), "password_credential means nothing without user"),
        (
            format!("{url}format = \"slack\"\nrouting_key_file = \"k\""),
            "routing_key_file means nothing for this format",
        ),
        (format!("{url}proxy = \"socks5://x\""), "this is no proxy"),
        (format!("{url}secret_file = [\"a\", \"b\", \"c\"]"), "at most two secrets sign a message"),
        (format!("{url}format = \"slack\"\nbody = \"x\""), "the body is a template already"),
    ];
    for (keys, expected) in rows {
        let (site, _) = read(&keys);
        let said = site.render(Style::Plain).replace('`', "");
        assert!(site.config.is_none() && said.contains(expected), "{keys}: {said}");
        assert!(
            !said.contains("secret@") && !said.contains("a/T0") && !said.contains("example/T0"),
            "a secret is shown: {said}"
        );
    }
}

#[test]
fn only_keys_that_mean_something_are_offered() {
    let (site, _) = read(&format!("{MAIL}colour = \"red\""));
    let said = site.render(Style::Plain);
    let offered = said.lines().find_map(|line| line.split_once("there is ")).unwrap().1;
    let offered: Vec<&str> = offered.split(", ").collect();
    assert!(
        offered.contains(&"smtp") && offered.contains(&"password_file") && offered.contains(&"on"),
        "{said}"
    );
    assert!(
        !offered.contains(&"password") && !offered.contains(&"url") && !offered.contains(&"email"),
        "{said}"
    );
}
