//! The daemon's side of `keepwatch explain`: what the engine says of its instances, with what only events have told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keepwatch_bus::Bus;
use keepwatch_config::nearest;
use keepwatch_control::ExplainRequest;
use keepwatch_engine::Explainer;
use keepwatch_event::{Explanation, InstanceExplanation, Snapshot};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

/// How old an answer of the engine may be: however many ask, it is disturbed at most this often.
const FRESH: Duration = Duration::from_millis(100);

/// Asks the engine how its instances stand. Clones take turns.
#[derive(Clone)]
pub(crate) struct Explaining {
    explainer: Explainer,
    /// What it said last, and when.
    last: Arc<Mutex<Option<(Instant, Explanation)>>>,
}

impl Explaining {
    pub(crate) fn new(explainer: Explainer) -> Self {
        Self { explainer, last: Arc::default() }
    }

    /// What it takes for instances to become MASTER, or to stop being it; or why that cannot be said.
    pub(crate) async fn explain(&self, bus: &Bus, which: ExplainRequest) -> Result<Explanation, String> {
        let mut last = self.last.lock().await;
        let explanation = match &*last {
            Some((asked, explanation)) if asked.elapsed() < FRESH => explanation.clone(),
            _ => {
                let explainer = self.explainer.clone();
                let instances = spawn_blocking(move || explainer.explain()).await.ok().flatten();
                let instances = instances.ok_or("keepwatch is stopping")?;
                let explanation = Explanation { at: Bus::now(), instances };
                last.insert((Instant::now(), explanation)).1.clone()
            }
        };
        drop(last);
        chosen(with_reasons(explanation, &bus.snapshot()), which)
    }
}

/// Adds why the instances entered their states, and puts them in the order of the configuration. An event may be on its way
/// still: a state without a reason is one just entered.
fn with_reasons(mut explanation: Explanation, snapshot: &Snapshot) -> Explanation {
    for instance in &mut explanation.instances {
        let told = snapshot.instance(&instance.name).filter(|told| told.state == instance.state);
        instance.reason = told.and_then(|told| told.reason.clone());
    }
    let place = |instance: &InstanceExplanation| {
        snapshot.instances.iter().position(|told| *told.name == *instance.name).unwrap_or(usize::MAX)
    };
    explanation.instances.sort_by_key(place);
    explanation
}

/// Leaves the one that was asked for.
fn chosen(mut explanation: Explanation, which: ExplainRequest) -> Result<Explanation, String> {
    let Some(wanted) = which.instance else { return Ok(explanation) };
    let names: Vec<String> = explanation.instances.iter().map(|instance| instance.name.clone()).collect();
    explanation.instances.retain(|instance| instance.name == wanted);
    if !explanation.instances.is_empty() {
        return Ok(explanation);
    }
    let help = match nearest(&wanted, names.iter().map(String::as_str)) {
        Some(meant) => format!("; did you mean `{meant}`?"),
        None if names.is_empty() => ": the configuration has none".to_owned(),
        None => format!("; there are: {}", names.join(", ")),
    };
    Err(format!("there is no instance `{}`{help}", wanted.escape_debug()))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use keepwatch_event::Timestamp;

    use super::*;

    fn explanation(names: &[&str]) -> Explanation {
        let one = |name: &&str| {
            serde_json::from_value(serde_json::json!({
                "name": name, "interface": "eth0", "virtual_router_id": 51, "version": 2, "state": "BACKUP",
                "base_priority": 100, "priority": 100, "preemption": {"mode": "never"}, "resigns": true,
                "tracks_interface": true, "tracks_source": true, "timers": {"advert_interval_seconds": 1, "skew_seconds": 0.5,
                "master_advert_interval_seconds": 1, "down_timer_adverts": 3, "master_down_seconds": 3.5},
            }))
            .unwrap()
        };
        let at = Timestamp { wall: SystemTime::UNIX_EPOCH, monotonic: Duration::ZERO };
        Explanation { at, instances: names.iter().map(one).collect() }
    }

    #[test]
    fn one_is_found_by_its_name_or_the_error_says_which_there_are() {
        let one = |name: &str| ExplainRequest { instance: Some(name.to_owned()) };
        let names = |explanation: Explanation| -> Vec<String> {
            explanation.instances.into_iter().map(|instance| instance.name).collect()
        };
        let both = || explanation(&["VI_1", "web"]);
        assert_eq!(
            chosen(both(), ExplainRequest::default()).map(names),
            Ok(vec!["VI_1".into(), "web".into()])
        );
        assert_eq!(chosen(both(), one("web")).map(names), Ok(vec!["web".into()]));
        for (name, among, expected) in [
            ("vi1", both(), "there is no instance `vi1`; did you mean `VI_1`?"),
            ("dns", both(), "there is no instance `dns`; there are: VI_1, web"),
            ("a\tb", explanation(&[]), "there is no instance `a\\tb`: the configuration has none"),
        ] {
            assert_eq!(chosen(among, one(name)).map(names), Err(expected.to_owned()));
        }
    }
}
