//! A runtime whose programs are lists of words, and a journal of what they were told.

use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use keepwatch_event::{Event, Health, LogLevel, Snapshot};
use keepwatch_host::{
    CheckRequest, Content, Failure, Host, Manifest, Outcome, Plugin, Program, Refusal, Roles, Runtime,
    Source, Verdict, Work,
};

use crate::site::PATIENCE;

/// Nobody's name: that of the test itself.
const LET_GO: &str = "(let go)";

/// What the plugins were told, in order: `NAME: what`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    fn note(&self, plugin: &str, what: impl std::fmt::Display) {
        self.0.lock().unwrap().push(format!("{plugin}: {what}"));
    }

    /// Lets go those that compute.
    pub(crate) fn let_go(&self) {
        self.note(LET_GO, "");
    }

    /// Whether those that compute were let go.
    fn has_let_go(&self) -> bool {
        !self.of(LET_GO).is_empty()
    }

    /// How many times somebody was told something between two things that a plugin was told.
    pub(crate) fn between(&self, plugin: &str, one: &str, other: &str, what: &str) -> usize {
        let (one, other) = (format!("{plugin}: {one}"), format!("{plugin}: {other}"));
        let all = self.0.lock().unwrap();
        let since = all.iter().skip_while(|line| **line != one);
        since.take_while(|line| **line != other).filter(|line| line.ends_with(what)).count()
    }

    /// What this plugin was told.
    pub(crate) fn of(&self, plugin: &str) -> Vec<String> {
        let prefix = format!("{plugin}: ");
        let all = self.0.lock().unwrap();
        all.iter().filter_map(|line| line.strip_prefix(&prefix).map(str::to_owned)).collect()
    }
}

/// Understands `.fake`: words, one each line.
pub(crate) struct FakeRuntime(pub(crate) Journal);

struct FakeProgram {
    journal: Journal,
    words: Vec<String>,
    manifest: Manifest,
    files: Vec<PathBuf>,
}

struct FakePlugin {
    journal: Journal,
    words: Vec<String>,
    host: Host,
    seen: u64,
}

impl Runtime for FakeRuntime {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn understands(&self, path: &Path) -> bool {
        path.extension().is_some_and(|ending| ending == "fake" || ending == "rhai")
    }

    fn compile<'a>(&'a self, source: &'a Source) -> Work<'a, Result<Arc<dyn Program>, Refusal>> {
        Box::pin(async move {
            let text = String::from_utf8_lossy(&source.content).into_owned();
            let Some(text) = text.strip_suffix("end\n") else {
                return Err(Refusal::plain(format!("{} has no end", source.path.display())));
            };
            let words: Vec<String> = text.lines().map(str::to_owned).collect();
            let imports = words.iter().filter_map(|word| word.strip_prefix("import "));
            let files: Vec<PathBuf> = imports.map(|name| source.path.with_file_name(name)).collect();
            if let Some(file) = files.iter().find(|file| std::fs::read(file).ok().as_deref() != Some(b"good"))
            {
                let refusal = Refusal::plain(format!("{} is not good", file.display()));
                return Err(refusal.looked_at(files));
            }
            let checker = words.iter().any(|word| word.starts_with("check "));
            let both = words.iter().any(|word| word == "both");
            let kinds =
                words.iter().filter_map(|word| word.strip_prefix("kind ").map(str::to_owned)).collect();
            let manifest = Manifest {
                roles: Roles { handler: !checker || both, checker },
                kinds,
                ..Manifest::default()
            };
            let program = FakeProgram { journal: self.0.clone(), words, manifest, files };
            Ok(Arc::new(program) as Arc<dyn Program>)
        })
    }
}

impl Program for FakeProgram {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn files(&self) -> &[PathBuf] {
        &self.files
    }

    fn start(&self, host: Host) -> Work<'_, Result<Box<dyn Plugin>, Failure>> {
        let plugin = FakePlugin { journal: self.journal.clone(), words: self.words.clone(), host, seen: 0 };
        Box::pin(async move { Ok(Box::new(plugin) as Box<dyn Plugin>) })
    }
}

impl FakePlugin {
    fn note(&self, what: impl std::fmt::Display) {
        self.journal.note(self.host.plugin(), what);
    }

    /// What stands after a word, if it is there.
    fn after(&self, word: &str) -> Option<&str> {
        self.words.iter().find_map(|line| line.strip_prefix(word))
    }

    /// The same, for a text of several lines: `\\n` in it is where one ends.
    fn text_after(&self, word: &str) -> Option<String> {
        self.after(word).map(|text| text.replace("\\n", "\n"))
    }

    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|line| line == word)
    }

    /// Tells `DESTINATION COUNT` messages; what the first of them that is not taken says is its error.
    async fn tell(&self, words: &str) -> Result<(), Failure> {
        let (destination, count) = words.split_once(' ').unwrap();
        for number in 1..=count.parse::<u32>().unwrap() {
            let content = Content::Text(format!("message {number}"));
            let told = self.host.notify(destination, content).await;
            told.map_err(|error| Failure::Reported(format!("{:?}: {error}", error.kind)))?;
        }
        Ok(())
    }
}

