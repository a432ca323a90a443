//! What `keepwatch check` says about programs that cannot run, or not as they are meant: which part is to blame, and what
//! to do about it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of its own, removed with all that is in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("keepwatch-scripts-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }

    /// A script that could run.
    fn script(&self, name: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, "#!/bin/sh\nexit 0\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What is said about a keepalived.conf with this script, which an instance tracks.
fn findings(folder: &Folder, globals: &str, script: &str, more: &str) -> String {
    let text = format!(
        "global_defs {{\n{globals}\n}}\nvrrp_script web {{\n script \"{script}\"\n {more}\n}}\nvrrp_instance VI_1 {{\n \
         interface eth0\n virtual_router_id 51\n priority 101\n virtual_ipaddress {{\n  10.1.1.30/24\n }}\n \
         track_script {{\n  web\n }}\n}}\n"
    );
    let path = folder.0.join("k.conf");
    fs::write(&path, text).unwrap();
    said(folder, &path, 0)
}

fn said(folder: &Folder, path: &Path, code: i32) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keepwatch"));
    command.arg("check").arg(path).env("KEEPWATCH_CACHE_DIR", folder.0.join("cache"));
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

/// One finding has all of these parts, and the line of the file that it is about.
fn assert_finding(text: &str, parts: &[&str]) {
    let is_it = |finding: &str| parts.iter().all(|part| finding.contains(part));
    assert!(text.split("\n\n").any(is_it), "no finding with {parts:?} in:\n{text}");
}

#[test]
fn a_missing_user_is_named() {
    let folder = Folder::new("user");
    let script = folder.script("web").display().to_string();
    let text = findings(&folder, "", &script, "user kw-nobody-here");
    let expected = [
        "warning: check web cannot run here: there is no user kw-nobody-here",
        "user kw-nobody-here\n",
        "help: create it: useradd --system kw-nobody-here; or name another one",
    ];
    assert_finding(&text, &expected);
    let text = findings(&folder, "", &script, "user root kw-nobody-here");
    let expected =
        ["there is no group kw-nobody-here", "groupadd --system kw-nobody-here; or name another one"];
    assert_finding(&text, &expected);
    let text = findings(&folder, "script_user kw-nobody-here", &script, "");
    assert_finding(&text, &["there is no user kw-nobody-here"]);
}

/// Two checks may run one program, each at its own line.
#[test]
fn each_check_is_shown_where_it_is_written() {
    let folder = Folder::new("places");
    let script = folder.script("web").display().to_string();
    let check = |name: &str, program: &str, user: &str| {
        format!("vrrp_script {name} {{\n script \"{program} {name}\"\n user {user}\n}}\n")
    };
    let checks = [
        check("first", "/nowhere/web", "root"),
        check("second", "/nowhere/web", "root"),
        check("third", &script, "kw-nobody-here"),
        check("fourth", &script, "root kw-nobody-here"),
    ];
    let instance = "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress { 10.1.1.30 }\n \
                    track_script {\n  first\n  second\n  third\n  fourth\n }\n}\n";
    let path = folder.0.join("k.conf");
    fs::write(&path, checks.concat() + instance).unwrap();
    let text = said(&folder, &path, 0);
    assert_finding(&text, &["check first cannot run here: /nowhere/web does not exist", "k.conf:2:10"]);
    assert_finding(&text, &["check second cannot run here: /nowhere/web does not exist", "k.conf:6:10"]);
    assert_finding(&text, &["check third cannot run here: there is no user", "k.conf:11:2"]);
    assert_finding(&text, &["check fourth cannot run here: there is no group", "k.conf:15:2"]);

    let instance = instance.replace("third\n  fourth\n", "");
    let globals = "global_defs {\n script_user kw-nobody-here\n}\n";
    let checks =
        check("first", &script, "root") + &check("second", &script, "root").replace(" user root\n", "");
    fs::write(&path, format!("{globals}{checks}{instance}")).unwrap();
    let text = said(&folder, &path, 0);
    assert_finding(&text, &["check second cannot run here: there is no user", "k.conf:2:2"]);

    let native = |name: &str, more: &str| format!("[check.{name}]\nscript = {more}\n");
    let native = [
        "[instance.VI_1]\ninterface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.30\"]\n".to_owned(),
        native("first", "[\"/nowhere/web\", \"1\"]\nuser = \"root\""),
        native("second", "[\"/nowhere/web\", \"2\"]\nuser = \"root\""),
        native("third", &format!("[\"{script}\"]\nuser = \"kw-nobody-here\"")),
    ];
    let path = folder.0.join("keepwatch.toml");
    fs::write(&path, native.concat()).unwrap();
    let text = said(&folder, &path, 0);
    assert_finding(
        &text,
        &["check first cannot run here: /nowhere/web does not exist", "keepwatch.toml:6:12"],
    );
    assert_finding(
        &text,
        &["check second cannot run here: /nowhere/web does not exist", "keepwatch.toml:9:12"],
    );
    assert_finding(&text, &["check third cannot run here: there is no user", "keepwatch.toml:13:8"]);
}

#[test]
fn the_missing_part_of_a_path_is_named() {
    let folder = Folder::new("program");
    let (here, gone) = (folder.0.display(), folder.0.join("scripts"));
    let text = findings(&folder, "script_user root", &format!("{here}/scripts/web --fast"), "");
    let said = format!(
        "warning: check web cannot run here: {here}/scripts/web does not exist: there is no {}",
        gone.display()
    );
    assert_finding(&text, &[&said, "help: install it, or correct the path"]);
    fs::create_dir(&gone).unwrap();
    let text = findings(&folder, "script_user root", &format!("{here}/scripts/web --fast"), "");
    assert_finding(&text, &[&format!("{here}/scripts/web does not exist\n")]);
    let text = findings(&folder, "script_user root", "kw-nowhere -x", "");
    assert_finding(&text, &["kw-nowhere is not in /", "help: write its whole path"]);
}

#[test]
fn a_program_that_may_not_be_executed_is_named() {
    let folder = Folder::new("mode");
    let script = folder.script("web");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o644)).unwrap();
    let text = findings(&folder, "script_user root", &script.display().to_string(), "");
    let path = script.display();
    let finding = format!("cannot run here: root may not execute {path} (owner ");
    assert_finding(&text, &[&finding, &format!("+x {path}"), "mode 0644"]);
}

