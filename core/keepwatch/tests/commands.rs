//! The command line where nothing but the program is needed.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
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

/// A keepalived.conf.
const INSTANCE: &str = "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n priority 100\n virtual_ipaddress \
                        {\n  10.1.1.30\n }\n}\n";

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

/// The example's recording begins with how things were; then somebody was too slow to hear all, and was ended.
#[test]
fn recordings_are_tried_and_measured_as_they_are() {
    let folder = Folder::new("recording");
    std::fs::write(folder.0.join("a.rhai"), "fn on_master(event) { info(event.instance) }").unwrap();
    let night =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/plugins/rust-handler/tests/bad-night.jsonl");
    let night = std::fs::read_to_string(night).unwrap();
    assert!(night.starts_with("{\"snapshot\":"));
    let file =
        |name: &str, more: &str| std::fs::write(folder.0.join(name), format!("{night}{more}")).unwrap();
    file("night.jsonl", "{\"missed\":{\"events\":2}}\n{\"end\":{\"because\":\"stopped\"}}\n{\"id\":\"9d");
    file("torn.jsonl", "{\"id\":\"9d\n");
    let run = |command: &[&str], events: &str| {
        let arguments = [&["plugin"], command, &["a.rhai", "--events", events]].concat();
        let output = keepwatch(&folder, &arguments).output().unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, said, errors) = run(&["test"], "night.jsonl");
    assert_eq!((code, errors.as_str()), (Some(0), ""), "{said}");
    let instances: Vec<&str> =
        said.lines().filter_map(|line| line.trim().strip_prefix("info")).map(str::trim).collect();
    assert_eq!(instances, ["VI_1", "VI_2", "VI_1", "VI_1"]);
    let (code, said, errors) = run(&["bench", "--calls=8"], "night.jsonl");
    assert_eq!((code, errors.as_str()), (Some(0), ""), "{said}");
    assert!(said.contains("8 calls, 0 of them failed"), "{said}");
    for command in ["test", "bench"] {
        let (code, _, errors) = run(&[command], "torn.jsonl");
        assert_eq!(code, Some(1));
        assert!(errors.starts_with("error: torn.jsonl:12: no event: "), "{errors}");
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

/// Events of its own are limited, in a measurement as in the daemon, and a plugin that sleeps takes its time.
#[test]
fn a_measurement_says_what_failed_and_ends() {
    let folder = Folder::new("bench");
    std::fs::write(folder.0.join("emits.rhai"), "fn on_master(event) { emit(\"m\") }").unwrap();
    std::fs::write(folder.0.join("sleeps.rhai"), "fn on_master(event) { sleep(\"50ms\") }").unwrap();
    let output = keepwatch(&folder, &["plugin", "bench", "emits.rhai", "--calls=1000"]).output().unwrap();
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(" calls failed: too many events in a short time: 100 at once, then 10 a second\n"),
        "{said}"
    );
    assert!(said.contains("--> emits.rhai:1:23"), "{said}");
    let output = keepwatch(&folder, &["plugin", "bench", "sleeps.rhai", "--within=1ms"]).output().unwrap();
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("\n1 call, 0 of them failed\n10000 were asked for"), "{said}");
}

/// A script is named as one types it, in its own folder; what it says stays on its line.
#[test]
fn a_script_is_tried_from_its_own_folder() {
    let folder = Folder::new("bare");
    std::fs::create_dir(folder.0.join("lib")).unwrap();
    std::fs::write(folder.0.join("lib/a.rhai"), "fn said() { \"well\\nforged\" }").unwrap();
    std::fs::write(folder.0.join("a.rhai"), "import \"lib/a\" as a; fn check() { pass(a::said()) }").unwrap();
    for command in ["check", "test", "bench"] {
        let output = keepwatch(&folder, &["plugin", command, "a.rhai"]).output().unwrap();
        let (said, errors) = (text(&output.stdout), text(&output.stderr));
        assert_eq!((output.status.code(), errors.as_str()), (Some(0), ""), "{command}: {said}");
        assert!(command != "test" || said.starts_with("check  pass: well / forged ("), "{said}");
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

/// A warning is no mistake, unless somebody wants none.
#[test]
fn a_file_that_strict_refuses_is_not_called_valid() {
    let folder = Folder::new("strict");
    let file = folder.0.join("k.conf");
    let instance =
        "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress { 10.1.1.30 }\n";
    std::fs::write(&file, format!("{instance} prioritee 7\n}}\n")).unwrap();
    for (arguments, code, expected) in [
        (&["check"][..], 0, "k.conf is valid: 1 instance (VI_1), 1 warning.\n"),
        (&["check", "--strict"][..], 3, "k.conf is refused, as --strict asks: 1 warning.\n"),
    ] {
        let output = keepwatch(&folder, arguments).arg(&file).output().unwrap();
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(code), expected));
    }
    std::fs::write(&file, format!("{instance} prioritee 7\n")).unwrap();
    let output = keepwatch(&folder, &["check", "--strict"]).arg(&file).output().unwrap();
    assert!(text(&output.stdout).contains("k.conf is not valid"), "{}", text(&output.stdout));
}

