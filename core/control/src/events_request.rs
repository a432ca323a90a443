//! Which events a client wants to hear.

use keepwatch_event::{Class, Event, Severity};
use serde::{Deserialize, Serialize};

/// Which events a client wants to hear. An event is sent if it passes all of the filters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventsRequest {
    /// What comes first.
    pub from: Beginning,
    /// Whether to go on after the snapshot. If not, an `end` follows it.
    pub follow: bool,
    /// Whether to send lines that plugins log, too.
    pub telemetry: bool,
    /// Only these kinds; empty means all. One that is named here is sent even without `telemetry`.
    pub kinds: Vec<String>,
    /// Only events about these instances; empty means all events, also those about no instance.
    pub instances: Vec<String>,
    /// Only events at least this grave; none means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
}

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Beginning {
    /// How things are, and then all that happens after it, without a gap.
    #[default]
    Snapshot,
    /// The next event.
    Now,
}

impl Default for EventsRequest {
    fn default() -> Self {
        Self {
            from: Beginning::Snapshot,
            follow: true,
            telemetry: false,
            kinds: Vec::new(),
            instances: Vec::new(),
            severity: None,
        }
    }
}

impl EventsRequest {
    /// Whether an event is asked for.
    #[must_use]
    pub fn wants(&self, event: &Event) -> bool {
        let named = self.kinds.iter().any(|kind| kind == event.kind.name());
        let telemetry = event.kind.class() == Class::Telemetry;
        let about = |instance: &str| self.instances.iter().any(|wanted| wanted == instance);
        (if self.kinds.is_empty() { self.telemetry || !telemetry } else { named })
            && (self.instances.is_empty() || event.instance.as_deref().is_some_and(about))
            && self.severity.is_none_or(|least| event.severity >= least)
    }

    /// Whether nothing but lines that plugins log is asked for.
    pub(crate) fn wants_only_telemetry(&self) -> bool {
        !self.kinds.is_empty() && self.kinds.iter().all(|kind| kind == "plugin_log")
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use keepwatch_event::{EventKind, LogLevel, Timestamp};

    use super::*;

    fn event(instance: Option<&str>, severity: Severity, kind: EventKind) -> Event {
        let at = Timestamp { wall: SystemTime::UNIX_EPOCH, monotonic: Duration::ZERO };
        let instance = instance.map(Into::into);
        Event { id: "1".into(), seq: 1, at, node: "h1".into(), instance, severity, term: 0, kind }
    }

    fn changed() -> Event {
        event(Some("VI_1"), Severity::Warning, EventKind::PriorityChanged { from: 1, to: 2 })
    }

    fn stopping() -> Event {
        event(None, Severity::Info, EventKind::Stopping { reason: "SIGTERM".into() })
    }

    fn logged() -> Event {
        let kind = EventKind::PluginLog { plugin: "p".into(), level: LogLevel::Info, text: "hi".into() };
        event(None, Severity::Info, kind)
    }

    #[test]
    fn filters_are_joined_by_and() {
        let all = EventsRequest::default;
        let kinds = |kinds: &[&str]| EventsRequest {
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            ..all()
        };
        let about = |instance: &str| EventsRequest { instances: vec![instance.to_owned()], ..all() };
        let grave = |severity| EventsRequest { severity: Some(severity), ..all() };
        let rows = [
            (all(), [true, true, false]),
            (EventsRequest { telemetry: true, ..all() }, [true, true, true]),
            (kinds(&["priority_changed"]), [true, false, false]),
            (kinds(&["plugin_log", "stopping"]), [false, true, true]),
            (about("VI_1"), [true, false, false]),
            (about("VI_2"), [false, false, false]),
            (grave(Severity::Info), [true, true, false]),
            (grave(Severity::Warning), [true, false, false]),
            (grave(Severity::Error), [false, false, false]),
            (EventsRequest { severity: Some(Severity::Info), ..kinds(&["stopping"]) }, [false, true, false]),
            (EventsRequest { instances: vec!["VI_1".into()], ..kinds(&["stopping"]) }, [false; 3]),
        ];
        for (request, wanted) in rows {
            let found = [changed(), stopping(), logged()].map(|event| request.wants(&event));
            assert_eq!(found, wanted, "{request:?}");
        }
    }
}
