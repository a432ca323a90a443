//! The reference against the reader.

use super::super::{Level, Status};
use super::page::seconds;
use super::{Absent, Served, Takes, Within};
use crate::model::Config;
use crate::{Severity, Style, convert, load_text};

/// What an instance or a group needs so that this keyword has something to do.
fn beside(level: Level, keyword: &str) -> &'static str {
    match (level, keyword) {
        (Level::Instance, "advert_int") => "version 3",
        (
            Level::Instance,
            "unicast_ttl" | "unicast_fault_no_peer" | "check_unicast_src" | "unicast_src_ip",
        ) => "unicast_peer {\n10.1.1.12\n}",
        (Level::Instance, "track_src_ip") => "mcast_src_ip 10.1.1.10",
        (Level::Instance, "vmac_xmit_base") => "use_vmac",
        (Level::Script, "timeout") => "interval 4294",
        (Level::TrackProcess, "quorum") => "quorum_max 65535",
        (Level::SyncGroup, keyword) if keyword != "sync_group_tracking_weight" => {
            "sync_group_tracking_weight"
        }
        _ => "",
    }
}

/// A file in which these lines stand at this level, and what they need, but for this keyword itself.
fn file(level: Level, keyword: &str, lines: &str) -> String {
    let body = |of: Level, needed: &[(&str, &str)]| {
        let is_here = of == level;
        let mut body: Vec<&str> =
            needed.iter().filter(|(word, _)| !is_here || *word != keyword).map(|(_, line)| *line).collect();
        if is_here {
            body.extend([beside(level, keyword), lines]);
        }
        body.join("\n")
    };
    let address = if keyword == "native_ipv6" { "fe80::30" } else { "10.1.1.30" };
    let address = format!("virtual_ipaddress {{\n{address}\n}}");
    let identity = |vrid| [("interface", "interface eth0"), ("virtual_router_id", vrid)];
    let [interface, vrid] = identity("virtual_router_id 51");
    let own = body(Level::Instance, &[interface, vrid, ("virtual_ipaddress", &address)]);
    let authentication =
        body(Level::Authentication, &[("auth_type", "auth_type PASS"), ("auth_pass", "auth_pass secret")]);
    let authentication = match level {
        Level::Authentication => format!("authentication {{\n{authentication}\n}}\n"),
        _ => String::new(),
    };
    let group = body(Level::SyncGroup, &[("group", "group {\nVI_1\nVI_2\n}")]);
    let group = match level {
        Level::SyncGroup => format!("vrrp_sync_group g {{\n{group}\n}}\n"),
        _ => String::new(),
    };
    let other = |name: &str, vrid: u8, more: &str| {
        let address = format!("virtual_ipaddress {{\n10.1.1.{vrid}\n}}");
        format!("vrrp_instance {name} {{\ninterface eth0\nvirtual_router_id {vrid}\n{address}\n{more}\n}}\n")
    };
    let tracker = "track_script {\ns\n}\ntrack_file {\nf\n}\ntrack_process {\np\n}";
    [
        format!("global_defs {{\n{}\n}}\n", body(Level::Globals, &[])),
        format!("vrrp_script s {{\n{}\n}}\n", body(Level::Script, &[("script", "script /bin/true")])),
        format!("track_file f {{\n{}\n}}\n", body(Level::TrackFile, &[("file", "file /run/f")])),
        format!("vrrp_track_process p {{\n{}\n}}\n", body(Level::TrackProcess, &[("process", "process p")])),
        format!(
            "garp_group {{\n{}\n}}\n",
            body(
                Level::GarpGroup,
                &[("interface", "interface eth0"), ("garp_interval", "garp_interval 0.001")]
            )
        ),
        format!("{}\n{group}", body(Level::Root, &[])),
        format!("vrrp_instance VI_1 {{\n{own}\n{authentication}}}\n"),
        other("VI_2", 52, ""),
        other("VI_3", 53, tracker),
    ]
    .concat()
}

/// A keyword with this behind it, or in its block.
fn statement(served: &Served, value: &str) -> String {
    match served.takes {
        Takes::Entries(..) => format!("{} {{\n{value}\n}}", served.keyword),
        _ => format!("{} {value}", served.keyword),
    }
}

/// What is said about it, but for remarks. Whatever comes of it, the native format has it, too.
fn refused(level: Level, served: &Served, value: &str) -> Option<String> {
    let text = file(level, served.keyword, &statement(served, value));
    let loaded = load_text("t.conf", text);
    if let Some(config) = &loaded.config {
        let converted = convert(config, &loaded.source.text);
        assert_eq!(converted.wrong, [""; 0], "`{} {value}`\n{}", served.keyword, converted.text);
    }
    let says = loaded.findings.iter().any(|finding| finding.severity != Severity::Remark);
    says.then(|| loaded.findings.render(&loaded.source, Style::Plain))
}

fn taken(level: Level, served: &Served, value: &str) {
    if let Some(said) = refused(level, served, value) {
        panic!("`{} {value}` {} is refused:\n{said}", served.keyword, level.place());
    }
}