#[test]
fn the_insecure_part_of_a_path_is_named() {
    let folder = Folder::new("insecure");
    let script = folder.script("web");
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o777)).unwrap();
    let owner = fs::metadata(&folder.0).unwrap().uid();
    let (here, script) = (folder.0.display().to_string(), script.display().to_string());
    // Whose it is weighs more than who else can write it; tests need not be root's.
    let (who, remedy) = if owner == 0 { ("everybody", "chmod o-w") } else { ("its owner ", "chown root") };
    let component = format!(" can change {here} (owner ");
    let remedy = format!("help: {remedy} {here}, or run it as another user than root");

    let text = findings(&folder, "enable_script_security\nscript_user root", &script, "");
    let cannot = format!("warning: check web cannot run here: {who}");
    assert_finding(&text, &[&cannot, &component, "and root would run it", &remedy]);

    // Without it, the same is said, and it runs.
    let text = findings(&folder, "script_user root", &script, "");
    assert_finding(&text, &[&format!("warning: check web: {who}"), &component, &remedy]);
    assert!(!text.contains("cannot run here"), "{text}");
}

#[test]
fn what_only_a_shell_reads_is_named() {
    let folder = Folder::new("shell");
    let script = folder.script("web").display().to_string();
    for (arguments, sign) in [
        ("-ltn | /bin/grep -q :80", "|"),
        ("> /dev/null", ">"),
        ("&& /bin/true", "&&"),
        ("$(cat /x)", "$(cat"),
    ] {
        let text = findings(&folder, "script_user root", &format!("{script} {arguments}"), "");
        let said = format!("no shell reads this command: `{sign}` is handed to `{script}`");
        assert_finding(&text, &[&said, "/bin/sh -c"]);
    }
    let text = findings(&folder, "script_user root", &script, "");
    assert!(!text.contains("shell"), "{text}");
}

