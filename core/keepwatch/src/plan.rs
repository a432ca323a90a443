//! From a configuration's tables to what plugins are and may do.

use std::path::Path;

use keepwatch_config::model::{Check, CheckKind, Config, PluginTable};
use keepwatch_config::{Diagnostic, Findings, Refused, Site};
use keepwatch_exec::Accounts;
use keepwatch_host::{Grant, Grants, Limits, Plan, PluginSpec, Schedule};

use crate::{actions, destinations};

/// Where scripts become plugins by lying there, if nobody says otherwise.
const HOOKS: &str = "/etc/keepwatch/hooks.d";

/// The plugins of a configuration; `hooks` is what the command line says. Grants that are none become findings, and the
/// configuration then is none, either.
pub(crate) fn plan(site: &mut Site, hooks: Option<&Path>) -> Plan {
    let Some(config) = site.draft() else { return Plan::default() };
    let mut findings = Findings::default();
    let plan = read(config, &site.refused, hooks, &mut findings);
    site.refuse(&findings);
    plan
}

fn read(config: &Config, refused: &Refused, hooks: Option<&Path>, findings: &mut Findings) -> Plan {
    let tables = &config.extensions;
    let accounts = Accounts::new();
    let mut actions = Vec::new();
    for table in &tables.actions {
        match actions::action(table, &accounts) {
            Ok(action) => actions.push(action),
            Err(finding) => findings.push(*finding),
        }
    }
    let surroundings = Surroundings { config, refused };
    let plugins = tables.plugins.iter().map(|table| spec(table, None, &surroundings, findings));
    let mut declared: Vec<PluginSpec> = plugins.collect();
    for check in &config.checks {
        if let CheckKind::Plugin(table) = &check.what {
            declared.push(spec(table, Some(check), &surroundings, findings));
        }
    }
    let said = hooks.unwrap_or_else(|| Path::new(HOOKS));
    if tables.hooks.is_some() && hooks.is_some() {
        let message = "--hooks is for a keepalived.conf: this file says itself where scripts are";
        let help = format!("write hooks = \"{}\" in it, above all tables", said.display());
        findings.push(Diagnostic::error(&(0..0), message, "").help(help));
    } else if let Some(folder) = hooks
        && let Err(error) = std::fs::read_dir(folder)
    {
        let message = format!("the folder of hooks, {}, cannot be read: {error}", folder.display());
        findings.push(Diagnostic::warning(&(0..0), message, ""));
    }
    let hooks = Some(tables.hooks.clone().unwrap_or_else(|| said.to_owned()));
    Plan { declared, hooks, actions }
}

/// What grants may name.
struct Surroundings<'c> {
    config: &'c Config,
    /// What is wrong with these has been said.
    refused: &'c Refused,
}

impl Surroundings<'_> {
    fn has_action(&self, name: &str) -> bool {
        let mut actions = self.config.extensions.actions.iter();
        actions.any(|action| action.name == name) || self.refused.has("action", name)
    }

    fn has_destination(&self, name: &str) -> bool {
        destinations::has(self.config, name) || self.refused.has("notify", name)
    }
}

fn spec(
    table: &PluginTable,
    check: Option<&Check>,
    surroundings: &Surroundings<'_>,
    findings: &mut Findings,
) -> PluginSpec {
    let mut grants = Vec::new();
    for written in &table.grants {
        match written.text.parse::<Grant>() {
            Ok(Grant::Run(name)) if !surroundings.has_action(&name) => {
                let finding = Diagnostic::error(&written.span, format!("there is no action \"{name}\""), "")
                    .help(format!("add [action.{name}] with exec = [\"/PATH/TO/PROGRAM\"]"));
                findings.push(finding);
            }
            Ok(Grant::Notify(name)) if !surroundings.has_destination(&name) => {
                let finding =
                    Diagnostic::error(&written.span, format!("there is no destination \"{name}\""), "")
                        .help(format!("add [notify.{name}] with smtp = \"HOST\", or webhook = \"URL\""));
                findings.push(finding);
            }
            Ok(grant) => grants.push(grant),
            Err(why) => findings.push(Diagnostic::error(&written.span, why, "")),
        }
    }
    let kind = if check.is_some() { "check" } else { "plugin" };
    let plain = PluginSpec::plain(&table.name, table.file.clone());
    let limits = limits(table, check);
    PluginSpec {
        table: format!("{kind}.{}", table.name),
        grants: Grants::new(grants),
        config: table.config.clone(),
        schedule: check.map(|check| Schedule { interval: check.interval, timeout: check.timeout }),
        limits,
        ..plain
    }
}

fn limits(table: &PluginTable, check: Option<&Check>) -> Limits {
    let default = Limits::default();
    let call = check.map(|check| check.timeout).or(table.timeout).unwrap_or(default.call);
    Limits {
        call,
        cpu: table.cpu.unwrap_or(default.cpu).min(call),
        memory: table.memory.and_then(|octets| usize::try_from(octets).ok()).unwrap_or(default.memory),
        queue: table.queue.and_then(|queue| usize::try_from(queue).ok()).unwrap_or(default.queue),
        ..default
    }
}
