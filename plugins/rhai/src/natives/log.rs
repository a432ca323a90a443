//! Lines for keepwatch's log.

use std::sync::Arc;

use keepwatch_event::LogLevel;
use rhai::{Dynamic, Engine, ImmutableString};

use crate::reach::Reach;

/// `info(text)`, `warn(text)`, `error(text)`; `print` is `info`, and `debug` adds where it stands.
pub(super) fn register(engine: &mut Engine, reach: &Reach, file: &Arc<str>) {
    for (name, level) in [("info", LogLevel::Info), ("warn", LogLevel::Warning), ("error", LogLevel::Error)] {
        let host = reach.host.clone();
        engine.register_fn(name, move |value: Dynamic| host.log(level, &value.to_string()));
    }
    let host = reach.host.clone();
    engine.on_print(move |text| host.log(LogLevel::Info, text));
    let (host, file) = (reach.host.clone(), file.clone());
    engine.on_debug(move |text, source, position| {
        let source = source.unwrap_or(&file);
        let line = position.line().map(|line| format!(" ({source}:{line})")).unwrap_or_default();
        host.log(LogLevel::Debug, &format!("{text}{line}"));
    });
    // A text is meant to be read, not to be quoted.
    engine.register_fn("debug", |text: ImmutableString| text);
}
