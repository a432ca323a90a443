//! The threads that scripts run on: as few as get everything done at once.
//!
//! To wake a thread costs several times what a short script computes. So jobs that may wait for a moment go, one after
//! the other, to a thread that is awake already, as long as it gets ahead; only who cannot wait, or has waited in vain,
//! gets a thread of its own.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A thread that began a job within this time is expected to be back for the next one soon.
const BRISK: Duration = Duration::from_micros(200);
/// Threads but the last one end when they have had nothing to do for so long.
const IDLE: Duration = Duration::from_secs(10);

/// What a thread does.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// Threads with stacks of one size. They end with this, after what they are doing.
pub(crate) struct Crew {
    stack: usize,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    rota: Mutex<Rota>,
    call: Condvar,
}

/// Who does what.
#[derive(Default)]
struct Rota {
    jobs: VecDeque<Job>,
    /// Threads that wait and have not been called.
    idle: usize,
    /// Threads that have been called and are not awake yet.
    called: usize,
    /// New threads that are not awake yet.
    starting: usize,
    /// When a thread last began a job, if none has found them all done since.
    began: Option<Instant>,
    closed: bool,
}

impl Crew {
    pub(crate) fn new(stack: usize) -> Self {
        Self { stack, shared: Arc::default() }
    }

    /// Lets a job be done before all that wait, by a thread that does nothing else.
    ///
    /// # Errors
    ///
    /// If the system has no thread left.
    pub(crate) fn at_once(&self, job: Job) -> io::Result<()> {
        let mut rota = self.shared.lock();
        self.call_one(&mut rota)?;
        rota.jobs.push_front(job);
        drop(rota);
        self.shared.call.notify_one();
        Ok(())
    }

    /// Lets a job be done by whoever is awake, if somebody gets ahead.
    ///
    /// # Errors
    ///
    /// If the system has no thread left.
    pub(crate) fn soon(&self, job: Job) -> io::Result<()> {
        let mut rota = self.shared.lock();
        if rota.gets_ahead() {
            rota.jobs.push_back(job);
            return Ok(());
        }
        self.call_one(&mut rota)?;
        rota.jobs.push_back(job);
        drop(rota);
        self.shared.call.notify_one();
        Ok(())
    }

    /// Whoever should have got ahead does not: each job that waits gets a thread.
    pub(crate) fn relieve(&self) {
        let mut rota = self.shared.lock();
        // Without a thread for it, a job waits for those that there are.
        let mut called = rota.called + rota.starting;
        while called < rota.jobs.len() && self.call_one(&mut rota).is_ok() {
            called += 1;
        }
        rota.began = None;
        drop(rota);
        self.shared.call.notify_all();
    }

    /// Calls a thread that waits, which is to be notified, or starts one.
    fn call_one(&self, rota: &mut Rota) -> io::Result<()> {
        if rota.idle > 0 {
            rota.idle -= 1;
            rota.called += 1;
            return Ok(());
        }
        let shared = self.shared.clone();
        let thread = thread::Builder::new().name("rhai".to_owned()).stack_size(self.stack);
        thread.spawn(move || shared.work())?;
        rota.starting += 1;
        Ok(())
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.call.notify_all();
    }
}

impl Rota {
    /// Whether somebody is awake, or about to be, who will be ready for the next job in a moment.
    fn gets_ahead(&self) -> bool {
        self.called + self.starting > 0 || self.began.is_some_and(|began| began.elapsed() < BRISK)
    }
}

impl Shared {
    /// A thread.
    fn work(&self) {
        keepwatch_host::step_back();
        let mut rota = self.lock();
        rota.starting -= 1;
        loop {
            while let Some(job) = rota.jobs.pop_front() {
                rota.began = Some(Instant::now());
                drop(rota);
                job();
                rota = self.lock();
            }
            rota.began = None;
            rota.idle += 1;
            match self.wait(rota) {
                Some(awake) => rota = awake,
                None => return,
            }
        }
    }

