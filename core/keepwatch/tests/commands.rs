//! The command line where nothing but the program is needed.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A folder of its own, removed with all that is in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("keepwatch-commands-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn keepwatch(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keepwatch"));
    command.current_dir(&folder.0).args(arguments);
    command.env("KEEPWATCH_CACHE_DIR", folder.0.join("cache")).env("RUST_BACKTRACE", "0");
    command
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let folder = Folder::new("pipe");
    std::fs::write(folder.0.join("a.rhai"), "fn on_master(event) { info(\"here\") }").unwrap();
    let table: [&[&str]; 5] = [
        &["plugin", "check", "a.rhai"],
        &["plugin", "test", "a.rhai", "--event", "master"],
        &["plugin", "bench", "a.rhai", "--calls", "1"],
        &["plugin", "new", "b", "--lang", "rhai", "--role", "handler"],
        &["plugin", "new", "c", "--lang", "rust", "--role", "checker"],
    ];
    for arguments in table {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let Output { status, stderr, .. } =
            keepwatch(&folder, arguments).stdout(Stdio::from(writer)).output().unwrap();
        assert_eq!((status.code(), text(&stderr)), (Some(0), String::new()), "{arguments:?}");
    }
}

#[test]
fn what_cannot_be_written_is_a_failure() {
    let folder = Folder::new("full");
    std::fs::write(folder.0.join("a.rhai"), "fn on_master(event) { info(\"here\") }").unwrap();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = keepwatch(&folder, &["plugin", "check", "a.rhai"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("error: cannot write: "), "{}", text(&output.stderr));
}

#[test]
fn a_checker_is_sent_to_its_own_table() {
    let folder = Folder::new("table");
    std::fs::write(folder.0.join("a.rhai"), "fn check() { http_get(\"http://127.0.0.1:1/x\"); true }")
        .unwrap();
    let granted = ["--grant", "run:x"];
    for command in ["check", "test"] {
        let output =
            keepwatch(&folder, &[&["plugin", command, "a.rhai"], &granted[..]].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("under [check.a]:"), "{}", text(&output.stderr));
    }
}

#[test]
fn calls_are_counted_within_reason() {
    let folder = Folder::new("calls");
    for count in ["0", "10000001", "-1"] {
        let output =
            keepwatch(&folder, &["plugin", "bench", "a.rhai", &format!("--calls={count}")]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{count}");
    }
}

/// The example's files as they are: its configuration, and its hook with the grants that this gives it.
#[test]
fn the_haproxy_pair_is_as_its_example_says() {
    let folder = Folder::new("pair");
    let example = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/haproxy-pair"));
    let (native, hook) = (example.join("keepwatch.toml"), example.join("haproxy.rhai"));
    let output = keepwatch(&folder, &["check", "--strict"]).arg(&native).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("1 plugin (on-master), 1 check (haproxy), 1 action (haproxy-reload)"), "{said}");
    let test = ["plugin", "test", "--event", "master", "--with"];
    let output = keepwatch(&folder, &test).arg(native).arg(hook).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("would run     haproxy-reload"), "{}", text(&output.stdout));
}

/// Whoever checks and then reloads must not be told that all is well and lose a hook.
#[test]
fn check_says_which_plugins_would_not_be_loaded() {
    let folder = Folder::new("check-plugins");
    std::fs::write(
        folder.0.join("k.conf"),
        "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n priority 100\n virtual_ipaddress {\n  \
         10.1.1.30\n }\n}\n",
    )
    .unwrap();
    std::fs::write(folder.0.join("a.rhai"), "fn on_master(event) { run(\"act\"); }\n").unwrap();
    let base = "keepalived = \"k.conf\"\n[action.act]\nexec = [\"/no/such/program\"]\n[plugin.a]\nfile = \"a.rhai\"\n";
    let check = |more: &str| {
        std::fs::write(folder.0.join("keepwatch.toml"), format!("{base}{more}")).unwrap();
        let output = keepwatch(&folder, &["check", "keepwatch.toml"]).output().unwrap();
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    let (code, said) = check("");
    assert_eq!(code, Some(3), "{said}");
    for expected in [
        "[plugin.a] would not be loaded:",
        "a.rhai may not run the action \"act\"",
        "1 plugin or check would not be loaded.",
        "action act cannot run here: /no/such/program",
    ] {
        assert!(said.contains(expected), "{expected} in {said}");
    }
    let (code, said) = check("grants = [\"run:act\"]\n[plugin.b]\nfile = \"b.rhai\"\n");
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("[plugin.b] would not be loaded:") && !said.contains("[plugin.a]"), "{said}");
    let (code, said) = check("grants = [\"run:act\"]\n");
    assert_eq!(code, Some(0), "{said}");

    // What lies in the folder of hooks is loaded, too.
    std::fs::create_dir(folder.0.join("hooks.d")).unwrap();
    std::fs::write(folder.0.join("hooks.d/good.rhai"), "fn on_master(event) { info(\"here\"); }\n").unwrap();
    let (code, said) = check("grants = [\"run:act\"]\n");
    assert_eq!(code, Some(0), "{said}");
    std::fs::write(folder.0.join("hooks.d/bad.rhai"), "fn on_mster(event) { }\n").unwrap();
    let (code, said) = check("grants = [\"run:act\"]\n");
    assert_eq!(code, Some(3), "{said}");
    for expected in
        ["hooks.d/bad.rhai would not be loaded:", "on_master", "1 plugin or check would not be loaded."]
    {
        assert!(said.contains(expected), "{expected} in {said}");
    }
    let output = keepwatch(&folder, &["check", "k.conf", "--hooks", "hooks.d"]).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("hooks.d/bad.rhai would not be loaded:") && !said.contains("good.rhai"), "{said}");
}
