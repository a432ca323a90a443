//! `include` of the native format: what several files mean together, and that findings point into the right one.

use std::fs;
use std::path::PathBuf;

use keepwatch_config::model::{CheckKind, Config};
use keepwatch_config::{Site, Style, load_site};

const WEB: &str =
    "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.30/24\"]\n";
const DB: &str =
    "[instance.db]\ninterface = \"eth1\"\nvirtual_router_id = 52\nvirtual_addresses = [\"10.1.2.30/24\"]\n";

/// A folder of these files, which is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("keepwatch-include-{name}-{}", std::process::id()));
        for (name, text) in files {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn read(&self) -> Site {
        load_site(&self.0.join("keepwatch.toml")).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What is said of these files.
fn said(name: &str, files: &[(&str, &str)]) -> String {
    Folder::new(name, files).read().render(Style::Plain)
}

fn names(config: &Config) -> Vec<&str> {
    config.instances.iter().map(|instance| instance.name.as_str()).collect()
}

#[test]
fn files_add_up_and_know_each_other() {
    let folder = Folder::new(
        "adds",
        &[
            (
                "keepwatch.toml",
                &format!(
                    "include = [\"conf.d/*.toml\", \"more.toml\"]\n{WEB}track = [\"proxy\"]\n\n[plugin.a]\n"
                ),
            ),
            ("more.toml", "node = \"h1\"\n\n[group.site]\nmembers = [\"web\", \"db\"]\n"),
            ("conf.d/a.toml", DB),
            (
                "conf.d/b.toml",
                "include = \"deep/*\"\n\n[check.proxy]\nhttp = \"https://127.0.0.1/\"\nca_file = \"ca.pem\"\n",
            ),
            ("conf.d/c.txt", "this is not read"),
            (
                "conf.d/deep/d.toml",
                "[check.lag]\nplugin = \"lag.rhai\"\n[instance.deep]\ninterface = \"eth2\"\n\
                 virtual_router_id = 53\nvirtual_addresses = [\"10.1.3.30/24\"]\ntrack = [\"lag\"]\n",
            ),
        ],
    );
    let site = folder.read();
    assert_eq!(site.render(Style::Plain), "");
    let config = site.config.unwrap();
    assert_eq!(names(&config), ["db", "deep", "web"]);
    assert_eq!(config.globals.router_id.as_deref(), Some("h1"));
    assert_eq!(config.groups[0].members, ["web", "db"]);
    assert_eq!(config.instances[2].track_checks[0].check, "proxy");
    // Paths count from the file that says them.
    let [lag, proxy] = config.checks.as_slice() else { panic!("two checks") };
    let CheckKind::Plugin(lag) = &lag.what else { panic!("asked of a plugin") };
    assert_eq!(lag.file, folder.0.join("conf.d/deep/lag.rhai"));
    let CheckKind::Http(proxy) = &proxy.what else { panic!("asked by HTTP") };
    assert_eq!(proxy.ca_file.as_ref().map(|file| &file.path), Some(&folder.0.join("conf.d/ca.pem")));
    assert_eq!(config.extensions.plugins[0].file, folder.0.join("hooks.d/a.rhai"));
    assert_eq!(config.extensions.hooks, Some(folder.0.join("hooks.d")));
    // All of them are known by what they say together.
    let text = &site.texts[0].0.text;
    assert!(text.contains("node = \"h1\"") && text.contains("lag.rhai") && !text.contains("not read"));
}

#[test]
fn findings_point_into_the_file_that_they_are_about() {
    let found = said(
        "points",
        &[
            ("keepwatch.toml", &format!("include = \"conf.d/*.toml\"\n{WEB}")),
            ("conf.d/a.toml", &format!("\n{}track = [\"proxi\"]", DB.replace("eth1", "a/b"))),
            ("conf.d/b.toml", "[check.proxy]\ntcp = \"127.0.0.1:80\"\nintervall = \"1s\"\n"),
        ],
    );
    let expected = r#"error: `a/b` cannot be the name of an interface
 --> conf.d/a.toml:3:13
  |
3 | interface = "a/b"
  |             ^^^^^ must be 1 to 15 octets without `/` and `:`

error: there is no check `proxi`
 --> conf.d/a.toml:6:10
  |
6 | track = ["proxi"]
  |          ^^^^^^^ did you mean `proxy`?
  |
  = help: write [check.proxi], or let a plugin set it: grants = ["track:proxi"]

error: unknown key `intervall` in a check with `tcp`
 --> conf.d/b.toml:3:1
  |
3 | intervall = "1s"
  | ^^^^^^^^^ did you mean `interval`?
"#;
    assert_eq!(found, expected);
    let found = said(
        "refers",
        &[
            ("keepwatch.toml", "include = \"conf.d/*.toml\"\n[check.proxy]\ntcp = \"127.0.0.1:80\"\n"),
            ("conf.d/a.toml", &format!("{DB}track = [\"proxi\"]")),
            ("conf.d/b.toml", "[group.site]\nmembers = [\"db\", \"wep\"]\n"),
            ("conf.d/c.toml", WEB),
        ],
    );
    let expected = r#"remark: no instance tracks the check `proxy`
 --> keepwatch.toml:2:8
  |
2 | [check.proxy]
  |        ^^^^^ it is made and told of, and moves nothing
  |
  = help: under [instance.NAME]:  track = ["proxy"]

error: there is no check `proxi`
 --> conf.d/a.toml:5:10
  |
5 | track = ["proxi"]
  |          ^^^^^^^ did you mean `proxy`?
  |
  = help: write [check.proxi], or let a plugin set it: grants = ["track:proxi"]

error: there is no instance `wep`
 --> conf.d/b.toml:2:18
  |
2 | members = ["db", "wep"]
  |                  ^^^^^ did you mean `web`?
"#;
    assert_eq!(found, expected);
}

#[test]
fn what_is_no_toml_is_shown_at_the_end_of_its_own_file() {
    let found = said(
        "toml",
        &[
            ("keepwatch.toml", &format!("include = [\"a.toml\", \"b.toml\"]\n{WEB}")),
            ("a.toml", "[check.a]\ntcp ="),
            ("b.toml", "[check.b"),
        ],
    );
    assert!(found.contains(" --> a.toml:2:"), "{found}");
    assert!(found.contains(" --> b.toml:1:"), "{found}");
    assert!(!found.contains(" --> keepwatch.toml"), "{found}");
}

#[test]
fn what_is_there_twice_names_both_places() {
    let found = said(
        "twice",
        &[
            ("keepwatch.toml", &format!("include = \"conf.d/*\"\nnode = \"h1\"\n{WEB}")),
            ("conf.d/a.toml", &format!("node = \"h2\"\n\n{}", WEB.replace("51", "52"))),
            ("conf.d/b.toml", "nftables = { table = \"x\" }\nhook = 1\n"),
            ("conf.d/c.toml", "[nftables]\ncounters = true\n"),
        ],
    );
    let expected = r#"error: `node` is there already
 --> conf.d/a.toml:1:1
  |
1 | node = "h2"
  | ^^^^ the second one
  |
 ::: keepwatch.toml:2:1
  |
2 | node = "h1"
  | ---- the first one
  |
  = help: it holds for the whole daemon: say it once in all files

error: [instance.web] is there already
 --> conf.d/a.toml:3:11
  |
3 | [instance.web]
  |           ^^^ the second one
  |
 ::: keepwatch.toml:3:11
  |
3 | [instance.web]
  |           --- the first one

error: unknown key `hook` in keepwatch.toml
 --> conf.d/b.toml:2:1
  |
2 | hook = 1
  | ^^^^ did you mean `hooks`?

error: `nftables` is there already
 --> conf.d/c.toml:1:2
  |
1 | [nftables]
  |  ^^^^^^^^ the second one
  |
 ::: conf.d/b.toml:1:1
  |
1 | nftables = { table = "x" }
  | -------- the first one
  |
  = help: it holds for the whole daemon: say it once in all files
"#;
    assert_eq!(found, expected);
}

#[test]
fn a_file_that_is_missing_is_an_error_and_a_pattern_without_match_is_none() {
    let main = |include: &str| format!("include = {include}\n{WEB}");
    let missing = said("missing", &[("keepwatch.toml", &main("[\"a.toml\", \"b.toml\"]")), ("a.toml", "")]);
    let expected = r#"error: there is no file `b.toml`
 --> keepwatch.toml:1:22
  |
1 | include = ["a.toml", "b.toml"]
  |                      ^^^^^^^^
  |
  = help: write it, or take it out; a pattern, such as "conf.d/*.toml", may match nothing
"#;
    assert_eq!(missing, expected);
    let files = [("keepwatch.toml", &*main("\"conf.d/*.toml\"")), ("conf.d/README", "")];
    assert_eq!(said("no-match", &files), "");
    let folder = Folder::new("no-folder", &[("keepwatch.toml", &main("\"conf.d/*.toml\""))]);
    let site = folder.read();
    // What was there may be gone for a moment: nothing is taken away for it.
    assert!(site.config.is_none());
    let found = site.render(Style::Plain);
    assert!(found.starts_with("error: there is no folder `conf.d/`"), "{found}");
    let found = said("folder", &[("keepwatch.toml", &main("\"conf.d\"")), ("conf.d/a.toml", "")]);
    assert!(found.starts_with("error: conf.d is not a file\n --> keepwatch.toml:1:11"), "{found}");
    let found = said("number", &[("keepwatch.toml", &main("5"))]);
    assert!(found.starts_with("error: this is an integer, not a path, or a list"), "{found}");
    let found = said("nothing", &[("keepwatch.toml", &main("\"\""))]);
    assert!(found.starts_with("error: this names no file"), "{found}");
}

#[test]
fn a_circle_and_a_file_twice_are_errors() {
    let found = said(
        "circle",
        &[
            ("keepwatch.toml", &format!("include = \"conf.d/a.toml\"\n{WEB}")),
            ("conf.d/a.toml", "include = \"../b.toml\"\n"),
            ("b.toml", "# here\ninclude = [\"conf.d/*.toml\"]\n"),
        ],
    );
    let expected = r#"error: conf.d/a.toml includes itself
 --> ../b.toml:2:12
  |
2 | include = ["conf.d/*.toml"]
  |            ^^^^^^^^^^^^^^^ the circle closes here
  |
 ::: keepwatch.toml:1:11
  |
1 | include = "conf.d/a.toml"
  |           --------------- the first time
"#;
    assert_eq!(found, expected);
    let found = said("itself", &[("keepwatch.toml", &format!("include = \"*.toml\"\n{WEB}"))]);
    assert!(found.starts_with("error: keepwatch.toml includes itself\n --> keepwatch.toml:1:11"), "{found}");
    let found = said(
        "two-times",
        &[
            ("keepwatch.toml", &format!("include = [\"a.toml\", \"./a.toml\"]\n{WEB}")),
            ("a.toml", "node = \"h1\"\n"),
        ],
    );
    assert!(found.starts_with("error: ./a.toml is included already\n --> keepwatch.toml:1:22"), "{found}");
    assert!(found.contains("the first time"), "{found}");
}

#[test]
fn a_keepalived_conf_may_be_named_by_an_included_file() {
    let conf = "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n  10.1.1.30\n }\n}\n";
    let folder = Folder::new(
        "keepalived",
        &[
            ("keepwatch.toml", "include = \"old/k.toml\"\n"),
            ("old/k.toml", "keepalived = \"k.conf\"\n[instance.VI_1]\ntrack = [{ interface = \"eth1\" }]\n"),
            ("old/k.conf", conf),
        ],
    );
    let site = folder.read();
    assert_eq!(site.render(Style::Plain), "");
    let config = site.config.unwrap();
    assert_eq!(names(&config), ["VI_1"]);
    assert_eq!(config.instances[0].track_interfaces[0].interface.as_str(), "eth1");
}
