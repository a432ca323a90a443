//! `keepwatch convert`: what it prints does beside a peer what the keepalived.conf did.

use std::collections::BTreeMap;
use std::fs;

use keepwatch_lab::{Capture, Daemon};
use libtest_mimic::Failed;

use crate::Case;
use crate::notify::Desk;
use crate::peers::{IP, KEEPALIVED, keepalived};
use crate::site::{Site, ensure, explain, ip, keepwatch, stop, stop_it, wait};

pub(crate) const CASES: &[Case] =
    &[Case { name: "converted::does_as_the_original", needs: &[KEEPALIVED, IP], run: does_as_the_original }];

/// In which words a host is told the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Words {
    Original,
    Converted,
}

/// What is tracked, and scripts that are run. `DIR` is the folder of it all.
const ABOVE: &str = "global_defs {
 script_user root
}
vrrp_script needed { # all depends on it
 script \"/usr/bin/test -e DIR/needed\"
 interval 1
 fall 2
 rise 1
}
vrrp_script better {
 script \"test -e DIR/better\"
 interval 1
 weight 20
}
vrrp_script \"not: worse\" {
 script \"<DIR/worse\"
 interval 1
 weight -15
}
track_file load {
 file DIR/load
 weight -2
}
track_file maintenance {
 file DIR/maintenance
 weight 0
 init_file 0
}
";

/// A group of two and one by itself, which track all that can be.
const TRACKING: [&str; 4] = [
    "track_script {\n  needed\n }\n track_file {\n  maintenance\n }\n",
    "",
    "",
    "track_script {\n  better\n  \"not: worse\"\n }\n track_interface {\n  eth1 weight -30\n }\n track_file {\n  load\n }\n",
];

/// The instances' settings: of the first a password, of the others that they speak with one peer only.
fn text(host: u8, priorities: [u8; 3], tracking: [&str; 4], notify: [&str; 4]) -> String {
    let (own, peer) = (host * 10, (3 - host) * 10);
    let password = "version 2\n authentication {\n  auth_type PASS\n  auth_pass secret\n }\n";
    let unicast = format!(
        "version 3\n advert_int 0.3\n unicast_src_ip 10.1.1.{own}\n unicast_peer {{\n  10.1.1.{peer}\n }}\n"
    );
    let instance = |number: usize, more: &str| {
        format!(
            "vrrp_instance VI_{number} {{\n state BACKUP\n interface eth0\n virtual_router_id 5{number}\n \
             priority {}\n {more}{}{} virtual_ipaddress {{\n  10.1.1.3{number}/24 dev eth0\n }}\n}}\n",
            priorities[number - 1],
            tracking[number],
            notify[number]
        )
    };
    let group =
        format!("vrrp_sync_group G {{\n group {{\n  VI_1\n  VI_2\n }}\n {}{}}}\n", tracking[0], notify[0]);
    format!("{group}{}{}{}", instance(1, password), instance(2, &unicast), instance(3, &unicast))
}

/// Something that happens on the host in question.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Write(&'static str, &'static str),
    Remove(&'static str),
    /// These arguments of `ip`.
    Ip(&'static str),
    Pull,
    Plug,
    Nothing,
}

use Deed::{Ip, Nothing, Plug, Pull, Remove, Write};

/// What happens, and what the instances advertise then; `None` where the peer is MASTER.
const STEPS: &[(Deed, [Option<u8>; 3])] = &[
    (Nothing, [Some(150), Some(150), Some(100)]),
    (Write("better", ""), [Some(150), Some(150), Some(120)]),
    (Remove("better"), [Some(150), Some(150), Some(100)]),
    (Write("load", "3"), [Some(150), Some(150), Some(94)]),
    (Remove("worse"), [Some(150), Some(150), None]),
    (Write("load", "-20"), [Some(150), Some(150), Some(125)]),
    (Ip("link set eth1 down"), [Some(150), Some(150), Some(95)]),
    (Write("better", ""), [Some(150), Some(150), Some(115)]),
    (Remove("needed"), [None, None, Some(115)]),
    (Write("needed", ""), [Some(150), Some(150), Some(115)]),
    (Write("maintenance", "1"), [None, None, Some(115)]),
    (Ip("link set eth1 up"), [None, None, Some(145)]),
    (Write("maintenance", "0"), [Some(150), Some(150), Some(145)]),
    (Pull, [None, None, None]),
    (Plug, [Some(150), Some(150), Some(145)]),
];

const PEERS: [u8; 3] = [120, 120, 90];

/// What others see and hear of the host.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    /// Of each virtual router: its adverts, each once until there is another one.
    adverts: BTreeMap<u8, Vec<String>>,
    /// Of each script and state: how it was called, time after time.
    calls: BTreeMap<String, Vec<String>>,
    /// What the peer's instances became.
    peer: Vec<Vec<String>>,
}

fn does_as_the_original() -> Result<(), Failed> {
    let (original, converted) = std::thread::scope(|scope| {
        let converted = scope.spawn(|| story(Words::Converted));
        (story(Words::Original), converted.join())
    });
    let (original, original_log) = original?;
    let (converted, converted_log) = converted.map_err(|_| "the converted one panicked")??;
    ensure(original == converted, || {
        format!("{original:#?}\n{original_log}\n{converted:#?}\n{converted_log}")
    })?;
    // Four words behind its own two, and every state.
    for of in ["INSTANCE VI_1", "INSTANCE VI_2", "INSTANCE VI_3", "GROUP G"] {
        let name = of.split(' ').next_back().ok_or("no name")?;
        let any = original.calls.get(&format!("{name} any")).ok_or_else(|| format!("{original:#?}"))?;
        for state in ["MASTER", "BACKUP", "FAULT", "STOP"] {
            let begins = format!("{name} any {of} {state} ");
            ensure(any.iter().any(|call| call.starts_with(&begins)), || format!("no {begins}: {any:#?}"))?;
            let setting = format!("{name} {}", state.to_lowercase());
            ensure(original.calls.contains_key(&setting), || format!("no {setting}: {original:#?}"))?;
        }
    }
    Ok(())
}