fn not_taken(level: Level, served: &Served, value: &str) {
    let said = refused(level, served, value);
    assert!(said.is_some(), "`{} {value}` {} is taken without a word", served.keyword, level.place());
}

fn all() -> impl Iterator<Item = (Level, &'static Served)> {
    Level::ALL.into_iter().flat_map(|level| level.served().iter().map(move |served| (level, served)))
}

#[test]
fn every_keyword_that_is_served_has_a_row() {
    for level in Level::ALL {
        let is_served = |status: Status| matches!(status, Status::Supported | Status::Partly(_));
        let listed = level.keywords().iter().filter(|(_, status)| is_served(*status)).map(|(word, _)| *word);
        let rows = level.served().iter().map(|served| served.keyword);
        let (mut listed, mut rows): (Vec<_>, Vec<_>) = (listed.collect(), rows.collect());
        listed.sort_unstable();
        rows.sort_unstable();
        assert_eq!(rows, listed, "{}", level.place());
    }
}

/// The least and the most are taken, and what lies beyond them is not.
#[test]
fn values_go_as_far_as_the_book_says() {
    let within = |level: Level, served: &Served, numbers: &[Within]| {
        for (text, least, most) in numbers {
            let written = |number: i64| text.replace('%', &number.to_string());
            [*least, *most].into_iter().for_each(|number| taken(level, served, &written(number)));
            [least - 1, most + 1].into_iter().for_each(|number| not_taken(level, served, &written(number)));
        }
    };
    for (level, served) in all() {
        match served.takes {
            Takes::Nothing => taken(level, served, ""),
            Takes::Switch => {
                let words = ["on", "off", "true", "false", "yes", "no", ""];
                words.into_iter().for_each(|word| taken(level, served, word));
                not_taken(level, served, "perhaps");
            }
            Takes::Whole(least, most) => within(level, served, &[("%", least, most)]),
            Takes::Seconds(least, most, step) => {
                [least, most].into_iter().for_each(|micros| taken(level, served, &seconds(micros)));
                let beyond = [least - step, most + step];
                beyond.into_iter().for_each(|micros| not_taken(level, served, &seconds(micros)));
            }
            Takes::OneOf(words) => {
                words.iter().for_each(|word| taken(level, served, word));
                not_taken(level, served, "perhaps");
            }
            Takes::Form(_, example, numbers) | Takes::Entries(_, example, numbers) => {
                taken(level, served, example);
                within(level, served, numbers);
            }
            Takes::Block => {}
        }
    }
}

/// What the book has for a default, as it is written.
fn default(served: &Served) -> Option<&'static str> {
    match served.absent {
        Absent::As(value) => Some(value),
        Absent::Global(word) => {
            let global = Level::Globals.served().iter().find(|served| served.keyword == word);
            default(global.unwrap_or_else(|| panic!("no {word}")))
        }
        Absent::Needed | Absent::Words(_) => None,
    }
}

fn config(text: &str) -> Config {
    let loaded = load_text("t.conf", text.to_owned());
    let said = loaded.findings.render(&loaded.source, Style::Plain);
    loaded.config.unwrap_or_else(|| panic!("{text}\n{said}"))
}

#[test]
fn a_default_that_is_written_changes_nothing() {
    let mut count = 0;
    for (level, served) in all() {
        let Some(value) = default(served) else { continue };
        count += 1;
        let with = config(&file(level, served.keyword, &statement(served, value)));
        assert_eq!(with, config(&file(level, served.keyword, "")), "`{} {value}`", served.keyword);
    }
    assert!(count > 50, "{count}");
}

#[test]
fn all_defaults_together_change_nothing() {
    let of = |wanted: Level| {
        let lines = wanted.served().iter().filter_map(|served| Some(statement(served, default(served)?)));
        lines.collect::<Vec<_>>().join("\n")
    };
    let text = |of: &dyn Fn(Level) -> String| {
        format!(
            "global_defs {{\n{}\n}}\nvrrp_script s {{\nscript /bin/true\n{}\n}}\ntrack_file f {{\nfile /run/f\n{}\n}}\n\
             vrrp_track_process p {{\nprocess p\n{}\n}}\nvrrp_sync_group g {{\ngroup {{\na\nb\n}}\n{}\n}}\n\
             vrrp_instance a {{\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {{\n10.1.1.30\n}}\n{}\n}}\n\
             vrrp_instance b {{\ninterface eth0\nvirtual_router_id 2\nvirtual_ipaddress {{\n10.1.1.31\n}}\n\
             track_script {{\ns\n}}\ntrack_file {{\nf weight 0\n}}\ntrack_process {{\np\n}}\n}}\n",
            of(Level::Globals),
            of(Level::Script),
            of(Level::TrackFile),
            of(Level::TrackProcess),
            of(Level::SyncGroup),
            of(Level::Instance),
        )
    };
    assert_eq!(config(&text(&of)), config(&text(&|_| String::new())));
}
