//! `keepwatch run`: the daemon.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use keepwatch_bus::{Bus, Delivery, Draft};
use keepwatch_config::model::{Check, CheckKind};
use keepwatch_config::{Config, StopMode};
use keepwatch_engine::{Counting, Engine, StartError};
use keepwatch_event::{EventKind, Severity, Snapshot};
use keepwatch_exec::{Accounts, Launcher, NotifyScripts};
use keepwatch_host::{Plan, Plugins};
use keepwatch_notify::Destination;
use tokio::sync::oneshot;

use crate::checks::{Means, Occasion};
use crate::cli::{self, Run};
use crate::daemon_control::{Control, Hooks, LettersRead};
use crate::dumper::{Dumper, Sources};
use crate::explaining::Explaining;
use crate::log::Preamble;
use crate::net_namespace;
use crate::notifications::Notifications;
use crate::paths::{self, Paths};
use crate::pid_file::PidFile;
use crate::plan;
use crate::reloading::{Parts, Reloader, Seen, Whence};
use crate::signals::{Listeners, Signals};
use crate::{check, checks, destinations, exit, extensions, log, notify_scripts, plugin_reports, watching};

pub(crate) fn run(arguments: &Run) -> ExitCode {
    let path = arguments.config.clone().unwrap_or_else(paths::configuration);
    if let Some(id) = &arguments.config_id {
        keepwatch_config::set_host_id(id.clone());
    }
    let Loaded { mut config, mut plan, destinations, told, seen } =
        match load(&path, arguments.hooks.as_deref()) {
            Ok(loaded) => loaded,
            Err(code) => return code,
        };
    for instance in &mut config.instances {
        instance.stop_mode = stop_mode(arguments.stop_mode);
    }
    if let Some(name) = &config.globals.net_namespace
        && let Err(error) = net_namespace::enter(name)
    {
        eprintln!("error: {error}");
        return exit::with(exit::FAILED);
    }
    let mut pid_file = match arguments.pid.as_deref().map(PidFile::take).transpose() {
        Ok(file) => file,
        Err(error) => return fail("take the file of --pid", &error),
    };
    log::init(arguments.verbose);
    // Before there are other threads. What plugins and checks run has no business with the network's settings.
    keepwatch_engine::keep_capabilities_to_ourselves();
    let node = nix::unistd::gethostname().unwrap_or_default();
    let snapshot = Snapshot::new(&node.to_string_lossy(), Bus::now(), keepwatch_engine::describe(&config));
    let bus = match Bus::start(snapshot, || {
        keepwatch_engine::ask_for_precedence();
    }) {
        Ok(bus) => bus,
        Err(error) => return fail("start the bus", &error),
    };
    let engine = match Engine::prepare(&config, bus.with_own_intake()) {
        Ok(engine) => engine,
        Err(error) => return refuse(&error),
    };
    // From here on only the log's own thread writes: nobody may be reading.
    let paths = Paths::of_this_process();
    let version = format!("keepwatch {}: {}", env!("CARGO_PKG_VERSION"), told.summary);
    let is_script = |check: &&Check| matches!(check.what, CheckKind::Script(_));
    let of_checks = config.checks.iter().filter(is_script).map(|check| check.name.clone()).collect();
    let preamble =
        Preamble { findings: told.findings, version, detail: paths.to_string(), scripts: of_checks };
    let log = match log::spawn(preamble, bus.subscribe("the log", Delivery::Durable, log::QUEUE)) {
        Ok(log) => log,
        Err(error) => return fail("start the log", &error),
    };
    let shown = path.display().to_string();
    let instances = config.instances.len();
    let loaded =
        EventKind::ConfigLoaded { path: shown.clone(), instances, hash: seen.hash.clone(), waits: None };
    bus.publish(Draft::general(Severity::Info, loaded));
    // Here, where nothing has stepped back: scripts run as the daemon does, not as plugins.
    let launcher = match Launcher::new(Accounts::new()) {
        Ok(launcher) => launcher,
        Err(error) => return fail("make room for scripts", &error),
    };
    // Before the engine starts, so that they hear the first transitions.
    let scripts = Arc::new(NotifyScripts::begin(notify_scripts::settings(&config), &bus, &launcher));
    let means = Means { launcher: launcher.clone(), bus: bus.clone() };
    plan.declared.extend(checks::natives(&config, &means, Occasion::Start));
    // Before the engine starts, for the same reason; and before the plugins, which may have something to say at once.
    let node = destinations::node(&config);
    let notifications = match Notifications::begin(destinations, &node, &paths, &bus) {
        Ok(notifications) => notifications,
        Err(error) => return fail("make room for notifications", &error),
    };
    let plugins = match extensions::begin(plan, &paths, &bus, engine.tracks(), notifications.messenger()) {
        Ok(plugins) => Arc::new(plugins),
        Err(error) => return fail("make room for plugins", &error),
    };
    let (of_plugins, of_scripts) = (Arc::clone(&plugins), Arc::clone(&scripts));
    let explaining = Explaining::new(engine.explainer());
    let reconfigurer = engine.reconfigurer();
    let parts = Parts {
        engine: Box::new(move |before, after, diff| reconfigurer.reconfigure(before, after, diff)),
        plugins: of_plugins,
        scripts: of_scripts,
        means,
        notifications: notifications.clone(),
    };
    let whence = Whence { path, hooks: arguments.hooks.clone(), stop_mode: stop_mode(arguments.stop_mode) };
    let hash = seen.hash.clone();
    let reloader = Reloader::new(whence, parts, config, seen);
    let counting = engine.counting();
    let of_dumps = reloader.clone();
    let sources = Sources {
        bus: bus.clone(),
        counting: counting.clone(),
        in_force: Box::new(move || of_dumps.in_force()),
        temporary: std::env::temp_dir(),
    };
    let dumper = match Dumper::begin(sources) {
        Ok(dumper) => dumper,
        Err(error) => return fail("start the thread for files that signals ask for", &error),
    };
    let hooks = hooks(&plugins, &reloader, explaining, notifications.clone(), counting);
    let mut control = Control::begin(&paths.control, &bus, (&shown, &hash), hooks);
    let listeners = Listeners { bus: &bus, reloader: &reloader, dumper: &dumper };
    let watching = arguments.watch.then(|| reloader.clone());
    let (code, signals) = match serve(engine, &listeners, watching, pid_file.as_mut()) {
        Ok(signals) => (exit::OK, Some(signals)),
        Err(error) => {
            bus.publish(Draft::general(Severity::Error, EventKind::Failed { error: error.to_string() }));
            (exit::FAILED, None)
        }
    };
    let mut patience = Patience::Left(signals);
    // First: their scripts may take a moment to end.
    plugins.stop_natives("keepwatch stops");
    dumper.stop();
    drop(reloader);
    bus.flush(FLUSH);
    // Before the plugins: nobody loads any more.
    control.stop();
    // The engine has ended: what it told last has been handed on.
    scripts.stop(LAST_SCRIPTS, patience.ends());
    plugins.stop("keepwatch stops", LAST_WORK, patience.ends());
    launcher.stop(LAST_SCRIPT);
    // After the plugins, which may have had something to say.
    notifications.stop(patience.ends());
    drop((plugins, notifications));
    drop(bus);
    log::finish(log);
    control.finish();
    drop(pid_file);
    exit::with(code)
}

