//! How HAProxy is told to reload.

use std::collections::BTreeMap;
use std::path::PathBuf;

use keepwatch_host::HostError;

use crate::address::Address;
use crate::deadline::Deadline;
use crate::master;
use crate::program;
use crate::reply::Reply;
use crate::socket::ask_until;
use crate::trouble::Cause;
use crate::worker::Socket;

/// How HAProxy is told to reload, and where it shows whether it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// By its master's socket, `haproxy -W -S`.
    Master(Address),
    /// By a signal to its master, `haproxy -W -p`.
    Signal {
        /// Where the master's number stands: `/run/haproxy.pid`.
        pid_file: PathBuf,
        /// Where HAProxy is asked what came of it.
        watch: Socket,
    },
    /// By `systemctl reload`.
    Systemd {
        /// `/usr/bin/systemctl`.
        systemctl: PathBuf,
        /// `haproxy.service`.
        unit: String,
        /// Where HAProxy is asked what came of it.
        watch: Socket,
    },
}

/// What came of telling it.
pub(crate) enum Told {
    /// It knows; what comes of it has to be seen.
    Heard,
    /// It has not reloaded, for this reason.
    Refused(String),
}

impl Via {
    /// Where HAProxy is asked what came of it.
    pub(crate) fn watch(&self) -> Socket {
        match self {
            Self::Master(address) => Socket::Master(address.clone()),
            Self::Signal { watch, .. } | Self::Systemd { watch, .. } => watch.clone(),
        }
    }

    pub(crate) async fn tell(&self, deadline: Deadline) -> Result<Told, HostError> {
        match self {
            Self::Master(address) => tell_master(address, deadline).await,
            Self::Signal { pid_file, .. } => master::signal(pid_file).await.map(|()| Told::Heard),
            Self::Systemd { systemctl, unit, .. } => {
                let arguments = ["reload".into(), "--".into(), unit.into()];
                let ended = program::run(systemctl, &arguments, &BTreeMap::new(), deadline).await?;
                if ended.code == Some(0) {
                    return Ok(Told::Heard);
                }
                Ok(Told::Refused(format!("systemctl reload {unit} failed: {}", ended.said)))
            }
        }
    }
}

async fn tell_master(address: &Address, deadline: Deadline) -> Result<Told, HostError> {
    let reply = match ask_until(address, "reload", deadline).await {
        Ok(answer) => Reply::read(&answer),
        // Before 2.7 the connection ends when the master starts itself anew; later it stays until all is loaded.
        Err(trouble) if matches!(trouble.cause, Cause::Broken | Cause::Late) => Reply::None,
        Err(trouble) => return Err(trouble.into()),
    };
    match reply {
        Reply::None | Reply::Success => Ok(Told::Heard),
        Reply::Failure(why) if why.is_empty() => Ok(Told::Refused("HAProxy's log says why".to_owned())),
        Reply::Failure(why) => Ok(Told::Refused(why)),
    }
}
