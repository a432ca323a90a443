//! From a component to machine code: here, on a thread of its own, or in a short-lived child.

use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use keepwatch_host::{Refusal, step_back};
use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::cache::{self, Cache};
use crate::describe::line;
use crate::head;
use crate::machine;
use crate::options::ChildCompiler;

/// The status of a compiler that could not read or write its files.
const UNABLE: u8 = 74;
/// How long the words of a child that has ended may take to arrive.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long a child may compute. What is compiled is at most 16 MiB, of which a scripting language takes ten seconds.
const COMPUTING: Duration = Duration::from_secs(60);
/// How long compiling may take by the clock: where others want each processor, a child gets a twentieth of one.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// Address space of a child, in octets: many times what it needs for the largest component.
const ADDRESS_SPACE: u64 = 4 << 30;
/// How often a child is looked after.
const LOOK: Duration = Duration::from_millis(2);
/// What a child may say of an error, in octets.
const WORDS: u64 = 64 << 10;

/// Why [`compile_file`] has compiled nothing.
#[derive(Debug)]
pub enum NotCompiled {
    /// It is no component, or one that no other compiler should try either.
    Refused(Refusal),
    /// A file could not be read or written, which has nothing to do with the component.
    Unable(String),
}

impl NotCompiled {
    /// What the process should end with.
    #[must_use]
    pub const fn status(&self) -> u8 {
        match self {
            Self::Refused(_) => 1,
            Self::Unable(_) => UNABLE,
        }
    }
}

impl fmt::Display for NotCompiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Unable(why) => write!(f, "error: {why}"),
        }
    }
}

/// Compiles a component for a keepwatch of this version on this machine: what the program that
/// [`ChildCompiler`] names does. On an error it should print it to standard error and end with its
/// [status](NotCompiled::status).
///
/// It is for a process of its own: it limits the process's memory and time and lowers its priority.
///
/// # Errors
///
/// If `input` cannot be read or is no component, or `output` cannot be written.
pub fn compile_file(input: &Path, output: &Path) -> Result<(), NotCompiled> {
    // Whoever waits looks at the clock, which says little on a busy machine; and should it end meanwhile, nobody does. The
    // signal at the lower limit says why, the one at the higher says nothing.
    let computing = COMPUTING.as_secs();
    let limits = [(Resource::As, ADDRESS_SPACE, ADDRESS_SPACE), (Resource::Cpu, computing, computing + 1)];
    for (resource, current, maximum) in limits {
        // If a limit cannot be set it is not needed either: there is a lower one.
        let _ = setrlimit(resource, Rlimit { current: Some(current), maximum: Some(maximum) });
    }
    step_back();
    let content = fs::read(input).map_err(|error| cannot("read", input, &error))?;
    let compiled = precompiled(&content).map_err(NotCompiled::Refused)?;
    cache::write(output, &compiled).map_err(|error| cannot("write", output, &error))
}

fn precompiled(content: &[u8]) -> Result<Vec<u8>, Refusal> {
    head::check(content)?;
    machine::engine()?.precompile_component(content).map_err(|error| invalid(&error))
}

/// Compiles a component in this process.
pub(crate) fn compile_here(engine: &Engine, content: &[u8]) -> Result<Component, Refusal> {
    step_back();
    Component::from_binary(engine, content).map_err(|error| invalid(&error))
}

/// Why a child has not compiled a component.
pub(crate) enum Failed {
    /// It is none, or one that no other compiler should try either.
    Refused(Refusal),
    /// The child never got to it, for reasons that have nothing to do with the component.
    Unable(String),
}

/// Has a child compile a component into the cache.
pub(crate) fn compile_in_child(
    child: &ChildCompiler,
    cache: &Cache,
    key: &str,
    content: &[u8],
) -> Result<(), Failed> {
    // The very octets that the key was made of: the plugin's file may have changed since.
    let input = cache.unfinished(key);
    let written = cache::write_private(&input, &[content]);
    let ended = match written {
        Ok(()) => run(child, &input, &cache.path(key)),
        Err(error) => Err(Failed::Unable(format!("{}: {error}", input.display()))),
    };
    // What is left is pruned in an hour if this fails.
    let _ = fs::remove_file(&input);
    ended
}

fn run(compiler: &ChildCompiler, input: &Path, output: &Path) -> Result<(), Failed> {
    let mut command = Command::new(&compiler.program);
    command.args(&compiler.arguments).arg(input).arg(output).env_clear();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| Failed::Unable(error.to_string()))?;
    let words = child.stderr.take().map(listen);
    let status = wait(&mut child, PATIENCE).map_err(Failed::Refused)?;
    if status.is_none_or(|status| status.success()) {
        return Ok(());
    }
    // Words that cannot be read are none.
    let words = words.and_then(|words| words.recv_timeout(LAST_WORDS).ok()).unwrap_or_default();
    Err(failed(&String::from_utf8_lossy(&words), status))
}

