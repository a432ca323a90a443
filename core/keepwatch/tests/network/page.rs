//! The book's page on the HAProxy pair, word for word: its files, and its commands in their order, on two hosts with HAProxy, a
//! web server and a client. What it shows of their answers is compared with what they answer. There is no systemd here, nor
//! anything to install: what `systemctl` and `apt-get` would do is done by hand.

use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use keepwatch_lab::{Daemon, Host, WebServer};
use libtest_mimic::Failed;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::site::{Site, ensure, explain, stop, vip, wait};
use crate::status::Events;
use crate::wire::TCPDUMP;
use crate::{Case, HAPROXY, Need, is_real_root};

const CURL: Need = Need::Program("/usr/bin/curl", "curl");

pub(crate) const CASES: &[Case] =
    &[Case { name: "page::haproxy_pair", needs: &[HAPROXY, CURL, TCPDUMP], run: haproxy_pair }];

/// What the commands begin with that are run.
const RUN: &[&str] = &["keepwatch", "haproxy", "curl", "ip", "tcpdump", "while"];

/// A command that the page tells its reader to type.
#[derive(Debug)]
struct Typed {
    /// Without its prompt and a remark behind it.
    command: String,
    /// What the page shows of its output, if it does.
    shown: Vec<String>,
}

struct Page {
    text: String,
    /// Its commands that are run, in order, the demo left out, which has tests of its own.
    typed: std::vec::IntoIter<Typed>,
}

impl Page {
    fn read() -> Result<Self, Failed> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src/haproxy-pair.md");
        let text = std::fs::read_to_string(path)?;
        let mut typed: Vec<Typed> = Vec::new();
        // Whether what follows is the last command's output.
        let mut answers = false;
        for line in text.lines() {
            let Some(line) = line.strip_prefix("    ") else {
                answers = false;
                continue;
            };
            let (command, prompt) = line.strip_prefix("$ ").map_or((line, false), |command| (command, true));
            if command.split_whitespace().next().is_some_and(|program| RUN.contains(&program)) {
                let command = command.split('#').next().unwrap_or_default().trim().to_owned();
                typed.push(Typed { command, shown: Vec::new() });
                answers = prompt;
            } else if prompt {
                answers = false;
            } else if let (true, Some(last)) = (answers, typed.last_mut()) {
                last.shown.push(line.to_owned());
            }
        }
        typed.retain(|typed| !typed.command.starts_with("keepwatch demo"));
        Ok(Self { text, typed: typed.into_iter() })
    }

    /// The next command, which must be this one: what this test does about it depends on that.
    fn next(&mut self, command: &str) -> Result<Typed, Failed> {
        let typed = self.typed.next().ok_or_else(|| format!("the page has no `{command}`"))?;
        ensure(typed.command == command, || format!("the page has {typed:?} where there was `{command}`"))?;
        Ok(typed)
    }

    /// The blocks in one language, in order.
    fn blocks(&self, language: &str) -> Vec<String> {
        let fence = format!("```{language}\n");
        let parts = self.text.split(fence.as_str()).skip(1);
        parts.filter_map(|part| part.split("```").next()).map(str::to_owned).collect()
    }

    /// What the page ends with: a line of the log.
    fn last_shown(&self) -> Result<&str, Failed> {
        Ok(self.text.lines().rev().find_map(|line| line.strip_prefix("    ")).ok_or("it shows nothing")?)
    }
}

/// A host's files, in a folder of its own: hosts have networks of their own, but one file system.
struct Files(PathBuf);

impl Files {
    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A text of the page with this host's places in it.
    fn moved(&self, text: &str) -> String {
        let here = self.0.display();
        let places = ["/etc/keepalived/", "/etc/keepwatch/", "/etc/haproxy/", "/run/haproxy/", "/run/"];
        places.iter().fold(text.to_owned(), |text, usual| text.replace(usual, &format!("{here}/")))
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failed> {
        Ok(std::fs::write(self.at(name), self.moved(text))?)
    }

    /// What a command of the page says on a host with these files, if it succeeds.
    fn run(&self, host: &Host, typed: &Typed) -> Result<Vec<String>, Failed> {
        let mut command = shell(&self.moved(&typed.command));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = host.namespace.spawn(&mut command)?.wait_with_output()?;
        ensure(output.status.success(), || format!("{typed:?}: {output:?}"))?;
        Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
    }

    /// HAProxy's master and its worker, ready.
    fn haproxy(&self, site: &Site, host: usize) -> Result<Proxy, Failed> {
        let mut command = Command::new("/usr/sbin/haproxy");
        command.arg("-W").arg("-S").arg(self.at("haproxy-master.sock")).args(["-L", &site.host(host).name]);
        command.arg("-f").arg(self.at("haproxy.cfg")).process_group(0);
        let proxy = Proxy(Daemon::start(&site.host(host).namespace, &mut command)?);
        wait("HAProxy to answer", || UnixStream::connect(self.at("admin.sock")).is_ok())
            .map_err(|failed| explain(failed, &proxy.0.output().join("\n")))?;
        Ok(proxy)
    }
}

/// HAProxy's processes, all in one group; ended when dropped.
struct Proxy(Daemon);

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Ok(group) = i32::try_from(self.0.id()) {
            // They may have ended already.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }
}

/// A command as somebody types it, who has no proxy of his own.
fn shell(command: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).env("no_proxy", "*").env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    shell
}

