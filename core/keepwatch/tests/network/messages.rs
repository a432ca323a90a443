//! Plugins that mail and post by themselves: the example's hook, and a component, through the same queues as events.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use keepwatch_lab::Daemon;
use libtest_mimic::Failed;
use serde_json::Value;

use crate::Case;
use keepwatch_lab::MailServer;

use crate::mail::texts;
use crate::site::{Site, ensure, explain, stop_it, vip, wait, wait_for_line};

pub(crate) const CASES: &[Case] = &[
    Case { name: "messages::the_example", needs: &[], run: example },
    Case { name: "messages::a_hook_and_a_component_while_nobody_is_there", needs: &[], run: nobody_there },
    Case { name: "messages::a_reload_gives_and_takes", needs: &[], run: reload },
    Case { name: "messages::a_flood_is_refused_and_counted", needs: &[], run: flood },
];

/// A webhook's other end: keeps each body, in a file of its own.
const RECEIVER: &str = r#"
import http.server, os, sys
folder = sys.argv[1]
class Handler(http.server.BaseHTTPRequestHandler):
    number = 0
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        Handler.number += 1
        path = os.path.join(folder, "%03d" % Handler.number)
        open(path + ".new", "wb").write(body)
        os.rename(path + ".new", path)
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 8099), Handler)
print("listening", flush=True)
server.serve_forever()
"#;

struct Receiver {
    _daemon: Daemon,
    folder: PathBuf,
}

impl Receiver {
    fn start(site: &Site) -> Result<Self, Failed> {
        let folder = site.folder().join("posts");
        fs::create_dir_all(&folder)?;
        let mut command = Command::new("python3");
        command.args(["-c", RECEIVER]).arg(&folder);
        let daemon = Daemon::start(&site.host(1).namespace, &mut command)?;
        wait_for_line(&daemon, "listening")?;
        Ok(Self { _daemon: daemon, folder })
    }

    fn bodies(&self) -> Vec<Value> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_none());
        paths.sort();
        let bodies = paths.iter().filter_map(|path| fs::read(path).ok());
        bodies.filter_map(|body| serde_json::from_slice(&body).ok()).collect()
    }
}

/// The mails that have this line.
fn with<'m>(mails: &'m [String], line: &str) -> Vec<&'m String> {
    mails.iter().filter(|mail| mail.lines().any(|found| found == line)).collect()
}

fn example_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/mail-and-chat").join(name)
}

/// The example's settings with this test's servers in the place of those in the Internet.
fn example_here() -> Result<String, Failed> {
    let mut text = fs::read_to_string(example_file("keepwatch.toml"))?;
    for (theirs, ours) in [
        ("smtp = \"mail.example.com\" ", "smtp = \"127.0.0.1:2525\"\ntls = \"none\"\ngroup_wait = \"0s\" "),
        ("user = \"keepwatch\"\n", ""),
        ("password_file = \"/etc/keepwatch/smtp.password\"\n", ""),
        ("webhook_file = \"/etc/keepwatch/chat.url\"", "webhook = \"http://127.0.0.1:8099/T0/B0\""),
    ] {
        ensure(text.matches(theirs).count() == 1, || format!("{theirs} is not in the example"))?;
        text = text.replace(theirs, ours);
    }
    Ok(text)
}

/// The example's files, as its README says: who serves, who cannot, and the end.
fn example() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let (mails, chat) = (MailServer::start(site.host(1), 2525)?, Receiver::start(&site)?);
    for name in ["h1.conf", "tell.rhai"] {
        fs::copy(example_file(name), site.folder().join(name))?;
    }
    let path = site.folder().join("keepwatch.toml");
    fs::write(&path, example_here()?)?;
    let mut h1 = site.keepwatch_at(1, &path, &[])?;
    site.wait_for_holder(1, vip())?;
    let said = |h1: &Daemon| {
        let posts: Vec<String> = chat.bodies().iter().map(Value::to_string).collect();
        format!("{}\n{}\n{}", posts.join("\n"), texts(&mails).join("\n---\n"), h1.output().join("\n"))
    };
    let posts = |count| {
        wait(&format!("{count} posts"), || chat.bodies().len() >= count)
            .map_err(|failed| explain(failed, &said(&h1)))
    };
    posts(1)?;
    site.host(1).pull_cable()?;
    posts(2)?;
    let by_hook = || with(&texts(&mails), "X-Keepwatch-Plugin: tell").len();
    wait("the hook's mail", || by_hook() == 1).map_err(|failed| explain(failed, &said(&h1)))?;
    stop_it(&mut h1)?;
    // The last word is said before the daemon ends.
    let (bodies, mails) = (chat.bodies(), texts(&mails));
    ensure(bodies.len() == 3, || said(&h1))?;
    let texts: Vec<&str> = bodies.iter().filter_map(|body| body["text"].as_str()).collect();
    ensure(texts[0].contains("VI_1 is served by "), || texts.join("\n"))?;
    ensure(bodies[0]["blocks"].to_string().contains("no advert heard for"), || bodies[0].to_string())?;
    ensure(texts[1].contains(" cannot serve VI_1: "), || texts.join("\n"))?;
    ensure(texts[2].ends_with(" leaves VI_1 to others"), || texts.join("\n"))?;
    ensure(bodies[2]["attachments"][0]["color"] == "#d0a000", || bodies[2].to_string())?;
    let hooks = with(&mails, "X-Keepwatch-Plugin: tell");
    ensure(hooks.len() == 1 && hooks[0].contains(" cannot serve VI_1"), || mails.join("\n---\n"))?;
    ensure(hooks[0].lines().any(|line| line == "X-Keepwatch-Instance: VI_1"), || hooks[0].clone())?;
    // The events themselves are mails, too, as the settings say.
    ensure(!with(&mails, "X-Keepwatch-Event: transition").is_empty(), || mails.join("\n---\n"))
}

