//! From the notify scripts and FIFOs of a configuration to what runs and writes them.

use keepwatch_config::model::{Command, Config, Deleted, Notify, NotifyFifo};
use keepwatch_exec::{FifoSettings, NotifySettings, ScriptSettings, Scripts, Subject};

use crate::checks::{account, policy};

/// What the configuration says about notify scripts and FIFOs.
pub(crate) fn settings(config: &Config) -> NotifySettings {
    let instances = config.instances.iter();
    let instances = instances
        .map(|instance| (Subject::Instance(instance.name.as_str().into()), scripts(&instance.notify)));
    let groups = config.groups.iter();
    let groups = groups.map(|group| (Subject::Group(group.name.as_str().into()), scripts(&group.notify)));
    let scripts = instances.chain(groups).collect();
    let fifos = config.globals.notify_fifos.iter().map(fifo).collect();
    NotifySettings { scripts, fifos, policy: policy(&config.globals), ..NotifySettings::default() }
}

/// A notify script, as `check` examines it and the daemon runs it.
pub(crate) fn script(command: &Command) -> ScriptSettings {
    let account = command.user.as_ref().map(account);
    ScriptSettings { command: keepwatch_exec::Command::of_keepalived(command.argv.clone()), account }
}

fn scripts(notify: &Notify) -> Scripts {
    let script = |command: &Option<Command>| command.as_ref().map(script);
    let Notify { master, backup, fault, stop, deleted, master_rx_lower_priority, any, priority_changes } =
        notify;
    Scripts {
        master: script(master),
        backup: script(backup),
        fault: script(fault),
        stop: script(stop),
        deleted: match deleted {
            Deleted::AsFault => keepwatch_exec::Deleted::AsFault,
            Deleted::AsDeleted(command) => keepwatch_exec::Deleted::AsDeleted(script(command)),
        },
        master_rx_lower_priority: script(master_rx_lower_priority),
        any: script(any),
        priority_changes: *priority_changes,
    }
}

fn fifo(fifo: &NotifyFifo) -> FifoSettings {
    let NotifyFifo { path, user, script: reader } = fifo;
    let (account, reader) = (user.as_ref().map(account), reader.as_ref().map(script));
    FifoSettings { path: path.into(), account, script: reader }
}

/// All programs of a configuration that notifications run, with the settings that they stand under.
pub(crate) fn commands(config: &Config) -> Vec<(&'static str, &Command)> {
    let mut all = Vec::new();
    let instances = config.instances.iter().map(|instance| &instance.notify);
    for notify in instances.chain(config.groups.iter().map(|group| &group.notify)) {
        let Notify { master, backup, fault, stop, deleted, master_rx_lower_priority, any, .. } = notify;
        let deleted = match deleted {
            Deleted::AsFault => &None,
            Deleted::AsDeleted(command) => command,
        };
        let named = [
            ("notify_master", master),
            ("notify_backup", backup),
            ("notify_fault", fault),
            ("notify_stop", stop),
            ("notify_deleted", deleted),
            ("notify_master_rx_lower_pri", master_rx_lower_priority),
            ("notify", any),
        ];
        all.extend(named.into_iter().filter_map(|(name, command)| Some((name, command.as_ref()?))));
    }
    let readers = config.globals.notify_fifos.iter().filter_map(|fifo| fifo.script.as_ref());
    all.extend(readers.map(|command| ("notify_fifo_script", command)));
    all
}
