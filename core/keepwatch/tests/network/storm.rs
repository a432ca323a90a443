//! A thousand transitions within a moment: a mail for each instance that tells all of them and how it ended, in bounded
//! memory, and another instance's adverts go on.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use keepwatch_lab::{Daemon, MailServer};
use libtest_mimic::Failed;

use crate::Case;
use crate::site::{Site, ensure, explain, stop_it, wait, wait_for_line};

pub(crate) const CASES: &[Case] = &[Case { name: "storm::mails", needs: &[], run: mails }];

/// Instances that change their state together.
const INSTANCES: usize = 200;
/// How often each does.
const TURNS: usize = 5;
/// The one beside them: its VRID, and its adverts.
const BESIDE: u8 = 250;
const INTERVAL: Duration = Duration::from_millis(100);
/// So long an event waits for others.
const GROUP_WAIT: Duration = Duration::from_secs(10);
/// What a thousand letters may need at most, in KiB.
const MEMORY: u64 = 32 * 1024;
const PORT: u16 = 2525;

fn mails() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let switch = site.folder().join("switch");
    turn(&switch, 0)?;
    let config = config(&site, &switch)?;
    let server = MailServer::start(site.host(1), PORT)?;
    let began = Instant::now();
    let mut h1 = site.keepwatch_at(1, &config, &[])?;
    wait_for_line(&h1, "(beside) Entering MASTER STATE")?;
    wait_for_turn(&h1, 0)?;
    let resident = resident(&h1)?;

    let capture = site.capture()?;
    let (start, burst) = (SystemTime::now(), Instant::now());
    for number in 1..=TURNS {
        turn(&switch, number)?;
        wait_for_turn(&h1, number)?;
    }
    let (took, all) = (burst.elapsed(), began.elapsed());
    let told = || -> usize { by_instance(&server).values().flatten().map(Vec::len).sum() };
    wait("all of it to be told", || told() >= INSTANCES * (TURNS + 1))
        .map_err(|failed| explain(failed, &h1.output().join("\n")))?;
    let end = SystemTime::now();
    let grown = self::resident(&h1)?.saturating_sub(resident);

    // What was heard may not have been read yet.
    wait("adverts to be read", || capture.adverts().last().is_some_and(|advert| advert.at >= end))?;
    let adverts = capture.adverts();
    let beside = adverts.iter().filter(|advert| advert.vrid == BESIDE && (start..end).contains(&advert.at));
    let times: Vec<SystemTime> = beside.map(|advert| advert.at).collect();
    let due = end.duration_since(start)?.as_secs_f64() / INTERVAL.as_secs_f64();
    let gaps = times.windows(2).map(|pair| pair[1].duration_since(pair[0]).unwrap_or_default());
    eprintln!(
        "storm::mails: {} transitions in {} ms, {} mails, {grown} KiB more; {} of {due:.0} adverts, longest gap {} ms",
        INSTANCES * TURNS,
        took.as_millis(),
        server.mails().len(),
        times.len(),
        gaps.max().unwrap_or_default().as_millis()
    );
    ensure(times.len() as f64 >= due * 0.8, || format!("{} adverts of {due:.0}", times.len()))?;
    ensure(grown <= MEMORY, || format!("{grown} KiB more than before"))?;
    judge(&server, all)?;
    stop_it(&mut h1)
}

/// Each instance's mails tell all of its states, in order, and are no more than its time needs: one, unless the machine
/// was so slow that what came first could wait no longer.
fn judge(server: &MailServer, took: Duration) -> Result<(), Failed> {
    let most = 1 + usize::try_from(took.as_millis() / GROUP_WAIT.as_millis())?;
    let by_instance = by_instance(server);
    ensure(by_instance.len() == INSTANCES, || format!("{by_instance:?}"))?;
    let states: Vec<&str> = (0..=TURNS).map(state).collect();
    for (instance, mails) in by_instance {
        ensure(mails.concat() == states, || format!("{instance}: {mails:?}"))?;
        ensure(mails.len() <= most, || format!("{instance}: {} mails in {took:?}", mails.len()))?;
    }
    Ok(())
}

