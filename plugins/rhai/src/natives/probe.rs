//! Connections that ask whether somebody answers.

use std::time::Duration;

use keepwatch_host::Question;
use rhai::{Engine, Map};

use super::{Result, octets, received};
use crate::duration::duration;
use crate::reach::{Reach, invalid};

/// How long a connection takes at most if it does not say; the deadline of the call holds in any case.
const WITHIN: Duration = Duration::from_secs(5);
/// How much is read if something is sent, or read at all, without saying how much.
const RECEIVE: usize = 64 << 10;

/// `tcp(address)`, `unix(path)`, both with `#{ send, receive, timeout }` behind if more is wanted than a connection.
pub(super) fn register(engine: &mut Engine, reach: &Reach) {
    let out = reach.clone();
    engine.register_fn("tcp", move |to: &str| tcp(&out, to, &Map::new()));
    let out = reach.clone();
    engine.register_fn("tcp", move |to: &str, fields: Map| tcp(&out, to, &fields));
    let out = reach.clone();
    engine.register_fn("unix", move |to: &str| unix(&out, to, &Map::new()));
    let out = reach.clone();
    engine.register_fn("unix", move |to: &str, fields: Map| unix(&out, to, &fields));
}

fn tcp(reach: &Reach, to: &str, fields: &Map) -> Result<Map> {
    let answer = reach.wait(reach.host.tcp(to, question(fields)?))?;
    Ok(answered(answer))
}

fn unix(reach: &Reach, to: &str, fields: &Map) -> Result<Map> {
    let answer = reach.wait(reach.host.unix(to, question(fields)?))?;
    Ok(answered(answer))
}

fn question(fields: &Map) -> Result<Question> {
    let receive = if fields.contains_key("send") { RECEIVE } else { 0 };
    let mut question = Question { send: Vec::new(), receive, within: WITHIN };
    for (key, value) in fields {
        match key.as_str() {
            "send" => question.send = octets(value),
            "receive" => {
                let number = value.as_int().ok().and_then(|number| usize::try_from(number).ok());
                question.receive = number.ok_or_else(|| invalid("`receive` is a number of octets"))?;
            }
            "timeout" => question.within = duration(value).map_err(invalid)?,
            other => {
                return Err(invalid(format!(
                    "a connection has no `{other}`; it has send, receive and timeout"
                )));
            }
        }
    }
    Ok(question)
}

fn answered(answer: keepwatch_host::Answer) -> Map {
    let mut map = Map::new();
    map.insert("received".into(), received(answer.received));
    map.insert("connected_after".into(), answer.connected_after.as_secs_f64().into());
    map
}
