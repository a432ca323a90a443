//! What happened and how things are, as the maps that scripts get.

use keepwatch_event::{Event, EventKind, Reason, Snapshot};
use rhai::{Array, Dynamic, Map};
use serde_json::Value;

use crate::values::to_map;

/// An event: all fields of its JSON, with reasons in words.
///
/// `text` is the whole sentence, and a line that an event carries under that name is `line`. Where an event has a
/// reason, `reason` is the text for people, `because` the word for programs, and `details` what else is known of it.
/// `instance` is always there, and `()` if the event concerns none.
pub(crate) fn event(event: &Event) -> Map {
    let mut map = object(serde_json::to_value(event));
    if let Some(line) = map.remove("text") {
        map.insert("line".into(), line);
    }
    map.insert("text".into(), event.kind.to_string().into());
    map.entry("instance".into()).or_insert(Dynamic::UNIT);
    if let EventKind::Transition { reason, .. } | EventKind::Leaving { reason, .. } = &event.kind {
        explain(&mut map, reason);
    }
    map
}

/// How things are: all fields of the JSON, with reasons in words as in events.
pub(crate) fn snapshot(snapshot: &Snapshot) -> Map {
    let mut map = object(serde_json::to_value(snapshot));
    let instances =
        map.remove("instances").and_then(|instances| instances.try_cast::<Array>()).unwrap_or_default();
    let instances = instances.into_iter().zip(&snapshot.instances).map(|(instance, known)| {
        let mut instance: Map = instance.try_cast().unwrap_or_default();
        match &known.reason {
            Some(reason) => explain(&mut instance, reason),
            None => drop(instance.insert("because".into(), Dynamic::UNIT)),
        }
        instance.into()
    });
    map.insert("instances".into(), instances.collect::<Array>().into());
    map
}

fn explain(map: &mut Map, reason: &Reason) {
    let details = map.remove("reason").unwrap_or(Dynamic::UNIT);
    let because = details.as_map_ref().ok().and_then(|details| details.get("because").cloned());
    map.insert("because".into(), because.unwrap_or(Dynamic::UNIT));
    map.insert("details".into(), details);
    map.insert("reason".into(), reason.to_string().into());
}

fn object(value: Result<Value, serde_json::Error>) -> Map {
    match value {
        Ok(Value::Object(fields)) => to_map(fields),
        // Neither an event nor a snapshot is anything else.
        _ => Map::new(),
    }
}
