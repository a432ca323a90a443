//! Scripts as the host asks them: again and again, and with other settings after a reload.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use keepwatch_bus::Bus;
use keepwatch_event::Health::{self, Fail, Pass};
use keepwatch_event::{Snapshot, Timestamp};
use keepwatch_exec::{Command, CommandCheck, Policy, Reading, Security};
use keepwatch_host::{Made, Native, Options, Plan, PluginSpec, Plugins, Schedule, Store, Verdict, Verdicts};

use crate::place::{PATIENCE, Place, chmod, is_root, wait_until};

/// Longer than a script takes that does nothing, also on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The timeout is as long unless somebody says otherwise.
const INTERVAL: Duration = TIMEOUT;
/// Until then the test is over.
const ONCE: Duration = Duration::from_secs(3600);

/// What was found, in order.
#[derive(Default)]
struct Told(Mutex<Vec<(Health, String)>>);

impl Verdicts for Told {
    fn report(&self, _: &str, verdict: Verdict, _: Option<i32>, _: Duration) -> bool {
        self.0.lock().unwrap().push((verdict.health, verdict.text));
        true
    }

    fn skipped(&self, _: &str, _: Duration) {}

    fn holds_on(&self, _: &str, _: Duration) {}

    fn forget(&self, _: &str) {}
}

/// A host with one check.
struct Asker {
    plugins: Plugins,
    told: Arc<Told>,
}

impl Asker {
    fn new(native: Native, interval: Duration) -> Self {
        let at = Timestamp { wall: SystemTime::UNIX_EPOCH, monotonic: Duration::ZERO };
        let bus = Bus::start(Snapshot::new("h1", at, Vec::new()), || ()).unwrap();
        let told = Arc::<Told>::default();
        let verdicts = Arc::clone(&told) as Arc<dyn Verdicts>;
        let messenger = Arc::new(keepwatch_host::Nobody);
        let options = Options { bus, runtimes: Vec::new(), store: Store::in_memory(), verdicts, messenger };
        let asker = Self { plugins: Plugins::new(options).unwrap(), told };
        asker.apply(native, interval);
        asker
    }

    fn apply(&self, native: Native, interval: Duration) {
        let schedule = Some(Schedule { interval, timeout: TIMEOUT });
        let plain = PluginSpec::plain("chk", Default::default());
        let spec = PluginSpec { made: Made::Native(native), schedule, ..plain };
        let applied = self.plugins.apply(Plan { declared: vec![spec], ..Plan::default() });
        assert_eq!(applied.unwrap().refused, []);
    }

    fn told(&self) -> Vec<(Health, String)> {
        self.told.0.lock().unwrap().clone()
    }

    fn stop(self) {
        self.plugins.stop("the test is over", PATIENCE, std::future::pending());
    }
}

fn check(place: &Place, program: &Path, argument: &str) -> Native {
    check_by(place, program, argument, Policy::default())
}

fn check_by(place: &Place, program: &Path, argument: &str, policy: Policy) -> Native {
    let command = Command::Argv(vec![program.display().to_string(), argument.to_owned()]);
    CommandCheck::new(
        "chk",
        command,
        None,
        policy,
        Reading::Status,
        Arc::new(|_, _: &str| ()),
        place.launcher.clone(),
    )
    .native()
}

/// Lets a script that is well hang once, in this way, and gives what was found that is not well, until it passes again.
fn hang_once(name: &str, how: &str) -> Vec<(Health, String)> {
    let place = Place::new(name);
    let hang = place.folder.join("hang");
    let text = format!("#!/bin/sh\ntest -e {0} || exit 0\nrm {0}\n{how}\n", hang.display());
    let asker = Asker::new(check(&place, &place.write("script", &text), "x"), INTERVAL);
    wait_until("it is well", || asker.told().iter().any(|(health, _)| *health == Pass));
    std::fs::write(&hang, "").unwrap();
    let is_over =
        || asker.told().iter().skip_while(|(health, _)| *health == Pass).any(|(health, _)| *health == Pass);
    wait_until("it is well again", is_over);
    let bad = asker.told().into_iter().filter(|(health, _)| *health != Pass).collect();
    asker.stop();
    bad
}

fn late() -> (Health, String) {
    (Fail, "did not end within 3 s and was stopped".to_owned())
}

