//! The daemon is killed at each step of a delivery, at any moment of one, and while its letters are being written to disk;
//! then it is started again. What was on disk arrives; what arrives twice was under way when the daemon was killed, and is
//! the same message.

mod ledger;
mod mail;
mod trap;
mod webhook;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use keepwatch_lab::Daemon;
use libtest_mimic::Failed;
use serde_json::Value;

use crate::Case;
use crate::site::{PATIENCE, Site, ensure, explain, stop_it, wait};
use ledger::{Got, Ledger};
use trap::{Mood, Seen, Step, Trap};

pub(crate) const CASES: &[Case] = &[
    Case { name: "kills::mail", needs: &[], run: mail::kills },
    Case { name: "kills::webhook", needs: &[], run: webhook::kills },
];

/// Each has messages of its own, so that several follow each other.
const INSTANCES: u8 = 4;
/// Kills at some moment of the deliveries, and at some moment after the start.
const AT_ANY_MOMENT: u32 = 24;
/// Kills while the file is being made.
const AT_FIRST: u32 = 12;

/// How a round ends.
enum End<S> {
    /// Killed at this step, after so many messages have passed it.
    At(S, u32),
    /// Killed so long after deliveries begin.
    Delivering(Duration),
    /// Killed so long after the start, while nothing can be delivered.
    Starting(Duration),
}

/// A host whose daemon is killed again and again, and a server.
struct Field<S> {
    site: Site,
    config: PathBuf,
    trap: Arc<Trap<S>>,
    got: Box<dyn Fn() -> Vec<Got>>,
    ledger: Ledger,
}

impl<S: Step> Field<S> {
    /// `way` is what leads to the server: lines of `[notify.it]`.
    fn new(
        site: Site,
        way: &str,
        trap: Arc<Trap<S>>,
        got: Box<dyn Fn() -> Vec<Got>>,
    ) -> Result<Self, Failed> {
        let instance = |number: u8| {
            format!(
                "vrrp_instance VI_{number} {{\n version 3\n state BACKUP\n interface eth0\n virtual_router_id {number}\n \
                 priority 100\n advert_int 0.1\n virtual_ipaddress {{\n  10.1.1.{}\n }}\n}}\n",
                30 + number
            )
        };
        std::fs::write(site.folder().join("k.conf"), (1..=INSTANCES).map(instance).collect::<String>())?;
        let config = site.folder().join("keepwatch.toml");
        std::fs::write(&config, format!("keepalived = \"k.conf\"\n[notify.it]\ngroup_wait = \"0s\"\n{way}"))?;
        Ok(Self { site, config, trap, got, ledger: Ledger::default() })
    }

    /// All rounds, and what came of them.
    fn play(mut self, name: &str) -> Result<(), Failed> {
        for number in 0..AT_FIRST {
            self.making(Duration::from_millis(17) * number)?;
        }
        for step in S::ALL {
            for after in [0, 2] {
                self.round(&End::At(*step, after))?;
            }
        }
        for number in 0..AT_ANY_MOMENT {
            // Spread over the time that it takes, in no order.
            let within = number * 5 % AT_ANY_MOMENT;
            self.round(&End::Delivering(Duration::from_millis(7) * within))?;
            self.round(&End::Starting(Duration::from_millis(17) * within))?;
        }
        self.last()?;
        let got = (self.got)();
        eprintln!("{name}: {}", self.ledger.summary(&got));
        self.ledger.judge(&got)
    }

    /// Killed so long after the first start of all, perhaps while the file is being made: the next start can work with what
    /// is left.
    fn making(&mut self, after: Duration) -> Result<(), Failed> {
        let state = self.site.folder().join("h1.state");
        if state.exists() {
            std::fs::remove_dir_all(state)?;
        }
        self.round(&End::Starting(after))?;
        let mut daemon = self.start()?;
        self.about_all(&daemon)?;
        daemon.kill()?;
        self.ledger.read_log(&daemon)
    }