/// In a native file the same is said, at its place there; a text has a shell to read it.
#[test]
fn a_native_file_is_looked_at_as_well() {
    let folder = Folder::new("native");
    let script = folder.script("web").display().to_string();
    findings(&folder, "script_user root", &script, "");
    let native = |check: &str| {
        let path = folder.0.join("keepwatch.toml");
        fs::write(&path, format!("keepalived = \"k.conf\"\n[check.other]\n{check}\n")).unwrap();
        said(&folder, &path, 0)
    };
    let text = native("script = [\"/nowhere/web\"]");
    let expected = [
        "check other cannot run here: /nowhere/web does not exist: there is no /nowhere",
        "keepwatch.toml:3",
        "help: install it, or correct the path",
    ];
    assert_finding(&text, &expected);
    let note = "it cannot tell, then, and what tracks it stays as it is";
    assert_finding(&text, &[note]);
    let text = native("script = [\"/nowhere/web\"]\nunknown = \"fail\"");
    assert!(!text.contains(note), "{text}");
    assert_finding(&text, &["it cannot tell, then, which counts as a failure: `unknown` is \"fail\""]);
    let text = native(&format!("script = [\"{script}\"]\nuser = \"kw-nobody-here\""));
    assert_finding(&text, &["check other cannot run here: there is no user kw-nobody-here"]);
    // As those of a keepalived.conf.
    let text = native("script = [\"kw-no-such-program\", \"-0\"]");
    assert_finding(
        &text,
        &["check other cannot run here: kw-no-such-program is not in /usr/local/sbin:", "keepwatch.toml:3"],
    );
    let text = native("script = [\"bin/true\"]");
    assert_finding(&text, &["check other: bin/true is taken for /bin/true", "keepwatch.toml:3"]);
    for command in ["[\"true\"]", "[\"</dev/null\"]"] {
        let text = native(&format!("script = {command}"));
        assert!(!text.contains("check other"), "{text}");
    }
    let text = native(&format!("script = \"{script} | /bin/cat > /dev/null\""));
    assert!(!text.contains("no shell reads") && !text.contains("cannot run"), "{text}");
}

#[test]
fn a_notify_script_that_cannot_run_is_named_once() {
    let folder = Folder::new("notify");
    let here = folder.0.display();
    let text = format!(
        "global_defs {{\n script_user root\n notify_fifo /run/f\n notify_fifo_script {here}/reader\n}}\nvrrp_instance VI_1 \
         {{\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {{ 10.1.1.30 }}\n notify_master \"{here}/told \
         master\"\n notify_backup \"{here}/told backup\"\n notify /bin/true kw-nobody-here\n notify_deleted {here}/gone\n}}\n"
    );
    let path = folder.0.join("k.conf");
    fs::write(&path, text).unwrap();
    let text = said(&folder, &path, 0);
    let line = format!("notify_master \"{here}/told master\"");
    let missing = format!("warning: notify_master cannot run here: {here}/told does not exist\n");
    assert_finding(&text, &[&missing, &line, "help: install it, or correct the path"]);
    assert_eq!(text.matches("/told does not exist").count(), 1, "{text}");
    assert_finding(&text, &["warning: notify cannot run here: there is no user kw-nobody-here"]);
    assert_finding(&text, &["warning: notify_fifo_script cannot run here", "/reader does not exist"]);
    assert_finding(&text, &["warning: notify_deleted cannot run here", "/gone does not exist"]);
    assert!(!text.contains("not served"), "{text}");
}

/// Beside a keepalived.conf, what is wrong in the native file is shown in that.
#[test]
fn a_native_notify_script_is_shown_where_it_is_written() {
    let folder = Folder::new("native-notify");
    let instance = |name: &str, vrid: u8, more: &str| {
        format!(
            "vrrp_instance {name} {{\n interface eth0\n virtual_router_id {vrid}\n virtual_ipaddress {{ 10.1.1.{vrid} }}\n{more}}}\n"
        )
    };
    fs::write(folder.0.join("k.conf"), instance("VI_1", 51, " notify_fault /nowhere/fault\n")).unwrap();
    let text = "keepalived = \"k.conf\"\n[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 52\n\
                virtual_addresses = [\"10.1.1.52/24\"]\nnotify_master = [\"/nowhere/master\"]\n";
    let path = folder.0.join("keepwatch.toml");
    fs::write(&path, text).unwrap();
    let text = said(&folder, &path, 0);
    assert_finding(
        &text,
        &["notify_master cannot run here", "keepwatch.toml:6:", "each time it will be said"],
    );
    assert_finding(&text, &["notify_fault cannot run here", "k.conf:5:", "keepalived would do without it"]);
}