/// How long the last events may take to reach plugins, and those to handle them.
const FLUSH: Duration = Duration::from_secs(1);
const LAST_WORK: Duration = Duration::from_secs(5);
/// How long notify scripts may still take, those that wait among them, before they are stopped.
const LAST_SCRIPTS: Duration = Duration::from_secs(10);
/// How long the check scripts that were asked to end may take for that before they are killed, as in keepalived.
const LAST_SCRIPT: Duration = Duration::from_secs(1);

/// When a start is over: plugins are loaded, and instances have had their first turn.
const STARTED: Duration = Duration::from_secs(10);

/// A configuration, read.
struct Loaded {
    config: Config,
    plan: Plan,
    destinations: Vec<Destination>,
    told: Told,
    seen: Seen,
}

/// What there is to say about a configuration.
struct Told {
    findings: String,
    summary: String,
}

/// What the control socket has from here.
fn hooks(
    plugins: &Arc<Plugins>,
    reloader: &Reloader,
    explaining: Explaining,
    notifications: Notifications,
    counting: Counting,
) -> Hooks {
    let (plugins, of_letters, reloader) = (Arc::clone(plugins), Arc::clone(plugins), reloader.clone());
    let of_config = reloader.clone();
    // What is built in is seen by what it found.
    let of_files =
        move || plugins.reports().into_iter().filter(|report| report.spec.made.file().is_some()).collect();
    let dead_letters = move |plugin| -> LettersRead {
        let reading = of_letters.dead_letters(plugin);
        Box::pin(async { plugin_reports::dead_letters(reading.await) })
    };
    Hooks {
        plugins: Box::new(of_files),
        explaining,
        reload: Box::new(move |how| reloader.reload(how)),
        in_force: Box::new(move || of_config.in_force()),
        dead_letters: Box::new(dead_letters),
        notifications,
        counting,
    }
}

const fn stop_mode(mode: cli::StopMode) -> StopMode {
    match mode {
        cli::StopMode::Lossless => StopMode::Lossless,
        cli::StopMode::Rfc => StopMode::Rfc,
        cli::StopMode::Silent => StopMode::Silent,
    }
}

