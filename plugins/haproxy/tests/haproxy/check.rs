//! Whether HAProxy is well.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use keepwatch_event::Health;
use keepwatch_haproxy::{Address, Backend, Check, Procs, Socket, ask};
use keepwatch_host::Verdict;

use crate::fake::Fake;
use crate::site::{LONG, Site, until};

async fn probe(check: &Check) -> Verdict {
    check.clone().native().probe.probe(LONG).await
}

fn check(socket: Socket, backends: &[(&str, usize)]) -> Check {
    let backends = backends.iter().map(|&(name, up)| Backend { name: name.to_owned(), up }).collect();
    Check { socket, frontends: Vec::new(), backends }
}

/// The text after `haproxy VERSION`.
fn after_version(verdict: &Verdict) -> &str {
    let mut words = verdict.text.splitn(3, ' ');
    assert_eq!(words.next(), Some("haproxy"), "{verdict:?}");
    assert!(words.next().is_some_and(|version| version.starts_with(char::is_numeric)), "{verdict:?}");
    words.next().unwrap()
}

#[tokio::test]
async fn it_is_as_well_as_its_servers() {
    let mut site = Site::new().await;
    let one = Check { frontends: vec!["fe".to_owned()], ..check(site.stats(), &[("web", 1)]) };
    let two = Check { socket: site.master(), ..check(site.master(), &[("web", 2)]) };
    until("both servers are up", async || probe(&two).await.health == Health::Pass).await;
    let text = "answers, frontend fe is open, 2 of 2 servers of backend web are up";
    assert_eq!(after_version(&probe(&one).await), text);

    site.b.stop().await;
    until("one server is down", async || probe(&two).await.health == Health::Fail).await;
    assert_eq!(probe(&two).await.text, "1 of 2 servers of backend web is up, at least 2 must be");
    let verdict = probe(&one).await;
    assert_eq!(verdict.health, Health::Pass);
    let text = "answers, frontend fe is open, 1 of 2 servers of backend web is up";
    assert_eq!(after_version(&verdict), text);

    site.a.stop().await;
    until("both servers are down", async || probe(&one).await.health == Health::Fail).await;
    assert_eq!(probe(&one).await.text, "backend web has no server that is up");
    // HAProxy itself is well.
    let verdict = probe(&check(site.stats(), &[])).await;
    assert_eq!((verdict.health, after_version(&verdict)), (Health::Pass, "answers"));
}

#[tokio::test]
async fn a_frontend_must_be_open() {
    let site = Site::new().await;
    let wanted = Check { frontends: vec!["fe".to_owned()], ..check(site.master(), &[]) };
    assert_eq!(probe(&wanted).await.health, Health::Pass);
    ask(site.stats().address(), "disable frontend fe", LONG).await.unwrap();
    let verdict = probe(&wanted).await;
    assert_eq!(verdict.health, Health::Fail);
    assert!(verdict.text.starts_with("frontend fe is not open: its status is "), "{verdict:?}");
}

#[tokio::test]
async fn wrong_names_are_said() {
    let site = Site::new().await;
    let wrong = Check { frontends: vec!["ef".to_owned()], ..check(site.stats(), &[("wbe", 1)]) };
    let verdict = probe(&wrong).await;
    assert_eq!(verdict.health, Health::Fail);
    assert_eq!(verdict.text, "there is no frontend ef; there is fe; there is no backend wbe; there is web");
}

#[tokio::test]
async fn one_that_has_ended_fails() {
    let mut site = Site::new().await;
    site.kill().await;
    for socket in [site.stats(), site.master()] {
        let verdict = probe(&check(socket, &[])).await;
        assert_eq!(verdict.health, Health::Fail);
        assert!(verdict.text.ends_with("nobody listens there; HAProxy is not running"), "{verdict:?}");
    }
}

