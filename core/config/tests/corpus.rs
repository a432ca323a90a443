//! Configurations as they are found in the wild, each with what becomes of it.
//!
//! `tests/corpus/NAME.conf` stands beside `tests/corpus/NAME.expected`: first what the file means, one line
//! for an instance, a script or a group, or `refused`; then the findings with line and column. The expected
//! files are written by hand or checked by hand; `KEEPWATCH_WRITE_EXPECTED=1` writes new ones to be checked.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use keepwatch_config::model::{Check, CheckKind, Command, Instance, SyncGroup, User, VirtualAddress};
use keepwatch_config::{Config, Diagnostic, LoadError, Loaded, Severity, Source, Style, load_as};
use keepwatch_vrrp::{Destination, SourceCheck, TrackStart};

/// What `@` lines ask for.
const ID: &str = "main";

#[test]
fn every_file_means_what_is_expected() {
    let write = std::env::var_os("KEEPWATCH_WRITE_EXPECTED").is_some();
    let mut wrong = Vec::new();
    for path in corpus() {
        let found = digest(&path);
        let expected = path.with_extension("expected");
        if write && !expected.exists() {
            fs::write(&expected, &found).unwrap();
        }
        if fs::read_to_string(&expected).ok().as_deref() != Some(found.as_str()) {
            wrong.push(format!("=== {}\n{found}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whatever is accepted, the engine accepts too.
#[test]
fn what_is_accepted_makes_valid_parameters() {
    let mut count = 0;
    for path in corpus() {
        let Ok(Loaded { config: Some(config), findings, .. }) = load_as(&path, ID) else { continue };
        assert!(!findings.has_errors());
        for instance in &config.instances {
            instance.params().check().unwrap();
            count += 1;
        }
    }
    assert!(count > 25, "{count}");
}

#[test]
fn no_rendered_finding_shows_a_password() {
    for path in corpus() {
        let Ok(loaded) = load_as(&path, ID) else { continue };
        let rendered = loaded.findings.render(&loaded.source, Style::Plain);
        let debug = format!("{loaded:?}");
        for secret in ["7c9e6679", "1111", "secret", "1234"] {
            assert!(!rendered.contains(secret), "{rendered}");
            assert!(!debug.contains(secret), "{debug}");
        }
    }
}

/// The first configuration of the task: nothing wrong with it, one remark.
#[test]
fn the_first_seed_has_one_remark() {
    let loaded = load_as(&directory().join("seed-1-master.conf"), ID).unwrap();
    let expected = "\
remark: mail is configured, but nothing here asks for mail on a VRRP transition
 --> seed-1-master.conf:4:4
  |
4 |    notification_email {
  |    ^^^^^^^^^^^^^^^^^^ these admins would hear nothing, as under keepalived
  |
  = help: add `smtp_alert` to global_defs, or to the instance
";
    assert_eq!(loaded.findings.render(&loaded.source, Style::Plain), expected);
    let counts = [Severity::Error, Severity::Warning, Severity::Remark].map(|s| loaded.findings.count(s));
    assert_eq!(counts, [0, 0, 1]);
}

#[test]
fn what_is_no_text_is_refused_with_a_reason() {
    let message = |name: &str| load_as(&directory().join(name), ID).unwrap_err().to_string();
    let table = [
        ("empty.conf", "empty.conf is empty; a virtual router is written `vrrp_instance NAME { ... }`"),
        (".", "corpus/. is a directory; name the file in it"),
        (
            "latin1-name.conf",
            "latin1-name.conf is not UTF-8: see line 1, column 18; only its comments may be in another encoding",
        ),
        (
            "absent.conf",
            "absent.conf cannot be read: No such file or directory (os error 2); check the name, or write the file",
        ),
    ];
    for (name, expected) in table {
        assert!(message(name).ends_with(expected), "{}", message(name));
    }
    for (text, line) in [("a\nb\0c", 2), ("a # b\n\0", 2), ("a \"#\0\"\n", 1), ("a # \0\nb\0 # \0\n", 2)] {
        let found = load_octets(text).unwrap_err();
        let is_it = matches!(found, LoadError::Binary { line: found, .. } if found == line);
        assert!(is_it, "{text:?}: {found}");
    }
    assert!(matches!(load_as(Path::new("/dev/zero"), ID), Err(LoadError::TooLong { .. })));
}

/// A keepalived.conf with just this in it.
fn load_octets(text: &str) -> Result<Loaded, LoadError> {
    let path = std::env::temp_dir().join(format!("keepwatch-octets-{}.conf", std::process::id()));
    fs::write(&path, text).unwrap();
    let loaded = load_as(&path, ID);
    fs::remove_file(&path).unwrap();
    loaded
}

/// As with other octets that are no text.
#[test]
fn nul_octets_in_comments_do_not_matter() {
    let minimum = fs::read_to_string(directory().join("minimum.conf")).unwrap();
    let plain = load_octets(&minimum).unwrap();
    let loaded = load_octets(&format!("# a\0b\n{}", minimum.replace('\n', " # \0\0\n"))).unwrap();
    assert_eq!(loaded.findings.len(), plain.findings.len());
    let vrids = |loaded: &Loaded| {
        let instances = loaded.config.iter().flat_map(|config| &config.instances);
        instances.map(|instance| (instance.name.clone(), instance.vrid)).collect::<Vec<_>>()
    };
    assert_eq!(vrids(&loaded), vrids(&plain));
    assert_eq!(vrids(&plain).len(), 1);
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn corpus() -> Vec<PathBuf> {
    let entries = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|ext| ext == "conf")).collect();
    paths.sort();
    assert!(paths.len() > 40, "{}", paths.len());
    paths
}

fn digest(path: &Path) -> String {
    let loaded = match load_as(path, ID) {
        Ok(loaded) => loaded,
        Err(error) => {
            let error = error.to_string();
            return format!(
                "refused: {}\n",
                error.rsplit_once("corpus/").map_or(error.as_str(), |(_, rest)| rest)
            );
        }
    };
    let mut out = String::new();
    match &loaded.config {
        Some(config) => describe(config, &mut out),
        None => out.push_str("refused\n"),
    }
    for finding in loaded.findings.iter() {
        writeln!(out, "{}", finding_line(finding, &loaded.source)).unwrap();
    }
    out
}

fn finding_line(finding: &Diagnostic, source: &Source) -> String {
    let (file, line, column) = source.position(finding.primary.span.start);
    let file = if file == source.name { String::new() } else { format!("{file}:") };
    let severity = format!("{:?}", finding.severity).to_lowercase();
    format!("{severity} {file}{line}:{column} {} | {}", finding.message, finding.primary.text)
}

fn describe(config: &Config, out: &mut String) {
    for instance in &config.instances {
        writeln!(out, "instance {}", instance_line(instance)).unwrap();
    }
    for check in &config.checks {
        writeln!(out, "{}", check_line(check)).unwrap();
    }
    for group in &config.groups {
        writeln!(out, "group {}", group_line(group)).unwrap();
    }
    let statics = &config.statics;
    for address in &statics.addresses {
        writeln!(out, "static {}", address_text(address)).unwrap();
    }
    for text in statics
        .routing
        .routes
        .iter()
        .map(|it| &it.text)
        .chain(statics.routing.rules.iter().map(|it| &it.text))
    {
        writeln!(out, "static {text}").unwrap();
    }
    let globals = &config.globals;
    let mail = &globals.mail;
    if !mail.to.is_empty() {
        writeln!(out, "mail to {:?} from {:?} by {:?}", mail.to, mail.from, mail.server).unwrap();
    }
    if let Some(user) = &globals.script_user {
        writeln!(out, "scripts run as {} (security {})", user.name, globals.script_security).unwrap();
    }
    for fifo in &globals.notify_fifos {
        writeln!(out, "fifo {} read by {:?}", fifo.path, fifo.script.as_ref().map(|script| &script.argv))
            .unwrap();
    }
}

fn instance_line(instance: &Instance) -> String {
    let mut out = format!(
        "{}: {} vrid {} {:?} {:?} priority {} every {} x{} {:?} {:?}",
        instance.name,
        instance.interface,
        instance.vrid,
        instance.version,
        instance.family,
        instance.priority,
        instance.interval,
        instance.missed_adverts,
        instance.start,
        instance.preemption,
    );
    match &instance.destination {
        Destination::Multicast { group } => write!(out, " to {group}").unwrap(),
        Destination::Unicast { peers, ttl, source_check } => {
            let peers: Vec<_> = peers
                .iter()
                .map(|peer| format!("{} {}-{}", peer.address, peer.min_ttl, peer.max_ttl))
                .collect();
            let check = if *source_check == SourceCheck::Peers { "peers only" } else { "anybody" };
            write!(out, " to {} ttl {ttl} from {check}", peers.join(", ")).unwrap();
        }
    }
    let mut part = |label: &str, text: String| {
        if !text.is_empty() {
            write!(out, "; {label}{text}").unwrap();
        }
    };
    part(
        "from ",
        instance.vmac().map(|v| format!("{} {} {:?}", v.interface, v.mac, v.adverts)).unwrap_or_default(),
    );
    part(
        "from ipvlan ",
        instance.ipvlan().map(|v| format!("{} {:?} {}", v.interface, v.address, v.mode)).unwrap_or_default(),
    );
    part("source ", instance.source.map(|source| source.to_string()).unwrap_or_default());
    part(
        "password of ",
        instance.password.map(|p| p.0.iter().filter(|&&b| b != 0).count().to_string()).unwrap_or_default(),
    );
    part("holds ", instance.addresses.iter().map(address_text).collect::<Vec<_>>().join(", "));
    part("excluded ", instance.excluded.iter().map(address_text).collect::<Vec<_>>().join(", "));
    let routing = &instance.routing;
    part("routes ", routing.routes.iter().map(|it| it.text.clone()).collect::<Vec<_>>().join(", "));
    part("rules ", routing.rules.iter().map(|it| it.text.clone()).collect::<Vec<_>>().join(", "));
    part(
        "tracks ",
        instance
            .track_interfaces
            .iter()
            .map(|t| format!("{} {:?}", t.interface, t.weight))
            .collect::<Vec<_>>()
            .join(", "),
    );
    part(
        "checks ",
        instance
            .track_checks
            .iter()
            .map(|t| format!("{} {:?}", t.check, t.weight))
            .collect::<Vec<_>>()
            .join(", "),
    );
    let notify = &instance.notify;
    let scripts = [
        ("master", &notify.master),
        ("backup", &notify.backup),
        ("fault", &notify.fault),
        ("any", &notify.any),
    ];
    for (state, script) in scripts {
        part(&format!("notify {state} "), script.as_ref().map(command_text).unwrap_or_default());
    }
    part("", if instance.mail_alert { "mail".to_owned() } else { String::new() });
    part("", if instance.accepts { String::new() } else { "answers nobody".to_owned() });
    part("", if instance.checksum_as_v2 { "checksum as v2".to_owned() } else { String::new() });
    if instance.announce != keepwatch_vrrp::AnnouncePolicy::default() {
        part("", format!("{:?}", instance.announce));
    }
    part("", format!("{:?} {:?}", instance.lower_adverts, instance.higher_adverts));
    out
}

fn address_text(address: &VirtualAddress) -> String {
    let mut out = format!("{}/{}", address.address, address.prefix_len);
    let mut part = |label: &str, text: Option<String>| {
        if let Some(text) = text {
            write!(out, " {label} {text}").unwrap();
        }
    };
    part("dev", address.device.as_ref().map(ToString::to_string));
    part("label", address.label.clone());
    part("brd", address.broadcast.map(|broadcast| broadcast.to_string()));
    part("dad", address.duplicate_detection.then(String::new));
    out.trim_end().to_owned()
}

fn check_line(check: &Check) -> String {
    let policy = check.policy;
    let what = match &check.what {
        CheckKind::Script(script) => format!("script {}: {}", check.name, command_text(&script.command)),
        other => format!("check {}: {other:?}", check.name),
    };
    format!(
        "{what} every {:?} timeout {:?} {:?} rise {} fall {}{}",
        check.interval,
        check.timeout,
        check.weight,
        policy.rise,
        policy.fall,
        if policy.start == TrackStart::Down { " fails at first" } else { "" },
    )
}

fn group_line(group: &SyncGroup) -> String {
    let tracked: Vec<_> =
        group.track_interfaces.iter().map(|t| format!("{} {:?}", t.interface, t.weight)).collect();
    format!("{}: {}; tracks {}", group.name, group.members.join(" "), tracked.join(", "))
}

fn command_text(command: &Command) -> String {
    let user = command.user.as_ref().map(|User { name, group, supplementary_groups, place: _ }| {
        format!(
            " as User {{ name: {name:?}, group: {group:?}, supplementary_groups: {supplementary_groups} }}"
        )
    });
    let user = user.unwrap_or_default();
    format!("{:?}{user}", command.argv)
}
