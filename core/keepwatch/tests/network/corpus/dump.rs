//! keepalived's dump of its data, as far as both can say the same.

use std::collections::BTreeSet;

use super::routing::{their_route, their_rule};

/// A part of the dump: `VRRP Instance = VI_1`, then its fields and lists.
struct Block {
    kind: String,
    name: String,
    fields: Vec<(String, String)>,
    lists: Vec<(String, Vec<String>)>,
}

impl Block {
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    fn list(&self, begins: &str) -> &[String] {
        self.lists.iter().find(|(name, _)| name.starts_with(begins)).map_or(&[], |(_, list)| list)
    }
}

/// One line for each thing that is said, with the name of the instance, group or script before it.
pub(super) fn digest(dump: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for block in blocks(dump) {
        let lines = match block.kind.as_str() {
            "VRRP Instance" => instance(&block),
            "VRRP Sync Group" => group(&block),
            "VRRP Script" => script(&block),
            "Track file" => track_file(&block),
            "VRRP Track process" => track_process(&block),
            "Static Addresses" => statics(&block, address),
            "Static Routes" => statics(&block, their_route),
            "Static Rules" => statics(&block, their_rule),
            _ => continue,
        };
        let name = block.name.split(',').next().unwrap_or_default();
        let name = if block.name.is_empty() { block.kind.as_str() } else { name };
        out.extend(lines.into_iter().map(|line| format!("{name}: {line}")));
    }
    out
}

fn blocks(dump: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for line in dump.lines() {
        let text = line.trim();
        let depth = line.len() - line.trim_start().len();
        if depth == 0 {
            // `------< Static Routes >------`: some of them have lines right below.
            let kind = text.trim_matches(['-', '<', '>', ' ']).to_owned();
            let lists = vec![(String::new(), Vec::new())];
            blocks.push(Block { kind, name: String::new(), fields: Vec::new(), lists });
            continue;
        }
        if depth == 1 {
            let (kind, name) = text.split_once(" = ").unwrap_or((text, ""));
            blocks.push(Block {
                kind: kind.to_owned(),
                name: name.to_owned(),
                fields: Vec::new(),
                lists: Vec::new(),
            });
            continue;
        }
        let Some(block) = blocks.last_mut() else { continue };
        match (depth, text.split_once(" = ")) {
            (3, Some((field, value))) => block.fields.push((field.to_owned(), value.to_owned())),
            (3, None) if text.ends_with(':') => block.lists.push((text.to_owned(), Vec::new())),
            (3, None) => block.fields.push((text.to_owned(), String::new())),
            _ => {
                if let Some((_, list)) = block.lists.last_mut() {
                    list.push(text.to_owned());
                }
            }
        }
    }
    blocks
}