/// Two plugins say something while neither server is there, and the daemon is killed: all of it arrives, once.
fn nobody_there() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let folder = site.folder().to_owned();
    fs::write(folder.join("k.conf"), crate::site::config(150, "", "10.1.1.30"))?;
    let component =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/wasm/tests/guests/messenger.wasm");
    fs::copy(component, folder.join("messenger.wasm"))?;
    fs::write(
        folder.join("tell.rhai"),
        "fn on_master(event) {\n    notify(\"admins\", `${event.instance}: by a hook`);\n    webhook(\"chat\", #{ hook: \
         event.id });\n    try { mail(\"chat\", \"s\", \"t\"); } catch (e) { info(`${e.kind}: ${e.text}`); }\n    try { \
         webhook(\"admins\", #{}); } catch (e) { info(`${e.kind}: ${e.text}`); }\n}\n",
    )?;
    let path = folder.join("keepwatch.toml");
    let grants = "grants = [\"notify:admins\", \"notify:chat\"]\n";
    fs::write(
        &path,
        format!(
            "keepalived = \"k.conf\"\n{DESTINATIONS}[plugin.tell]\nfile = \"tell.rhai\"\n{grants}[plugin.messenger]\nfile = \
             \"messenger.wasm\"\nconfig = {{ chat = \"chat\", admins = \"admins\" }}\n{grants}"
        ),
    )?;
    let mut h1 = site.keepwatch_at(1, &path, &[])?;
    site.wait_for_holder(1, vip())?;
    wait_for_line(
        &h1,
        "[tell] invalid: chat is a webhook and takes no mails; send it a text, or a body of your own",
    )?;
    wait_for_line(
        &h1,
        "[tell] invalid: admins gets mails, not bodies of webhooks; send it a text, or a mail",
    )?;
    // BACKUP and MASTER: each four messages of the component, and the hook's two.
    wait("ten letters on disk", || waiting(&site).is_ok_and(|waiting| waiting.len() == 10))
        .map_err(|failed| explain(failed, &format!("{:?}\n{}", waiting(&site), h1.output().join("\n"))))?;
    wait("both to be counted", || {
        messages(&site, "tell") == Some(2) && messages(&site, "messenger") == Some(8)
    })?;
    h1.kill()?;
    let (mails, chat) = (MailServer::start(site.host(1), 2525)?, Receiver::start(&site)?);
    // Whoever is killed has given nothing up: the address is still there, and is this daemon's again.
    let mut h1 = site.keepwatch_at(1, &path, &[])?;
    let of = |plugin: &str| with(&texts(&mails), &format!("X-Keepwatch-Plugin: {plugin}")).len();
    let posted = || (chat.bodies().len(), of("tell"), of("messenger"));
    // Those of the first run, and as many of the second, which becomes BACKUP and MASTER once more.
    wait("all of both runs", || posted() == (10, 2, 8)).map_err(|failed| {
        explain(
            failed,
            &format!("{:?}\n{}\n{}", posted(), texts(&mails).join("\n---\n"), h1.output().join("\n")),
        )
    })?;
    let all = texts(&mails);
    ensure(all.iter().any(|mail| mail.contains("VI_1: by a hook")), || all.join("\n---\n"))?;
    let html = all.iter().filter(|mail| mail.contains("Subject: In HTML") && mail.contains("text/html"));
    ensure(html.count() == 4, || all.join("\n---\n"))?;
    // Unless a format is set they come as CloudEvents.
    let bodies = chat.bodies();
    ensure(bodies.iter().all(|body| body["type"] == "io.keepwatch.message.v1"), || format!("{bodies:?}"))?;
    let count =
        |is_such: &dyn Fn(&Value) -> bool| bodies.iter().filter(|body| is_such(&body["data"])).count();
    let hook = count(&|data| data["body"]["hook"].is_string());
    let events = count(&|data| data["body"]["kind"] == "transition" && data["body"]["instance"] == "VI_1");
    let texts = count(&|data| data["text"].as_str().is_some_and(|text| text.starts_with("VI_1: ")));
    ensure((hook, events, texts) == (2, 4, 4), || format!("{bodies:?}"))?;
    stop_it(&mut h1)
}

