//! Reloading HAProxy, and seeing that it has.

use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use keepwatch_haproxy::{Configuration, Kind, Reload, Via};
use keepwatch_host::{HostError, Ran};

use crate::fake::Fake;
use crate::server::get;
use crate::site::{LONG, Mode, Site, until};

const ADDITION: &str = "backend more\n    server c 127.0.0.1:9\n";

async fn run(site: &Site, via: Via, within: Duration) -> Result<Ran, HostError> {
    Reload { configuration: site.configuration(), via }.native().deed.run(within).await
}

/// Ways to reload that must all come to the same.
fn ways(site: &Site) -> Vec<Via> {
    let pid_file = site.path("pid");
    let systemctl = site.path("systemctl");
    let (unit, watch) = ("balancer.service".to_owned(), site.master());
    vec![
        Via::Master(site.master_address()),
        Via::Signal { pid_file: pid_file.clone(), watch: site.master() },
        Via::Signal { pid_file, watch: site.stats() },
        Via::Systemd { systemctl, unit, watch },
    ]
}

/// Puts a program in systemctl's place that does what the unit of a HAProxy does.
fn feign_systemctl(site: &Site) {
    let script = format!(
        "#!/bin/sh\nif [ \"$*\" != 'reload -- balancer.service' ]; then\n  echo \"Unit $3 not found.\" >&2\n  exit 5\nfi\n\
         kill -USR2 \"$(head -n 1 {})\"\n",
        site.path("pid").display()
    );
    // Written by another process: ours may start programs meanwhile, which would hold the file open.
    let write = ["-c", "printf %s \"$1\" > \"$2\" && chmod 755 \"$2\"", "sh"];
    let path = site.path("systemctl");
    let status = Command::new("/bin/sh").args(write).arg(script).arg(path).status().unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn another_worker_takes_over() {
    let site = Site::new().await;
    feign_systemctl(&site);
    let ways = ways(&site);
    for (number, via) in ways.into_iter().enumerate() {
        let old = site.procs().await.workers;
        let addition = ADDITION.replace("more", &format!("more-{number}"));
        site.configure(&addition);
        let ran = run(&site, via.clone(), LONG).await.unwrap();
        let procs = site.procs().await;
        let end = format!(" has reloaded: worker {} answers in place of {}", procs.workers[0], old[0]);
        assert!(ran.output.starts_with("haproxy ") && ran.output.ends_with(&end), "{via:?}: {ran:?}");
        assert_eq!(ran.exit_code, Some(0));
        assert_ne!(procs.workers, old);
        assert!(site.stat().await.proxy(Kind::Backend, &format!("more-{number}")).is_some());
    }
}

#[tokio::test]
async fn requests_under_way_are_answered_by_the_old_worker() {
    let site = Site::new().await;
    let held = (site.a.hold().await, site.b.hold().await);
    let request = tokio::spawn(get(site.port));
    until("the request is at a server", async || {
        site.server("a").await.sessions + site.server("b").await.sessions == 1
    })
    .await;
    let old = site.procs().await.workers;
    let ran = run(&site, Via::Master(site.master_address()), LONG).await.unwrap();
    assert_eq!(ran.exit_code, Some(0), "{ran:?}");
    assert_eq!(site.procs().await.leaving, old);
    drop(held);
    assert!(request.await.unwrap().ends_with("ok"));
    until("the old worker has ended", async || site.procs().await.leaving.is_empty()).await;
}

#[tokio::test]
async fn a_refused_configuration_is_not_loaded() {
    let site = Site::new().await;
    feign_systemctl(&site);
    let before = site.procs().await;
    site.configure("    rubbish here");
    for via in ways(&site) {
        let ran = run(&site, via, LONG).await.unwrap();
        assert_eq!(ran.exit_code, Some(1));
        assert!(
            ran.output.starts_with("HAProxy refuses the configuration and was not reloaded:\n"),
            "{ran:?}"
        );
        assert!(ran.output.contains("unknown keyword 'rubbish'"), "{ran:?}");
    }
    assert_eq!(site.procs().await, before);
}

#[tokio::test]
async fn warnings_are_told() {
    let site = Site::new().await;
    site.configure("backend stream\n    mode tcp\n    http-request deny\n");
    let ran = run(&site, Via::Master(site.master_address()), LONG).await.unwrap();
    assert_eq!(ran.exit_code, Some(0), "{ran:?}");
    let (_, warnings) = ran.output.split_once("\nHAProxy warns:\n[WARNING] ").unwrap();
    assert!(warnings.contains("'http-request' rules ignored") && !warnings.contains("[NOTICE]"), "{ran:?}");
}

#[tokio::test]
async fn what_fails_while_it_is_loaded_is_told() {
    let site = Site::new().await;
    feign_systemctl(&site);
    // A check does not see that a port is taken.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    site.configure(&format!("frontend taken\n    bind 127.0.0.1:{port}\n    default_backend web\n"));
    let before = site.procs().await;
    for via in ways(&site) {
        if matches!(&via, Via::Signal { watch, .. } if *watch == site.stats()) {
            continue;
        }
        let ran = run(&site, via, LONG).await.unwrap();
        assert_eq!(ran.exit_code, Some(1));
        assert!(ran.output.starts_with("HAProxy has not reloaded and goes on as before"), "{ran:?}");
    }
    assert_eq!(site.procs().await.serving(), before.serving());
    assert!(get(site.port).await.ends_with("ok"));

    // Once it can be loaded, it is.
    drop(taken);
    let ran = run(&site, Via::Master(site.master_address()), LONG).await.unwrap();
    assert_eq!(ran.exit_code, Some(0), "{ran:?}: {}", site.log());
}

#[tokio::test]
async fn without_the_masters_socket_a_failure_is_that_nothing_changes() {
    let site = Site::new().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    site.configure(&format!("frontend taken\n    bind 127.0.0.1:{port}\n    default_backend web\n"));
    let via = Via::Signal { pid_file: site.path("pid"), watch: site.stats() };
    let ran = run(&site, via, Duration::from_secs(5)).await.unwrap();
    let text = "HAProxy was told to reload, but did not within 4.90 s: no other worker answers; HAProxy's log says why";
    assert_eq!(ran, Ran { exit_code: Some(1), output: text.to_owned() });
}

#[tokio::test]
async fn what_systemctl_says_is_told() {
    let site = Site::new().await;
    feign_systemctl(&site);
    let (systemctl, unit) = (site.path("systemctl"), "other.service".to_owned());
    let via = Via::Systemd { systemctl, unit, watch: site.stats() };
    let ran = run(&site, via, LONG).await.unwrap();
    let text = "HAProxy has not reloaded and goes on as before:\n\
        systemctl reload other.service failed: Unit other.service not found.";
    assert_eq!(ran, Ran { exit_code: Some(1), output: text.to_owned() });
}

#[tokio::test]
async fn one_without_a_master_is_not_sent_a_signal() {
    let site = Site::with(Mode::Alone).await;
    let via = Via::Signal { pid_file: site.path("pid"), watch: site.stats() };
    // Alone, HAProxy writes a pid file only as a daemon.
    let answer = keepwatch_haproxy::ask(site.stats().address(), "show info", LONG).await.unwrap();
    let pid = keepwatch_haproxy::Info::parse(&answer).unwrap().pid;
    std::fs::write(site.path("pid"), format!("{pid}\n")).unwrap();
    let error = run(&site, via, LONG).await.unwrap_err();
    let end = format!(
        "pid names process {pid}, which does not reload on SIGUSR2: it is no master; start HAProxy with -W or -Ws"
    );
    assert!(error.text.ends_with(&end), "{error}");
}

#[tokio::test]
async fn one_that_has_ended_is_an_error() {
    let mut site = Site::new().await;
    site.kill().await;
    let error = run(&site, Via::Master(site.master_address()), LONG).await.unwrap_err();
    assert!(error.text.ends_with("nobody listens there; HAProxy is not running"), "{error}");
}

/// As 2.7 and later do it.
#[tokio::test]
async fn a_master_that_says_why_is_quoted() {
    let proc = "#<PID> <type> <reloads> <uptime> <version>\n1 master 0 [failed: 0] 0d 2.8.3\n# workers\n7 worker 0 0d 2.8.3\n";
    let fake = Fake::new(move |command| match command {
        "show proc" => Some(proc.as_bytes().to_vec()),
        "reload" => {
            Some(b"Success=0\n--\n[ALERT]    (1) : Starting frontend taken: cannot bind socket\n\n".to_vec())
        }
        other => panic!("{other}"),
    });
    let configuration = Configuration { program: "/bin/true".into(), ..Configuration::new(Vec::new()) };
    let reload = Reload { configuration, via: Via::Master(fake.address()) };
    let ran = reload.native().deed.run(LONG).await.unwrap();
    let output = "HAProxy has not reloaded and goes on as before:\n\
        [ALERT]    (1) : Starting frontend taken: cannot bind socket";
    assert_eq!(ran, Ran { exit_code: Some(1), output: output.to_owned() });
}

/// As it is after a signal, of which nobody is told what came.
#[tokio::test]
async fn a_master_is_asked_why_it_has_not_reloaded() {
    let asked = AtomicU32::new(0);
    let fake = Fake::new(move |command| match command {
        "show proc" => {
            let failed = u32::from(asked.fetch_add(1, Ordering::Relaxed) >= 3);
            let master = format!("1 master {failed} [failed: {failed}] 0d 2.8.3");
            Some(
                format!(
                    "#<PID> <type> <reloads> <uptime> <version>\n{master}\n# workers\n7 worker 0 0d 2.8.3\n"
                )
                .into(),
            )
        }
        "show startup-logs" => Some(b"[ALERT]    (1) : cannot bind socket\n\n".to_vec()),
        other => panic!("{other}"),
    });
    let configuration = Configuration { program: "/bin/true".into(), ..Configuration::new(Vec::new()) };
    let watch = keepwatch_haproxy::Socket::Master(fake.address());
    let via = Via::Systemd { systemctl: "/bin/true".into(), unit: "haproxy".to_owned(), watch };
    let ran = Reload { configuration, via }.native().deed.run(LONG).await.unwrap();
    let output =
        "HAProxy has not reloaded and goes on as before with worker 7:\n[ALERT]    (1) : cannot bind socket";
    assert_eq!(ran, Ran { exit_code: Some(1), output: output.to_owned() });
}

/// As 3.1 and later do it: the new worker is there at once, never answers, and ends.
#[tokio::test]
async fn a_worker_that_never_answers_has_not_taken_over() {
    let asked = Arc::new(AtomicU32::new(0));
    let fake = Fake::new(move |command| {
        let head = "#<PID> <type> <reloads> <uptime> <version>";
        let before = format!("{head}\n1 master 0 [failed: 0] 0d 3.4.0\n# workers\n7 worker 0 0d 3.4.0\n");
        let old = "# old workers\n7 worker 1 0d 3.4.0\n";
        let loading =
            format!("{head}\n1 master 1 [failed: 0] 0d 3.4.0\n# workers\n8 worker 0 0d 3.4.0\n{old}");
        let after = format!("{head}\n1 master 1 [failed: 1] 0d 3.4.0\n# workers\n{old}");
        match (command, asked.load(Ordering::Relaxed)) {
            ("show proc", 0) => Some(before.into()),
            ("show proc", 1) => Some(loading.into()),
            ("show proc", _) => Some(after.into()),
            ("reload", _) => {
                asked.store(1, Ordering::Relaxed);
                Some(b"Success=1\n".to_vec())
            }
            ("@!8 show info", _) => {
                asked.store(2, Ordering::Relaxed);
                None
            }
            ("show startup-logs", _) => Some(b"[ALERT]    (8) : cannot bind socket\n".to_vec()),
            (other, _) => panic!("{other}"),
        }
    });
    let configuration = Configuration { program: "/bin/true".into(), ..Configuration::new(Vec::new()) };
    let reload = Reload { configuration, via: Via::Master(fake.address()) };
    let ran = reload.native().deed.run(LONG).await.unwrap();
    let output =
        "HAProxy has not reloaded and goes on as before with worker 7:\n[ALERT]    (8) : cannot bind socket";
    assert_eq!(ran, Ran { exit_code: Some(1), output: output.to_owned() });
}

/// As when the new worker ends at once, and its master with it.
#[tokio::test]
async fn a_master_that_ends_is_told() {
    let mut site = Site::new().await;
    let master = site.procs().await.master;
    let told = Arc::new(AtomicU32::new(0));
    let hears = Arc::clone(&told);
    let fake = Fake::new(move |command| match (command, hears.load(Ordering::Relaxed)) {
        ("show proc", 0) => {
            let head = "#<PID> <type> <reloads> <uptime> <version>";
            Some(
                format!("{head}\n{master} master 0 [failed: 0] 0d 2.6.12\n# workers\n7 worker 0 0d 2.6.12\n")
                    .into(),
            )
        }
        ("reload", _) => {
            hears.store(1, Ordering::Relaxed);
            Some(Vec::new())
        }
        _ => Some(Vec::new()),
    });
    let configuration = Configuration { program: "/bin/true".into(), ..Configuration::new(Vec::new()) };
    let reload = Reload { configuration, via: Via::Master(fake.address()) }.native();
    let running = tokio::spawn(async move { reload.deed.run(LONG).await });
    until("it is told", async || told.load(Ordering::Relaxed) == 1).await;
    site.kill().await;
    let text = format!(
        "HAProxy was told to reload and has stopped: its master, process {master}, is gone; start it again, its log says \
         why it ended"
    );
    assert_eq!(running.await.unwrap(), Ok(Ran { exit_code: Some(1), output: text }));
}
