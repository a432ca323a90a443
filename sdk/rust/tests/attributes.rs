//! What `#[handler]` and `#[checker]` make of functions, in the made-up host.

use std::time::Duration;

use keepwatch_sdk::log::Level;
use keepwatch_sdk::testing::{Host, check, event, snapshot, transition};
use keepwatch_sdk::{CheckRequest, NoConfig, prelude::*};

mod counting {
    use super::*;

    #[derive(Deserialize)]
    pub(crate) struct Config {
        pub(crate) limit: u32,
    }

    #[derive(Default, Deserialize, Serialize)]
    pub(crate) struct Counts {
        seen: u32,
    }

    #[handler(kinds = ["transition", "custom"], needs = ["run:reload"])]
    pub(crate) fn on_event(event: &Event, state: &mut Counts, config: &Config) -> Result<Outcome> {
        state.seen += 1;
        info!("{} number {}", event.kind, state.seen);
        match state.seen.cmp(&config.limit) {
            std::cmp::Ordering::Less => Ok(Outcome::Done),
            std::cmp::Ordering::Equal => Ok(Outcome::RetryAfter(Duration::from_millis(250))),
            std::cmp::Ordering::Greater => bail!("seen {} of {}", state.seen, config.limit),
        }
    }
}

mod plain {
    use super::*;

    #[handler]
    pub(crate) fn on_event(event: &Event) -> Result<()> {
        if event.kind == "address_lost" {
            run("reload").context("cannot reload")?;
        }
        Ok(())
    }
}

mod alternating {
    use super::*;

    #[checker]
    pub(crate) fn alternate(passed: &mut bool) -> Result<Verdict> {
        *passed = !*passed;
        Ok(Verdict::pass_if(*passed, "alternating"))
    }
}

use alternating::alternate;

#[test]
fn a_state_lives_on_and_is_carried_over() {
    use counting::on_event;
    let host = Host::new();
    let mut plugin = host.start::<on_event>(json!({ "limit": 2 })).unwrap();
    let change = transition("VI_1", State::Backup, State::Master);
    assert_eq!(plugin.handle(&change).unwrap(), Outcome::Done);
    assert_eq!(plugin.save().unwrap(), br#"{"seen":1}"#);

    let mut plugin = plugin.reload(json!({ "limit": 2 })).unwrap();
    assert_eq!(plugin.handle(&change).unwrap(), Outcome::RetryAfter(Duration::from_millis(250)));
    assert_eq!(plugin.handle(&change).unwrap_err().to_string(), "seen 3 of 2");
    let lines: Vec<String> = host.log().into_iter().map(|(_, line)| line).collect();
    assert_eq!(lines, ["transition number 1", "transition number 2", "transition number 3"]);
}

#[test]
fn a_state_of_another_shape_is_forgotten_aloud() {
    let host = Host::new();
    let _: Vec<u8> = keepwatch_sdk::state::restore(Some(b"\"text\""));
    let (level, line) = host.log().remove(0);
    assert_eq!(level, Level::Warning);
    assert!(line.starts_with("beginning afresh: what the version before has saved does not fit"), "{line}");
}

#[test]
fn only_the_kinds_that_were_asked_for_come() {
    use counting::on_event;
    assert_eq!(
        (on_event::KINDS, on_event::NEEDS),
        (["transition", "custom"].as_slice(), ["run:reload"].as_slice())
    );
    let mut plugin = Host::new().start::<on_event>(json!({ "limit": 9 })).unwrap();
    let outcome = plugin.handle(&event(json!({ "kind": "stalled", "late_seconds": 5.0 }))).unwrap();
    assert_eq!(outcome, Outcome::Skip("not among the plugin's kinds: stalled".to_owned()));
    assert_eq!(plugin.save().unwrap(), br#"{"seen":0}"#);
}

#[test]
fn settings_are_compared_with_those_known() {
    use counting::on_event;
    for (config, error) in [
        (json!({ "limits": 9 }), "config: unknown setting limits; known are: limit"),
        (json!({}), "config: the setting limit is missing"),
        (json!({ "limit": "9" }), "config: limit: expected u32"),
        (json!([9]), "the settings should be an object: json!({ .. })"),
    ] {
        assert_eq!(Host::new().start::<on_event>(config).unwrap_err().to_string(), error);
    }
}

#[test]
fn what_the_host_refuses_is_an_error_with_its_kind() {
    use plain::on_event;
    let lost = || event(json!({ "kind": "address_lost", "address": "10.1.1.30/24", "interface": "eth0" }));
    let mut plugin = Host::new().start::<on_event>(json!({})).unwrap();
    let error = plugin.handle(&lost()).unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::Denied));
    assert!(error.to_string().starts_with("cannot reload: the test has no action reload"), "{error}");

    let host = Host::new().action("reload", 3, "reloading\nno such file\n\n");
    let error = plugin.handle(&lost()).unwrap_err();
    assert_eq!(error.to_string(), "cannot reload: action reload: exit code 3: no such file");
    assert_eq!(host.ran(), ["reload"]);

    let host = Host::new().action("reload", 0, "");
    assert_eq!(plugin.handle(&lost()).unwrap(), Outcome::Done);
    assert_eq!(plugin.handle(&transition("VI_1", State::Master, State::Fault)).unwrap(), Outcome::Done);
    assert_eq!(host.ran(), ["reload"]);
}