fn instance(block: &Block) -> Vec<String> {
    let mut out = Vec::new();
    let field = |name: &str| block.field(name).unwrap_or_default();
    let first = |text: &str| text.split([' ', ',']).next().unwrap_or_default().to_owned();
    let base = field("Interface")
        .split_once(" on ")
        .map_or_else(|| first(field("Interface")), |(_, base)| first(base));
    out.push(format!("version {}", field("VRRP Version")));
    out.push(format!("interface {base}"));
    out.push(format!("vrid {}", field("Virtual Router ID")));
    out.push(format!("priority {}", field("Priority")));
    let interval = match field("Advert interval").split_once(' ') {
        Some((number, "sec")) => number.parse::<u64>().unwrap_or_default() * 1000,
        Some((number, _)) => number.parse().unwrap_or_default(),
        None => 0,
    };
    out.push(format!("interval {interval} ms"));
    out.push(format!("preempt {}", field("Preempt")));
    if let Some(delay) = block.field("Preempt delay") {
        out.push(format!("preempt delay {}", first(delay).parse::<f64>().unwrap_or(f64::NAN)));
    }
    out.push(format!("missed adverts {}", field("Down timer adverts")));
    out.push(format!("answers lower {}", field("Send advert after receive lower priority advert")));
    out.push(format!("answers higher {}", field("Send advert after receive higher priority advert")));
    out.push(format!("smtp alert {}", field("Using smtp notification")));
    out.push(format!("accept {}", field("Accept")));
    out.push(format!("told as deleted {}", field("Notify deleted")));
    out.push(format!("priority changes {}", field("Notify priority changes")));
    out.extend(announcements(block));
    if block.field("VRRP interface tracking disabled").is_some() {
        out.push("own interface not tracked".to_owned());
    }
    if let Some(source) = field("Using src_ip").strip_suffix(" (from configuration)") {
        out.push(format!("source {source}"));
    }
    if let Some((text, _)) = block.fields.iter().find(|(text, _)| text.starts_with("Multicast address ")) {
        out.push(format!("group {}", first(text.trim_start_matches("Multicast address "))));
    }
    if let Some(vmac) = block.field("Use VMAC, i/f name") {
        out.push(format!("vmac {vmac}"));
    }
    if let Some((text, value)) = block.fields.iter().find(|(text, _)| text.starts_with("Use VMAC, i/f name "))
    {
        let name = text.trim_start_matches("Use VMAC, i/f name ");
        let xmit_base = value.ends_with("xmit_base = true");
        out.push(format!("vmac {} from base {xmit_base}", first(name)));
    }
    // "Use IPVLAN, i/f NAME, is_up = true[, i/f address = ADDRESS], type MODE", cut at the first " = ".
    if let Some((text, value)) = block.fields.iter().find(|(text, _)| text.starts_with("Use IPVLAN, i/f ")) {
        let name = first(text.trim_start_matches("Use IPVLAN, i/f "));
        let address = value.split_once("i/f address = ").map(|(_, rest)| format!(" {}", first(rest)));
        let mode = value.rsplit(' ').next().unwrap_or_default();
        out.push(format!("ipvlan {name}{} {mode}", address.unwrap_or_default()));
    }
    match block.field("Authentication type") {
        Some("SIMPLE_PASSWORD") => out.push(format!("password {}", field("Password"))),
        Some("none") | None => {}
        Some(other) => out.push(format!("authentication {other}")),
    }
    if let Some(group) = block.field("Sync group") {
        out.push(format!("in group {group}"));
    }
    out.extend(block.list("Virtual IP (").iter().map(|line| format!("holds {}", address(line))));
    out.extend(block.list("Virtual IP Excluded").iter().map(|line| format!("excluded {}", address(line))));
    out.extend(block.list("Unicast Peer").iter().map(|line| format!("peer {line}")));
    if let Some(ttl) = block.field("Unicast TTL").filter(|ttl| *ttl != "255") {
        out.push(format!("unicast ttl {ttl}"));
    }
    if let Some((text, _)) = block.fields.iter().find(|(text, _)| text.starts_with("Check unicast src : ")) {
        out.push(format!("checks senders {}", text.trim_start_matches("Check unicast src : ")));
    }
    out.extend(block.list("Virtual Routes").iter().map(|line| format!("route {}", their_route(line))));
    out.extend(block.list("Virtual Rules").iter().map(|line| format!("rule {}", their_rule(line))));
    // keepalived tracks the instance's own interface, and those of its addresses, without being asked.
    let own: Vec<String> = std::iter::once(base)
        .chain(block.list("Virtual IP").iter().filter_map(|line| word_after(line, "dev")))
        .collect();
    for line in block.list("Tracked interfaces") {
        let name = first(line);
        if !(own.contains(&name) && line.ends_with(" weight 0")) {
            out.push(format!("tracks interface {line}"));
        }
    }
    for (list, what) in
        [("Tracked scripts", "script"), ("Tracked files", "file"), ("Tracked processes", "process")]
    {
        out.extend(block.list(list).iter().map(|line| format!("tracks {what} {}", line.replace(',', ""))));
    }
    for (state, name) in [
        ("Master", "master"),
        ("Backup", "backup"),
        ("Fault", "fault"),
        ("Stop", "stop"),
        ("Generic", "any"),
        ("Deleted", "deleted"),
        ("Master rx lower pri", "lower"),
    ] {
        if let Some(script) = block.field(&format!("{state} state transition script")) {
            out.push(format!("notify {name} {}", command(script)));
        }
    }
    out
}

