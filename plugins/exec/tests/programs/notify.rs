//! Notify scripts and FIFOs, with real scripts.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use keepwatch_bus::{Bus, Delivery, Draft, Subscription};
use keepwatch_event::{EventKind, Reason, Severity, Snapshot, State};
use keepwatch_exec::{
    Account, Command, Fallback, FifoSettings, NotifyScripts, NotifySettings, Policy, ScriptSettings, Scripts,
    Security, Subject,
};

use crate::place::{PATIENCE, Place, alive, chmod, chown, is_root, wait_until};

/// A bus, notify scripts that listen to it, and a test that hears what they tell.
pub(crate) struct Site {
    place: Place,
    bus: Bus,
    heard: Subscription,
}

impl Site {
    pub(crate) fn new(name: &str) -> Self {
        let bus = Bus::start(Snapshot::new("h1", Bus::now(), Vec::new()), || ()).unwrap();
        let heard = bus.subscribe("the test", Delivery::Durable, 100_000);
        Self { place: Place::new(name), bus, heard }
    }

    pub(crate) fn begin(&self, settings: NotifySettings) -> NotifyScripts {
        NotifyScripts::begin(settings, &self.bus, &self.place.launcher)
    }

    /// Ends when all that was told has been run.
    pub(crate) fn stop(&self, scripts: &NotifyScripts) {
        assert!(self.bus.flush(PATIENCE));
        scripts.stop(PATIENCE, std::future::pending());
    }

    pub(crate) fn script(&self, name: &str, text: &str) -> Option<ScriptSettings> {
        let program = self.place.write(name, &format!("#!/bin/sh\n{text}\n"));
        Some(run(&[&program.display().to_string()]))
    }

    pub(crate) fn transition(&self, instance: &str, to: State) {
        self.transition_because(instance, to, Reason::Recovered);
    }

    pub(crate) fn transition_because(&self, instance: &str, to: State, reason: Reason) {
        let from = State::Init;
        let kind =
            EventKind::Transition { from, to, reason, initial: false, priority: 100, steps: Vec::new() };
        self.publish(instance, kind);
    }

    pub(crate) fn publish(&self, instance: &str, kind: EventKind) {
        let instance = Some(instance.into());
        self.bus.publish(Draft { instance, severity: Severity::Info, term: 1, kind });
    }

    /// What has been told of runs so far: setting, how it ended, output.
    fn runs(&mut self) -> Vec<(Severity, String, String, String)> {
        self.bus.flush(PATIENCE);
        let mut runs = Vec::new();
        while let Some(event) = self.heard.try_next() {
            if let EventKind::NotifyScriptRan { setting, ended, output, .. } = &event.kind {
                runs.push((event.severity, setting.clone(), ended.clone(), output.clone()));
            }
        }
        runs
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.place.folder.join(name).display().to_string()
    }
}

fn run(argv: &[&str]) -> ScriptSettings {
    let command = Command::Argv(argv.iter().map(|&word| word.to_owned()).collect());
    ScriptSettings { command, account: None }
}

fn settings(scripts: Scripts) -> NotifySettings {
    let scripts = BTreeMap::from([(Subject::Instance("VI_1".into()), scripts)]);
    NotifySettings { scripts, ..NotifySettings::default() }
}

pub(crate) fn lines(path: &str) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn scripts_of_one_instance_run_one_after_the_other_and_those_of_others_beside() {
    let mut site = Site::new("notify-order");
    let (log, go) = (site.file("log"), site.file("go"));
    let master = site.script("m", &format!("until test -e {go}; do sleep 0.01; done; echo master >> {log}"));
    let any = site.script("any", &format!("echo $1 $2 $3 $4 >> {log}"));
    let mut all = settings(Scripts { master, any: any.clone(), ..Scripts::default() });
    let scripts = Scripts { any, ..Scripts::default() };
    all.scripts.insert(Subject::Instance("VI_2".into()), scripts.clone());
    all.scripts.insert(Subject::Group("G".into()), scripts);
    let scripts = site.begin(all);
    site.transition("VI_1", State::Master);
    site.transition("VI_1", State::Backup);
    site.transition("VI_2", State::Fault);
    wait_until("the other instance's script", || !lines(&log).is_empty());
    let kind = EventKind::GroupChanged { group: "G".to_owned(), from: State::Init, to: State::Fault };
    site.bus.publish(Draft::general(Severity::Error, kind));
    wait_until("the group's script", || lines(&log).len() == 2);
    fs::write(&go, "").unwrap();
    site.stop(&scripts);
    let expected = [
        "INSTANCE VI_2 FAULT 100",
        "GROUP G FAULT 0",
        "master",
        "INSTANCE VI_1 MASTER 100",
        "INSTANCE VI_1 BACKUP 100",
    ];
    assert_eq!(lines(&log), expected);
    let runs = site.runs();
    assert!(
        runs.iter()
            .all(|(severity, _, ended, _)| (*severity, ended.as_str())
                == (Severity::Info, "exited with status 0")),
        "{runs:?}"
    );
    assert_eq!(runs.len(), 5);
}