#[tokio::test]
async fn the_wrong_socket_says_nothing_of_its_health() {
    let site = Site::new().await;
    let master = Socket::Stats(site.master_address());
    let verdict = probe(&check(master, &[])).await;
    assert_eq!(verdict.health, Health::Unknown);
    let hint = "is it HAProxy's stats socket, not that of its master?";
    assert!(verdict.text.contains("no answer to `show info`") && verdict.text.ends_with(hint), "{verdict:?}");
    let stats = Socket::Master(Address::Unix(site.path("admin.sock")));
    let verdict = probe(&check(stats, &[])).await;
    assert_eq!(verdict.health, Health::Unknown);
    let hint = "is it the master's socket of HAProxy?";
    assert!(verdict.text.contains("no answer to `show proc`") && verdict.text.ends_with(hint), "{verdict:?}");
}

#[tokio::test]
async fn a_reload_is_no_failure() {
    let site = Site::new().await;
    // Loading takes a while, in which the master hears nobody.
    let servers = "    server s 127.0.0.1:9\n".to_owned();
    let many: Vec<String> = (0..1000).map(|number| format!("backend b{number}\n{servers}")).collect();
    site.configure(&many.concat());
    let native = check(site.master(), &[("web", 1)]).native();
    until("a server is up", async || native.probe.probe(LONG).await.health == Health::Pass).await;
    let old = site.procs().await;
    let pid = rustix::process::Pid::from_raw(i32::try_from(old.master).unwrap()).unwrap();
    for _ in 0..3 {
        let workers = site.procs().await.workers;
        rustix::process::kill_process(pid, rustix::process::Signal::USR2).unwrap();
        let mut now = workers.clone();
        while now == workers {
            let verdict = native.probe.probe(LONG).await;
            assert_eq!(verdict.health, Health::Pass, "{verdict:?}: {}", site.log());
            let answer = ask(&site.master_address(), "show proc", LONG).await;
            now = answer.ok().and_then(|text| Procs::parse(&text).ok()).map_or(now, |procs| procs.workers);
        }
    }
}

/// Whoever is asked just before it takes its leave answers as one that stops.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reloads_are_no_failure_on_the_stats_socket() {
    const RELOADS: usize = 30;
    let site = Site::new().await;
    let wanted = Check { frontends: vec!["fe".to_owned()], ..check(site.stats(), &[("web", 1)]) };
    until("a server is up", async || probe(&wanted).await.health == Health::Pass).await;
    let reloading = Arc::new(AtomicBool::new(true));
    let asking: Vec<_> = (0..4)
        .map(|_| {
            let (goes_on, native) = (Arc::clone(&reloading), wanted.clone().native());
            tokio::spawn(async move {
                let mut verdicts = Vec::new();
                while goes_on.load(Ordering::Relaxed) {
                    verdicts.push(native.probe.probe(LONG).await);
                }
                verdicts
            })
        })
        .collect();
    for _ in 0..RELOADS {
        let before = site.procs().await;
        let master = rustix::process::Pid::from_raw(i32::try_from(before.master).unwrap()).unwrap();
        rustix::process::kill_process(master, rustix::process::Signal::USR2).unwrap();
        until("another worker serves", async || site.procs().await.workers != before.workers).await;
        until("the one before has ended", async || site.procs().await.leaving.is_empty()).await;
    }
    reloading.store(false, Ordering::Relaxed);
    for asking in asking {
        let verdicts = asking.await.unwrap();
        assert!(verdicts.len() > RELOADS, "{}", verdicts.len());
        let wrong: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.health != Health::Pass).collect();
        assert!(wrong.is_empty(), "{wrong:?} of {}: {}", verdicts.len(), site.log());
    }
}

#[tokio::test]
async fn one_that_takes_its_leave_is_not_the_last_word() {
    let asked = AtomicU32::new(0);
    let fake = Fake::new(move |_| {
        let (pid, stopping) = if asked.fetch_add(1, Ordering::Relaxed) == 0 { (7, 1) } else { (8, 0) };
        Some(format!("Version: 2.6.12\nPid: {pid}\nStopping: {stopping}\n").into())
    });
    let verdict = probe(&check(Socket::Stats(fake.address()), &[])).await;
    assert_eq!((verdict.health, verdict.text.as_str()), (Health::Pass, "haproxy 2.6.12 answers"));
}

