//! Reloads without an engine: what is taken over, refused, and told.

use std::path::Path;
use std::sync::mpsc::Receiver;

use keepwatch_bus::{Bus, Delivery, Subscription};
use keepwatch_event::Snapshot;
use keepwatch_host::{Options, Plugins, Store};

use super::*;
use crate::paths::Paths;

/// A daemon's configuration, which can be written anew.
struct Trial {
    folder: PathBuf,
    path: PathBuf,
    reloader: Reloader,
    heard: Subscription,
    /// What the engine was told to go on with.
    told: Receiver<Config>,
}

impl Trial {
    /// One that runs what `write` writes into a folder; it gives back what is then loaded.
    fn new(name: &str, write: impl FnOnce(&Path) -> PathBuf) -> Self {
        let folder = std::env::temp_dir().join(format!("keepwatch-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = write(&folder);
        let in_force = keepwatch_config::load_site(&path).unwrap().config.unwrap();
        let bus = Bus::start(Snapshot::new("h1", Bus::now(), Vec::new()), || ()).unwrap();
        let verdicts = Arc::new(keepwatch_host::Nobody);
        let options = Options {
            bus: bus.clone(),
            runtimes: Vec::new(),
            store: Store::in_memory(),
            verdicts,
            messenger: Arc::new(keepwatch_host::Nobody),
        };
        let plugins = Arc::new(Plugins::new(options).unwrap());
        let heard = bus.subscribe("test", Delivery::Durable, 100);
        let launcher = keepwatch_exec::Launcher::new(keepwatch_exec::Accounts::new()).unwrap();
        let scripts = Arc::new(NotifyScripts::begin(notify_scripts::settings(&in_force), &bus, &launcher));
        let paths = Paths { control: folder.join("c"), state: folder.join("s"), cache: folder.join("k") };
        let notifications = Notifications::begin(Vec::new(), "h1", &paths, &bus).unwrap();
        let means = Means { launcher, bus };
        let (tell, told) = std::sync::mpsc::channel();
        let engine: Reconfigure = Box::new(move |_, after, _| {
            tell.send(after.clone()).unwrap();
            Ok(Duration::from_micros(80))
        });
        let parts = Parts { engine, plugins, scripts, means, notifications };
        let whence = Whence { path: path.clone(), hooks: None, stop_mode: StopMode::Lossless };
        let reloader = Reloader::new(whence, parts, in_force, Seen::default());
        Self { folder, path, reloader, heard, told }
    }

    /// What comes of a reload with this text.
    fn reload(&mut self, text: &str) -> (ReloadReport, Severity, EventKind) {
        std::fs::write(&self.path, text).unwrap();
        let report = self.reloader.shared.reload(Occasioned::ByRequest(ReloadRequest::default()));
        loop {
            let event = self.heard.recv().unwrap();
            if matches!(event.kind, EventKind::ConfigLoaded { .. } | EventKind::ConfigRejected { .. }) {
                return (report, event.severity, event.kind.clone());
            }
        }
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn instance(priority: u8) -> String {
    format!(
        "vrrp_instance VI_1 {{\n interface eth0\n virtual_router_id 51\n priority {priority}\n virtual_ipaddress {{\n  \
         10.1.1.30\n }}\n}}\n"
    )
}

fn keepalived(folder: &Path) -> PathBuf {
    let path = folder.join("keepalived.conf");
    std::fs::write(&path, instance(100)).unwrap();
    path
}

#[test]
fn the_engine_hears_of_what_has_changed_and_of_nothing_else() {
    let mut trial = Trial::new("reloading", keepalived);
    let (report, severity, kind) = trial.reload(&instance(101));
    assert_eq!((report.exit_status, severity), (exit::OK, Severity::Info));
    let EventKind::ConfigLoaded { hash, instances: 1, .. } = kind else { panic!("{kind:?}") };
    let plan: Vec<(&str, &str)> =
        report.plan.iter().map(|change| (change.deed.as_str(), change.effect.as_str())).collect();
    assert_eq!(plan, [("update", "priority 100 -> 101")]);
    assert_eq!(report.busy, Duration::from_micros(80));
    assert_eq!(trial.told.try_recv().unwrap().instances[0].priority.get(), 101);
    assert_eq!(trial.reloader.in_force().instances[0].priority.get(), 101);

    let (report, _, kind) = trial.reload(&instance(101));
    assert_eq!((report.plan[0].deed.as_str(), report.busy), ("keep", Duration::ZERO));
    assert!(trial.told.try_recv().is_err(), "it is as it was");
    assert!(matches!(kind, EventKind::ConfigLoaded { hash: same, .. } if same == hash));
}

/// A file that is only half written may be one, and say nothing of instances.
#[test]
fn the_last_instance_is_not_taken_away() {
    let mut trial = Trial::new("reloading-last", keepalived);
    let head = "global_defs {\n router_id lb1\n}\n";
    for text in [head, "", "# nothing\n"] {
        let (report, severity, kind) = trial.reload(text);
        assert_eq!((report.exit_status, severity), (exit::CONFIGURATION, Severity::Error), "{text}");
        let EventKind::ConfigRejected { reason, .. } = kind else { panic!("{kind:?}") };
        assert_eq!(reason.contains("has no instance any more"), text == head, "{reason}");
        assert!(trial.told.try_recv().is_err());
        assert_eq!(trial.reloader.in_force().instances.len(), 1);
    }
    let how = ReloadRequest { dry_run: true };
    std::fs::write(&trial.path, head).unwrap();
    let report = trial.reloader.shared.reload(Occasioned::ByRequest(how));
    assert!(report.refused[0].contains("has no instance any more"), "{:?}", report.refused);
    assert_eq!(trial.reload(&instance(101)).0.exit_status, exit::OK);

    // One that began without any may go on without.
    let mut trial = Trial::new("reloading-none", |folder| {
        let path = folder.join("keepalived.conf");
        std::fs::write(&path, head).unwrap();
        path
    });
    let (report, ..) = trial.reload(&head.replace("lb1", "lb2"));
    assert!(!report.refused.iter().any(|line| line.contains("has no instance")), "{:?}", report.refused);
    assert_eq!(trial.reload(&format!("{head}{}", instance(100))).0.plan.len(), 1);
    assert_eq!(trial.told.try_iter().last().unwrap().instances.len(), 1);
}

#[test]
fn what_an_included_file_says_is_taken_over_and_has_another_hash() {
    const MAIN: &str = "include = \"conf.d/*.toml\"\n";
    let web = |priority: u8| {
        let keys = "interface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.30\"]";
        format!("[instance.web]\n{keys}\npriority = {priority}\n")
    };
    let mut trial = Trial::new("reloading-include", |folder| {
        std::fs::create_dir_all(folder.join("conf.d")).unwrap();
        std::fs::write(folder.join("conf.d/web.toml"), web(100)).unwrap();
        let path = folder.join("keepwatch.toml");
        std::fs::write(&path, MAIN).unwrap();
        path
    });
    let (_, _, EventKind::ConfigLoaded { hash: before, .. }) = trial.reload(MAIN) else { panic!() };
    std::fs::write(trial.folder.join("conf.d/web.toml"), web(101)).unwrap();
    let (report, _, EventKind::ConfigLoaded { hash, .. }) = trial.reload(MAIN) else { panic!() };
    assert_eq!(report.plan[0].effect, "priority 100 -> 101");
    assert_ne!(hash, before);
    std::fs::write(trial.folder.join("conf.d/web.toml"), "[instance.web\n").unwrap();
    let (report, ..) = trial.reload(MAIN);
    assert!(report.refused[0].contains("conf.d/web.toml:1:"), "{:?}", report.refused);
    assert_eq!(trial.reloader.in_force().instances[0].priority.get(), 101);
}

/// It is in force as far as it can be, which is no refusal: status has its hash, and says what is left.
#[test]
fn what_needs_a_restart_is_said_until_it_has_been() {
    let mut trial = Trial::new("reloading-restart", keepalived);
    let text = instance(101) + "global_defs {\n router_id h9\n}\n";
    std::fs::write(&trial.path, &text).unwrap();
    let dry = trial.reloader.shared.reload(Occasioned::ByRequest(ReloadRequest { dry_run: true }));
    assert_eq!((dry.exit_status, dry.refused.len()), (exit::FAILED, 1), "{:?}", dry.refused);
    for _ in 0..2 {
        let (report, severity, kind) = trial.reload(&text);
        assert_eq!((report.exit_status, severity), (exit::FAILED, Severity::Warning));
        assert_eq!(report.refused, dry.refused);
        let EventKind::ConfigLoaded { hash, waits: Some(waits), .. } = &kind else { panic!("{kind:?}") };
        assert!(hash.len() == 32 && report.refused[0].ends_with(waits), "{kind:?}");
        let what = "only a restart of keepwatch takes over router_id; the rest is in force";
        assert_eq!(waits, what);
        assert_eq!(trial.reloader.in_force().instances[0].priority.get(), 101);
    }
    let (report, severity, kind) = trial.reload(&instance(101));
    assert_eq!((report.exit_status, severity), (exit::OK, Severity::Info));
    assert!(matches!(kind, EventKind::ConfigLoaded { waits: None, .. }), "{kind:?}");
}

/// Whatever is static follows, and start delays have nothing to wait for.
#[test]
fn statics_and_start_delays_need_no_restart() {
    let mut trial = Trial::new("reloading-statics", keepalived);
    let text = instance(100)
        + "global_defs {\n vrrp_startup_delay 3\n}\nstatic_ipaddress {\n 10.9.9.9/32 dev lo\n}\n";
    let (report, severity, kind) = trial.reload(&text);
    assert_eq!((report.exit_status, severity), (exit::OK, Severity::Info), "{:?}", report.refused);
    assert!(matches!(kind, EventKind::ConfigLoaded { waits: None, .. }), "{kind:?}");
    let plan: Vec<(&str, &str)> =
        report.plan.iter().map(|change| (change.object.as_str(), change.deed.as_str())).collect();
    assert_eq!(plan, [("instance", "keep"), ("static_address", "add"), ("globals", "update")]);
    assert_eq!(trial.told.try_recv().unwrap().statics.addresses.len(), 1);
    assert_eq!(trial.reloader.in_force().statics.addresses.len(), 1);
}

/// The configuration is as it was, and so is its hash, which everybody may see.
#[test]
fn another_password_in_its_file_is_taken_over() {
    const MAIN: &str = "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\nversion = 2\n\
                        auth_pass_file = \"vrrp.password\"\nvirtual_addresses = [\"10.1.1.30\"]\n";
    let mut trial = Trial::new("reloading-password", |folder| {
        std::fs::write(folder.join("vrrp.password"), "k4711\n").unwrap();
        let path = folder.join("keepwatch.toml");
        std::fs::write(&path, MAIN).unwrap();
        path
    });
    let password = trial.folder.join("vrrp.password");
    let (_, _, EventKind::ConfigLoaded { hash: before, .. }) = trial.reload(MAIN) else { panic!() };
    assert!(trial.reloader.files().contains(&password));
    std::fs::write(&password, "k4712\n").unwrap();
    let (report, _, EventKind::ConfigLoaded { hash, .. }) = trial.reload(MAIN) else { panic!() };
    assert_eq!((report.plan[0].effect.as_str(), hash), ("another password", before));
    assert_eq!(trial.told.try_recv().unwrap().instances[0].password, Some(Password(*b"k4712\0\0\0")));

    let by_files = |trial: &Trial| trial.reloader.shared.reload(Occasioned::ByFiles);
    assert!(by_files(&trial).plan.is_empty(), "nothing has changed");
    std::fs::remove_file(&password).unwrap();
    let report = by_files(&trial);
    assert_eq!(report.exit_status, exit::CONFIGURATION);
    assert!(report.refused[0].contains("vrrp.password cannot be read"), "{:?}", report.refused);
    std::fs::write(&password, "k4713\n").unwrap();
    assert_eq!(by_files(&trial).plan[0].effect, "another password");
}

#[test]
fn what_is_only_tried_changes_nothing_and_is_no_event() {
    let mut trial = Trial::new("reloading-dry", keepalived);
    std::fs::write(&trial.path, instance(101)).unwrap();
    let dry = trial.reloader.shared.reload(Occasioned::ByRequest(ReloadRequest { dry_run: true }));
    assert_eq!((dry.exit_status, dry.plan[0].effect.as_str()), (exit::OK, "priority 100 -> 101"));
    std::fs::write(&trial.path, "vrrp_instance {").unwrap();
    let dry = trial.reloader.shared.reload(Occasioned::ByRequest(ReloadRequest { dry_run: true }));
    assert_eq!((dry.exit_status, dry.plan.len()), (exit::CONFIGURATION, 0));
    assert!(trial.told.try_recv().is_err());
    assert!(!std::iter::from_fn(|| trial.heard.try_next()).any(|event| {
        matches!(event.kind, EventKind::ConfigLoaded { .. } | EventKind::ConfigRejected { .. })
    }));
}

/// Half-written, empty, gone, a folder: what was in force goes on, and the next good one is taken over.
#[test]
fn what_is_no_configuration_leaves_all_as_it_was() {
    let mut trial = Trial::new("reloading-bad", keepalived);
    let whole = instance(101);
    for broken in [whole.get(..40).unwrap(), "", "\0", "vrrp_instance VI_1 {\n}\n"] {
        let (report, severity, kind) = trial.reload(broken);
        assert_eq!((report.exit_status, severity), (exit::CONFIGURATION, Severity::Error), "{broken}");
        assert!(matches!(kind, EventKind::ConfigRejected { .. }), "{kind:?}");
    }
    std::fs::remove_file(&trial.path).unwrap();
    let report = trial.reloader.shared.reload(Occasioned::ByRequest(ReloadRequest::default()));
    assert_eq!(report.exit_status, exit::CONFIGURATION);
    assert!(report.refused[0].contains("cannot be read"), "{:?}", report.refused);
    assert!(trial.told.try_recv().is_err(), "the engine hears nothing of it");
    assert_eq!(trial.reload(&whole).0.plan[0].effect, "priority 100 -> 101");
}

#[test]
fn how_a_tracked_check_asks_is_taken_over() {
    let native = |keys: &str| {
        format!(
            "keepalived = \"keepalived.conf\"\n{keys}\n[check.other]\nfile = \"/\"\ntest = \"exists\"\n\
             [instance.VI_1]\ntrack = [\"web\", \"other\"]\n"
        )
    };
    let web = |keys: &str| native(&format!("[check.web]\ntcp = \"127.0.0.1:9\"\n{keys}"));
    let mut trial = Trial::new("reloading-checks", |folder| {
        std::fs::write(folder.join("keepalived.conf"), instance(100)).unwrap();
        let path = folder.join("keepwatch.toml");
        std::fs::write(&path, web("interval = \"60s\"")).unwrap();
        path
    });
    assert_eq!(trial.reload(&web("interval = \"60s\"")).0.exit_status, exit::OK, "as it was");
    for keys in ["interval = \"50s\"", "interval = \"50s\"\ntimeout = \"7s\""] {
        let (report, severity, kind) = trial.reload(&web(keys));
        assert_eq!((report.exit_status, report.refused), (exit::OK, Vec::new()), "{keys}");
        let check = report.plan.iter().find(|change| change.object == "check").unwrap();
        assert_eq!((check.name.as_deref(), check.deed.as_str()), (Some("web"), "update"), "{keys}");
        assert_eq!(severity, Severity::Info, "{kind:?}, {keys}");
    }
    let (report, ..) = trial.reload(&web("interval = \"50s\"\ntimeout = \"7s\"\nfall = 2"));
    let check = report.plan.iter().find(|change| change.object == "check").unwrap();
    assert_eq!((report.exit_status, check.effect.as_str()), (exit::OK, "what its verdicts are worth"));
}