#[test]
fn each_bad_end_is_told() {
    let mut site = Site::new("notify-ends");
    let scripts = settings(Scripts {
        backup: site.script("killed", "echo last words >&2; kill -SEGV $$"),
        fault: Some(run(&["/nowhere/script"])),
        stop: site.script("flood", "yes a line | head -c 300000; echo the end; exit 7"),
        ..Scripts::default()
    });
    let notify = site.begin(scripts);
    for state in [State::Backup, State::Fault, State::Stopped] {
        site.transition("VI_1", state);
    }
    site.stop(&notify);
    let runs = site.runs();
    let ends: Vec<(&str, &str)> =
        runs.iter().map(|(_, setting, ended, _)| (setting.as_str(), ended.as_str())).collect();
    assert_eq!(ends.len(), 3, "{ends:?}");
    assert_eq!(ends[0], ("notify_backup", "died by signal 11 (SIGSEGV)"));
    assert_eq!(ends[1].0, "notify_fault");
    assert!(ends[1].1.starts_with("cannot run: /nowhere/script does not exist"), "{}", ends[1].1);
    assert_eq!(ends[2], ("notify_stop", "exited with status 7"));
    assert_eq!(runs[0].3, "last words");
    assert!(runs[2].3.ends_with("the end") && runs[2].3.len() < 2000, "{}", runs[2].3);
    assert!(runs.iter().all(|(severity, ..)| *severity == Severity::Warning));
}

#[test]
fn one_that_hangs_is_stopped_and_the_next_one_runs() {
    let mut site = Site::new("notify-hangs");
    let (began, mark) = (site.file("began"), site.file("mark"));
    // It hangs once.
    let any = site.script(
        "any",
        &format!("test -e {began} && exit 0; trap '' TERM; touch {began}; sh -c 'sleep 3600; : {mark}' & wait; wait"),
    );
    let limited =
        NotifySettings { within: Duration::from_secs(2), ..settings(Scripts { any, ..Scripts::default() }) };
    let notify = site.begin(limited);
    site.transition("VI_1", State::Master);
    site.transition("VI_1", State::Backup);
    site.stop(&notify);
    assert_eq!(alive(&mark), 0, "nothing of it is left");
    let ends: Vec<String> = site.runs().into_iter().map(|(_, _, ended, _)| ended).collect();
    assert_eq!(ends, ["did not end within 2 s and was stopped", "exited with status 0"]);
}

#[test]
fn whom_a_script_runs_as_and_what_others_could_have_written() {
    let mut site = Site::new("notify-users");
    let whoami = site.script("who", "id -un; id -G").unwrap();
    let nobody = Account::of("no-such-user-of-keepwatch");
    let mut scripts = settings(Scripts {
        backup: Some(ScriptSettings { account: Some(nobody), ..whoami.clone() }),
        fault: Some(whoami.clone()),
        ..Scripts::default()
    });
    if is_root() {
        let account = Some(Account::of("nobody"));
        scripts.scripts.values_mut().for_each(|scripts| {
            scripts.master = Some(ScriptSettings { account: account.clone(), ..whoami.clone() });
        });
        // Nobody has said whom it runs as; and everybody can write it.
        scripts.policy = Policy {
            security: Security::On,
            fallback: Fallback::Account(Account::of("root")),
            ..Policy::default()
        };
        chmod(&site.place.folder.join("who"), "0777");
    }
    let notify = site.begin(scripts);
    for state in [State::Backup, State::Master, State::Fault] {
        site.transition("VI_1", state);
    }
    site.stop(&notify);
    let runs = site.runs();
    assert!(runs[0].2.contains("there is no user no-such-user-of-keepwatch"), "{runs:?}");
    if is_root() {
        assert!(runs[1].3.starts_with("nobody\n"), "{runs:?}");
        assert!(runs[2].2.contains("everybody can change"), "{runs:?}");
    }
}

#[test]
fn the_event_can_be_read_or_left_alone() {
    let mut site = Site::new("notify-input");
    let seen = site.file("seen");
    let scripts = Scripts {
        master: site.script("reads", &format!("cat > {seen}; env | grep -c ^KEEPWATCH_")),
        backup: site.script("closes", "exec 0<&-; exit 0"),
        fault: site.script("ends", "exit 0"),
        ..Scripts::default()
    };
    let notify = site.begin(settings(scripts));
    for state in [State::Master, State::Backup, State::Fault] {
        site.transition("VI_1", state);
    }
    site.stop(&notify);
    let runs = site.runs();
    assert_eq!(runs.len(), 3);
    assert!(runs.iter().all(|(_, _, ended, _)| ended == "exited with status 0"), "{runs:?}");
    let event: keepwatch_event::Event = serde_json::from_str(&fs::read_to_string(seen).unwrap()).unwrap();
    assert!(matches!(event.kind, EventKind::Transition { to: State::Master, .. }), "{event:?}");
    assert!(runs[0].3.parse::<u32>().unwrap() >= 9, "{runs:?}");
}

