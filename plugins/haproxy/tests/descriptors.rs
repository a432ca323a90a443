//! What is said of HAProxy when this process has no more descriptors. That is the whole process's: no other test runs in it.

use std::fs::File;
use std::os::unix::net::UnixListener;
use std::time::Duration;

use keepwatch_event::Health;
use keepwatch_haproxy::{Address, Check, Socket};
use rustix::process::{Resource, Rlimit, setrlimit};

/// Opens files until there is room for no more.
fn take_all() -> Vec<File> {
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), maximum: Some(64) }).unwrap();
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

#[tokio::test]
async fn without_descriptors_nothing_is_known_of_haproxy() {
    let path = std::env::temp_dir().join(format!("keepwatch-haproxy-fds-{}", std::process::id()));
    let _listener = UnixListener::bind(&path).unwrap();
    let address = Address::Unix(path.clone());
    let _all = take_all();
    for socket in [Socket::Stats(address.clone()), Socket::Master(address)] {
        let check = Check { socket, frontends: Vec::new(), backends: Vec::new() };
        let verdict = check.native().probe.probe(Duration::from_secs(30)).await;
        let text = format!("cannot connect to {}: Too many open files", path.display());
        assert_eq!((verdict.health, verdict.text), (Health::Unknown, text));
    }
    std::fs::remove_file(&path).unwrap();
}