#[test]
fn files_of_destinations_that_cannot_be_read_are_named_where_they_are_written() {
    let folder = Folder::new("destinations");
    let keepalived =
        "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress { 10.1.1.30 }\n}\n";
    fs::write(folder.0.join("k.conf"), keepalived).unwrap();
    fs::write(folder.0.join("chat.url"), "https://a.example/T0\n").unwrap();
    let text = "keepalived = \"k.conf\"\n[notify.admins]\nsmtp = \"mail\"\nfrom = \"k@a.example\"\nto = \"a@a.example\"\nuser = \"k\"\n\
                password_file = \"m\"\n[notify.chat]\nwebhook_file = \"chat.url\"\nca_file = \"/nowhere/c\"\n\
                header_files = { X-Key = \"e\" }\nsecret_file = [\"chat.url\", \"s\"]\n";
    let path = folder.0.join("keepwatch.toml");
    fs::write(&path, text).unwrap();
    let text = said(&folder, &path, 0);
    let shown = folder.0.join("m").display().to_string();
    let expected = [
        &format!("warning: password_file {shown} cannot be read here: No such file or directory"),
        "keepwatch.toml:7:17",
        "password_file = \"m\"",
        "until it can be, what admins is told waits",
        "help: write it, or correct the path",
    ];
    assert_finding(&text, &expected);
    assert_finding(
        &text,
        &["ca_file /nowhere/c cannot be read here", "keepwatch.toml:10:11", "what chat is told waits"],
    );
    assert_finding(&text, &["header_files ", "/e cannot be read here", "keepwatch.toml:11:26"]);
    assert_finding(&text, &["secret_file ", "/s cannot be read here", "keepwatch.toml:12:28"]);
    assert!(!text.contains("chat.url cannot"), "{text}");
}

#[test]
fn what_is_wrong_with_a_template_is_shown_at_the_key_of_its_file() {
    let folder = Folder::new("templates");
    fs::write(folder.0.join("bad.txt"), "a\n{{ b\n").unwrap();
    let text = "[instance.V]\ninterface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.30/24\"]\n\
                [notify.a]\nsmtp = \"mail\"\nfrom = \"k@a.example\"\nto = \"a@a.example\"\n\
                text_file = \"bad.txt\"\nhtml_file = \"none.html\"\n";
    let path = folder.0.join("keepwatch.toml");
    fs::write(&path, text).unwrap();
    let text = said(&folder, &path, 3);
    assert_finding(
        &text,
        &["error: the template of `text` is not right", "keepwatch.toml:9:13", "bad.txt:2:"],
    );
    assert_finding(
        &text,
        &["none.html cannot be read: No such file", "keepwatch.toml:10:13", "correct html_file"],
    );
}

#[test]
fn what_makes_a_check_impossible_is_named() {
    let folder = Folder::new("impossible");
    fs::write(folder.script("reader"), "#!/no/such/reader\nexit 0\n").unwrap();
    let ca = folder.0.join("ca.pem");
    fs::write(&ca, "").unwrap();
    let text = format!(
        "[instance.V]\ninterface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.30/24\"]\n\
         track = [\"read\", \"web\", \"other\"]\n[check.read]\nscript = [\"{}\"]\n\
         [check.web]\nhttp = \"https://127.0.0.1/\"\nca_file = \"/nowhere/t\"\n\
         [check.other]\nhttp = \"https://127.0.0.1/\"\nca_file = \"{}\"\n",
        folder.0.join("reader").display(),
        ca.display()
    );
    let path = folder.0.join("keepwatch.toml");
    fs::write(&path, text).unwrap();
    let said = said(&folder, &path, 0);
    let reader = "names /no/such/reader, which does not exist: it always fails";
    assert_finding(
        &said,
        &["warning: check read: the first line of ", reader, "install it, or correct the first line"],
    );
    assert_finding(
        &said,
        &[
            "warning: check web: ca_file /nowhere/t cannot be read here: No such file or directory",
            "keepwatch.toml:10:11",
            "ca_file = \"/nowhere/t\"",
            "it cannot tell, then, and what tracks it stays as it is",
        ],
    );
    assert!(!said.contains("check other"), "{said}");
}
