//! A HAProxy of a test's own.

use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use keepwatch_haproxy::{Address, Configuration, Procs, Row, Socket, Stat, ask};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::server::Server;

/// How long anything may take that should come at once, on a machine that has other things to do.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// How HAProxy is started.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// `-W -S`: a master, a worker.
    MasterWorker,
    /// One process.
    Alone,
}

/// A HAProxy with the servers `a` and `b` behind it. All its processes end with this.
pub(crate) struct Site {
    pub(crate) a: Server,
    pub(crate) b: Server,
    pub(crate) port: u16,
    folder: PathBuf,
    child: Child,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(Mode::MasterWorker).await
    }

    pub(crate) async fn with(mode: Mode) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("keepwatch-haproxy-{}-{next}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (a, b) = (Server::new().await, Server::new().await);
        for _ in 0..5 {
            let port = free_port();
            write(&folder, port, &a, &b, "");
            let mut child = start(&folder, mode);
            if is_ready(&folder, mode, &mut child).await {
                return Self { a, b, port, folder, child };
            }
            // Somebody else has taken the port meanwhile.
            end(&mut child);
        }
        panic!("HAProxy does not start: {}", log(&folder));
    }

    /// Rewrites the configuration file, with this at its end.
    pub(crate) fn configure(&self, end: &str) {
        write(&self.folder, self.port, &self.a, &self.b, end);
    }

    pub(crate) fn configuration(&self) -> Configuration {
        Configuration { program: program(), ..Configuration::new(vec![self.path("haproxy.cfg")]) }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn master_address(&self) -> Address {
        Address::Unix(self.path("master.sock"))
    }

    pub(crate) fn master(&self) -> Socket {
        Socket::Master(self.master_address())
    }

    pub(crate) fn stats(&self) -> Socket {
        Socket::Stats(Address::Unix(self.path("admin.sock")))
    }

    pub(crate) fn log(&self) -> String {
        log(&self.folder)
    }

    /// The processes, as soon as the master tells: while it loads its configuration it hears nobody.
    pub(crate) async fn procs(&self) -> Procs {
        let mut found = None;
        until("the master answers", async || {
            let answer = ask(&self.master_address(), "show proc", LONG).await;
            found = answer.ok().and_then(|text| Procs::parse(&text).ok());
            found.is_some()
        })
        .await;
        found.unwrap()
    }

    pub(crate) async fn stat(&self) -> Stat {
        let address = Address::Unix(self.path("admin.sock"));
        Stat::parse(&ask(&address, "show stat", LONG).await.unwrap()).unwrap()
    }

    pub(crate) async fn server(&self, name: &str) -> Row {
        let stat = self.stat().await;
        let found = stat.servers("web").find(|row| row.name == name).cloned();
        found.unwrap()
    }

    /// Ends all its processes at once.
    pub(crate) async fn kill(&mut self) {
        end(&mut self.child);
        // Of those that are not our children, we are not told when they are gone.
        let sockets = [self.path("admin.sock"), self.path("master.sock")];
        until("nobody listens", async || sockets.iter().all(|path| UnixStream::connect(path).is_err())).await;
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        end(&mut self.child);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Another HAProxy than the usual one may be tested.
pub(crate) fn program() -> PathBuf {
    std::env::var_os("KEEPWATCH_HAPROXY").map_or_else(|| "/usr/sbin/haproxy".into(), PathBuf::from)
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < LONG, "still not so: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("log")).unwrap_or_default()
}

fn write(folder: &Path, port: u16, a: &Server, b: &Server, end: &str) {
    let (shown, a, b) = (folder.display(), a.port(), b.port());
    let text = format!(
        "global\n\
         \x20   stats socket {shown}/admin.sock mode 600 level admin\n\
         \x20   stats socket {shown}/user.sock mode 600 level user\n\
         defaults\n\
         \x20   mode http\n\
         \x20   timeout connect 10s\n\
         \x20   timeout client 60s\n\
         \x20   timeout server 60s\n\
         frontend fe\n\
         \x20   bind 127.0.0.1:{port}\n\
         \x20   default_backend web\n\
         backend web\n\
         \x20   server a 127.0.0.1:{a} check inter 50ms fall 1 rise 1\n\
         \x20   server b 127.0.0.1:{b} check inter 50ms fall 1 rise 1\n\
         {end}\n"
    );
    std::fs::write(folder.join("haproxy.cfg"), text).unwrap();
}

fn start(folder: &Path, mode: Mode) -> Child {
    let log = std::fs::File::create(folder.join("log")).unwrap();
    let mut command = Command::new(program());
    if mode == Mode::MasterWorker {
        command.arg("-W").arg("-S").arg(folder.join("master.sock"));
    }
    command
        .arg("-p")
        .arg(folder.join("pid"))
        .arg("-f")
        .arg(folder.join("haproxy.cfg"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .process_group(0);
    command.spawn().unwrap_or_else(|error| {
        panic!(
            "{} cannot be started ({error}): install haproxy, for example: apt-get install haproxy",
            program().display()
        )
    })
}

/// Waits until HAProxy serves; false if it has ended instead.
async fn is_ready(folder: &Path, mode: Mode, child: &mut Child) -> bool {
    let began = Instant::now();
    let (address, command) = match mode {
        Mode::MasterWorker => (Address::Unix(folder.join("master.sock")), "@1 show info"),
        Mode::Alone => (Address::Unix(folder.join("admin.sock")), "show info"),
    };
    while child.try_wait().unwrap().is_none() {
        let answer = ask(&address, command, LONG).await;
        if answer.is_ok_and(|answer| answer.contains("Pid:")) {
            return true;
        }
        assert!(began.elapsed() < LONG, "HAProxy does not serve: {}", log(folder));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

fn end(child: &mut Child) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap();
    let _ = kill_process_group(group, Signal::KILL);
    let _ = child.wait();
}