#[test]
fn one_hang_is_one_failure() {
    // This one ends as it is told to.
    assert_eq!(hang_once("hang", "exec sleep 3600"), [late()]);
}

#[test]
fn it_is_one_failure_however_long_stopping_it_takes() {
    assert_eq!(hang_once("stubborn-hang", "trap '' TERM; while :; do sleep 3600; done"), [late()]);
}

#[test]
fn after_a_reload_the_run_before_is_waited_for() {
    let place = Place::new("reloaded");
    let (pid, both) = (place.folder.join("pid").display().to_string(), place.folder.join("both"));
    let text = format!(
        "#!/bin/sh\nif test $1 = new; then kill -0 $(cat {pid}) && touch {}; exit 0; fi\n\
         echo $$ > {pid}; trap '' TERM; while :; do sleep 3600; done\n",
        both.display()
    );
    let program = place.write("script", &text);
    let asker = Asker::new(check(&place, &program, "old"), ONCE);
    wait_until("the old one is being stopped", || asker.told().contains(&late()));
    // With another schedule it is asked at once.
    asker.apply(check(&place, &program, "new"), INTERVAL);
    wait_until("the new one runs", || asker.told().iter().any(|(health, _)| *health == Pass));
    assert!(!both.exists(), "never both at once");
    asker.stop();
}

/// Whoever removes it, or takes the right to execute it away, says nothing of what it checks; nor does it matter whether it
/// has run before.
#[test]
fn one_that_cannot_be_run_any_more_cannot_tell_and_is_back_when_it_can() {
    let place = Place::new("gone");
    let program = place.write("script", "#!/bin/sh\nexit 1\n");
    let [old, new] = ["old", "new"].map(|argument| check(&place, &program, argument));
    let ask = |native: &Native| {
        let verdict = place.asker.block_on(native.probe.probe(PATIENCE));
        (verdict.health, verdict.text)
    };
    let fails = (Fail, "exited with status 1".to_owned());
    assert_eq!(ask(&old), fails);
    for (how, why) in [("0644", " may not "), ("none", " does not exist (install it, or correct the path)")] {
        match how {
            "none" => std::fs::remove_file(&program).unwrap(),
            mode => chmod(&program, mode),
        }
        let (health, text) = ask(&old);
        assert_eq!(health, Health::Unknown, "{text}");
        assert!(text.starts_with("cannot run: ") && text.contains(why), "{text}");
        assert_eq!((health, text), ask(&new), "as one says that has never run");
        place.write("script", "#!/bin/sh\nexit 1\n");
        assert_eq!(ask(&old), fails);
    }
}

/// Somebody else can come to be able to change it at any time, not only before a reload.
#[test]
fn with_script_security_root_runs_nothing_that_others_have_come_to_be_able_to_change() {
    if !is_root() {
        eprintln!("not done: it is about what root runs");
        return;
    }
    let place = Place::new("insecure");
    let program = place.write("script", "#!/bin/sh\nexit 1\n");
    let secure = check_by(&place, &program, "x", Policy { security: Security::On, ..Policy::default() });
    let lax = check(&place, &program, "y");
    let ask = |native: &Native| {
        let verdict = place.asker.block_on(native.probe.probe(PATIENCE));
        (verdict.health, verdict.text)
    };
    let runs = (Fail, "exited with status 1".to_owned());
    let own = |path: &Path, uid: u32| std::os::unix::fs::chown(path, Some(uid), None).unwrap();
    let refuses = |why: &str, open: &dyn Fn(), shut: &dyn Fn()| {
        assert_eq!(ask(&secure), runs);
        open();
        let (health, text) = ask(&secure);
        assert_eq!(health, Health::Unknown, "{text}");
        assert!(text.starts_with(&format!("cannot run: {why}")), "{text}");
        assert_eq!(ask(&lax), runs, "without script security");
        shut();
    };
    refuses("everybody can change ", &|| chmod(&program, "0777"), &|| chmod(&program, "0755"));
    refuses("its owner ", &|| own(&program, 65534), &|| own(&program, 0));
    refuses("everybody can change ", &|| chmod(&place.folder, "0777"), &|| chmod(&place.folder, "0755"));
    assert_eq!(ask(&secure), runs);
}
