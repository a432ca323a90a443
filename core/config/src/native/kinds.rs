//! What checks look at, with the keys of each kind.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

use super::reader::{Entry, Reader, optional};
use super::{haproxy, headers, keys, tables, track_file, user};
use crate::diagnostic::Diagnostic;
use crate::model::{
    CheckKind, Command, DnsCheck, DnsRecord, FileCheck, FileTest, GatewayCheck, HttpCheck, IcmpCheck, Place,
    ProcessCheck, ProcessMatch, Reading, ScriptCheck, TcpCheck, UnixCheck, Verify,
};
use crate::name::is_name;
use crate::similar::shown;

/// A kind of check.
pub(super) struct Kind {
    /// The key that says what is looked at.
    pub(super) key: &'static str,
    read: fn(&mut Reader<'_>, Entry<'_, '_>, &Of<'_, '_>) -> Option<CheckKind>,
}

/// The table of a check.
struct Of<'t, 'i> {
    name: &'t str,
    table: &'t DeTable<'i>,
    folder: &'t Path,
}

/// In the order of [`keys::check_sorts`].
pub(super) const KINDS: &[Kind] = &[
    Kind { key: "plugin", read: plugin },
    Kind { key: "script", read: script },
    Kind { key: "tcp", read: tcp },
    Kind { key: "http", read: http },
    Kind { key: "unix", read: unix },
    Kind { key: "dns", read: dns },
    Kind { key: "icmp", read: icmp },
    Kind { key: "file", read: file },
    Kind { key: "track_file", read: track_file },
    Kind { key: "process", read: process },
    Kind { key: "gateway", read: gateway },
    Kind { key: "interface", read: interface },
    Kind { key: "systemd", read: systemd },
    Kind { key: "haproxy", read: haproxy_check },
];

impl Kind {
    /// The keys that go with it.
    pub(super) fn keys(&self) -> Vec<&'static str> {
        let sort = keys::check_sorts().iter().find(|sort| sort.by.contains(&self.key));
        let mut keys = sort.map(|sort| keys::names(&[sort.keys])).unwrap_or_default();
        keys.retain(|key| *key != self.key);
        keys
    }
}

/// Reads what a check of this kind looks at.
pub(super) fn read(
    reader: &mut Reader<'_>,
    kind: &Kind,
    name: &str,
    table: &DeTable<'_>,
    folder: &Path,
) -> Option<CheckKind> {
    let value = table.get(kind.key)?;
    (kind.read)(reader, value, &Of { name, table, folder })
}

impl Of<'_, '_> {
    fn text(&self, reader: &mut Reader<'_>, key: &str) -> Option<String> {
        optional(self.table, key, |value| reader.text(value))
    }

    fn ip(&self, reader: &mut Reader<'_>, key: &str) -> Option<std::net::IpAddr> {
        optional(self.table, key, |value| reader.ip(value))
    }

    fn flag(&self, reader: &mut Reader<'_>, key: &str) -> Option<bool> {
        optional(self.table, key, |value| reader.flag(value))
    }

    fn whole(&self, reader: &mut Reader<'_>, key: &str, bounds: RangeInclusive<i64>) -> Option<u16> {
        optional(self.table, key, |value| reader.whole(value, bounds)).and_then(|n| u16::try_from(n).ok())
    }
}

fn plugin(reader: &mut Reader<'_>, value: Entry<'_, '_>, of: &Of<'_, '_>) -> Option<CheckKind> {
    // It stands in grants, and in the path of what the plugin keeps.
    if !is_name(of.name) {
        let message = format!("{} cannot be the name of a plugin's check", shown(of.name));
        reader.error(&value.span(), message, tables::NAME);
        return None;
    }
    let file = reader.path(value, of.folder)?;
    let mut plugin = tables::common(reader, of.name, of.table, file);
    // It is the check's.
    plugin.timeout = None;
    Some(CheckKind::Plugin(plugin))
}

