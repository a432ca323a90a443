//! The JSON Schema of a keepwatch.toml against the readers: they accept what it has, refuse what it has not, and it
//! accepts every keepwatch.toml of the examples and of the book.

mod checker;
mod pattern;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use checker::check;
use keepwatch_config::native::schema;
use keepwatch_config::{Site, Style, load_site};
use serde_json::{Map, Value, json};

/// Beside every file that is tried: the names that examples of values have.
const BESIDE: &str = "[check.CHECK]\ntcp = \"127.0.0.1:1\"\n";
const INSTANCE: &str =
    "interface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.31/24\"]\n";

/// A table that is valid, and keys that some others of its own do not go without.
struct Base {
    kind: &'static str,
    text: &'static str,
    /// The key that says of which sort it is; none if there is one sort.
    by: &'static [&'static str],
    with: &'static [(&'static str, &'static str)],
    /// Keys that do not go with those of the text: they are tried in another base.
    without: &'static [&'static str],
}

const PLAIN: Base = Base { kind: "", text: "", by: &[], with: &[], without: &[] };

const BASES: &[Base] = &[
    Base {
        kind: "instance",
        text: INSTANCE,
        with: &[
            ("state", "priority = 255"),
            ("unicast_ttl", "unicast_peer = \"10.1.1.20\""),
            ("check_unicast_src", "unicast_peer = \"10.1.1.20\""),
            ("track_src_ip", "source = \"10.1.1.10\""),
            ("auth_pass", "version = 2"),
            ("auth_pass_file", "version = 2"),
            ("auth_pass_credential", "version = 2"),
        ],
        // The example is an address, not a group.
        without: &["mcast_dst_ip"],
        ..PLAIN
    },
    Base { kind: "group", text: "members = [\"web\"]", ..PLAIN },
    Base { kind: "plugin", text: "", ..PLAIN },
    Base { kind: "action", text: "exec = [\"/usr/bin/true\"]", by: &["exec"], ..PLAIN },
    Base {
        kind: "action",
        text: "haproxy = \"reload\"\nsocket = \"/run/a.sock\"\nconfig = \"a.cfg\"",
        by: &["haproxy"],
        without: &["haproxy", "server", "wait"],
        ..PLAIN
    },
    Base {
        kind: "action",
        text: "haproxy = \"drain\"\nsocket = \"/run/a.sock\"\nserver = \"web/a\"",
        by: &["haproxy"],
        without: &["haproxy", "config", "program", "pid_file", "systemd"],
        ..PLAIN
    },
    Base {
        kind: "notify",
        text: "smtp = \"mail.example.com\"\nfrom = \"a@example.com\"\nto = \"b@example.com\"",
        by: &["smtp"],
        with: &[
            ("user", "password_file = \"p\""),
            ("password_file", "user = \"u\""),
            ("password_credential", "user = \"u\""),
            ("auth", "user = \"u\"\npassword_file = \"p\""),
            ("certificate_file", "key_file = \"k\""),
            ("key_file", "certificate_file = \"c\""),
        ],
        ..PLAIN
    },
    Base {
        kind: "notify",
        text: "webhook = \"https://a.example/x\"",
        by: &["webhook"],
        with: &[
            ("user", "password_file = \"p\""),
            ("password_file", "user = \"u\""),
            ("password_credential", "user = \"u\""),
            ("certificate_file", "key_file = \"k\""),
            ("key_file", "certificate_file = \"c\""),
            ("content_type", "body = \"x\""),
            ("routing_key_file", "format = \"pagerduty\""),
            ("routing_key_credential", "format = \"pagerduty\""),
        ],
        // One format needs a key that the others refuse; that the words are right is looked at below.
        without: &["webhook_file", "webhook_credential", "format"],
    },
    Base { kind: "notify", text: "webhook_file = \"f\"", by: &["webhook_file"], without: ALL, ..PLAIN },
    Base {
        kind: "notify",
        text: "webhook_credential = \"f\"",
        by: &["webhook_credential"],
        without: ALL,
        ..PLAIN
    },
    Base { kind: "check", text: "plugin = \"a.wasm\"", by: &["plugin"], ..PLAIN },
    Base {
        kind: "check",
        text: "script = \"true\"",
        by: &["script"],
        with: &[("group", "user = \"nobody\""), ("supplementary_groups", "user = \"nobody\"")],
        ..PLAIN
    },
    Base { kind: "check", text: "tcp = \"127.0.0.1:80\"", by: &["tcp"], ..PLAIN },
    Base { kind: "check", text: "http = \"https://a.example/\"", by: &["http"], ..PLAIN },
    Base { kind: "check", text: "unix = \"/run/a\"", by: &["unix"], ..PLAIN },
    Base { kind: "check", text: "dns = { server = \"10.1.1.1\", name = \"a\" }", by: &["dns"], ..PLAIN },
    Base {
        kind: "check",
        text: "icmp = \"10.1.1.1\"",
        by: &["icmp"],
        with: &[("need", "count = 100")],
        ..PLAIN
    },
    Base { kind: "check", text: "file = \"/run/a\"", by: &["file"], ..PLAIN },
    Base {
        kind: "check",
        text: "track_file = \"/run/a\"",
        by: &["track_file"],
        // A number is neither up nor down.
        without: &["rise", "fall", "init_fail", "unknown"],
        ..PLAIN
    },
    Base {
        kind: "check",
        text: "process = \"a\"",
        by: &["process"],
        // None at least is for none at most.
        without: &["quorum"],
        ..PLAIN
    },
    Base { kind: "check", text: "gateway = \"10.1.1.1\"\ninterface = \"eth0\"", by: &["gateway"], ..PLAIN },
    Base { kind: "check", text: "interface = \"eth0\"", by: &["interface"], ..PLAIN },
    Base { kind: "check", text: "systemd = \"a.service\"", by: &["systemd"], ..PLAIN },
    Base { kind: "check", text: "haproxy = \"/run/a\"", by: &["haproxy"], ..PLAIN },
];