#[test]
fn when_too_much_waits_the_first_and_the_last_are_run_and_the_rest_is_told() {
    let mut site = Site::new("notify-many");
    let (log, go) = (site.file("log"), site.file("go"));
    let any = site.script("any", &format!("until test -e {go}; do sleep 0.01; done; echo $3 >> {log}"));
    let notify = site.begin(settings(Scripts { any, ..Scripts::default() }));
    for _ in 0..100 {
        site.transition("VI_1", State::Backup);
        site.transition("VI_1", State::Master);
    }
    site.transition("VI_1", State::Fault);
    assert!(site.bus.flush(PATIENCE));
    // The dispatcher has heard all of it when it has told what it leaves out.
    fs::write(&go, "").unwrap();
    site.stop(&notify);
    let ran = lines(&log);
    assert_eq!(
        (ran.first().map(String::as_str), ran.last().map(String::as_str)),
        (Some("BACKUP"), Some("FAULT"))
    );
    let runs = site.runs();
    let left_out = runs.iter().filter(|(severity, _, ended, _)| {
        *severity == Severity::Warning && ended.starts_with("not run: too much waited")
    });
    assert_eq!(left_out.count() + ran.len(), 201, "each is run, or said not to be");
}

#[test]
fn at_the_end_what_hangs_is_stopped_and_what_waits_is_told() {
    let mut site = Site::new("notify-end");
    let (began, mark) = (site.file("began"), site.file("mark"));
    let master = site.script("hang", &format!("trap '' TERM; touch {began}; sleep 3600; : {mark}"));
    let stop = site.script("stop", "exit 0");
    let notify = site.begin(settings(Scripts { master, stop, ..Scripts::default() }));
    site.transition("VI_1", State::Master);
    site.transition("VI_1", State::Stopped);
    wait_until("it has begun", || Path::new(&began).exists());
    assert!(site.bus.flush(PATIENCE));
    notify.stop(Duration::from_millis(100), std::future::pending());
    assert_eq!(alive(&site.file("hang")), 0, "it is gone when that has ended");
    let ends: Vec<(String, String)> =
        site.runs().into_iter().map(|(_, setting, ended, _)| (setting, ended)).collect();
    assert_eq!(ends.len(), 2, "{ends:?}");
    assert!(
        ends.contains(&("notify_stop".to_owned(), "not run: keepwatch was ending".to_owned())),
        "{ends:?}"
    );
    let stopped = ("notify_master".to_owned(), "was stopped: keepwatch was ending".to_owned());
    assert!(ends.contains(&stopped), "{ends:?}");
}

pub(crate) fn fifo(site: &Site, script: Option<ScriptSettings>) -> NotifySettings {
    let fifo = FifoSettings { path: site.file("fifo").into(), account: None, script };
    NotifySettings { fifos: vec![fifo], ..NotifySettings::default() }
}

#[test]
fn a_fifo_is_made_read_and_removed() {
    let site = Site::new("fifo");
    let (path, log) = (site.file("fifo"), site.file("log"));
    let reader =
        site.script("reader", &format!("while IFS= read -r line; do echo \"$line\" >> {log}; done < \"$1\""));
    let notify = site.begin(fifo(&site, reader));
    wait_until("the FIFO", || fs::metadata(&path).is_ok_and(|data| data.file_type().is_fifo()));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644, "keepalived's");
    site.transition("VI_1", State::Backup);
    wait_until("a line", || !lines(&log).is_empty());
    site.transition("VI_1", State::Init);
    site.transition("VI_1", State::Master);
    site.transition("VI 2", State::Stopped);
    site.stop(&notify);
    let expected =
        ["INSTANCE \"VI_1\" BACKUP 100", "INSTANCE \"VI_1\" MASTER 100", "INSTANCE \"VI 2\" STOP 100"];
    assert_eq!(lines(&log), expected, "also the last ones, when it has ended");
    assert!(!Path::new(&path).exists());
    assert_eq!(alive(&site.file("reader")), 0);
}