impl Plugin for FakePlugin {
    fn init<'a>(&'a mut self, state: Option<&'a [u8]>) -> Work<'a, Result<(), Failure>> {
        Box::pin(async move {
            if let Some(lines) = self.after("at init log lines: ") {
                for number in 0..lines.parse().unwrap() {
                    self.host.log(LogLevel::Info, &format!("line {number}"));
                }
            }
            let so_often = self.after("refuse so often: ").map(|times| times.parse().unwrap());
            let refused =
                self.journal.of(self.host.plugin()).iter().filter(|line| *line == "refuses").count();
            let is_not_there = |file: &str| !Path::new(file).exists();
            if self.has("refuse")
                || so_often.is_some_and(|times: usize| refused < times)
                || self.after("refuse without ").is_some_and(is_not_there)
            {
                self.note("refuses");
                return Err(Failure::Reported("cannot begin".to_owned()));
            }
            if self.has("pause init") {
                // Until the one that begins beside it has.
                while self.journal.of("b").is_empty() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            if self.has("hang init") {
                self.note("hangs");
                std::future::pending::<()>().await;
            }
            if let Some(state) = state {
                self.seen = String::from_utf8_lossy(state).parse().unwrap();
            }
            self.note(format_args!("init {}", self.seen));
            if let Some(words) = self.after("at init tell ") {
                // What is not taken is no reason not to begin.
                let told = self.tell(words).await;
                self.note(format_args!("told {told:?}"));
            }
            Ok(())
        })
    }

    fn sync<'a>(&'a mut self, snapshot: &'a Snapshot) -> Work<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.note(format_args!("sync {}", snapshot.seq));
            Ok(())
        })
    }

    fn handle<'a>(&'a mut self, event: &'a Arc<Event>) -> Work<'a, Result<Outcome, Failure>> {
        Box::pin(async move {
            self.seen += 1;
            self.note(format_args!("event {}", event.seq));
            let term = event.term.to_string();
            if self.has("crash") || self.after("crash on ") == Some(&term) {
                return Err(Failure::Crashed("fell over".to_owned()));
            }
            assert!(self.after("panic on ") != Some(&term), "on purpose");
            if let Some(text) = self.text_after("log ") {
                self.host.log(LogLevel::Info, &text);
            }
            if let Some(text) = self.text_after("crash saying ") {
                return Err(Failure::Crashed(text));
            }
            if self.has("error") {
                return Err(Failure::Reported("no".to_owned()));
            }
            if self.after("hang on ") == Some(&term) {
                std::future::pending::<()>().await;
            }
            if self.after("error on ") == Some(&term) {
                return Err(Failure::Reported("no".to_owned()));
            }
            if self.after("retry on ") == Some(&term) && self.seen < 4 {
                return Ok(Outcome::RetryAfter(Duration::from_millis(1)));
            }
            if let Some(time) = self.after("slow ") {
                tokio::time::sleep(Duration::from_millis(time.parse().unwrap())).await;
            }
            if self.has("keep the thread") {
                self.note("computes");
                // Longer than any test waits: it fails rather than hang.
                let end = Instant::now() + 2 * PATIENCE;
                while !self.journal.has_let_go() && Instant::now() < end {
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            if self.has("compute in slices") {
                let end = Instant::now() + 2 * PATIENCE;
                poll_fn(|context| {
                    self.note("a slice");
                    std::thread::sleep(Duration::from_millis(2));
                    if self.journal.has_let_go() || Instant::now() > end {
                        return Poll::Ready(());
                    }
                    // As a component does that gives way: it is ready at once.
                    context.waker().wake_by_ref();
                    Poll::Pending
                })
                .await;
            }
            if let Some(times) = self.after("nap ") {
                self.note("naps");
                for _ in 0..times.parse::<u32>().unwrap() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                self.note("has napped");
            }
            if let Some(words) = self.after("tell ") {
                self.tell(words).await?;
            }
            if self.has("run") {
                let ran = self.host.run("act").await;
                self.note(format_args!("ran {ran:?}"));
            }
            Ok(Outcome::Done)
        })
    }

    fn check<'a>(&'a mut self, _: &'a CheckRequest) -> Work<'a, Result<Verdict, Failure>> {
        Box::pin(async move {
            self.seen += 1;
            if let Some(text) = self.text_after("check say ") {
                return Ok(Verdict { health: Health::Pass, text });
            }
            match self.after("check ") {
                Some("hang") => {
                    self.note("is asked");
                    std::future::pending().await
                }
                Some("pass") => Ok(Verdict { health: Health::Pass, text: "fine".to_owned() }),
                Some("crash") => Err(Failure::Crashed("fell over".to_owned())),
                _ => Err(Failure::Reported("not fine".to_owned())),
            }
        })
    }

    fn save(&mut self) -> Work<'_, Result<Option<Vec<u8>>, Failure>> {
        Box::pin(async move {
            if let Some(octets) = self.after("save so much: ") {
                return Ok(Some(vec![b'0'; octets.parse().unwrap()]));
            }
            match self.after("save ") {
                Some("error") => Err(Failure::Reported("cannot say".to_owned())),
                Some("crash") => Err(Failure::Crashed("fell over".to_owned())),
                Some("hang") => std::future::pending().await,
                _ => Ok(Some(self.seen.to_string().into_bytes())),
            }
        })
    }

    fn stop<'a>(&'a mut self, reason: &'a str) -> Work<'a, Result<(), Failure>> {
        Box::pin(async move {
            self.note(format_args!("stop {reason}"));
            Ok(())
        })
    }
}