fn script(reader: &mut Reader<'_>, value: Entry<'_, '_>, of: &Of<'_, '_>) -> Option<CheckKind> {
    let user = user::read(reader, of.table);
    let reading = if of.flag(reader, "nagios") == Some(true) { Reading::Nagios } else { Reading::Status };
    let argv = match value.get_ref().as_str() {
        Some(text) if text.trim().is_empty() => {
            reader.error(&value.span(), "the command is empty", "a text for /bin/sh, or a list");
            return None;
        }
        Some(text) => vec!["/bin/sh".to_owned(), "-c".to_owned(), text.to_owned()],
        None => reader.command(value)?,
    };
    Some(CheckKind::Script(ScriptCheck {
        command: Command { argv, user, place: Place::native(value.span()) },
        reading,
    }))
}

fn tcp(reader: &mut Reader<'_>, value: Entry<'_, '_>, of: &Of<'_, '_>) -> Option<CheckKind> {
    let to = reader.host(value);
    let source = of.ip(reader, "source");
    let (send, expect) = (of.text(reader, "send"), of.text(reader, "expect"));
    Some(CheckKind::Tcp(TcpCheck { to: to?, source, send, expect }))
}

fn unix(reader: &mut Reader<'_>, value: Entry<'_, '_>, of: &Of<'_, '_>) -> Option<CheckKind> {
    let path = absolute(reader, value);
    let (send, expect) = (of.text(reader, "send"), of.text(reader, "expect"));
    Some(CheckKind::Unix(UnixCheck { path: path?, send, expect }))
}

fn http(reader: &mut Reader<'_>, value: Entry<'_, '_>, of: &Of<'_, '_>) -> Option<CheckKind> {
    let url = reader.url(value);
    let method = of.text(reader, "method").unwrap_or_else(|| "GET".to_owned());
    if !method.chars().all(|c| c.is_ascii_uppercase()) || method.is_empty() {
        let span = of.table.get("method").map_or_else(|| value.span(), |value| value.span());
        reader.error(&span, format!("{} is no method", shown(&method)), "such as GET or HEAD, in capitals");
    }
    let headers = optional(of.table, "headers", |value| headers::open(reader, value)).unwrap_or_default();
    let status = optional(of.table, "status", |value| status(reader, value));
    let is_verified = of.flag(reader, "verify").unwrap_or(true);
    let redirects = of.whole(reader, "redirects", 0..=20).and_then(|most| u8::try_from(most).ok());
    let check = HttpCheck {
        method,
        headers,
        source: of.ip(reader, "source"),
        status: status.unwrap_or_else(|| vec![200..=399]),
        redirects: redirects.unwrap_or(0),
        contains: of.text(reader, "contains"),
        server_name: of.text(reader, "server_name"),
        ca_file: optional(of.table, "ca_file", |value| reader.file(value, of.folder)),
        verify: if is_verified { Verify::On } else { Verify::Off },
        min_life: optional(of.table, "min_life", |value| reader.duration(value)),
        url: url?,
    };
    if !check.url.starts_with("https://") {
        for key in ["server_name", "ca_file", "verify", "min_life"] {
            if let Some((key, _)) = of.table.get_key_value(key) {
                let message = format!("{} is for https:// only", shown(key.get_ref()));
                reader.findings.push(Diagnostic::warning(&key.span(), message, "it has no effect here"));
            }
        }
    }
    Some(CheckKind::Http(check))
}

/// `200`, `"200-399"`, or a list of such.
fn status(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<Vec<RangeInclusive<u16>>> {
    let read = |reader: &mut Reader<'_>, value: Entry<'_, '_>| {
        let range = match value.get_ref().as_integer() {
            Some(number) => code(number.as_str()).map(|code| code..=code),
            None => value.get_ref().as_str().and_then(|text| {
                let (first, last) = text.split_once('-').unwrap_or((text, text));
                let (first, last) = (code(first.trim())?, code(last.trim())?);
                (first <= last).then_some(first..=last)
            }),
        };
        if range.is_none() {
            reader.error(
                &value.span(),
                "this is no HTTP status",
                "such as 200, \"200-399\", or a list of such",
            );
        }
        range
    };
    match value.get_ref().as_array() {
        Some(list) if !list.is_empty() => list.iter().map(|value| read(reader, value)).collect(),
        _ => read(reader, value).map(|range| vec![range]),
    }
}