#[test]
fn lines_wait_while_nobody_reads_and_losing_them_is_told() {
    const LINES: usize = 15_000;
    let mut site = Site::new("fifo-full");
    let path = site.file("fifo");
    let notify = site.begin(fifo(&site, None));
    wait_until("the FIFO", || Path::new(&path).exists());
    for number in 0..LINES {
        let state = if number % 2 == 0 { State::Backup } else { State::Master };
        site.transition("VI_1", state);
        if number % 1_000 == 0 {
            assert!(site.bus.flush(PATIENCE));
        }
    }
    let lost = site.heard_lost();
    assert!(lost > 0);
    // A reader that comes late gets all that has waited, the last line among it.
    let mut late = fs::File::open(&path).unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        late.read_to_string(&mut text).unwrap();
        text
    });
    site.transition("VI_1", State::Fault);
    site.stop(&notify);
    let text = reader.join().unwrap();
    assert!(text.ends_with("INSTANCE \"VI_1\" FAULT 100\n"), "{}", &text[text.len().saturating_sub(200)..]);
    let lost = site.heard_lost().max(lost);
    assert_eq!(text.lines().count() + usize::try_from(lost).unwrap(), LINES + 1, "none is lost in silence");
}

impl Site {
    /// How many lines were lost, by the last word about it; waits for one.
    fn heard_lost(&mut self) -> u64 {
        let mut lost = 0;
        wait_until_told(|| {
            while let Some(event) = self.heard.try_next() {
                if let EventKind::NotifyFifoBehind { lost: told, .. } = event.kind {
                    lost = told;
                }
            }
            lost > 0
        });
        lost
    }
}

fn wait_until_told(mut holds: impl FnMut() -> bool) {
    let until = std::time::Instant::now() + PATIENCE;
    while !holds() {
        assert!(std::time::Instant::now() < until, "it is told");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_fifo_with_another_reader_is_made_anew_at_its_path() {
    let mut site = Site::new("fifo-replaced");
    let (path, log) = (site.file("fifo"), site.file("log"));
    let reader =
        |name: &str| format!("while IFS= read -r line; do echo \"{name}: $line\" >> {log}; done < $1");
    let (first, second) = (site.script("first", &reader("first")), site.script("second", &reader("second")));
    let notify = site.begin(fifo(&site, first));
    site.transition("VI_1", State::Backup);
    wait_until("the first reader", || lines(&log).len() == 1);
    notify.replace(fifo(&site, second));
    wait_until("the first reader to end", || alive(&site.file("first")) == 0);
    site.transition("VI_1", State::Master);
    wait_until("the second reader", || lines(&log).len() == 2);
    assert!(Path::new(&path).exists());
    site.stop(&notify);
    let expected = ["first: INSTANCE \"VI_1\" BACKUP 100", "second: INSTANCE \"VI_1\" MASTER 100"];
    assert_eq!(lines(&log), expected);
    assert_eq!(site.runs(), [], "none of them has died");
    assert!(!Path::new(&path).exists());
}

#[test]
fn a_reader_that_dies_is_started_anew() {
    let mut site = Site::new("fifo-reader");
    let log = site.file("log");
    let reader = site.script("reader", &format!("IFS= read -r line < $1; echo \"$line\" >> {log}; exit 3"));
    let notify = site.begin(fifo(&site, reader));
    site.transition("VI_1", State::Backup);
    wait_until("the first reader", || lines(&log).len() == 1);
    site.transition("VI_1", State::Master);
    wait_until("the second one", || lines(&log).len() == 2);
    site.stop(&notify);
    let runs = site.runs();
    let (severity, setting, ended, _) = &runs[0];
    assert_eq!((*severity, setting.as_str()), (Severity::Warning, "notify_fifo_script"));
    assert_eq!(ended, "exited with status 3; starting it anew in 1 s");
}

#[test]
fn what_is_no_fifo_of_ours_is_left_alone() {
    let mut site = Site::new("fifo-none");
    let path = site.file("fifo");
    fs::write(&path, "mine").unwrap();
    let notify = site.begin(fifo(&site, None));
    let mut told = String::new();
    wait_until_told(|| {
        while let Some(event) = site.heard.try_next() {
            if let EventKind::Degraded { .. } = event.kind {
                told = event.kind.to_string();
            }
        }
        !told.is_empty()
    });
    assert!(told.contains("is no FIFO"), "{told}");
    site.transition("VI_1", State::Backup);
    site.stop(&notify);
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn a_fifo_that_was_there_stays_and_belongs_to_whom_it_did() {
    if !is_root() {
        return;
    }
    let site = Site::new("fifo-there");
    let path = site.place.folder.join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    chown(&path, "nobody");
    let mut settings = fifo(&site, None);
    settings.fifos[0].account = Some(Account::of("nobody"));
    let notify = site.begin(settings);
    site.transition("VI_1", State::Backup);
    site.stop(&notify);
    assert!(path.exists() && fs::metadata(&path).unwrap().uid() != 0);
}