#[tokio::test]
async fn a_master_that_loads_for_long_says_nothing_of_its_health() {
    let mut site = Site::new().await;
    let master = site.procs().await.master;
    let fake = Fake::new(move |command| match command {
        "show proc" => {
            let head = "#<PID> <type> <reloads> <uptime> <version>";
            Some(format!("{head}\n{master} master 0 0d 2.6.12\n# workers\n7 worker 0 0d 2.6.12\n\n").into())
        }
        "@!7 show info" => Some(b"Version: 2.6.12\nPid: 7\nStopping: 0\n".to_vec()),
        other => panic!("{other}"),
    });
    let probe = check(Socket::Master(fake.address()), &[]).native().probe;
    assert_eq!(probe.probe(LONG).await.health, Health::Pass);
    // The process is there; its socket is not.
    drop(fake);
    let within = std::time::Duration::from_secs(1);
    let verdict = probe.probe(within).await;
    let text = format!(
        "HAProxy's master, process {master}, loads its configuration and has heard nobody for 900 ms"
    );
    assert_eq!((verdict.health, verdict.text), (Health::Unknown, text));
    site.kill().await;
    let verdict = probe.probe(within).await;
    assert_eq!(verdict.health, Health::Fail);
    assert!(verdict.text.contains("there is no such socket"), "{verdict:?}");
}

/// Its socket is open, and whoever connects waits.
#[tokio::test]
async fn a_master_that_is_silent_says_nothing_of_its_health_and_a_worker_does() {
    let mut site = Site::new().await;
    let master = site.procs().await.master;
    // 0: all answer; 1: the master does not; 2: it does, and its worker does not.
    let silent = Arc::new(AtomicU32::new(0));
    let who = Arc::clone(&silent);
    let fake = Fake::new(move |command| match (command, who.load(Ordering::SeqCst)) {
        ("show proc", 0 | 2) => {
            let head = "#<PID> <type> <reloads> <uptime> <version>";
            Some(format!("{head}\n{master} master 0 0d 2.6.12\n# workers\n7 worker 0 0d 2.6.12\n\n").into())
        }
        ("@!7 show info", 0) => Some(b"Version: 2.6.12\nPid: 7\nStopping: 0\n".to_vec()),
        _ => None,
    });
    let within = std::time::Duration::from_secs(1);
    let probe = check(Socket::Master(fake.address()), &[]).native().probe;
    silent.store(1, Ordering::SeqCst);
    let verdict = probe.probe(within).await;
    assert_eq!(verdict.health, Health::Fail, "no master was seen yet: {verdict:?}");
    silent.store(0, Ordering::SeqCst);
    assert_eq!(probe.probe(LONG).await.health, Health::Pass);

    silent.store(1, Ordering::SeqCst);
    let verdict = probe.probe(within).await;
    let text = format!(
        "HAProxy's master, process {master}, loads its configuration and has heard nobody for 900 ms"
    );
    assert_eq!((verdict.health, verdict.text), (Health::Unknown, text));
    silent.store(2, Ordering::SeqCst);
    let verdict = probe.probe(within).await;
    assert_eq!(verdict.health, Health::Fail, "{verdict:?}");

    silent.store(1, Ordering::SeqCst);
    site.kill().await;
    assert_eq!(probe.probe(within).await.health, Health::Fail, "there is no master any more");
}

/// A port that is taken is tried for a while, in which the master hears nobody; then it goes on as before.
#[tokio::test]
async fn a_reload_that_cannot_bind_is_no_failure() {
    let site = Site::new().await;
    let native = check(site.master(), &[("web", 1)]).native();
    until("a server is up", async || native.probe.probe(LONG).await.health == Health::Pass).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    site.configure(&format!("frontend taken\n    bind 127.0.0.1:{port}\n    default_backend web\n"));
    let master = site.procs().await.master;
    let pid = rustix::process::Pid::from_raw(i32::try_from(master).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::USR2).unwrap();
    let mut failed = None;
    while failed != Some(1) {
        let verdict = native.probe.probe(std::time::Duration::from_millis(200)).await;
        assert_ne!(verdict.health, Health::Fail, "{verdict:?}: {}", site.log());
        let answer = ask(&site.master_address(), "show proc", LONG).await;
        failed = answer.ok().and_then(|text| Procs::parse(&text).ok()).and_then(|procs| procs.failed);
    }
}