/// The example's hook, with the grants that its configuration gives it.
#[test]
fn mail_and_chat_is_as_its_example_says() {
    let folder = Folder::new("mail-and-chat");
    let example = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/mail-and-chat"));
    let (native, hook) = (example.join("keepwatch.toml"), example.join("tell.rhai"));
    // Its secrets are not on this host, which is a warning.
    let output = keepwatch(&folder, &["check"]).arg(&native).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let test = ["plugin", "test", "--event", "master", "--event", "fault", "--event", "stop", "--with"];
    let output = keepwatch(&folder, &test).arg(native).arg(hook).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    for expected in [
        "  would notify  chat: \"VI_1 is served by ",
        " now: no advert heard for 3.58 s\"\n",
        "  would mail    admins: \"",
        " cannot serve VI_1\": \"",
        ".\\n\\nUntil it can again, ",
        "  would post    chat: {\"attachments\":[{\"color\":\"#d0a000\"",
    ] {
        assert!(said.contains(expected), "{expected} in {said}");
    }
}

/// A destination that is not there is a mistake of the configuration's, and one of keepalived's is a destination.
#[test]
fn a_grant_is_for_a_destination_that_there_is() {
    let folder = Folder::new("destinations");
    std::fs::write(folder.0.join("a.rhai"), "fn on_master(event) { notify(\"smtp_alert\", \"x\"); }\n")
        .unwrap();
    let native = "keepalived = \"k.conf\"\n[plugin.a]\nfile = \"a.rhai\"\ngrants = [\"notify:smtp_alert\"]\n";
    std::fs::write(folder.0.join("keepwatch.toml"), native).unwrap();
    let mails = "global_defs {\n notification_email {\n  admin@example.com\n }\n smtp_server 127.0.0.1\n smtp_alert\n}\n";
    for (globals, code, expected) in
        [("", 3, "there is no destination \"smtp_alert\""), (mails, 0, "keepwatch.toml is valid")]
    {
        std::fs::write(folder.0.join("k.conf"), format!("{globals}{INSTANCE}")).unwrap();
        let output = keepwatch(&folder, &["check", "keepwatch.toml"]).output().unwrap();
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(expected), "{said}");
    }
}

/// Whoever checks and then reloads must not be told that all is well and lose a hook.
#[test]
fn check_says_which_plugins_would_not_be_loaded() {
    let folder = Folder::new("check-plugins");
    std::fs::write(folder.0.join("k.conf"), INSTANCE).unwrap();
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
    // Whose word counts is not for us to guess.
    let output = keepwatch(&folder, &["check", "keepwatch.toml", "--hooks", "other"]).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("write hooks = \"other\" in it, above all tables"), "{said}");
}

