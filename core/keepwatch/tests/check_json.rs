//! `keepwatch check --json`: the document that programs read, with the words of the book.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

/// A folder of its own, removed with all that is in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("keepwatch-check-json-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// The document, the exit code, and what was said beside it.
    fn check(&self, arguments: &[&str]) -> (Value, Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keepwatch"));
        command.current_dir(&self.0).arg("check").arg("--json").args(arguments);
        command.env("KEEPWATCH_CACHE_DIR", self.0.join("cache"));
        let output = command.output().unwrap();
        let document = serde_json::from_slice(&output.stdout).unwrap();
        (document, output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const INSTANCE: &str =
    "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.30/24\"]\n";

#[test]
fn a_valid_file_has_a_document_without_findings() {
    let folder = Folder::new("valid");
    let file = folder.write("keepwatch.toml", INSTANCE);
    let expected = json!({ "file": file, "valid": true, "findings": [] });
    assert_eq!(folder.check(&["keepwatch.toml"]), (expected, Some(0), String::new()));
}

#[test]
fn a_finding_has_its_file_line_column_end_label_and_remedy() {
    let folder = Folder::new("finding");
    // The column counts characters, not octets.
    let file =
        folder.write("keepwatch.toml", &format!("{INSTANCE}\"pri\u{f6}rity\" = 5\ntrack = [\"nobody\"]\n"));
    let (document, code, said) = folder.check(&["keepwatch.toml"]);
    let first = &document["findings"][0];
    let expected = json!({
        "severity": "error",
        "message": "unknown key `pri\u{f6}rity` in [instance]",
        "file": file,
        "line": 5,
        "column": 1,
        "end": { "line": 5, "column": 11 },
        "label": "did you mean `priority`?",
        "notes": [],
        "help": [],
    });
    assert_eq!((first, code, said.as_str()), (&expected, Some(3), ""));
    assert_eq!(document["valid"], json!(false));
}

#[test]
fn a_finding_in_an_included_file_has_that_file_and_what_else_has_to_do_with_it() {
    let folder = Folder::new("included");
    let included = folder.write("more.inc", "\n  vrrp_instance VI_1 {\n    interface eth0\n    virtual_router_id 300\n    virtual_ipaddress {\n 10.1.1.30\n }\n}\n");
    folder.write("keepalived.conf", "! all of it\ninclude more.inc\n");
    let (document, code, _) = folder.check(&["keepalived.conf"]);
    let findings = document["findings"].as_array().unwrap();
    let place =
        |finding: &Value| (finding["file"].clone(), finding["line"].clone(), finding["column"].clone());
    assert_eq!(place(&findings[0]), (json!(included), json!(4), json!(23)), "{document}");
    assert_eq!((&document["valid"], code), (&json!(false), Some(3)));
}

#[test]
fn strict_makes_a_warning_invalid() {
    let folder = Folder::new("strict");
    let text =
        format!("{INSTANCE}track = [\"c\"]\n[check.c]\nhttp = \"http://127.0.0.1/\"\nserver_name = \"a\"\n");
    folder.write("keepwatch.toml", &text);
    for (arguments, valid, code) in
        [(&["keepwatch.toml"][..], true, 0), (&["keepwatch.toml", "--strict"][..], false, 3)]
    {
        let (document, found, _) = folder.check(arguments);
        assert_eq!(document["findings"][0]["severity"], json!("warning"), "{document}");
        assert_eq!((&document["valid"], found), (&json!(valid), Some(code)), "{arguments:?}");
    }
}

#[test]
fn a_plugin_that_would_not_be_loaded_is_a_finding() {
    let folder = Folder::new("plugin");
    let script = folder.write("a.rhai", "fn on_mster(event) { }\n");
    folder.write(
        "keepwatch.toml",
        &format!("{INSTANCE}[plugin.a]\nfile = \"a.rhai\"\n[plugin.b]\nfile = \"b.rhai\"\n"),
    );
    let (document, code, said) = folder.check(&["keepwatch.toml"]);
    let found: Vec<(&str, Option<&str>, Option<u64>)> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            (finding["plugin"].as_str().unwrap(), finding["file"].as_str(), finding["line"].as_u64())
        })
        .collect();
    assert_eq!(found, [("[plugin.a]", Some(script.as_str()), Some(1)), ("[plugin.b]", None, None)]);
    assert_eq!((&document["valid"], code, said.as_str()), (&json!(false), Some(3), ""));
}