/// What a master of 3.1 and later says while a new worker loads its configuration.
const LOADING: &[u8] =
    b"#<PID> <type> <reloads> <uptime> <version>\n1 master 1 [failed: 0] 0d 3.4.0\n# workers\n\
    8 worker 0 0d 3.4.0\n# old workers\n7 worker 1 0d 3.4.0\n\n";

#[tokio::test]
async fn while_a_worker_loads_the_one_before_it_serves() {
    for (stopping, health, text) in
        [(0, Health::Pass, "haproxy 3.4.0 answers"), (1, Health::Fail, "HAProxy did not answer on ")]
    {
        let fake = Fake::new(move |command| match command {
            "show proc" => Some(LOADING.to_vec()),
            "@!7 show info" => Some(format!("Version: 3.4.0\nPid: 7\nStopping: {stopping}\n").into()),
            "@!8 show info" => None,
            other => panic!("{other}"),
        });
        let probe = check(Socket::Master(fake.address()), &[]).native().probe;
        let verdict = probe.probe(std::time::Duration::from_secs(1)).await;
        assert_eq!(verdict.health, health);
        assert!(verdict.text.starts_with(text), "{verdict:?}");
    }
}

#[tokio::test]
async fn after_a_reload_that_has_failed_the_worker_serves_on() {
    let mut site = Site::new().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    site.configure(&format!("frontend taken\n    bind 127.0.0.1:{port}\n    default_backend web\n"));
    // Whether the answer comes or the connection ends depends on the version.
    let _ = ask(&site.master_address(), "reload", LONG).await;
    until("the reload has failed", async || site.procs().await.failed == Some(1)).await;
    let check = check(site.master(), &[("web", 2)]);
    until("the check passes", async || probe(&check).await.health == Health::Pass).await;
    site.a.stop().await;
    until("the check fails", async || probe(&check).await.health == Health::Fail).await;
    assert_eq!(probe(&check).await.text, "1 of 2 servers of backend web is up, at least 2 must be");
}

#[tokio::test]
async fn one_that_stops_fails() {
    let fake = Fake::new(|_| Some(b"Name: HAProxy\nVersion: 2.6.12-1\nPid: 7\nStopping: 1\n\n".to_vec()));
    let verdict = probe(&check(Socket::Stats(fake.address()), &[])).await;
    assert_eq!((verdict.health, verdict.text.as_str()), (Health::Fail, "haproxy 2.6.12 is stopping"));
}

#[tokio::test]
async fn a_master_without_a_worker_fails() {
    let fake = Fake::new(|_| {
        Some(
            b"#<PID> <type> <reloads> <uptime> <version>\n12 master 3 [failed: 3] 0d 2.6.12\n# workers\n\n"
                .to_vec(),
        )
    });
    let verdict = probe(&check(Socket::Master(fake.address()), &[])).await;
    assert_eq!(verdict.health, Health::Fail);
    assert_eq!(verdict.text, "HAProxy's master process 12 has no worker: nothing is served");
}

#[tokio::test]
async fn one_that_does_not_answer_fails_in_time() {
    let fake = Fake::new(|_| None);
    let within = std::time::Duration::from_millis(500);
    let probe = check(Socket::Stats(fake.address()), &[]).native().probe;
    // Whoever asks would drop a later answer.
    let verdict = tokio::time::timeout(within, probe.probe(within)).await.unwrap();
    assert_eq!(verdict.health, Health::Fail);
    assert!(verdict.text.starts_with("HAProxy did not answer on "), "{verdict:?}");
}