    /// Waits to be called, if need be for ever: somebody should be ready. Gives nothing if the thread ends instead.
    fn wait<'a>(&'a self, mut rota: MutexGuard<'a, Rota>) -> Option<MutexGuard<'a, Rota>> {
        let mut idle_too_long = false;
        loop {
            if rota.called > 0 {
                rota.called -= 1;
                return Some(rota);
            }
            if rota.closed || (idle_too_long && rota.idle > 1) {
                rota.idle -= 1;
                return None;
            }
            let waited = self.call.wait_timeout(rota, IDLE).unwrap_or_else(PoisonError::into_inner);
            (rota, idle_too_long) = (waited.0, waited.1.timed_out());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Rota> {
        self.rota.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn crew() -> Crew {
        Crew::new(1 << 20)
    }

    /// A job that lasts until it is let go, and says when it begins.
    fn held(begun: &Sender<()>, go: Receiver<()>) -> Job {
        let begun = begun.clone();
        Box::new(move || {
            begun.send(()).unwrap();
            let _ = go.recv_timeout(LONG);
        })
    }

    fn telling(done: &Sender<()>) -> Job {
        let done = done.clone();
        Box::new(move || done.send(()).unwrap())
    }

    #[test]
    fn all_jobs_are_done() {
        let (crew, (done, all)) = (crew(), channel());
        for number in 0..1000 {
            match number % 3 {
                0 => crew.at_once(telling(&done)).unwrap(),
                _ => crew.soon(telling(&done)).unwrap(),
            }
        }
        for _ in 0..1000 {
            // Whoever asks relieves after a while.
            while all.recv_timeout(Duration::from_millis(1)).is_err() {
                crew.relieve();
            }
        }
    }

    #[test]
    fn who_cannot_wait_gets_a_thread() {
        let (crew, (begun, begins), (go, held_back), (done, ended)) =
            (crew(), channel(), channel(), channel());
        crew.at_once(held(&begun, held_back)).unwrap();
        begins.recv_timeout(LONG).unwrap();
        crew.at_once(telling(&done)).unwrap();
        ended.recv_timeout(LONG).unwrap();
        drop(go);
    }

    #[test]
    fn who_waits_is_relieved() {
        let (crew, (begun, begins), (go, held_back), (done, ended)) =
            (crew(), channel(), channel(), channel());
        crew.soon(held(&begun, held_back)).unwrap();
        crew.soon(telling(&done)).unwrap();
        begins.recv_timeout(LONG).unwrap();
        crew.relieve();
        ended.recv_timeout(LONG).unwrap();
        drop(go);
    }

    #[test]
    fn all_who_wait_are_relieved_at_once() {
        let (crew, (begun, begins), (go, held_back), (done, ended)) =
            (crew(), channel(), channel(), channel());
        crew.at_once(held(&begun, held_back)).unwrap();
        begins.recv_timeout(LONG).unwrap();
        let (go_on, holds): (Vec<_>, Vec<_>) = (0..3).map(|_| channel()).unzip();
        // Whoever is called first may come to any of them: each but the last is long.
        for hold in holds {
            crew.shared.lock().jobs.push_back(held(&begun, hold));
        }
        crew.shared.lock().jobs.push_back(telling(&done));
        crew.relieve();
        ended.recv_timeout(LONG).unwrap();
        drop((go, go_on));
    }

    #[test]
    fn threads_end_with_their_crew() {
        let (crew, (done, ended)) = (crew(), channel());
        crew.at_once(telling(&done)).unwrap();
        ended.recv_timeout(LONG).unwrap();
        let shared = crew.shared.clone();
        drop(crew);
        let begin = Instant::now();
        while Arc::strong_count(&shared) > 1 {
            assert!(begin.elapsed() < LONG, "a thread waits for ever");
            thread::yield_now();
        }
    }
}