#[test]
fn a_file_that_cannot_be_read_has_a_document_too() {
    let folder = Folder::new("absent");
    let (document, code, said) = folder.check(&["absent.toml"]);
    let expected = json!({
        "file": folder.0.join("absent.toml").display().to_string(),
        "valid": false,
        "findings": [{
            "severity": "error",
            "message": document["findings"][0]["message"],
            "label": "",
            "notes": [],
            "help": [],
        }],
    });
    assert!(document["findings"][0]["message"].as_str().unwrap().starts_with("absent.toml cannot be read"));
    assert_eq!((document, code, said.as_str()), (expected, Some(3), ""));
}

/// Messages of a document, in its order.
fn messages(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().unwrap();
    findings.iter().filter_map(|finding| finding["message"].as_str()).collect()
}

/// A mistake in one table does not hide those in others, nor those between tables.
#[test]
fn all_mistakes_are_said_at_once() {
    let folder = Folder::new("all");
    let conf =
        "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress { 10.1.1.30 }\n}\n";
    folder.write("k.conf", conf);
    folder.write(
        "more.toml",
        "[instance.twin]\ninterface = \"eth0\"\nvirtual_router_id = 52\nvirtual_addresses = [\"10.1.1.53\"]\n",
    );
    let text = "include = \"more.toml\"\nkeepalived = \"k.conf\"\nnodde = \"a\"\n[instance.VI_2]\ntrack = [\"haproxy\"]\n\
                [instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 52\nvirtual_addresses = [\"10.1.1.52\"]\n\
                track = [\"haproxi\"]\n[check.haproxy]\nhaproxy = \"/run/haproxy/admin.sock\"\n\
                [group.g]\nmembers = [\"nope\"]\n[plugin.nofile]\ngrants = [\"run:restart\"]\n\
                [notify.admins]\nsmtp = \"mail\"\nfrom = \"k@a.example\"\nto = \"a@a.example\"\non = \"transitio\"\n\
                instances = [\"wob\"]\n";
    folder.write("keepwatch.toml", text);
    let (document, code, _) = folder.check(&["keepwatch.toml"]);
    assert_eq!(code, Some(3));
    let missing = format!(
        "{} cannot be read: No such file or directory (os error 2)",
        folder.0.join("hooks.d/nofile.rhai").display()
    );
    let expected = [
        "unknown key `nodde` in keepwatch.toml",
        "there is no vrrp_instance `VI_2` in the keepalived.conf",
        "virtual_router_id 52 is used twice on eth0, here and by `twin`",
        "there is no check `haproxi`",
        "there is no instance `nope`",
        "there is no action \"restart\"",
        "nothing is called \"transitio\" that one could hear of",
        "there is no instance and no group \"wob\"",
        &missing,
    ];
    assert_eq!(messages(&document), expected);
}

/// What is there, and refused, is not said to be missing.
#[test]
fn a_mistake_is_said_once() {
    let folder = Folder::new("once");
    let text = "[instance.web]\ninterface = \"eth0\"\nvirtual_addresses = [\"10.1.1.52\"]\ntrack = [\"c\"]\n\
                [instance.ssh]\ninterface = \"eth0\"\nvirtual_router_id = 53\nvirtual_addresses = [\"10.1.1.53\"]\ntrack = [\"c\"]\n\
                [group.g]\nmembers = [\"web\", \"ssh\"]\n[check.c]\nnothing = 1\n[check.d]\ntcp = \"127.0.0.1:80\"\n\
                [action.a]\ntimeout = \"1s\"\n[notify.n]\nto = \"a@a.example\"\n[notify.m]\nsmtp = \"mail\"\nfrom = \"k@a.example\"\n\
                to = \"a@a.example\"\ninstances = [\"web\", \"g\"]\n[check.p]\nplugin = \"/dev/null\"\ngrants = [\"run:a\", \"notify:n\"]\n";
    folder.write("keepwatch.toml", text);
    let (document, code, _) = folder.check(&["keepwatch.toml"]);
    assert_eq!(code, Some(3));
    let messages = messages(&document);
    for kind in ["there is no", "no instance tracks"] {
        assert!(!messages.iter().any(|message| message.starts_with(kind)), "{messages:#?}");
    }
    assert!(messages.contains(&"the instance `web` has no virtual_router_id"), "{messages:#?}");
}
