//! A client that keeps connecting to a server, and keeps count.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, timeout};

use crate::host::Host;
use crate::tcp_report::{Attempt, Ending, Greeting, KeptConnection, TcpReport};
use crate::tcp_stream::{PATIENCE, read_line};
use crate::urgency::go_first;

/// Opens a short connection to a [`TcpServer`](crate::TcpServer) each period, reads the greeting and closes it;
/// and keeps one connection open throughout, on which it sends a line each period that the server echoes.
///
/// Attempts do not wait for each other, and are given up after 5 s.
#[derive(Debug)]
pub struct TcpClient {
    stop: Option<oneshot::Sender<Stop>>,
    report: Arc<Mutex<TcpReport>>,
    thread: Option<JoinHandle<()>>,
}

/// Tells the client to wait for the attempts under way. Without it they are given up.
#[derive(Debug)]
struct Stop;

/// tokio counts milliseconds.
const LEAST_PERIOD: Duration = Duration::from_millis(1);

impl TcpClient {
    /// Connects to `target` from `host` once each `every`, of a millisecond at least.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn start(host: &Host, target: SocketAddr, every: Duration) -> io::Result<Self> {
        // 5 s of attempts that nobody answers are open at once.
        keepwatch_system::raise_descriptor_limit();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let report = Arc::new(Mutex::new(TcpReport::default()));
        let (stop, stopped) = oneshot::channel();
        let (entered, has_entered) = std::sync::mpsc::channel();
        let thread = std::thread::spawn({
            let (namespace, report) = (host.namespace.clone(), Arc::clone(&report));
            let period = every.max(LEAST_PERIOD);
            move || {
                go_first();
                let enter = namespace.enter();
                let is_inside = enter.is_ok();
                let _ = entered.send(enter);
                if is_inside {
                    runtime.block_on(run(target, period, stopped, &report));
                }
            }
        });
        has_entered.recv().map_err(io::Error::other)??;
        Ok(Self { stop: Some(stop), report, thread: Some(thread) })
    }

    /// How many attempts a host has greeted so far. For asking often, as [`TcpClient::kept`] is: nothing is copied.
    #[must_use]
    pub fn greeted_by(&self, host: &str) -> usize {
        let is_host_s =
            |attempt: &&Attempt| attempt.greeting.as_ref().is_ok_and(|greeting| greeting.host == host);
        lock(&self.report).attempts.iter().filter(is_host_s).count()
    }

    /// What became of the connection that is kept open, so far.
    #[must_use]
    pub fn kept(&self) -> KeptConnection {
        lock(&self.report).kept
    }

    /// What became of all connections so far; of the attempts, those that have ended.
    #[must_use]
    pub fn report(&self) -> TcpReport {
        let mut report = lock(&self.report).clone();
        report.attempts.sort_by_key(|attempt| attempt.began);
        report
    }

    /// Ends, after waiting for the attempts under way, 5 s at most.
    #[must_use]
    pub fn finish(mut self) -> TcpReport {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(Stop);
        }
        self.join();
        self.report()
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for TcpClient {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.join();
    }
}

fn lock(report: &Mutex<TcpReport>) -> MutexGuard<'_, TcpReport> {
    report.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn run(
    target: SocketAddr,
    period: Duration,
    mut stopped: oneshot::Receiver<Stop>,
    report: &Arc<Mutex<TcpReport>>,
) {
    let kept = tokio::spawn(keep(target, period, Arc::clone(report)));
    let mut ticks = ticks(period);
    let mut attempts = JoinSet::new();
    let stop = loop {
        tokio::select! {
            stop = &mut stopped => break stop,
            _ = ticks.tick() => drop(attempts.spawn(attempt(target))),
            Some(Ok(attempt)) = attempts.join_next() => lock(report).attempts.push(attempt),
        }
    };
    kept.abort();
    if stop.is_err() {
        return;
    }
    while let Some(ended) = attempts.join_next().await {
        lock(report).attempts.extend(ended);
    }
}

/// What was missed is left out, not made up for.
fn ticks(period: Duration) -> Interval {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    ticks
}

async fn attempt(target: SocketAddr) -> Attempt {
    let began = Instant::now();
    let mut connected = None;
    let greeting = async {
        let stream = TcpStream::connect(target).await?;
        connected = Some(began.elapsed());
        // Closed by a reset: thousands of connections would use up the ports by waiting in TIME_WAIT.
        stream.set_zero_linger()?;
        let host = read_line(&stream).await?;
        Ok(Greeting { host, after: began.elapsed() })
    };
    let greeting = match timeout(PATIENCE, greeting).await {
        Ok(greeting) => greeting.map_err(|error: io::Error| error.kind()),
        Err(_) => Err(io::ErrorKind::TimedOut),
    };
    Attempt { began, connected, greeting }
}

/// Keeps a connection open, and notes its end.
async fn keep(target: SocketAddr, period: Duration, report: Arc<Mutex<TcpReport>>) {
    let ending = match timeout(PATIENCE, TcpStream::connect(target)).await {
        Ok(Ok(stream)) => converse(&stream, period, &report).await,
        Ok(Err(error)) => Err(error),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    };
    let ending = ending.unwrap_or_else(|error| Ending::Failed(error.kind()));
    lock(&report).kept.ended = Some((Instant::now(), ending));
}

/// Sends a line each period, and counts those that come back.
async fn converse(stream: &TcpStream, period: Duration, report: &Mutex<TcpReport>) -> io::Result<Ending> {
    stream.set_nodelay(true)?;
    stream.set_zero_linger()?;
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(PATIENCE))?;
    read_line(stream).await?;
    let mut ticks = ticks(period);
    let mut buffer = [0; 4096];
    loop {
        tokio::select! {
            // An end is read before a write meets with it.
            biased;
            readable = stream.readable() => {
                readable?;
                match stream.try_read(&mut buffer) {
                    Ok(0) => return Ok(Ending::Closed),
                    Ok(count) => {
                        let lines = buffer.iter().take(count).filter(|octet| **octet == b'\n').count();
                        lock(report).kept.note_answers(lines, Instant::now());
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
            _ = ticks.tick() => match stream.try_write(b"echo\n") {
                // No room: as many lines wait as can.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // A reset after the server had closed.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Ending::Closed),
                written => drop(written?),
            },
        }
    }
}
