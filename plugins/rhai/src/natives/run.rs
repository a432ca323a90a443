//! Programs that the administrator has defined.

use rhai::{Dynamic, Engine, Map};

use super::Result;
use crate::reach::Reach;

/// `run(action)`: `#{ exit_code, output }`; the exit code is `()` if a signal ended it.
pub(super) fn register(engine: &mut Engine, reach: &Reach) {
    let out = reach.clone();
    engine.register_fn("run", move |action: &str| -> Result<Map> {
        let ran = out.wait(out.host.run(action))?;
        let mut map = Map::new();
        map.insert("exit_code".into(), ran.exit_code.map_or(Dynamic::UNIT, |code| i64::from(code).into()));
        map.insert("output".into(), ran.output.into());
        Ok(map)
    });
}
