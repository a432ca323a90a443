//! From the actions of a configuration to what does them.

use std::sync::Arc;

use keepwatch_config::Diagnostic;
use keepwatch_config::model::{ActionKind, ActionTable, ReloadBy, ServerState};
use keepwatch_exec::{Account, Accounts, Program, Start};
use keepwatch_haproxy::{Configuration, Reload, Then, To, Turn, Via};
use keepwatch_host::{Action, NativeDeed};

use crate::checks::{address, socket};

/// Where systemd's own program is.
const SYSTEMCTL: &str = "/usr/bin/systemctl";

/// What an action of the configuration does.
///
/// # Errors
///
/// What is wrong with it, if it names something that cannot be.
pub(crate) fn action(table: &ActionTable, accounts: &Arc<Accounts>) -> Result<Action, Box<Diagnostic>> {
    let deed = match &table.does {
        ActionKind::Exec { exec, user } => program(exec, user.as_ref(), accounts),
        ActionKind::HaproxyReload { program, config, by } => {
            let configuration =
                Configuration { program: program.clone(), ..Configuration::new(config.clone()) };
            Reload { configuration, via: via(by) }.native()
        }
        ActionKind::HaproxyServer { socket: at, server, to } => {
            let server = server.parse().map_err(|error| {
                let message = format!("action {}: {error}", table.name);
                let finding = Diagnostic::error(&table.place.span, message, "");
                Box::new(finding.help("write server = \"BACKEND/SERVER\""))
            })?;
            Turn { socket: socket(at), server, to: state(*to) }.native()
        }
    };
    Ok(Action { name: table.name.clone(), deed, timeout: table.timeout })
}

fn program(exec: &[String], user: Option<&String>, accounts: &Arc<Accounts>) -> NativeDeed {
    let mut words = exec.iter();
    let program = words.next().cloned().unwrap_or_default().into();
    let start = Start { account: user.map(Account::of), ..Start::new(program, words.cloned().collect()) };
    Program::new(start, Arc::clone(accounts)).native()
}

fn via(by: &ReloadBy) -> Via {
    match by {
        ReloadBy::Master(at) => Via::Master(address(at)),
        ReloadBy::Signal { pid_file, watch } => {
            Via::Signal { pid_file: pid_file.clone(), watch: socket(watch) }
        }
        ReloadBy::Systemd { unit, watch } => {
            Via::Systemd { systemctl: SYSTEMCTL.into(), unit: unit.clone(), watch: socket(watch) }
        }
    }
}

const fn state(to: ServerState) -> To {
    match to {
        ServerState::Enabled => To::Ready,
        ServerState::Disabled => To::Maintenance,
        ServerState::Drained => To::Drain(Then::GoOn),
        ServerState::DrainedAndIdle => To::Drain(Then::WaitUntilIdle),
    }
}