fn haproxy_pair() -> Result<(), Failed> {
    let (site, mut page) = (Site::new(3)?, Page::read()?);
    let _web = WebServer::start(site.host(3), 80, "hello\n")?;
    let files = [1, 2].map(|host| Files(site.folder().join(format!("h{host}"))));
    let instance = page.blocks("keepalived").into_iter().next().ok_or("no keepalived.conf")?;
    let native = page.blocks("toml");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/haproxy-pair/haproxy.cfg");
    // There are no other users in a user namespace.
    let haproxy: String = std::fs::read_to_string(example)?
        .lines()
        .filter(|line| !matches!(line.split_whitespace().next(), Some("user" | "group")))
        .map(|line| line.replace(" group haproxy ", " ") + "\n")
        .collect();
    for (number, files) in files.iter().enumerate() {
        std::fs::create_dir(&files.0)?;
        files.write("haproxy.cfg", &haproxy)?;
        let other = instance.replace("state MASTER", "state BACKUP").replace("priority 101", "priority 100");
        files.write("keepalived.conf", if number == 0 { &instance } else { &other })?;
    }
    let typed = page.next("haproxy -c -f /etc/haproxy/haproxy.cfg")?;
    let mut proxies = Vec::new();
    for (number, files) in files.iter().enumerate() {
        files.run(site.host(number + 1), &typed)?;
        proxies.push(files.haproxy(&site, number + 1)?);
    }
    let client = &site.lan.client;
    let typed = page.next("curl -i http://10.1.1.10/")?;
    for (address, name) in [("10.1.1.10", "h1"), ("10.1.1.20", "h2")] {
        let typed = Typed { command: typed.command.replace("10.1.1.10", address), shown: Vec::new() };
        let said = files[0].run(client, &typed)?.join("\n").to_lowercase();
        let answered = format!("x-answered-by: {name}");
        ensure(said.contains("200 ok") && said.contains(&answered), || format!("{typed:?}: {said}"))?;
    }
    let asked = |host: usize, typed: &Typed| {
        let words = typed.command.split_whitespace().skip(1).map(|word| files[host - 1].moved(word));
        site.asking(host).args(words).output()
    };
    let succeeds = |typed: &Typed| -> Result<(), Failed> {
        for host in [1, 2] {
            let output = asked(host, typed)?;
            ensure(output.status.success(), || format!("h{host}: {typed:?}: {output:?}"))?;
        }
        Ok(())
    };
    let shows = |host: usize, typed: &Typed| -> Result<(), Failed> {
        let lines = || -> Vec<String> {
            let output = asked(host, typed).map(|output| output.stdout).unwrap_or_default();
            String::from_utf8_lossy(&output).lines().map(str::to_owned).collect()
        };
        wait("what the page shows", || is_shown(&typed.shown, &lines()))
            .map_err(|failed| explain(failed, &format!("{typed:#?}\nh{host} says:\n{}", lines().join("\n"))))
    };

    succeeds(&page.next("keepwatch check /etc/keepalived/keepalived.conf")?)?;
    let start = |file: &str| -> Result<[Daemon; 2], Failed> {
        let h1 = site.keepwatch_at(1, &files[0].at(file), &[])?;
        site.wait_for_holder(1, vip())?;
        Ok([h1, site.keepwatch_at(2, &files[1].at(file), &[])?])
    };
    let [h1, h2] = start("keepalived.conf")?;
    let typed = page.next("ip addr show eth0")?;
    let said = files[0].run(site.host(1), &typed)?;
    ensure(is_shown(&typed.shown, &said), || format!("{typed:#?}\nh1 says:\n{}", said.join("\n")))?;
    shows(2, &page.next("keepwatch status")?)?;
    let typed = page.next("tcpdump -n -i eth0 vrrp")?;
    // It changes to a user of its own, which a user namespace of ours does not have.
    if is_real_root() {
        let tcpdump = Daemon::start(&client.namespace, &mut shell(&format!("exec {} -l", typed.command)))?;
        wait("tcpdump to show it", || is_shown(&typed.shown, &tcpdump.output()))
            .map_err(|failed| explain(failed, &tcpdump.output().join("\n")))?;
    }

    let typed = page.next(
        "while sleep 0.1; do curl -s -m 1 -o /dev/null -D - http://10.1.1.30/ | grep -i x-answered-by; done",
    )?;
    let asking = Daemon::start(&client.namespace, &mut shell(&typed.command))?;
    let hears = |name: &str| {
        let last = || asking.output().last().map(|line| line.trim().to_lowercase());
        wait(&format!("the client to hear {name}"), || last() == Some(format!("x-answered-by: {name}")))
            .map_err(|failed| explain(failed, &asking.output().join("\n")))
    };
    hears("h1")?;
    stop(h1)?;
    hears("h2")?;
    let h1 = site.keepwatch_at(1, &files[0].at("keepalived.conf"), &[])?;
    hears("h1")?;
    drop(asking);
    stop(h2)?;
    stop(h1)?;

    for files in &files {
        files.write("keepwatch.toml", native.first().ok_or("no keepwatch.toml")?)?;
    }
    succeeds(&page.next("keepwatch check /etc/keepwatch/keepwatch.toml")?)?;
    let [h1, h2] = start("keepwatch.toml")?;
    wait("h2 to follow", || h2.said("10.1.1.10 is MASTER with priority 101"))?;
    let events = Events::start(&site, 2, &[])?;
    events.up_to("so far")?;
    drop(proxies.remove(0));
    shows(1, &page.next("keepwatch status")?)?;
    let typed = page.next("keepwatch events")?;
    let told = events.up_to("announcing 10.1.1.30")?;
    ensure(is_shown(&typed.shown, &told), || format!("{typed:#?}\nh2 says:\n{}", told.join("\n")))?;

    proxies.insert(0, files[0].haproxy(&site, 1)?);
    site.wait_for_holder(1, vip())?;
    for files in &files {
        files.write("haproxy.rhai", page.blocks("rhai").first().ok_or("no hook")?)?;
        files.write("keepwatch.toml", &native.concat())?;
    }
    succeeds(&page.next(
        "keepwatch plugin test /etc/keepwatch/haproxy.rhai --event master --with /etc/keepwatch/keepwatch.toml",
    )?)?;
    succeeds(&page.next("keepwatch check /etc/keepwatch/keepwatch.toml")?)?;
    succeeds(&page.next("keepwatch reload")?)?;
    ensure(page.typed.as_slice().is_empty(), || format!("and then: {:?}", page.typed))?;
    drop(proxies.remove(0));
    site.wait_for_holder(2, vip())?;
    let shown = [page.last_shown()?.to_owned()];
    // Behind the time.
    let said = || -> Vec<String> {
        let lines = h2.output();
        lines.iter().filter_map(|line| Some(line.split_once('Z')?.1.to_owned())).collect()
    };
    wait("the hook's line", || is_shown(&shown, &said()))
        .map_err(|failed| explain(failed, &format!("{shown:?}\nh2:\n{}", said().join("\n"))))?;
    stop(h1)?;
    stop(h2)
}