/// What was told, and the host's log.
fn story(words: Words) -> Result<(Told, String), Failed> {
    let site = Site::with_networks(2, 2)?;
    let desk = Desk::new(&site, "desk", "")?;
    let notify = ["G", "VI_1", "VI_2", "VI_3"].map(|of| desk.settings(of));
    let notify = notify.each_ref().map(String::as_str);
    let above = ABOVE.replace("DIR", &site.folder().display().to_string());
    for (name, content) in [("needed", ""), ("worse", ""), ("load", "0")] {
        fs::write(site.folder().join(name), content)?;
    }
    let capture = Capture::start(site.host(1))?;
    let mut h1 = start(&site, words, &format!("{above}{}", text(1, [150, 150, 100], TRACKING, notify)))?;
    // First, or the peer might be MASTER for a moment.
    wait("all to be MASTER", || holds(&site) == [Some(1); 3])?;
    let h2 = keepalived(&site, 2, &text(2, PEERS, [""; 4], [""; 4]))?;
    wait("the peer to listen", || entries(&h2).iter().all(|of| of.len() == 1))?;
    for (deed, shows) in STEPS {
        perform(*deed, &site)?;
        wait(&format!("{shows:?} after {deed:?}"), || {
            holds(&site) == shows.map(holder)
                && (0..3).all(|row| shows[row].is_none() || last(&capture, row) == shows[row])
        })
        .map_err(|failed| {
            let seen = [0, 1, 2].map(|row| last(&capture, row));
            explain(failed, &format!("{words:?}: {seen:?}, {:?}\n{}", holds(&site), h1.output().join("\n")))
        })?;
    }
    stop_it(&mut h1)?;
    wait("the peer to serve", || holds(&site) == [Some(2); 3])?;
    let told = Told { adverts: adverts(&capture), calls: calls(&desk), peer: entries(&h2) };
    stop(h2)?;
    Ok((told, h1.output().join("\n")))
}

fn start(site: &Site, words: Words, text: &str) -> Result<Daemon, Failed> {
    if words == Words::Original {
        return site.keepwatch(1, text);
    }
    let output = keepwatch().arg("convert").arg(site.file(1, "original", text)?).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure(output.status.success() && said.is_empty(), || said.into_owned())?;
    let path = site.folder().join("keepwatch.toml");
    fs::write(&path, &output.stdout)?;
    site.keepwatch_at(1, &path, &[])
}

fn perform(deed: Deed, site: &Site) -> Result<(), Failed> {
    match deed {
        // At once: it would be read while it is empty otherwise.
        Write(name, text) => {
            let new = site.folder().join("new");
            fs::write(&new, text)?;
            fs::rename(new, site.folder().join(name))?;
        }
        Remove(name) => fs::remove_file(site.folder().join(name))?,
        Ip(arguments) => drop(site.host(1).run("ip", arguments)?),
        Pull => site.host(1).pull_cable()?,
        Plug => site.host(1).plug_cable()?,
        Nothing => {}
    }
    Ok(())
}

/// Which host alone has each address.
fn holds(site: &Site) -> [Option<usize>; 3] {
    ["10.1.1.31", "10.1.1.32", "10.1.1.33"].map(|address| {
        match [1, 2].map(|host| site.host(host).has(ip(address))) {
            [true, false] => Some(1),
            [false, true] => Some(2),
            [true, true] | [false, false] => None,
        }
    })
}

/// Who holds the address if the host advertises this.
const fn holder(shown: Option<u8>) -> Option<usize> {
    if shown.is_some() { Some(1) } else { Some(2) }
}

/// The priority that the host has advertised last.
fn last(capture: &Capture, row: usize) -> Option<u8> {
    let adverts = capture.adverts();
    let of_row = |vrid: u8| usize::from(vrid) == 51 + row;
    let mut own =
        adverts.iter().rev().filter(|advert| of_row(advert.vrid) && advert.source == ip("10.1.1.10"));
    own.next().map(|advert| advert.priority)
}

fn adverts(capture: &Capture) -> BTreeMap<u8, Vec<String>> {
    let mut of: BTreeMap<u8, Vec<String>> = BTreeMap::new();
    for advert in capture.adverts().iter().filter(|advert| advert.source == ip("10.1.1.10")) {
        let line = format!("{} to {}", advert.describe(), advert.destination);
        let lines = of.entry(advert.vrid).or_default();
        if lines.last() != Some(&line) {
            lines.push(line);
        }
    }
    of
}

/// By the script's own first words; which of two scripts writes first is chance.
fn calls(desk: &Desk) -> BTreeMap<String, Vec<String>> {
    let mut of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for call in desk.called() {
        let first: Vec<&str> = call.split(' ').take(2).collect();
        of.entry(first.join(" ")).or_default().push(call.clone());
    }
    of
}

fn entries(peer: &Daemon) -> Vec<Vec<String>> {
    let of = |instance: &str| {
        let output = peer.output();
        let entered =
            output.iter().filter_map(|line| line.split_once(instance)?.1.strip_prefix(" Entering "));
        entered.map(str::to_owned).collect()
    };
    ["(VI_1)", "(VI_2)", "(VI_3)"].map(of).to_vec()
}
