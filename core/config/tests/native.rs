//! The native format: what it says, and what an administrator sees who errs, to the letter.

use std::path::{Path, PathBuf};
use std::time::Duration;

use keepwatch_config::model::{ActionKind, CheckKind, TrackCheck};
use keepwatch_config::{Severity, Site, Style, load_site};
use keepwatch_vrrp::TrackWeight;

const CONF: &str = "vrrp_instance VI_1 {\n    interface eth0\n    virtual_router_id 51\n    virtual_ipaddress { \
                    10.1.1.30 }\n}\n";

/// A folder with a keepalived.conf and this native file, read.
fn read(name: &str, text: &str) -> (PathBuf, Site) {
    let folder = std::env::temp_dir().join(format!("keepwatch-native-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("k.conf"), CONF).unwrap();
    std::fs::write(folder.join("keepwatch.toml"), text).unwrap();
    let site = load_site(&folder.join("keepwatch.toml")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    (folder, site)
}

#[test]
fn what_the_user_experience_shows() {
    let (folder, site) = read(
        "whole",
        r#"
keepalived = "k.conf"

[action.haproxy-reload]
exec = ["/usr/bin/systemctl", "reload", "haproxy"]
timeout = "10s"

[plugin.haproxy]                                # hooks.d/haproxy.rhai
grants = ["run:haproxy-reload"]
memory = "8 MiB"
queue = 100

[check.replication]
plugin = "/etc/keepwatch/plugins/replication-lag.wasm"
grants = ["http://127.0.0.1:9187"]
config = { url = "http://127.0.0.1:9187/lag", max_lag = 2.0, tries = 3, deep = { on = true } }
interval = "1s"
fall = 2

[instance.VI_1]                      # adds to the instance of the keepalived.conf
track = [{ check = "replication", weight = -50 }]
"#,
    );
    assert_eq!(site.render(Style::Plain), "");
    let config = site.config.unwrap();
    assert_eq!(config.instances[0].name, "VI_1");
    let weight = TrackWeight::Adjust { weight: -50, reverse: false };
    assert_eq!(config.instances[0].track_checks, [TrackCheck { check: "replication".to_owned(), weight }]);
    let extensions = config.extensions;
    assert_eq!(extensions.hooks, Some(folder.join("hooks.d")));
    let [haproxy] = extensions.plugins.as_slice() else { panic!("one plugin") };
    let [check] = config.checks.as_slice() else { panic!("one check") };
    let CheckKind::Plugin(replication) = &check.what else { panic!("asked of a plugin") };
    assert_eq!((haproxy.name.as_str(), &haproxy.file), ("haproxy", &folder.join("hooks.d/haproxy.rhai")));
    assert_eq!(haproxy.grants[0].text, "run:haproxy-reload");
    assert_eq!((haproxy.memory, haproxy.queue, haproxy.timeout), (Some(8 << 20), Some(100), None));
    assert_eq!(replication.file, Path::new("/etc/keepwatch/plugins/replication-lag.wasm"));
    let second = Duration::from_secs(1);
    assert_eq!((check.name.as_str(), check.interval, check.timeout), ("replication", second, second));
    assert_eq!((check.policy.rise, check.policy.fall), (1, 2));
    assert_eq!(
        serde_json::to_value(&replication.config).unwrap(),
        serde_json::json!({ "url": "http://127.0.0.1:9187/lag", "max_lag": 2.0, "tries": 3, "deep": { "on": true } })
    );
    let [action] = extensions.actions.as_slice() else { panic!("one action") };
    let exec = ["/usr/bin/systemctl", "reload", "haproxy"].map(str::to_owned).to_vec();
    assert_eq!(action.does, ActionKind::Exec { exec, user: None });
    assert_eq!(action.timeout, Duration::from_secs(10));
}

#[test]
fn all_mistakes_at_once() {
    let (_, site) = read(
        "mistakes",
        r#"keepalived = "k.conf"
hook = "hooks.d"

[action.reload]
exec = ["systemctl", "reload"]
timeout = 10

[plugin.haproxy]
grant = ["run:reload"]
timeout = "soon"
memory = "much"

[check.web]
interval = "1s"

[instance.VI_1]
priority = 100
"#,
    );
    assert!(site.config.is_none());
    let expected = r#"error: unknown key `hook` in keepwatch.toml
 --> keepwatch.toml:2:1
  |
2 | hook = "hooks.d"
  | ^^^^ did you mean `hooks`?

error: a program is named by its absolute path
 --> keepwatch.toml:5:9
  |
5 | exec = ["systemctl", "reload"]
  |         ^^^^^^^^^^^ no shell looks for it in PATH: write where it is, /usr/bin/...

error: a duration has a unit
 --> keepwatch.toml:6:11
  |
6 | timeout = 10
  |           ^^ write a text with a unit: "500ms", "10s", "2m"

error: unknown key `grant` in [plugin]
 --> keepwatch.toml:9:1
  |
9 | grant = ["run:reload"]
  | ^^^^^ did you mean `grants`?

error: `soon` is no duration
  --> keepwatch.toml:10:11
   |
10 | timeout = "soon"
   |           ^^^^^^ a number and a unit: "500ms", "10s", "2m"

error: this is no size
  --> keepwatch.toml:11:10
   |
11 | memory = "much"
   |          ^^^^^^ a number and a unit: "32 MiB"

error: check `web` looks at nothing
  --> keepwatch.toml:13:8
   |
13 | [check.web]
   |        ^^^ add one of plugin, script, tcp, http, unix, dns, icmp, file, track_file, process, gateway, interface, systemd, haproxy

error: unknown key `priority` in [instance]: its other settings are in the keepalived.conf
  --> keepwatch.toml:17:1
   |
17 | priority = 100
   | ^^^^^^^^ there is track
"#;
    assert_eq!(site.render(Style::Plain), expected);
    assert_eq!(site.count(Severity::Error), 8);
}

#[test]
fn what_is_no_toml_and_what_names_no_file() {
    let (_, site) = read("toml", "keepalived = \"k.conf\n[plugin\n");
    assert!(site.config.is_none());
    assert!(site.render(Style::Plain).contains("keepwatch.toml:1:"), "{}", site.render(Style::Plain));
    // A row of brackets is one mistake; one in each line are several.
    let (_, site) = read("brackets", &format!("a = {}\n", "[".repeat(90)));
    let rendered = site.render(Style::Plain);
    assert_eq!(rendered.matches("unclosed array").count(), 1, "{rendered}");
    let (_, site) = read("lines", "a = ]\nb = ]\n");
    assert_eq!(site.count(Severity::Error), 2, "{}", site.render(Style::Plain));
    let (_, site) = read("none", "# nothing\n");
    assert!(site.render(Style::Plain).starts_with("error: there are no instances"));
    let (folder, site) = read("missing", "keepalived = \"other.conf\"\n");
    let missing = folder.join("other.conf");
    let rendered = site.render(Style::Plain);
    assert!(rendered.contains(&format!("{} cannot be read", missing.display())), "{rendered}");
    assert!(rendered.contains("keepwatch.toml:1:14"), "{rendered}");
}

#[test]
fn findings_of_both_files_are_told() {
    let folder = std::env::temp_dir().join(format!("keepwatch-native-both-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("k.conf"), CONF.replace("51", "300")).unwrap();
    std::fs::write(folder.join("keepwatch.toml"), "keepalived = \"k.conf\"\n[plugin.\"a b\"]\n").unwrap();
    let site = load_site(&folder.join("keepwatch.toml")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(site.config.is_none());
    assert!(site.render(Style::Plain).contains("`a b` is no name"));
}
