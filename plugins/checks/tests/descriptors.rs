//! What is said of targets when this process has no more descriptors. That is the whole process's: no other test runs in it.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::UnixListener;
use std::time::Duration;

use keepwatch_checks::{Check, DnsCheck, HostPort, HttpCheck, PingCheck, TcpCheck, UnixCheck};
use keepwatch_event::Health;
use rustix::process::{Resource, Rlimit, setrlimit};

/// Long enough for any answer on a busy machine.
const PATIENT: Duration = Duration::from_secs(30);

/// Opens files until there is room for no more.
fn take_all() -> Vec<File> {
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), maximum: Some(64) }).unwrap();
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

#[tokio::test]
async fn without_descriptors_nothing_is_known_of_a_target() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let path = std::env::temp_dir().join(format!("keepwatch-descriptors-{}", std::process::id()));
    let _unix = UnixListener::bind(&path).unwrap();
    let tcp =
        |host: &str| Check::Tcp(TcpCheck::new(HostPort { host: host.to_owned(), port: address.port() }));
    let http = |host: &str| Check::Http(HttpCheck::new(format!("http://{host}:{}/", address.port())));
    let checks = [
        tcp("127.0.0.1"),
        tcp("localhost"),
        http("127.0.0.1"),
        http("localhost"),
        Check::Unix(UnixCheck::new(&path)),
        Check::Dns(DnsCheck::new(address, "example.com")),
        Check::Ping(PingCheck::new("127.0.0.1")),
        Check::Ping(PingCheck::new("localhost")),
    ];
    // Not one by TCP: its socket would be kept for the next one.
    assert_eq!(checks[4].native().probe.probe(PATIENT).await.health, Health::Pass);
    let all = take_all();
    for check in &checks {
        let verdict = check.native().probe.probe(PATIENT).await;
        assert_eq!(verdict.health, Health::Unknown, "{}", verdict.text);
        assert!(verdict.text.ends_with(": Too many open files"), "{}", verdict.text);
    }
    drop(all);
    assert_eq!(checks[1].native().probe.probe(PATIENT).await.health, Health::Pass);
    std::fs::remove_file(&path).unwrap();
}