#[test]
fn a_checker_may_have_a_state_and_no_settings() {
    let mut plugin = Host::new().start::<alternate>(json!({})).unwrap();
    assert_eq!(plugin.check().unwrap(), Verdict::pass("alternating"));
    assert_eq!(plugin.check().unwrap(), Verdict::fail("alternating"));
    assert_eq!(check::<alternate>(json!({})).unwrap(), Verdict::pass("alternating"));
}

/// Both roles, and the calls that the attributes leave out.
struct Watcher {
    masters: usize,
}

impl Plugin for Watcher {
    type Config = NoConfig;

    fn init(_: NoConfig, _: Option<&[u8]>) -> Result<Self> {
        Ok(Self { masters: 0 })
    }

    fn sync(&mut self, snapshot: &Snapshot) {
        self.masters = snapshot.instances.iter().filter(|instance| instance.state == State::Master).count();
    }

    fn check(&mut self, request: &CheckRequest) -> Result<Verdict> {
        Ok(Verdict::pass_if(self.masters > 0, format!("{}: {} are MASTER", request.name, self.masters)))
    }

    fn stop(&mut self, reason: &str) {
        info!("stopping: {reason}");
    }
}

keepwatch_sdk::export!(Watcher: handler, checker);

#[test]
fn the_trait_has_more() {
    let host = Host::new();
    let mut plugin = host.start::<Watcher>(json!({})).unwrap();
    assert_eq!(plugin.check().unwrap(), Verdict::fail("test: 0 are MASTER"));
    plugin.sync(&snapshot(&[("VI_1", State::Master), ("VI_2", State::Backup)]));
    assert_eq!(plugin.check().unwrap(), Verdict::pass("test: 1 are MASTER"));
    let outcome = plugin.handle(&transition("VI_1", State::Master, State::Fault)).unwrap();
    assert_eq!(outcome, Outcome::Skip("this plugin handles no events".to_owned()));
    plugin.stop("reload");
    assert_eq!(host.log(), [(Level::Info, "stopping: reload".to_owned())]);
}

#[test]
fn a_recording_tells_how_things_were_before_what_happened() {
    let at = r#""at":{"wall":"2026-11-22T10:00:00.000000Z","monotonic_seconds":1.5},"node":"h1""#;
    let instance = r#"{"name":"VI_1","interface":"eth0","state":"MASTER","since":null,"reason":null,"priority":100,"term":1,"addresses":[]}"#;
    let lines = format!(
        "{{\"snapshot\":{{\"seq\":1,{at},\"instances\":[{instance}]}}}}\n\
         {{\"id\":\"a-2\",\"seq\":2,{at},\"severity\":\"info\",\"kind\":\"moon_phase\"}}\n"
    );
    let path = std::env::temp_dir().join(format!("keepwatch-sdk-{}-recording.jsonl", std::process::id()));
    std::fs::write(&path, lines).unwrap();
    let mut plugin = Host::new().start::<Watcher>(json!({})).unwrap();
    let replayed = plugin.replay_file(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(replayed.iter().map(|replayed| replayed.event.seq).collect::<Vec<_>>(), [2]);
    assert_eq!(plugin.check().unwrap(), Verdict::pass("test: 1 are MASTER"));
}
