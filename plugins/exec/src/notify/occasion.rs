//! What scripts and FIFOs are told.

use std::sync::Arc;

use keepwatch_event::{Event, EventKind, State};

use super::settings::{NotifySettings, ScriptSettings, Subject};
use crate::command::Command;

/// What scripts and FIFOs are told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Occasion {
    /// Who.
    pub(crate) subject: Subject,
    /// What.
    pub(crate) word: Word,
    /// The effective priority; 0 for a group.
    pub(crate) priority: u8,
    /// All of it.
    pub(crate) event: Arc<Event>,
}

/// keepalived's word for what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Master,
    Backup,
    Fault,
    Stop,
    /// The configuration has it no more.
    Deleted,
    /// A MASTER heard another one whose priority is lower.
    MasterRxLowerPriority,
}

/// A script that an occasion asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    /// Which setting it stands under.
    pub(crate) setting: &'static str,
    /// What runs.
    pub(crate) script: ScriptSettings,
}

impl Occasion {
    /// What an event is told as, if at all. INIT is no state to keepalived.
    pub(crate) fn of(event: &Arc<Event>) -> Option<Self> {
        let (subject, word, priority) = match (&event.instance, &event.kind) {
            (Some(name), EventKind::Transition { to, priority, .. }) => {
                (Subject::Instance(Arc::clone(name)), Word::of(*to)?, *priority)
            }
            (Some(name), EventKind::Reasserted { ours, .. }) => {
                (Subject::Instance(Arc::clone(name)), Word::MasterRxLowerPriority, *ours)
            }
            (Some(name), EventKind::InstanceRemoved { priority }) => {
                (Subject::Instance(Arc::clone(name)), Word::Deleted, *priority)
            }
            (None, EventKind::GroupChanged { group, to, .. }) => {
                (Subject::Group(group.as_str().into()), Word::of(*to)?, 0)
            }
            _ => return None,
        };
        Some(Self { subject, word, priority, event: Arc::clone(event) })
    }

    /// The line for FIFOs, byte for byte as keepalived writes it.
    pub(crate) fn line(&self) -> String {
        let Self { subject, word, priority, .. } = self;
        format!("{} \"{}\" {} {priority}\n", subject.sort(), subject.name(), word.text())
    }

    /// Whether it is told: that something is no more only where that is asked for, as under keepalived.
    pub(crate) fn is_wanted(&self, settings: &NotifySettings) -> bool {
        let scripts = settings.scripts.get(&self.subject);
        self.word != Word::Deleted || scripts.is_some_and(|scripts| scripts.deleted.is_some())
    }

    /// The scripts that are to run, in order.
    pub(crate) fn tasks(&self, settings: &NotifySettings) -> Vec<Task> {
        let Some(scripts) = settings.scripts.get(&self.subject) else { return Vec::new() };
        let (setting, script) = match self.word {
            Word::Master => ("notify_master", &scripts.master),
            Word::Backup => ("notify_backup", &scripts.backup),
            Word::Fault => ("notify_fault", &scripts.fault),
            Word::Stop => ("notify_stop", &scripts.stop),
            Word::Deleted => ("notify_deleted", &scripts.deleted),
            Word::MasterRxLowerPriority => ("notify_master_rx_lower_pri", &scripts.master_rx_lower_priority),
        };
        let of_word = script.clone().map(|script| Task { setting, script });
        let any = scripts.any.as_ref().filter(|_| self.word.is_state()).map(|script| {
            let command = self.with_arguments(&script.command);
            Task { setting: "notify", script: ScriptSettings { command, ..script.clone() } }
        });
        of_word.into_iter().chain(any).collect()
    }

    /// A command with keepalived's four words behind it.
    fn with_arguments(&self, command: &Command) -> Command {
        let Self { subject, word, priority, .. } = self;
        let words = [subject.sort(), subject.name(), word.text(), &priority.to_string()];
        command.with(&words.map(str::to_owned))
    }
}

impl Word {
    const fn of(state: State) -> Option<Self> {
        Some(match state {
            State::Init => return None,
            State::Backup => Self::Backup,
            State::Master => Self::Master,
            State::Fault => Self::Fault,
            State::Stopped => Self::Stop,
        })
    }

    /// Whether it says how things are from now on.
    pub(crate) const fn is_state(self) -> bool {
        !matches!(self, Self::MasterRxLowerPriority)
    }

    /// As keepalived writes it.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Master => "MASTER",
            Self::Backup => "BACKUP",
            Self::Fault => "FAULT",
            Self::Stop => "STOP",
            Self::Deleted => "DELETED",
            Self::MasterRxLowerPriority => "MASTER_RX_LOWER_PRI",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::{Duration, SystemTime};