/// A component that is compiled, and its grants: the message says what to add, and with that it loads.
#[test]
fn a_component_without_its_grant_is_told_which_to_add() {
    let folder = Folder::new("grants");
    let component =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/plugins/replication-lag/replication-lag.wasm");
    std::fs::copy(component, folder.0.join("lag.wasm")).unwrap();
    std::fs::write(folder.0.join("k.conf"), INSTANCE).unwrap();
    let settings = ["--config", "url=http://127.0.0.1:9187/lag", "--config", "max_lag=2"];
    let check = |more: &[&str]| {
        let arguments = [&["plugin", "check", "lag.wasm"], &settings[..], more].concat();
        let output = keepwatch(&folder, &arguments).output().unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let native = |grants: &str| {
        let text = format!("keepalived = \"k.conf\"\n[check.replication]\nplugin = \"lag.wasm\"\n{grants}");
        std::fs::write(folder.0.join("keepwatch.toml"), text).unwrap();
        check(&["--with", "keepwatch.toml"])
    };
    // With what is granted already, the line as it should be.
    let refused = |table: &str, granted: &str| {
        format!(
            "error: lag.wasm may not send HTTP requests\n  = help: in keepwatch.toml, under [check.{table}]:  grants = \
             [{granted}\"http://HOST:PORT\"]\n"
        )
    };
    let (code, _, errors) = check(&["--grant", "tcp:127.0.0.1:9187"]);
    assert_eq!((code, errors), (Some(1), refused("lag", "\"tcp:127.0.0.1:9187\", ")));
    for (grants, granted) in [("", ""), ("grants = [\"track:db\"]\n", "\"track:db\", ")] {
        let (code, _, errors) = native(grants);
        assert_eq!((code, errors), (Some(1), refused("replication", granted)));
    }
    let loaded = [
        check(&[]),
        check(&["--grant", "http://127.0.0.1:9187"]),
        native("grants = [\"http://127.0.0.1:9187\"]\n"),
    ];
    for (code, said, errors) in loaded {
        assert_eq!((code, errors.as_str()), (Some(0), ""));
        assert!(
            said.contains("  needs     http://HOST:PORT\n") && said.ends_with("It would be loaded.\n"),
            "{said}"
        );
    }
}

/// The daemon would not run what anybody could have written, and `check` says so.
#[test]
fn what_others_could_have_written_would_not_be_loaded() {
    let folder = Folder::new("owner");
    let script = folder.0.join("a.rhai");
    std::fs::write(&script, "fn on_master(event) { }").unwrap();
    std::fs::set_permissions(&script, Permissions::from_mode(0o646)).unwrap();
    let output = keepwatch(&folder, &["plugin", "check", "a.rhai"]).output().unwrap();
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), String::new()));
    assert_eq!(text(&output.stderr), "error: everybody may write a.rhai\n  = help: chmod o-w a.rhai\n");
}

/// Settings that a plugin cannot take are shown where they stand.
#[test]
fn settings_that_do_not_fit_are_shown_in_their_table() {
    let folder = Folder::new("settings");
    std::fs::write(folder.0.join("k.conf"), INSTANCE).unwrap();
    let script = "fn settings() { #{ url: (), within: 1 } } fn check(config) { config.url == \"\" }";
    std::fs::write(folder.0.join("a.rhai"), script).unwrap();
    let check = |settings: &str| {
        let toml =
            format!("keepalived = \"k.conf\"\n[check.lag]\nplugin = \"a.rhai\"\nconfig = {{ {settings} }}\n");
        std::fs::write(folder.0.join("keepwatch.toml"), toml).unwrap();
        let output = keepwatch(&folder, &["check", "keepwatch.toml"]).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{settings}");
        text(&output.stderr)
    };
    let said = check("ulr = \"x\", within = \"2\"");
    let expected = "[check.lag] would not be loaded:\n\
                    error: there is no setting `ulr`; did you mean `url`?\n \
                    --> keepwatch.toml:4:12\n  |\n4 | config = { ulr = \"x\", within = \"2\" }\n  |            ^^^^^^^^^\n  |\n  \
                    = note: `url` is missing; it is ";
    assert!(said.contains(expected), "{said}");
    assert!(said.contains("keepwatch.toml:4:23\n"), "{said}");
    // What is missing stands nowhere.
    let said = check("within = 2");
    assert!(
        said.contains("error: lag cannot take its settings in [check.lag]\n  = help: `url` is missing"),
        "{said}"
    );
}

/// A file that stands in two tables must be fit for both.
#[test]
fn a_plugin_must_have_the_role_that_its_table_gives_it() {
    let folder = Folder::new("role");
    std::fs::write(folder.0.join("k.conf"), INSTANCE).unwrap();
    std::fs::write(folder.0.join("a.rhai"), "fn on_master(event) { }").unwrap();
    let check = |tables: &str| {
        std::fs::write(folder.0.join("keepwatch.toml"), format!("keepalived = \"k.conf\"\n{tables}"))
            .unwrap();
        let output =
            keepwatch(&folder, &["plugin", "check", "a.rhai", "--with", "keepwatch.toml"]).output().unwrap();
        (output.status.code(), text(&output.stderr))
    };
    let plugin = "[plugin.a]\nfile = \"a.rhai\"\n";
    assert_eq!(check(plugin), (Some(0), String::new()));
    let (code, errors) = check(&format!("{plugin}[check.b]\nplugin = \"a.rhai\"\n"));
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("a.rhai answers no checks"), "{errors}");
}

