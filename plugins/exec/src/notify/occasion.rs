//! What scripts and FIFOs are told.

use std::sync::Arc;

use keepwatch_event::{Event, EventKind, Reason, State};

use super::settings::{Deleted, ScriptSettings, Scripts, Subject};
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
    /// It is gone, by a reload, and has a `notify_deleted`.
    Deleted,
    /// It is gone, and has none: keepalived says FAULT then.
    DeletedAsFault,
    /// A MASTER heard another one whose priority is lower.
    MasterRxLowerPriority,
    /// The effective priority of a MASTER has changed.
    MasterPriority,
    /// That of one in any other state.
    BackupPriority,
}

/// A script that an occasion asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    /// Which setting it stands under.
    pub(crate) setting: &'static str,
    /// What runs.
    pub(crate) script: ScriptSettings,
}

impl Subject {
    /// Whom an event is about.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        match (&event.instance, &event.kind) {
            (Some(name), _) => Some(Self::Instance(Arc::clone(name))),
            (None, EventKind::GroupChanged { group, .. }) => Some(Self::Group(group.as_str().into())),
            (None, _) => None,
        }
    }
}

impl Occasion {
    /// What an event about this subject is told as, if at all: by its scripts, where it has any, and after the state that
    /// was told last. INIT is no state to keepalived.
    pub(crate) fn of(
        event: &Arc<Event>,
        subject: Subject,
        scripts: Option<&Scripts>,
        told: Option<Word>,
    ) -> Option<Self> {
        let (word, priority) = match &event.kind {
            EventKind::Transition { to: State::Stopped, reason: Reason::Removed, priority, .. } => {
                (Word::of_removed(scripts), *priority)
            }
            EventKind::Transition { to, priority, .. } => (Word::of(*to)?, *priority),
            EventKind::GroupChanged { to, .. } => (Word::of(*to)?, 0),
            EventKind::Reasserted { ours, .. } => (Word::MasterRxLowerPriority, *ours),
            EventKind::PriorityChanged { to, .. } if scripts?.priority_changes => {
                (if told == Some(Word::Master) { Word::MasterPriority } else { Word::BackupPriority }, *to)
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

    /// Those of these scripts that are to run, in order.
    pub(crate) fn tasks(&self, scripts: Option<&Scripts>) -> Vec<Task> {
        let Some(scripts) = scripts else { return Vec::new() };
        let (setting, script) = match (self.word, &scripts.deleted) {
            (Word::Master, _) => ("notify_master", &scripts.master),
            (Word::Backup, _) => ("notify_backup", &scripts.backup),
            (Word::Fault, _) => ("notify_fault", &scripts.fault),
            (Word::Stop, _) => ("notify_stop", &scripts.stop),
            (Word::Deleted, Deleted::AsDeleted(script)) => ("notify_deleted", script),
            (Word::Deleted, Deleted::AsFault) | (Word::DeletedAsFault, _) => ("notify_deleted", &None),
            (Word::MasterRxLowerPriority, _) => {
                ("notify_master_rx_lower_pri", &scripts.master_rx_lower_priority)
            }
            (Word::MasterPriority | Word::BackupPriority, _) => return Vec::new(),
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

    fn of_removed(scripts: Option<&Scripts>) -> Self {
        match scripts.map(|scripts| &scripts.deleted) {
            Some(Deleted::AsDeleted(_)) => Self::Deleted,
            Some(Deleted::AsFault) | None => Self::DeletedAsFault,
        }
    }

    /// Whether it says how things are from now on.
    pub(crate) const fn is_state(self) -> bool {
        matches!(
            self,
            Self::Master | Self::Backup | Self::Fault | Self::Stop | Self::Deleted | Self::DeletedAsFault
        )
    }

    /// Whether scripts may want to hear it; keepalived tells the rest to FIFOs only.
    pub(crate) const fn is_for_scripts(self) -> bool {
        !matches!(self, Self::MasterPriority | Self::BackupPriority)
    }

    /// Whether nothing comes after it.
    pub(crate) const fn is_last(self) -> bool {
        matches!(self, Self::Deleted | Self::DeletedAsFault)
    }

    /// As keepalived writes it.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Master => "MASTER",
            Self::Backup => "BACKUP",
            Self::Fault | Self::DeletedAsFault => "FAULT",
            Self::Stop => "STOP",
            Self::Deleted => "DELETED",
            Self::MasterRxLowerPriority => "MASTER_RX_LOWER_PRI",
            Self::MasterPriority => "MASTER_PRIORITY",
            Self::BackupPriority => "BACKUP_PRIORITY",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::{Duration, SystemTime};

    use keepwatch_event::{Severity, Timestamp};

    use super::*;

    /// What an event is told as by these scripts, after this state.
    fn occasion_of(event: &Arc<Event>, scripts: &Scripts, told: Option<Word>) -> Option<Occasion> {
        Occasion::of(event, Subject::of(event)?, Some(scripts), told)
    }

    pub(crate) fn occasion(event: &Arc<Event>) -> Option<Occasion> {
        occasion_of(event, &Scripts::default(), None)
    }

    pub(crate) fn event(instance: Option<&str>, kind: EventKind) -> Arc<Event> {
        let at = Timestamp { wall: SystemTime::UNIX_EPOCH, monotonic: Duration::ZERO };
        let (instance, severity) = (instance.map(Into::into), Severity::Info);
        Arc::new(Event { id: "x-7".into(), seq: 7, at, node: "h1".into(), instance, severity, term: 3, kind })
    }

    pub(crate) fn transition(to: State) -> Arc<Event> {
        transition_because(to, Reason::Recovered)
    }

    fn transition_because(to: State, reason: Reason) -> Arc<Event> {
        let from = State::Backup;
        let kind =
            EventKind::Transition { from, to, reason, initial: false, priority: 150, steps: Vec::new() };
        event(Some("VI_1"), kind)
    }

    pub(crate) fn reasserted() -> Arc<Event> {
        let source = "10.0.0.2".parse().unwrap();
        event(Some("VI_1"), EventKind::Reasserted { source, theirs: 90, ours: 150 })
    }

    fn group(to: State) -> Arc<Event> {
        event(None, EventKind::GroupChanged { group: "G 1".to_owned(), from: State::Init, to })
    }

    fn line(event: &Arc<Event>) -> Option<String> {
        occasion(event).map(|occasion| occasion.line())
    }

    #[test]
    fn lines_are_keepalived_s() {
        for (event, expected) in [
            (transition(State::Master), "INSTANCE \"VI_1\" MASTER 150\n"),
            (transition(State::Backup), "INSTANCE \"VI_1\" BACKUP 150\n"),
            (transition(State::Fault), "INSTANCE \"VI_1\" FAULT 150\n"),
            (transition(State::Stopped), "INSTANCE \"VI_1\" STOP 150\n"),
            (reasserted(), "INSTANCE \"VI_1\" MASTER_RX_LOWER_PRI 150\n"),
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
        let mut scripts = Scripts {
            master: script("/m a"),
            stop: script("/s"),
            master_rx_lower_priority: script("/l"),
            any: script("/any x"),
            ..Scripts::default()
        };
        let tasks_of = |event: &Arc<Event>, scripts: &Scripts| -> Vec<String> {
            let tasks = occasion_of(event, scripts, None).unwrap().tasks(Some(scripts));
            tasks.iter().map(|task| format!("{}: {}", task.setting, task.script.command)).collect()
        };
        let tasks = |event: &Arc<Event>| tasks_of(event, &scripts);
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
        assert_eq!(tasks(&reasserted()), ["notify_master_rx_lower_pri: /l"], "no state, so no notify");
        assert_eq!(tasks(&group(State::Fault)), ["notify: /any x GROUP G 1 FAULT 0"]);
        assert_eq!(occasion(&transition(State::Master)).unwrap().tasks(None), []);

        // keepalived 2.2.7's vrrp_notify.c: FAULT without notify_fault, or DELETED.
        let removed = transition_because(State::Stopped, Reason::Removed);
        scripts.fault = script("/f");
        assert_eq!(tasks_of(&removed, &scripts), [format!("{any} FAULT 150")]);
        scripts.deleted = Deleted::AsDeleted(None);
        assert_eq!(tasks_of(&removed, &scripts), [format!("{any} DELETED 150")]);
        scripts.deleted = Deleted::AsDeleted(script("/d"));
        let expected = ["notify_deleted: /d".to_owned(), format!("{any} DELETED 150")];
        assert_eq!(tasks_of(&removed, &scripts), expected);
    }

    #[test]
    fn the_line_of_one_that_is_gone() {
        let removed = transition_because(State::Stopped, Reason::Removed);
        let line = |scripts: &Scripts| occasion_of(&removed, scripts, None).unwrap().line();
        assert_eq!(line(&Scripts::default()), "INSTANCE \"VI_1\" FAULT 150\n");
        let scripts = Scripts { deleted: Deleted::AsDeleted(None), ..Scripts::default() };
        assert_eq!(line(&scripts), "INSTANCE \"VI_1\" DELETED 150\n");
    }

    #[test]
    fn changes_of_priority_are_told_to_fifos_where_that_is_asked_for() {
        let changed = event(Some("VI_1"), EventKind::PriorityChanged { from: 150, to: 140 });
        let mut scripts = Scripts {
            any: Some(ScriptSettings { command: Command::Argv(vec!["/any".to_owned()]), account: None }),
            ..Scripts::default()
        };
        assert_eq!(occasion_of(&changed, &scripts, Some(Word::Master)), None);
        scripts.priority_changes = true;
        for (told, word) in [
            (Some(Word::Master), "MASTER_PRIORITY"),
            (Some(Word::Backup), "BACKUP_PRIORITY"),
            (Some(Word::Fault), "BACKUP_PRIORITY"),
            (None, "BACKUP_PRIORITY"),
        ] {
            let occasion = occasion_of(&changed, &scripts, told).unwrap();
            assert_eq!(occasion.line(), format!("INSTANCE \"VI_1\" {word} 140\n"));
            assert_eq!(occasion.tasks(Some(&scripts)), [], "as keepalived");
        }
    }
}