fn code(text: &str) -> Option<u16> {
    text.parse().ok().filter(|code| (100..=599).contains(code))
}

fn dns(reader: &mut Reader<'_>, value: Entry<'_, '_>, _: &Of<'_, '_>) -> Option<CheckKind> {
    let table = reader.table(value, "a table: { server = \"ADDRESS\", name = \"NAME\" }")?;
    reader.only(table, &[keys::DNS], "`dns`");
    for key in ["server", "name"].iter().filter(|key| !table.contains_key(**key)) {
        reader.error(
            &value.span(),
            format!("`dns` has no `{key}`"),
            "dns = { server = \"ADDRESS\", name = \"NAME\" }",
        );
    }
    let words = [
        ("A", DnsRecord::A),
        ("AAAA", DnsRecord::Aaaa),
        ("CNAME", DnsRecord::Cname),
        ("MX", DnsRecord::Mx),
        ("NS", DnsRecord::Ns),
        ("PTR", DnsRecord::Ptr),
        ("SOA", DnsRecord::Soa),
        ("SRV", DnsRecord::Srv),
        ("TXT", DnsRecord::Txt),
    ];
    let record = optional(table, "type", |value| reader.one_of(value, &words)).unwrap_or_default();
    let expect = optional(table, "expect", |value| reader.ip(value));
    if let (Some(value), false) = (table.get("expect"), matches!(record, DnsRecord::A | DnsRecord::Aaaa)) {
        reader.error(&value.span(), "only addresses can be expected", "with type = \"A\" or \"AAAA\"");
    }
    let server = optional(table, "server", |value| reader.server(value, 53));
    let name = optional(table, "name", |value| reader.text(value));
    Some(CheckKind::Dns(DnsCheck { server: server?, name: name?, record, expect }))
}

fn icmp(reader: &mut Reader<'_>, value: Entry<'_, '_>, of: &Of<'_, '_>) -> Option<CheckKind> {
    let host = reader.text(value);
    let source = of.ip(reader, "source");
    let count = of.whole(reader, "count", 1..=100).unwrap_or(1);
    let need = of.whole(reader, "need", 1..=i64::from(count)).unwrap_or(1);
    Some(CheckKind::Icmp(IcmpCheck { host: host?, source, count, need }))
}

fn file(reader: &mut Reader<'_>, value: Entry<'_, '_>, of: &Of<'_, '_>) -> Option<CheckKind> {
    let path = absolute(reader, value);
    let words = [
        ("zero", FileTest::Zero),
        ("present_and_zero", FileTest::PresentAndZero),
        ("exists", FileTest::Exists),
        ("absent", FileTest::Absent),
    ];
    let test = optional(of.table, "test", |value| reader.one_of(value, &words)).unwrap_or_default();
    Some(CheckKind::File(FileCheck { path: path?, test }))
}

fn track_file(reader: &mut Reader<'_>, value: Entry<'_, '_>, of: &Of<'_, '_>) -> Option<CheckKind> {
    track_file::read(reader, value, of.table).map(CheckKind::TrackFile)
}

/// `match`
#[derive(Clone, Copy)]
enum Matching {
    Name,
    Program,
    Exactly,
    First,
    Beginning,
}