/// Waits for a child's end, so long at most; none if somebody else has heard of it.
fn wait(child: &mut Child, patience: Duration) -> Result<Option<ExitStatus>, Refusal> {
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(Some(status)),
            Ok(None) if started.elapsed() < patience => thread::sleep(LOOK),
            Ok(None) => {
                // It is collected here whether or not it had ended just before.
                let _ = child.kill();
                let _ = child.wait();
                return Err(late());
            }
            // Process 1 collects all children. Whether there is a file will tell.
            Err(_) => return Ok(None),
        }
    }
}

/// Hears all that a child says, so that it is never held up by it, and keeps the beginning.
fn listen(mut from: ChildStderr) -> Receiver<Vec<u8>> {
    let (tell, told) = mpsc::channel();
    let work = move || {
        let mut words = Vec::new();
        // What fails is the end of it.
        let _ = from.by_ref().take(WORDS).read_to_end(&mut words);
        let _ = io::copy(&mut from, &mut io::sink());
        let _ = tell.send(words);
    };
    // Without a thread there are no words.
    let _ = thread::Builder::new().name("wasm-words".to_owned()).spawn(work);
    told
}

/// What a child's end means.
fn failed(words: &str, status: Option<ExitStatus>) -> Failed {
    if status.and_then(|status| status.code()) == Some(UNABLE.into()) {
        let why = words.lines().next().unwrap_or_default();
        return Failed::Unable(why.strip_prefix("error: ").unwrap_or(why).to_owned());
    }
    if status.and_then(|status| status.signal()) == Some(Signal::XCPU.as_raw()) {
        return Failed::Refused(laborious());
    }
    Failed::Refused(refusal(words, status))
}

/// The refusal that a child has printed.
fn refusal(words: &str, status: Option<ExitStatus>) -> Refusal {
    let mut lines = words.lines();
    let Some(message) = lines.next().and_then(|line| line.strip_prefix("error: ")) else {
        let how = status.map(|status| format!(": {status}")).unwrap_or_default();
        return Refusal::plain(format!("the compiler failed{how}"))
            .help("the component may be more than it can do with its memory; the compiler runs in a process of its own");
    };
    let helps = lines.filter_map(|line| line.strip_prefix("  = help: "));
    helps.fold(Refusal::plain(message), Refusal::help)
}

/// The refusal of what was too much to compute.
fn laborious() -> Refusal {
    let refusal = Refusal::plain(format!("compiling took longer than {} s", COMPUTING.as_secs()));
    refusal.help("a smaller component takes less: build it for size, with optimisation")
}

/// The refusal of what was not done in time, be it much or not.
pub(crate) fn late() -> Refusal {
    let refusal = Refusal::plain(format!("compiling was not done after {} min", PATIENCE.as_secs() / 60));
    refusal.help(
        "this machine has too much else to do, or the disk of KEEPWATCH_CACHE_DIR hangs; reload to try again",
    )
}

fn invalid(error: &wasmtime::Error) -> Refusal {
    let cause = error.root_cause().to_string();
    let cause = line(cause.lines().next().unwrap_or_default());
    let refusal = Refusal::plain(format!("the file is no valid component: {cause}"));
    refusal.help("build it again: `keepwatch plugin build`; a file copied in part looks like this, too")
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> NotCompiled {
    NotCompiled::Unable(format!("cannot {what} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Child {
        Command::new("/bin/sh").args(["-c", script]).spawn().unwrap()
    }

    #[test]
    fn time_is_what_a_child_computes_and_the_clock_only_if_it_never_ends() {
        let mut idle = shell("exec sleep 3600");
        assert_eq!(wait(&mut idle, Duration::from_millis(20)).unwrap_err(), late());
        assert!(idle.try_wait().unwrap().is_some(), "it has been ended");

        let mut computing = shell("ulimit -S -t 1; while :; do :; done");
        let status = wait(&mut computing, PATIENCE).unwrap();
        let Failed::Refused(refusal) = failed("", status) else { panic!("{status:?}") };
        assert_eq!(refusal, laborious());
    }

    #[test]
    fn a_childs_refusal_is_passed_on() {
        let original =
            Refusal::plain("the file is a core module, not a component").help("wrap it").help("or not");
        assert_eq!(refusal(&original.to_string(), None), original);
        let text = refusal("thread main panicked\n", None).to_string();
        assert!(text.starts_with("error: the compiler failed"), "{text}");
    }
}