    use keepwatch_event::{Reason, Severity, Timestamp};

    use super::super::settings::Scripts;
    use super::*;

    pub(crate) fn event(instance: Option<&str>, kind: EventKind) -> Arc<Event> {
        let at = Timestamp { wall: SystemTime::UNIX_EPOCH, monotonic: Duration::ZERO };
        let (instance, severity) = (instance.map(Into::into), Severity::Info);
        Arc::new(Event { id: "x-7".into(), seq: 7, at, node: "h1".into(), instance, severity, term: 3, kind })
    }

    pub(crate) fn transition(to: State) -> Arc<Event> {
        let (from, reason) = (State::Backup, Reason::Recovered);
        let kind =
            EventKind::Transition { from, to, reason, initial: false, priority: 150, steps: Vec::new() };
        event(Some("VI_1"), kind)
    }

    pub(crate) fn reasserted() -> Arc<Event> {
        let source = "10.0.0.2".parse().unwrap();
        event(Some("VI_1"), EventKind::Reasserted { source, theirs: 90, ours: 150 })
    }

    fn removed() -> Arc<Event> {
        event(Some("VI_1"), EventKind::InstanceRemoved { priority: 150 })
    }

    fn group(to: State) -> Arc<Event> {
        event(None, EventKind::GroupChanged { group: "G 1".to_owned(), from: State::Init, to })
    }

    fn line(event: &Arc<Event>) -> Option<String> {
        Occasion::of(event).map(|occasion| occasion.line())
    }

    #[test]
    fn lines_are_keepalived_s() {
        for (event, expected) in [
            (transition(State::Master), "INSTANCE \"VI_1\" MASTER 150\n"),
            (transition(State::Backup), "INSTANCE \"VI_1\" BACKUP 150\n"),
            (transition(State::Fault), "INSTANCE \"VI_1\" FAULT 150\n"),
            (transition(State::Stopped), "INSTANCE \"VI_1\" STOP 150\n"),
            (reasserted(), "INSTANCE \"VI_1\" MASTER_RX_LOWER_PRI 150\n"),
            (removed(), "INSTANCE \"VI_1\" DELETED 150\n"),
            (group(State::Fault), "GROUP \"G 1\" FAULT 0\n"),
        ] {
            assert_eq!(line(&event).as_deref(), Some(expected));
        }
        for silent in [
            transition(State::Init),
            group(State::Init),
            event(Some("VI_1"), EventKind::PriorityChanged { from: 1, to: 2 }),
            event(None, EventKind::Resynchronised),
        ] {
            assert_eq!(line(&silent), None, "{silent:?}");
        }
    }

    #[test]
    fn the_script_of_a_state_goes_before_the_one_of_all() {
        let script = |text: &str| {
            let argv = text.split(' ').map(str::to_owned).collect();
            Some(ScriptSettings { command: Command::Argv(argv), account: None })
        };
        let scripts = Scripts {
            master: script("/m a"),
            stop: script("/s"),
            deleted: script("/d"),
            master_rx_lower_priority: script("/l"),
            any: script("/any x"),
            ..Scripts::default()
        };
        let mut settings = NotifySettings::default();
        settings.scripts.insert(Subject::Instance("VI_1".into()), scripts.clone());
        settings.scripts.insert(Subject::Group("G 1".into()), scripts);
        let tasks = |event: &Arc<Event>| -> Vec<String> {
            let tasks = Occasion::of(event).unwrap().tasks(&settings);
            tasks.iter().map(|task| format!("{}: {}", task.setting, task.script.command)).collect()
        };
        let any = "notify: /any x INSTANCE VI_1";
        assert_eq!(
            tasks(&transition(State::Master)),
            ["notify_master: /m a".to_owned(), format!("{any} MASTER 150")]
        );
        assert_eq!(tasks(&transition(State::Fault)), [format!("{any} FAULT 150")]);
        assert_eq!(
            tasks(&transition(State::Stopped)),
            ["notify_stop: /s".to_owned(), format!("{any} STOP 150")]
        );
        assert_eq!(tasks(&removed()), ["notify_deleted: /d".to_owned(), format!("{any} DELETED 150")]);
        let is_wanted = |settings: &NotifySettings| Occasion::of(&removed()).unwrap().is_wanted(settings);
        assert!(is_wanted(&settings) && !is_wanted(&NotifySettings::default()));
        assert_eq!(tasks(&reasserted()), ["notify_master_rx_lower_pri: /l"], "no state, so no notify");
        assert_eq!(tasks(&group(State::Fault)), ["notify: /any x GROUP G 1 FAULT 0"]);
    }
}