    fn round(&mut self, end: &End<S>) -> Result<(), Failed> {
        self.trap.set(Mood::Shut);
        let mut daemon = self.start()?;
        if let End::Starting(after) = end {
            std::thread::sleep(*after);
            daemon.kill()?;
            return self.ledger.read_log(&daemon);
        }
        self.all_there(&daemon)?;
        match end {
            End::At(step, after) => {
                self.trap.set(Mood::Kills { step: *step, after: *after, victim: daemon.id() });
                self.hurry()?;
                let ended = daemon.wait(PATIENCE)?;
                ensure(ended.is_some(), || {
                    format!("nothing came to {step:?}:\n{}", daemon.output().join("\n"))
                })?;
                self.ledger.was_killed(step.seen());
            }
            End::Delivering(after) => {
                self.trap.set(Mood::Open);
                self.hurry()?;
                std::thread::sleep(*after);
                daemon.kill()?;
                self.ledger.was_killed(Seen::Perhaps);
            }
            End::Starting(_) => {}
        }
        self.ledger.read_log(&daemon)
    }

    /// The last one: everything is delivered, and the daemon ends by itself.
    fn last(&mut self) -> Result<(), Failed> {
        self.trap.set(Mood::Shut);
        let mut daemon = self.start()?;
        self.all_there(&daemon)?;
        self.trap.set(Mood::Open);
        self.hurry()?;
        wait("nothing to wait", || self.waiting().is_ok_and(|waiting| waiting.is_empty()))
            .map_err(|failed| explain(failed, &daemon.output().join("\n")))?;
        stop_it(&mut daemon)?;
        self.ledger.read_log(&daemon)
    }

    fn start(&self) -> Result<Daemon, Failed> {
        self.site.keepwatch_at(1, &self.config, &[])
    }

    /// Waits until what was on disk before is there again, and something about each instance; and notes what is on disk now.
    fn all_there(&mut self, daemon: &Daemon) -> Result<(), Failed> {
        let got: BTreeSet<String> = (self.got)().into_iter().flat_map(|got| got.letters).collect();
        let missing = || -> BTreeSet<String> {
            let waiting = self.waiting().unwrap_or_default();
            let there: BTreeSet<&String> = waiting.iter().map(|(id, _)| id).collect();
            let left = self.ledger.on_disk.iter().filter(|id| !got.contains(*id) && !there.contains(id));
            left.cloned().collect()
        };
        wait("what was on disk", || missing().is_empty()).map_err(|failed| {
            explain(failed, &format!("missing: {:?}\n{}", missing(), daemon.output().join("\n")))
        })?;
        self.about_all(daemon)?;
        let now = self.waiting()?;
        self.ledger.on_disk.extend(now.into_iter().map(|(id, _)| id));
        // The server, too, has come to the end of what the killed daemon sent.
        self.ledger.account(&(self.got)());
        Ok(())
    }

    /// Waits until something about each instance is on disk.
    fn about_all(&self, daemon: &Daemon) -> Result<(), Failed> {
        let is_there = || {
            let waiting = self.waiting().unwrap_or_default();
            (1..=INSTANCES)
                .all(|number| waiting.iter().any(|(_, line)| line.starts_with(&format!("VI_{number}: "))))
        };
        wait("letters about each instance", is_there)
            .map_err(|failed| explain(failed, &daemon.output().join("\n")))
    }

    /// What is said to wait, which is on disk: id and line.
    fn waiting(&self) -> Result<Vec<(String, String)>, Failed> {
        let output = self.site.asking(1).args(["spool", "list", "--json"]).output()?;
        let destinations: Value = serde_json::from_slice(&output.stdout)?;
        ensure(destinations[0]["dead"].as_array().is_none_or(Vec::is_empty), || destinations.to_string())?;
        let letters = destinations[0]["waiting"].as_array().cloned().unwrap_or_default();
        let text = |letter: &Value, name: &str| Some(letter[name].as_str()?.to_owned());
        Ok(letters.iter().filter_map(|letter| Some((text(letter, "id")?, text(letter, "line")?))).collect())
    }

    /// Has it tried at once. The daemon may be killed by it before it answers.
    fn hurry(&self) -> Result<(), Failed> {
        self.site.asking(1).args(["spool", "retry", "it"]).output()?;
        Ok(())
    }
}