fn process(reader: &mut Reader<'_>, value: Entry<'_, '_>, of: &Of<'_, '_>) -> Option<CheckKind> {
    let program = reader.text(value);
    let arguments = of.table.get("arguments").map(|value| {
        let texts = reader.texts(value, "a list of texts").unwrap_or_default();
        texts.into_iter().map(|written| written.text).collect::<Vec<String>>()
    });
    let has_arguments = arguments.is_some();
    let arguments = arguments.unwrap_or_default();
    let words = [
        ("name", Matching::Name),
        ("program", Matching::Program),
        ("exact", Matching::Exactly),
        ("first", Matching::First),
        ("beginning", Matching::Beginning),
    ];
    let plain = if has_arguments { Matching::Exactly } else { Matching::Name };
    let matching = optional(of.table, "match", |value| reader.one_of(value, &words)).unwrap_or(plain);
    if let (true, Matching::Name | Matching::Program, Some((key, _))) =
        (has_arguments, matching, of.table.get_key_value("match"))
    {
        reader.error(&key.span(), "with arguments this cannot be", "write exact, first or beginning");
    }
    let matching = match matching {
        Matching::Name => ProcessMatch::Name,
        Matching::Program => ProcessMatch::Program,
        Matching::Exactly => ProcessMatch::Exactly(arguments),
        Matching::First => ProcessMatch::First(arguments),
        Matching::Beginning => ProcessMatch::Beginning(arguments),
    };
    let quorum_max = of.whole(reader, "quorum_max", 0..=65535).map(u32::from);
    let most = i64::from(quorum_max.unwrap_or(65535));
    let least = u32::from(quorum_max != Some(0));
    let quorum = of.whole(reader, "quorum", 0..=most).map_or(least, u32::from);
    if let (0, None, Some(value)) = (quorum, quorum_max, of.table.get("quorum")) {
        let label = "write 1 to 65535, or say with quorum_max how many may run";
        reader.error(&value.span(), "any number of processes would do", label);
    }
    let delay = |reader: &mut Reader<'_>, key: &str| {
        optional(of.table, key, |value| reader.duration(value)).unwrap_or(Duration::ZERO)
    };
    let (fork_delay, terminate_delay) = (delay(reader, "fork_delay"), delay(reader, "terminate_delay"));
    let program = program?;
    Some(CheckKind::Process(ProcessCheck {
        program,
        matching,
        quorum,
        quorum_max,
        fork_delay,
        terminate_delay,
    }))
}

fn gateway(reader: &mut Reader<'_>, value: Entry<'_, '_>, of: &Of<'_, '_>) -> Option<CheckKind> {
    let address = reader.ip(value);
    if !of.table.contains_key("interface") {
        reader.error(
            &value.span(),
            "it is not said on which link the gateway is",
            "add interface = \"NAME\"",
        );
    }
    let interface = optional(of.table, "interface", |value| reader.interface(value));
    Some(CheckKind::Gateway(GatewayCheck { address: address?, interface: interface? }))
}

fn interface(reader: &mut Reader<'_>, value: Entry<'_, '_>, _: &Of<'_, '_>) -> Option<CheckKind> {
    reader.interface(value).map(CheckKind::Interface)
}

fn systemd(reader: &mut Reader<'_>, value: Entry<'_, '_>, _: &Of<'_, '_>) -> Option<CheckKind> {
    haproxy::unit(reader, value).map(CheckKind::Systemd)
}

fn haproxy_check(reader: &mut Reader<'_>, value: Entry<'_, '_>, of: &Of<'_, '_>) -> Option<CheckKind> {
    haproxy::check(reader, value, of.table).map(CheckKind::Haproxy)
}

/// A path that does not depend on where the file is: what is checked has nothing to do with that.
pub(super) fn absolute(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<PathBuf> {
    let text = reader.text(value)?;
    if !text.starts_with('/') {
        reader.error(&value.span(), format!("{} is no absolute path", shown(&text)), "it begins with `/`");
        return None;
    }
    Some(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_keys() {
        let read: Vec<&str> = KINDS.iter().map(|kind| kind.key).collect();
        let written: Vec<&str> = keys::check_sorts().iter().flat_map(|sort| sort.by).copied().collect();
        assert_eq!(read, written);
    }
}