#[test]
fn only_a_project_is_built() {
    let folder = Folder::new("build");
    let output = keepwatch(&folder, &["plugin", "build"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.ends_with("or make one: keepwatch plugin new NAME --lang rust\n"), "{said}");
}

#[test]
fn a_password_that_systemd_keeps_is_read_and_shown_to_nobody() {
    let folder = Folder::new("credential");
    let toml = "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\nversion = 2\n\
                auth_pass_credential = \"vrrp\"\nvirtual_addresses = [\"10.1.1.30\"]\n";
    std::fs::write(folder.0.join("k.toml"), toml).unwrap();
    let table = [
        ("opensesa\n", 0, ""),
        ("opensesame\n", 3, "/vrrp holds no password of 1 to 8 octets\n --> k.toml:5:24\n"),
    ];
    for (content, code, expected) in table {
        std::fs::write(folder.0.join("vrrp"), content).unwrap();
        let mut command = keepwatch(&folder, &["check", "k.toml"]);
        let Output { status, stdout, stderr } =
            command.env("CREDENTIALS_DIRECTORY", &folder.0).output().unwrap();
        let (out, said) = (text(&stdout), text(&stderr));
        assert_eq!(status.code(), Some(code), "{out}{said}");
        assert!(said.contains(expected) && said.is_empty() == expected.is_empty(), "{said}");
        assert!(!said.contains("opensesa") && !out.contains("opensesa"), "{out}{said}");
    }
}

#[test]
fn a_keepalived_conf_is_printed_as_a_keepwatch_toml() {
    let folder = Folder::new("convert");
    let script = "vrrp_script \"chk: 80\" {\n script \"pidof x\"\n}\n";
    let tracking = INSTANCE.replace("}\n}", "}\n track_script {\n  \"chk: 80\"\n }\n}");
    let password = " authentication {\n  auth_type PASS\n  auth_pass passworä\n }\n}\n";
    let half = format!("{}{password}", INSTANCE.strip_suffix("}\n").unwrap());
    let what = "the password of `VI_1`: its 8 octets end within a character";
    for (conf, code, said, contents) in [
        (format!("{script}{tracking}"), 0, "", "1 instance (VI_1), 1 script (chk: 80)"),
        (half, 6, what, "1 instance (VI_1)"),
    ] {
        std::fs::write(folder.0.join("k.conf"), conf).unwrap();
        let printed = keepwatch(&folder, &["convert", "k.conf"]).output().unwrap();
        let (told, written) = (text(&printed.stderr), text(&printed.stdout));
        assert_eq!(printed.status.code(), Some(code), "{told}");
        let lost = |text: &str| text.contains(&format!("not converted: {what}"));
        assert_eq!((lost(&told), lost(&written)), (code == 6, code == 6), "{told}{written}");
        assert!(told.contains(said), "{told}");
        std::fs::write(folder.0.join("keepwatch.toml"), &printed.stdout).unwrap();
        let checked = keepwatch(&folder, &["check", "keepwatch.toml"]).output().unwrap();
        let valid = format!("keepwatch.toml is valid: {contents}");
        assert!(
            text(&checked.stdout).starts_with(&valid),
            "{}{}",
            text(&checked.stdout),
            text(&checked.stderr)
        );
    }

    std::fs::write(folder.0.join("bad.conf"), INSTANCE.replace("51", "0")).unwrap();
    for file in ["bad.conf", "none.conf", "keepwatch.toml"] {
        let refused = keepwatch(&folder, &["convert", file]).output().unwrap();
        assert_eq!((refused.status.code(), text(&refused.stdout)), (Some(3), String::new()), "{file}");
    }
}

#[test]
fn the_schema_is_printed_for_editors() {
    let folder = Folder::new("schema");
    let output = keepwatch(&folder, &["schema"]).output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed, keepwatch_config::native::schema());
}

#[test]
fn the_html_of_a_mail_is_what_the_reference_says() {
    let folder = Folder::new("html");
    std::fs::write(folder.0.join("k.conf"), INSTANCE).unwrap();
    let mail = |more: &str| {
        let keys = "smtp = \"mail\"\nfrom = \"k@a.example\"\nto = \"a@a.example\"\n";
        let toml = format!("keepalived = \"k.conf\"\n[notify.a]\n{keys}{more}");
        std::fs::write(folder.0.join("keepwatch.toml"), toml).unwrap();
        let arguments = ["notify", "render", "a", "--config", "keepwatch.toml"];
        let Output { status, stdout, stderr } = keepwatch(&folder, &arguments).output().unwrap();
        assert_eq!(status.code(), Some(0), "{}", text(&stderr));
        text(&stdout)
    };
    assert!(mail("").contains("text/html"));
    assert!(!mail("text = \"{{ line }}\"\n").contains("text/html"));
    let reference = keepwatch_config::native::reference();
    let row = reference.lines().find(|line| line.starts_with("| `html` ")).unwrap();
    assert!(row.ends_with("| keepwatch's; none if `text` is set |"), "{row}");
}