/// The states that an instance's mails tell, mail by mail; but for INIT, in which it is at first if the file has not been read
/// by then.
fn by_instance(server: &MailServer) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut by_instance: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for mail in server.mails() {
        let states = mail.plain();
        let states = states.lines().filter_map(|line| line.strip_prefix("state "));
        let states = states.filter(|state| *state != "INIT").map(str::to_owned).collect();
        by_instance.entry(mail.header("X-Keepwatch-Instance").unwrap_or_default()).or_default().push(states);
    }
    by_instance
}

/// The state that all are in after so many turns: a number other than 0 in the file means FAULT.
const fn state(turn: usize) -> &'static str {
    if turn.is_multiple_of(2) { "BACKUP" } else { "FAULT" }
}

/// At once, so that nobody reads half of it.
fn turn(switch: &Path, number: usize) -> Result<(), Failed> {
    let new = switch.with_extension("new");
    fs::write(&new, format!("{}\n", number % 2))?;
    Ok(fs::rename(new, switch)?)
}

/// Waits until all instances have made so many turns.
fn wait_for_turn(daemon: &Daemon, number: usize) -> Result<(), Failed> {
    // They begin as BACKUP, and every other turn leads there again.
    let expected = INSTANCES * (number / 2 + 1);
    let text = format!("Entering {} STATE", state(number));
    let entered =
        || daemon.output().iter().filter(|line| line.contains(&text) && line.contains("(storm_")).count();
    wait(&format!("turn {number}"), || entered() >= expected)
        .map_err(|failed| explain(failed, &format!("{} of {expected}", entered())))
}

/// Instances that nobody hears from for minutes, so that they stay BACKUP; and one that serves.
fn config(site: &Site, switch: &Path) -> Result<std::path::PathBuf, Failed> {
    let mut text = format!("track_file storm {{\n file \"{}\"\n weight 0\n}}\n", switch.display());
    for vrid in 1..=INSTANCES {
        text.push_str(&format!(
            "vrrp_instance storm_{vrid} {{\n state BACKUP\n interface eth0\n virtual_router_id {vrid}\n priority 100\n \
             advert_int 100\n virtual_ipaddress {{\n  10.1.2.{vrid}\n }}\n track_file {{\n  storm\n }}\n}}\n"
        ));
    }
    text.push_str(&format!(
        "vrrp_instance beside {{\n version 3\n state BACKUP\n interface eth0\n virtual_router_id {BESIDE}\n priority \
         150\n advert_int 0.1\n virtual_ipaddress {{\n  10.1.1.30\n }}\n}}\n"
    ));
    fs::write(site.folder().join("k.conf"), text)?;
    let storm: Vec<String> = (1..=INSTANCES).map(|vrid| format!("\"storm_{vrid}\"")).collect();
    let native = site.folder().join("keepwatch.toml");
    let text = format!(
        "keepalived = \"k.conf\"\n[notify.admins]\nsmtp = \"127.0.0.1:{PORT}\"\ntls = \"none\"\nfrom = \
         \"k@example.com\"\nto = \"admin@example.com\"\ngroup_wait = \"{}s\"\ninstances = [{}]\ntext = \"{{% for event in \
         events %}}{{% if event.to is defined %}}state {{{{ event.to }}}}\\n{{% endif %}}{{% endfor %}}\"\n",
        GROUP_WAIT.as_secs(),
        storm.join(", ")
    );
    fs::write(&native, text)?;
    Ok(native)
}

/// A process's own memory, in KiB: its code comes and goes.
fn resident(daemon: &Daemon) -> Result<u64, Failed> {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).ok_or("no RssAnon")?;
    Ok(line.split_whitespace().next().ok_or("no figure")?.parse()?)
}