/// When it announces: after a take-over, after a lower advert, and each time while MASTER.
fn announcements(block: &Block) -> [String; 3] {
    let field = |name: &str| block.field(&format!("Gratuitous ARP {name}")).unwrap_or_default();
    let burst = |repeat: &str, delay: &str| match (repeat, delay) {
        ("0", _) => "none".to_owned(),
        (repeat, "0") => repeat.to_owned(),
        (repeat, delay) => format!("{repeat} and {repeat} after {delay} s"),
    };
    [
        format!("announces {}", burst(field("repeat"), field("delay"))),
        format!(
            "announces after lower adverts {}",
            burst(field("lower priority repeat"), field("lower priority delay"))
        ),
        match field("refresh") {
            "0" => "announces never again".to_owned(),
            every => format!("announces {} each {every} s", field("refresh repeat")),
        },
    ]
}

fn group(block: &Block) -> Vec<String> {
    let mut out = vec![format!("smtp alert {}", block.field("Using smtp notification").unwrap_or_default())];
    out.extend(block.list("VRRP member instances").iter().map(|name| format!("member {name}")));
    out.extend(block.list("Tracked interfaces").iter().map(|line| format!("tracks interface {line}")));
    out
}

fn script(block: &Block) -> Vec<String> {
    let field = |name: &str| block.field(name).unwrap_or_default();
    vec![
        format!("runs {}", command(field("Command"))),
        format!("every {}", field("Interval")),
        // Nothing written is as long as the interval.
        format!("timeout {}", if field("Timeout") == "0 sec" { field("Interval") } else { field("Timeout") }),
        format!("weight {}", field("Weight")),
        format!("rise {}", field("Rise")),
        format!("fall {}", field("Fall")),
    ]
}

fn track_file(block: &Block) -> Vec<String> {
    let field = |name: &str| block.field(name).unwrap_or_default();
    vec![format!("reads {}", field("File")), format!("weight {}", field("Weight"))]
}

fn track_process(block: &Block) -> Vec<String> {
    let field = |name: &str| block.field(name).unwrap_or_default();
    let seconds = |name: &str| field(name).trim_end_matches('s').parse::<f64>().unwrap_or_default();
    vec![
        format!("looks for {} {}", field("Process"), field("Parameters")).trim_end().to_owned(),
        format!("at least {}", field("Min processes")),
        format!("at most {}", block.field("Max processes").unwrap_or("any")),
        format!("weight {}", field("Weight")),
        format!("delays {} {}", seconds("Fork delay"), seconds("Terminate delay")),
    ]
}

/// What is there all the time.
fn statics(block: &Block, of: fn(&str) -> String) -> Vec<String> {
    block.list("").iter().map(|line| of(line)).collect()
}

/// `ADDRESS/PREFIX` and its options in a fixed order.
fn address(line: &str) -> String {
    let mut out = line.split(' ').next().unwrap_or_default().to_owned();
    let whole = if out.contains(':') { "/128" } else { "/32" };
    if !out.contains('/') {
        out.push_str(whole);
    }
    for name in ["dev", "brd", "scope", "label", "peer"] {
        if let Some(value) = word_after(line, name) {
            let value = value.split('@').next().unwrap_or_default().to_owned();
            out.push_str(&format!(" {name} {value}"));
        }
    }
    for flag in ["home", "-nodad", "mngtmpaddr", "noprefixroute", "no_track", "deprecated"] {
        if line.split(' ').any(|word| word == flag) {
            out.push_str(&format!(" {flag}"));
        }
    }
    out
}

fn word_after(line: &str, name: &str) -> Option<String> {
    let mut words = line.split(' ').skip_while(|word| *word != name);
    words.nth(1).map(str::to_owned)
}

/// A command without quotes, without the folder of its program, and without the user it runs as.
fn command(text: &str) -> String {
    let text = text.split(", uid:gid").next().unwrap_or_default();
    let (program, rest) = text.split_once("' ").unwrap_or((text, ""));
    let program = program.rsplit('/').next().unwrap_or(program);
    format!("{program} {rest}").replace('\'', "").trim_end().to_owned()
}