/// Nothing but what the table has is tried.
const ALL: &[&str] = &["*"];

/// What the reader says of a text.
fn read(text: &str) -> Site {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("keepwatch-schema-{}-{number}", std::process::id()));
    // Examples name files that are there.
    fs::create_dir_all(folder.join("conf.d")).unwrap();
    fs::write(folder.join("keepwatch.toml"), text).unwrap();
    fs::write(folder.join("vrrp.password"), "1111\n").unwrap();
    let site = load_site(&folder.join("keepwatch.toml")).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    site
}

/// A TOML text as the schema sees it.
fn value_of(text: &str) -> Value {
    let table: toml::Table = toml::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    serde_json::to_value(table).unwrap()
}

fn properties(schema: &Value) -> &Map<String, Value> {
    schema["properties"].as_object().unwrap()
}

/// The schema of `[KIND.NAME]`.
fn of_kind<'s>(schema: &'s Value, kind: &str) -> &'s Value {
    &properties(schema)[kind]["additionalProperties"]
}

/// Values that a schema gives as examples or lists, each with all its forms.
fn examples(schema: &Value) -> Vec<Value> {
    if let Some(examples) = schema["examples"].as_array().or_else(|| schema["enum"].as_array()) {
        return examples.clone();
    }
    if let Some(forms) = schema["anyOf"].as_array() {
        return forms.iter().flat_map(examples).collect();
    }
    match schema["type"].as_str().unwrap() {
        "boolean" => vec![json!(true), json!(false)],
        "integer" => vec![schema["minimum"].clone(), schema["maximum"].clone()],
        "array" => examples(&schema["items"]).into_iter().map(|item| json!([item])).collect(),
        "object" => match schema["properties"].as_object() {
            // One table with what it must have, and one for each further key.
            Some(properties) => tables(schema, properties),
            None if schema["additionalProperties"].is_object() => examples(&schema["additionalProperties"])
                .into_iter()
                .map(|value| json!({ "a": value }))
                .collect(),
            None => vec![json!({ "a": [1, { "b": true }] })],
        },
        other => panic!("no example of a {other}"),
    }
}

fn tables(schema: &Value, properties: &Map<String, Value>) -> Vec<Value> {
    let required: Vec<&str> =
        schema["required"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
    let least: Map<String, Value> =
        required.iter().map(|key| ((*key).to_owned(), examples(&properties[*key])[0].clone())).collect();
    let mut tables = Vec::new();
    for (key, schema) in properties {
        for value in examples(schema) {
            let mut table = least.clone();
            // An entry of `track` names one thing; an IPv6 address has what an IPv4 one has not.
            match key.as_str() {
                "weight" | "reverse" => drop(table.insert("check".to_owned(), json!("CHECK"))),
                "dad" | "home" | "mngtmpaddr" | "preferred_lft" => {
                    table.insert("address".to_owned(), json!("fd00::30/64"));
                }
                "peer" => drop(table.insert("address".to_owned(), json!("10.1.1.30"))),
                "group" | "supplementary_groups" => drop(table.insert("user".to_owned(), json!("nobody"))),
                // Adverts over IPv4 come from the address of an ipvlan.
                "name" | "mode" if properties.contains_key("mode") => {
                    table.insert("address".to_owned(), json!("10.1.1.11/24"));
                }
                "type" | "expect" => drop(table.insert("type".to_owned(), json!("A"))),
                _ => {}
            }
            table.insert(key.clone(), value);
            tables.push(Value::Object(table));
        }
    }
    tables
}

/// A value as TOML, on one line.
fn toml_of(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(toml_of).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{key} = {}", toml_of(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        plain => plain.to_string(),
    }
}