/// Who records again when the daemon runs is not to be told that the file is there already.
#[test]
fn a_recording_that_could_not_begin_leaves_no_file() {
    let folder = Folder::new("record");
    let (file, socket) = (folder.0.join("r.jsonl"), folder.0.join("control.sock"));
    let record = || {
        let mut command = keepwatch(&folder, &["events", "record", "r.jsonl"]);
        let output = command.env("KEEPWATCH_CONTROL", &socket).output().unwrap();
        (output.status.code(), text(&output.stderr))
    };
    let (code, said) = record();
    assert_eq!((code, file.exists()), (Some(1), false), "{said}");
    // One that hangs up at once.
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let daemon = std::thread::spawn(move || drop(listener.accept().unwrap()));
    let (code, said) = record();
    daemon.join().unwrap();
    assert_eq!((code, file.exists()), (Some(1), false), "{said}");
}

#[test]
fn a_folder_of_hooks_that_is_named_and_not_there_is_said() {
    let folder = Folder::new("no-hooks");
    std::fs::write(folder.0.join("k.conf"), INSTANCE).unwrap();
    std::fs::write(folder.0.join("file"), "").unwrap();
    let check = |more: &[&str]| {
        let output = keepwatch(&folder, &[&["check", "k.conf"], more].concat()).output().unwrap();
        (output.status.code(), text(&output.stderr))
    };
    for (name, why) in [("nonsense", "No such file"), ("file", "Not a directory")] {
        let (code, said) = check(&["--hooks", name]);
        let expected = format!("warning: the folder of hooks, {name}, cannot be read: {why}");
        assert_eq!((code, said.contains(&expected)), (Some(0), true), "{said}");
    }
    assert_eq!(check(&["--strict", "--hooks", "nonsense"]).0, Some(3));
    std::fs::create_dir(folder.0.join("hooks.d")).unwrap();
    assert_eq!(check(&["--strict", "--hooks", "hooks.d"]), (Some(0), String::new()));
    // That nobody has made the usual one is nothing to tell.
    let (_, said) = check(&[]);
    assert!(!said.contains("hooks"), "{said}");
}

#[test]
fn a_wrong_word_in_a_command_line_is_no_failure_of_the_plugin() {
    let folder = Folder::new("words");
    std::fs::write(folder.0.join("a.rhai"), "fn on_master(event) { info(\"here\") }").unwrap();
    for (arguments, expected) in [
        (&["test", "a.rhai", "--event", "moon"][..], "there is no occasion `moon`; there is master"),
        (&["test", "a.rhai", "--config", "novalue"], "--config novalue: write KEY=VALUE"),
        (&["check", "a.rhai", "--config", "novalue"], "--config novalue: write KEY=VALUE"),
        (&["check", "a.rhai", "--grant", "nonsense"], "nonsense"),
        (&["bench", "a.rhai", "--config", "novalue"], "--config novalue: write KEY=VALUE"),
    ] {
        let output = keepwatch(&folder, &[&["plugin"], arguments].concat()).output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{said}");
    }
}

/// Whoever may make a file may not write lines of the log, or move the cursor of a terminal.
#[test]
fn a_hook_whose_name_is_no_line_is_refused() {
    let folder = Folder::new("odd-names");
    std::fs::write(folder.0.join("k.conf"), INSTANCE).unwrap();
    std::fs::create_dir(folder.0.join("hooks.d")).unwrap();
    let script = "fn on_master(event) { info(\"here\") }";
    for name in ["good one.rhai", "x\nERROR (VI_1) Entering FAULT STATE.rhai", "y\u{1b}[31m.rhai"] {
        std::fs::write(folder.0.join("hooks.d").join(name), script).unwrap();
    }
    let output = keepwatch(&folder, &["check", "k.conf", "--hooks", "hooks.d"]).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    for expected in [
        "hooks.d/x\\nERROR (VI_1) Entering FAULT STATE.rhai would not be loaded:\n",
        "hooks.d/y\\u{1b}[31m.rhai would not be loaded:\n",
        "control characters",
    ] {
        assert!(said.contains(expected), "{expected} in {said}");
    }
    assert!(!said.contains("good one") && !said.contains('\u{1b}'), "{said}");
    assert!(said.lines().all(|line| !line.starts_with("ERROR")), "{said}");
}

/// Scripts go by the codes that the help lists.
#[test]
fn the_help_of_reload_says_that_something_may_wait() {
    let folder = Folder::new("reload-help");
    let output = keepwatch(&folder, &["reload", "--help"]).output().unwrap();
    let said = text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("1 not all of it is in force (some waits for a restart of keepwatch"), "{said}");
}