const DESTINATIONS: &str = "[notify.admins]\nsmtp = \"127.0.0.1:2525\"\ntls = \"none\"\nfrom = \"k@example.com\"\nto = \
                            \"admin@example.com\"\non = []\n[notify.chat]\nwebhook = \"http://127.0.0.1:8099/\"\non = []\n";

/// How many messages a plugin has sent, as the daemon says.
fn messages(site: &Site, plugin: &str) -> Option<u64> {
    let output = site.asking(1).args(["plugin", "list", "--json"]).output().ok()?;
    let list: Value = serde_json::from_slice(&output.stdout).ok()?;
    let report = list.as_array()?.iter().find(|report| report["name"] == plugin)?;
    report["messages"].as_u64()
}

/// The lines of what waits for all destinations.
fn waiting(site: &Site) -> Result<Vec<String>, Failed> {
    let output = site.asking(1).args(["spool", "list", "--json"]).output()?;
    let destinations: Value = serde_json::from_slice(&output.stdout)?;
    let letters = destinations.as_array().into_iter().flatten().filter_map(|one| one["waiting"].as_array());
    Ok(letters.flatten().filter_map(|letter| Some(letter["line"].as_str()?.to_owned())).collect())
}

/// A grant that is missing is shown with the line to add; a destination that is not there, too; and a reload gives both.
fn reload() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let folder = site.folder().to_owned();
    fs::write(folder.join("k.conf"), crate::site::config(150, "", "10.1.1.30"))?;
    fs::write(folder.join("tell.rhai"), "fn on_sync(snapshot) {\n    notify(\"chat\", \"here\");\n}\n")?;
    let path = folder.join("keepwatch.toml");
    let plugin = "keepalived = \"k.conf\"\n[plugin.tell]\nfile = \"tell.rhai\"\n";
    fs::write(&path, "keepalived = \"k.conf\"\n")?;
    let chat = Receiver::start(&site)?;
    let mut h1 = site.keepwatch_at(1, &path, &[])?;
    site.wait_for_holder(1, vip())?;
    let grants = "grants = [\"notify:chat\"]\n";
    for (more, code, expected) in [
        ("", 1, "tell.rhai may not send messages to \"chat\""),
        ("", 1, "in keepwatch.toml, under [plugin.tell]:  grants = [\"notify:chat\"]"),
        (grants, 3, "there is no destination \"chat\""),
        (grants, 3, "add [notify.chat] with smtp = \"HOST\", or webhook = \"URL\""),
    ] {
        fs::write(&path, format!("{plugin}{more}"))?;
        let output = site.asking(1).arg("reload").output()?;
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        ensure(output.status.code() == Some(code) && said.contains(expected), || said.clone())?;
    }
    // What it says when it begins finds its destination, which is as new.
    fs::write(&path, format!("{plugin}{grants}{DESTINATIONS}"))?;
    let output = site.asking(1).arg("reload").output()?;
    ensure(output.status.success(), || String::from_utf8_lossy(&output.stderr).into_owned())?;
    wait("what it says", || chat.bodies().iter().any(|body| body["data"]["text"] == "here"))
        .map_err(|failed| explain(failed, &h1.output().join("\n")))?;
    stop_it(&mut h1)
}

/// A hook that never stops telling something reaches people with a few messages, and its status says so.
fn flood() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let folder = site.folder().to_owned();
    fs::write(folder.join("k.conf"), crate::site::config(150, "", "10.1.1.30"))?;
    fs::write(
        folder.join("tell.rhai"),
        "fn on_master(event) {\n    for number in 0..200 {\n        try { notify(\"chat\", `message ${number}`); } catch { \
         }\n    }\n    info(\"told all of it\");\n}\n",
    )?;
    let path = folder.join("keepwatch.toml");
    let plugin = "[plugin.tell]\nfile = \"tell.rhai\"\ngrants = [\"notify:chat\"]\n";
    fs::write(&path, format!("keepalived = \"k.conf\"\n{plugin}{DESTINATIONS}"))?;
    let chat = Receiver::start(&site)?;
    let mut h1 = site.keepwatch_at(1, &path, &[])?;
    wait_for_line(&h1, "[tell] told all of it")?;
    wait("ten messages", || chat.bodies().len() >= 10)
        .map_err(|failed| explain(failed, &h1.output().join("\n")))?;
    let status = site.asking(1).arg("status").output()?;
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    ensure(status.contains(", 10 messages, 190 messages refused, as too many"), || status.clone())?;
    stop_it(&mut h1)?;
    let texts: Vec<Value> = chat.bodies().iter().map(|body| body["data"]["text"].clone()).collect();
    let expected: Vec<Value> = (0..10).map(|number| format!("message {number}").into()).collect();
    ensure(texts == expected, || format!("{texts:?}"))
}