/// The whole file with this table and an instance beside it.
fn file(kind: &str, text: &str) -> String {
    let instance = if kind == "instance" { String::new() } else { format!("[instance.web]\n{INSTANCE}") };
    format!("{BESIDE}[{kind}.web]\n{text}\n{instance}")
}

/// The text of a base with one more line, which takes the place of one that the base has.
fn with(base: &Base, key: &str, line: &str) -> String {
    let begins = |text: &str, key: &str| text.split(' ').next() == Some(key);
    let mut lines: Vec<&str> = base.text.lines().filter(|known| !begins(known, key)).collect();
    let needed = base.with.iter().find(|(with, _)| *with == key).map_or("", |(_, needed)| needed);
    lines.extend(needed.lines().filter(|line| !begins(line, key)));
    lines.push(line);
    lines.join("\n")
}

#[test]
fn what_the_schema_has_the_readers_accept() {
    let schema = schema();
    let (mut tried, mut refused) = (std::collections::BTreeSet::new(), Vec::new());
    for base in BASES {
        let table = of_kind(&schema, base.kind);
        let allowed = allowed(table, base);
        for key in allowed.iter().filter(|key| !base.without.contains(key) && base.without != ALL) {
            for value in examples(&properties(table)[*key]) {
                let text = file(base.kind, &with(base, key, &format!("{key} = {}", toml_of(&value))));
                let site = read(&text);
                let said = site.render(Style::Plain);
                if site.config.is_none() {
                    refused.push(format!("{text}\n{said}"));
                }
                assert_eq!(check(&schema, &value_of(&text)), Vec::<String>::new(), "{text}");
            }
            tried.insert((base.kind, (*key).to_owned()));
        }
        tried.extend(base.by.iter().map(|by| (base.kind, (*by).to_owned())));
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    // Every key of every table has had its turn.
    tried.extend([
        ("instance", "mcast_dst_ip".to_owned()),
        ("check", "quorum".to_owned()),
        ("notify", "format".to_owned()),
    ]);
    for kind in ["instance", "group", "check", "action", "plugin", "notify"] {
        for key in properties(of_kind(&schema, kind)).keys() {
            assert!(tried.contains(&(kind, key.clone())), "[{kind}] {key} was never tried");
        }
    }
}

#[test]
fn what_stands_above_all_tables_the_reader_accepts() {
    let schema = schema();
    let is_kind = |key: &&String| BASES.iter().any(|base| base.kind == key.as_str());
    let mut tried = 0;
    // The keepalived.conf of the example is not there.
    for key in properties(&schema).keys().filter(|key| !is_kind(key) && *key != "keepalived") {
        for value in examples(&properties(&schema)[key]) {
            let group = "[group.site]\nmembers = [\"web\"]\n";
            let text = format!("{key} = {}\n{BESIDE}{group}[instance.web]\n{INSTANCE}", toml_of(&value));
            let site = read(&text);
            assert!(site.config.is_some(), "{text}\n{}", site.render(Style::Plain));
            assert_eq!(check(&schema, &value_of(&text)), Vec::<String>::new(), "{text}");
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

/// The keys that the schema allows in a table of the base's sort.
fn allowed<'s>(table: &'s Value, base: &Base) -> Vec<&'s str> {
    let of_base = value_of(base.text);
    let Some(sorts) = table["allOf"].as_array() else {
        return properties(table).keys().map(String::as_str).collect();
    };
    let sort = sorts.iter().find(|sort| check(&sort["if"], &of_base).is_empty());
    let names =
        sort.unwrap_or_else(|| panic!("{} is of no sort", base.text))["then"]["propertyNames"]["enum"]
            .as_array();
    names.unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

#[test]
fn what_the_schema_has_not_the_readers_refuse() {
    let schema = schema();
    for base in BASES {
        let table = of_kind(&schema, base.kind);
        let allowed = allowed(table, base);
        // Keys of other sorts and of other tables, and one that is nowhere.
        let others = ["instance", "group", "check", "action", "plugin", "notify"]
            .into_iter()
            .flat_map(|kind| properties(of_kind(&schema, kind)).keys());
        let mut others: Vec<&str> = others.map(String::as_str).chain(["no_such_key"]).collect();
        others.retain(|key| !allowed.contains(key));
        for key in others {
            let text = file(base.kind, &format!("{}\n{key} = 1", base.text));
            assert!(read(&text).config.is_none(), "{text}");
            assert_ne!(check(&schema, &value_of(&text)), Vec::<String>::new(), "{text}");
        }
    }
    for text in ["no_such_key = 1\n", "[no_such_table.a]\nb = 1\n"] {
        let text = format!("{text}{BESIDE}[instance.web]\n{INSTANCE}");
        assert!(read(&text).render(Style::Plain).contains("unknown key `no_such_"), "{text}");
        assert_ne!(check(&schema, &value_of(&text)), Vec::<String>::new(), "{text}");
    }
}

/// Values that are wrong for both, and for the reader's reason: words and bounds that it names are those of the schema.
#[test]
fn words_and_bounds_are_the_readers() {
    let schema = schema();
    let (mut words, mut bounds, mut shapes) = (0, 0, 0);
    for base in BASES {
        let table = of_kind(&schema, base.kind);
        for key in allowed(table, base).into_iter().filter(|_| base.without != ALL) {
            let of_key = &properties(table)[key];
            let said = |value: &str| {
                let text = file(base.kind, &with(base, key, &format!("{key} = {value}")));
                assert_ne!(check(&schema, &value_of(&text)), Vec::<String>::new(), "{text}");
                let site = read(&text);
                assert!(site.config.is_none(), "{text}");
                site.render(Style::Plain)
            };
            if let Some(known) = of_key["enum"].as_array() {
                words += 1;
                let listed: Vec<String> = known.iter().map(Value::to_string).collect();
                let said = said("\"?\"");
                assert!(said.contains(&format!("write {}", listed.join(" or "))), "{key}:\n{said}");
            }
            if of_key["type"] == "integer" {
                bounds += 1;
                let (least, most) =
                    (of_key["minimum"].as_i64().unwrap(), of_key["maximum"].as_i64().unwrap());
                said(&(least - 1).to_string());
                said(&(most + 1).to_string());
            }
            shapes += 1;
            said("[[[1]]]");
        }
    }
    assert!(words > 10 && bounds > 15 && shapes > 100, "{words} {bounds} {shapes}");
}

#[test]
fn durations_and_sizes() {
    let value = |kind: &str, key: &str| properties(of_kind(&schema(), kind))[key].clone();
    let (duration, pause, size) =
        (value("check", "interval"), value("notify", "group_wait"), value("plugin", "memory"));
    let table = [
        (&duration, "10s", true),
        (&duration, "1m 30s", true),
        (&duration, "1h30min", true),
        (&duration, "1.5 s", true),
        (&duration, "10", false),
        (&duration, "s", false),
        (&duration, "10 parsecs", false),
        (&duration, "", false),
        (&pause, "0s", true),
        (&pause, "0", true),
        (&pause, "2s", true),
        (&pause, "2", false),
        (&size, "32 MiB", true),
        (&size, "32MiB", true),
        (&size, "32 MB", false),
        (&size, "MiB", false),
    ];
    for (schema, text, valid) in table {
        assert_eq!(check(schema, &json!(text)).is_empty(), valid, "{text}");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn examples_and_the_book_are_valid() {
    let schema = schema();
    let mut texts: Vec<(String, String)> = Vec::new();
    for folder in fs::read_dir(root().join("examples")).unwrap() {
        let file = folder.unwrap().path().join("keepwatch.toml");
        if let Ok(text) = fs::read_to_string(&file) {
            texts.push((file.display().to_string(), text));
        }
    }
    assert!(texts.len() >= 2);
    for page in fs::read_dir(root().join("book/src")).unwrap() {
        let page = page.unwrap().path();
        let text = fs::read_to_string(&page).unwrap();
        for block in text.split("```toml\n").skip(1) {
            let block = block.split("```").next().unwrap().to_owned();
            texts.push((page.display().to_string(), block));
        }
    }
    assert!(texts.len() >= 10);
    for (name, text) in texts {
        assert_eq!(check(&schema, &value_of(&text)), Vec::<String>::new(), "{name}:\n{text}");
    }
}

/// What `keepwatch convert` writes is valid, too.
#[test]
fn what_is_converted_is_valid() {
    let mut seen = 0;
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")).unwrap() {
        let file = file.unwrap().path();
        let Ok(loaded) = keepwatch_config::load(&file) else { continue };
        let Some(config) = loaded.config.filter(|config| !config.instances.is_empty()) else { continue };
        seen += 1;
        let text = keepwatch_config::convert(&config, &loaded.source.text).text;
        assert_eq!(check(&schema(), &value_of(&text)), Vec::<String>::new(), "{}:\n{text}", file.display());
    }
    assert!(seen >= 5, "{seen}");
}
