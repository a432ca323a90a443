//! The clock.

use keepwatch_host::HostError;
use rhai::{Dynamic, Engine, EvalAltResult, INT, Map, Position};

use super::Result;
use crate::duration::duration;
use crate::reach::{Reach, invalid};
use crate::values::to_dynamic;

/// Takes away the language's own `sleep`, which would block the thread: functions registered here come before those of
/// packages.
pub(crate) fn refuse(engine: &mut Engine) {
    let absent = |kind: &str| -> Result<()> {
        Err(EvalAltResult::ErrorFunctionNotFound(format!("sleep ({kind})"), Position::NONE).into())
    };
    engine.register_fn("sleep", move |_: INT| absent("i64"));
    engine.register_fn("sleep", move |_: f64| absent("f64"));
}

/// `now()`, `sleep(seconds)`, in the place of what [`refuse`] has left.
pub(super) fn register(engine: &mut Engine, reach: &Reach) {
    let host = reach.host.clone();
    engine.register_fn("now", move || {
        let now = host.now();
        let wall =
            serde_json::to_value(now).ok().and_then(|mut now| now.get_mut("wall").map(|wall| wall.take()));
        let mut map = Map::new();
        map.insert("wall".into(), wall.map_or(Dynamic::UNIT, to_dynamic));
        map.insert("monotonic".into(), now.monotonic.as_secs_f64().into());
        map
    });
    let wait = |reach: &Reach, time: &Dynamic| -> Result<()> {
        let time = duration(time).map_err(invalid)?;
        reach.wait(async {
            reach.host.sleep(time).await;
            Ok::<_, HostError>(())
        })
    };
    let sleeper = reach.clone();
    engine.register_fn("sleep", move |time: INT| wait(&sleeper, &time.into()));
    let sleeper = reach.clone();
    engine.register_fn("sleep", move |time: f64| wait(&sleeper, &time.into()));
    let sleeper = reach.clone();
    engine.register_fn("sleep", move |time: Dynamic| wait(&sleeper, &time));
}
