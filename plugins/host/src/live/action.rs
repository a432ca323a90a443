//! Programs that the administrator has defined, run for plugins.

use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use nix::unistd::User;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::effects::Ran;
use crate::error::HostError;
use crate::plugin::Work;

/// Where programs find others.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// What is kept of a program's output.
const OUTPUT: usize = 64 << 10;
/// How long a program has to end after SIGTERM.
const TERM: Duration = Duration::from_secs(1);

/// Something that plugins may have done by its name, and nothing else of it is theirs to choose.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// What plugins call it.
    pub name: String,
    /// What it does.
    pub does: Does,
    /// How long it may take.
    pub timeout: Duration,
}

/// What an action does.
#[derive(Clone, Debug, PartialEq)]
pub enum Does {
    /// It runs a program.
    Exec(Exec),
    /// keepwatch's own code.
    Native(NativeDeed),
}

/// A program to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exec {
    /// The program, an absolute path.
    pub program: PathBuf,
    /// Its arguments. No shell reads them.
    pub arguments: Vec<String>,
    /// Whom it runs as; this process's user if absent.
    pub user: Option<String>,
}

/// Something that keepwatch does by itself. It is done once at a time.
pub trait Deed: Send + Sync {
    /// Does it, within this time.
    ///
    /// # Errors
    ///
    /// Why it could not even be tried, or that it took too long. What was tried and went wrong is an exit code other than
    /// zero, with the output that says why.
    fn run(&self, within: Duration) -> Work<'_, Result<Ran, HostError>>;
}

/// A deed with what makes it the one it is.
#[derive(Clone)]
pub struct NativeDeed {
    /// What it is, for people: `haproxy reload`.
    pub label: String,
    /// All its settings: two with the same label and settings are the same.
    pub settings: String,
    /// What is done.
    pub deed: Arc<dyn Deed>,
}

impl PartialEq for NativeDeed {
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label && self.settings == other.settings
    }
}

impl fmt::Debug for NativeDeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NativeDeed").field(&self.label).finish()
    }
}

/// Runs an action, one at a time: two reloads at once are no better than one after the other.
#[derive(Debug)]
pub(crate) struct Runner {
    action: Action,
    turn: Mutex<()>,
}

impl Runner {
    pub(crate) fn new(action: Action) -> Self {
        Self { action, turn: Mutex::new(()) }
    }

    pub(crate) const fn action(&self) -> &Action {
        &self.action
    }

    pub(crate) async fn run(&self, within: Duration) -> Result<Ran, HostError> {
        let name = &self.action.name;
        let late = || HostError::timeout(format!("action {name}: still running for somebody else"));
        let began = tokio::time::Instant::now();
        let _turn = timeout(within, self.turn.lock()).await.map_err(|_| late())?;
        let left = within.saturating_sub(began.elapsed()).min(self.action.timeout);
        match &self.action.does {
            Does::Exec(exec) => self.exec(exec, left).await,
            Does::Native(native) => {
                let late = || {
                    HostError::timeout(format!(
                        "action {name} did not end within {}",
                        keepwatch_event::Rounded(left)
                    ))
                };
                timeout(left, native.deed.run(left)).await.map_err(|_| late())?
            }
        }
    }

    async fn exec(&self, exec: &Exec, left: Duration) -> Result<Ran, HostError> {
        let name = &self.action.name;
        let mut command = timeout(left, self.command(exec))
            .await
            .map_err(|_| self.no_user(exec, "could not be looked up in time"))??;
        let mut child = command.spawn().map_err(|error| {
            HostError::unavailable(format!(
                "action {name}: {} cannot be started: {error}",
                exec.program.display()
            ))
        })?;
        let group = Group(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw));
        let ended = timeout(left, watch(&mut child)).await;
        let Ok(ended) = ended else {
            group.end(&mut child).await;
            let left = keepwatch_event::Rounded(left);
            return Err(HostError::timeout(format!(
                "action {name} did not end within {left} and was stopped"
            )));
        };
        let (exit_code, output) =
            ended.map_err(|error| HostError::unavailable(format!("action {name}: {error}")))?;
        group.defuse();
        Ok(Ran { exit_code, output })
    }

    async fn command(&self, exec: &Exec) -> Result<Command, HostError> {
        let mut command = Command::new(&exec.program);
        command
            .args(&exec.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .current_dir("/")
            // What the daemon was told, secrets among it, is not for them.
            .env_clear()
            .env("PATH", PATH)
            .env("LANG", std::env::var_os("LANG").unwrap_or_else(|| "C.UTF-8".into()))
            .process_group(0)
            .kill_on_drop(true);
        if let Some(name) = &exec.user {
            let user = find(name.clone()).await.ok_or_else(|| self.no_user(exec, "is not known here"))?;
            // The supplementary groups of root go with the user.
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
            command.env("HOME", user.dir).env("USER", name).env("LOGNAME", name);
        }
        Ok(command)
    }

    fn no_user(&self, exec: &Exec, why: &str) -> HostError {
        let (name, user) = (&self.action.name, exec.user.as_deref().unwrap_or_default());
        HostError::unavailable(format!("action {name}: user {user} {why}"))
    }
}

/// Looks a user up, which may ask a directory in the network, where it holds up no other action.
async fn find(name: String) -> Option<User> {
    tokio::task::spawn_blocking(move || User::from_name(&name).ok().flatten()).await.ok().flatten()
}

/// Reads what it writes until it has ended. A child of it that keeps the pipes open is not waited for.
async fn watch(child: &mut Child) -> std::io::Result<(Option<i32>, String)> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut output = Vec::new();
    let mut errors = Vec::new();
    let status = {
        let reading = async { tokio::join!(read(stdout, &mut output), read(stderr, &mut errors)) };
        let mut reading = std::pin::pin!(reading);
        let status = tokio::select! {
            biased;
            _ = &mut reading => child.wait().await?,
            status = child.wait() => {
                // What it has written before its end is in the pipes already.
                let _ = timeout(Duration::from_millis(100), &mut reading).await;
                status?
            }
        };
        status
    };
    output.extend(errors);
    output.truncate(OUTPUT);
    Ok((status.code(), String::from_utf8_lossy(&output).into_owned()))
}

/// Reads to the end, but keeps only so much: a program must not wait for somebody to read on.
async fn read(pipe: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) {
    let Some(mut pipe) = pipe else { return };
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = pipe.read(&mut piece).await {
        let room = OUTPUT.saturating_sub(into.len());
        into.extend(piece.iter().take(read.min(room)));
    }
}

/// The processes that an action consists of. Dropped in the middle, as when a plugin's call is given up, they are
/// killed.
struct Group(Option<Pid>);

impl Group {
    async fn end(mut self, child: &mut Child) {
        // Kept until it is over: dropped meanwhile, it kills.
        let Some(group) = self.0 else { return };
        // They may have ended by themselves.
        let _ = kill_process_group(group, Signal::TERM);
        let ended = timeout(TERM, child.wait()).await.is_ok();
        let _ = kill_process_group(group, Signal::KILL);
        if !ended {
            let _ = child.wait().await;
        }
        self.0 = None;
    }

    fn defuse(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