/// Whether a page shows these lines, in this order, others left out.
fn is_shown(shown: &[String], lines: &[String]) -> bool {
    let mut lines = lines.iter().map(|line| masked(line));
    !shown.is_empty() && shown.iter().all(|line| lines.any(|other| other == masked(line)))
}

/// A line without what is another each time: times, durations, process ids, versions, the host's name, and where a socket is.
fn masked(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_number = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_digit()) && word.parse::<std::net::IpAddr>().is_err()
    };
    let mut masked = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| words.get(place)).copied().unwrap_or_default();
        let next =
            words.get(place + 1).map(|next| next.trim_end_matches([',', ':', ')'])).unwrap_or_default();
        let is_duration = is_number(word) && matches!(next, "s" | "ms" | "min");
        let is_time =
            is_number(word) && (word.matches(':').count() == 2 || word.contains('T') && word.ends_with('Z'));
        let is_name = before == "on" && word.ends_with(':');
        masked.push(match *word {
            _ if is_duration || is_time || is_name => "*".to_owned(),
            word if is_number(word) && matches!(before, "haproxy" | "worker" | "of") => "*".to_owned(),
            // A duration's, which may be another.
            word if is_number(before) && word.starts_with("ms") => word.replacen("ms", "s", 1),
            word => match word.rsplit_once('/') {
                Some((folder, rest)) if folder.starts_with('/') => format!("*/{rest}"),
                _ => word.to_owned(),
            },
        });
    }
    masked.join(" ")
}
