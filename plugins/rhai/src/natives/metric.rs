//! Numbers that are shown with the plugin's status.

use keepwatch_host::{Host, MetricChange};
use rhai::{Dynamic, Engine};

use super::Result;
use crate::reach::{Reach, invalid, throw};

/// `metric_add(name)`, `metric_add(name, by)`, `metric_set(name, to)`.
pub(super) fn register(engine: &mut Engine, reach: &Reach) {
    let host = reach.host.clone();
    engine.register_fn("metric_add", move |name: &str| change(&host, name, MetricChange::Add(1.0)));
    let host = reach.host.clone();
    engine.register_fn("metric_add", move |name: &str, by: Dynamic| {
        change(&host, name, MetricChange::Add(number(&by)?))
    });
    let host = reach.host.clone();
    engine.register_fn("metric_set", move |name: &str, to: Dynamic| {
        change(&host, name, MetricChange::Set(number(&to)?))
    });
}

fn change(host: &Host, name: &str, change: MetricChange) -> Result<()> {
    host.metric(name, change).map_err(|error| throw(&error))
}

fn number(value: &Dynamic) -> Result<f64> {
    let number = value.as_float().or_else(|_| value.as_int().map(|integer| integer as f64));
    number.or_else(|_| value.as_bool().map(f64::from)).map_err(|_| invalid("a metric is a number"))
}