/// Reads the configuration, and gives it with what there is to say about it; a refusal goes to standard error.
fn load(path: &Path, hooks: Option<&Path>) -> Result<Loaded, ExitCode> {
    let mut site = keepwatch_config::load_site_to_run(path).map_err(|error| {
        eprintln!("error: {error}");
        exit::with(exit::CONFIGURATION)
    })?;
    let plan = plan::plan(&mut site, hooks);
    let destinations = destinations::of_site(&mut site);
    let seen = Seen::of(&site);
    let told = Told { findings: check::rendered(&site), summary: check::summary(path, &site) };
    match site.config {
        Some(config) => Ok(Loaded { config, plan, destinations, told, seen }),
        None => {
            eprint!("{}", told.findings);
            eprintln!("{}", told.summary);
            Err(exit::with(exit::CONFIGURATION))
        }
    }
}

fn fail(what: &str, error: &std::io::Error) -> ExitCode {
    eprintln!("error: cannot {what}: {error}");
    exit::with(exit::FAILED)
}

/// Says why the engine cannot start, and what to do about it.
fn refuse(error: &StartError) -> ExitCode {
    let StartError::Privileges(missing) = error else {
        eprintln!("error: {error}");
        return exit::with(exit::FAILED);
    };
    eprintln!("error: keepwatch may not take part in VRRP here");
    for capability in missing {
        eprintln!("  it lacks {}, {}", capability.name, capability.purpose);
    }
    let program =
        std::env::current_exe().map_or_else(|_| "keepwatch".into(), |path| path.display().to_string());
    eprintln!("  run it as root, or give it what it lacks:");
    eprintln!("    once and for all   setcap cap_net_admin,cap_net_raw+ep {program}");
    eprintln!("    under systemd      AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW");
    eprintln!("    in a container     --cap-add NET_ADMIN --cap-add NET_RAW --network host");
    exit::with(exit::PRIVILEGES)
}

/// Signals that come this soon one after the other are one request: supervisors tell a process and its group.
const SAME_REQUEST: Duration = Duration::from_millis(200);

/// How long those who have something left to do are waited for: until the daemon is told to stop once more.
enum Patience {
    /// They are waited for. Without signals nobody can say so.
    Left(Option<Signals>),
    /// It was told so: nobody is waited for any more.
    Gone,
}

impl Patience {
    /// Ends when nobody is waited for any more.
    async fn ends(&mut self) {
        let Self::Left(signals) = self else { return };
        let Some(signals) = signals else { return std::future::pending().await };
        let began = Instant::now();
        signals.stop().await;
        while began.elapsed() < SAME_REQUEST {
            signals.stop().await;
        }
        *self = Self::Gone;
    }
}

/// Runs the engine until the daemon is told to stop, or it ends by itself. What comes later is for who gets the signals.
fn serve(
    engine: Engine,
    listeners: &Listeners<'_>,
    watching: Option<Reloader>,
    pid_file: Option<&mut PidFile>,
) -> std::io::Result<Signals> {
    let bus = listeners.bus;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    // Before the engine starts: a signal that comes earlier would end the process with addresses in place, or, as
    // process 1, be lost.
    let mut signals = runtime.block_on(async { Signals::catch() })?;
    if let Some(file) = pid_file {
        file.write()?;
    }
    let (tell, mut ended) = oneshot::channel();
    let running = engine.spawn(move || {
        // Nobody waits any more if the daemon was told to stop first.
        let _ = tell.send(());
    })?;
    // These end with the runtime.
    drop(runtime.spawn(give_back_the_start()));
    drop(watching.map(|reloader| runtime.spawn(watching::watch(reloader, bus.clone()))));
    runtime.block_on(async {
        let Some(signal) = signals.wait(&mut ended, listeners).await else { return };
        stopping(bus, signal);
        running.stop();
        let told = Instant::now();
        // It may keep its addresses for a moment; whoever asks twice wants it to end.
        while let Some(signal) = signals.wait(&mut ended, listeners).await {
            if told.elapsed() < SAME_REQUEST {
                continue;
            }
            stopping(bus, &format!("{signal} again, at once"));
            return;
        }
    });
    running.stop_now();
    running.join()?;
    Ok(signals)
}

/// Gives back the pages of the program that only its start needed: most of those that it has.
async fn give_back_the_start() {
    tokio::time::sleep(STARTED).await;
    // They merely stay if that fails.
    let _ = keepwatch_engine::give_back_code_pages();
}

fn stopping(bus: &Bus, reason: &str) {
    bus.publish(Draft::general(Severity::Info, EventKind::Stopping { reason: reason.to_owned() }));
}
