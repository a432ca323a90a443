//! Whether a systemd unit is active, asked over D-Bus as `systemctl is-active` does.

use std::fmt::Write;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use keepwatch_host::{Probe, Verdict, Work};
use tokio::net::UnixStream;
use tokio::sync::Mutex;
use zbus::connection::Builder;
use zbus::fdo;
use zbus::wire::OwnedVariant;
use zbus::{Connection, Error};

use crate::deadline::Deadline;
use crate::io_text::plain;
use crate::verdict::{Step, either, fail, pass, unknown};

const SYSTEMD: &str = "org.freedesktop.systemd1";
const UNIT: &str = "org.freedesktop.systemd1.Unit";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// Passes when a systemd unit is active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitCheck {
    /// The unit: `haproxy.service`; without an ending it is a service.
    pub name: String,
    /// The socket of the system's D-Bus.
    pub bus: PathBuf,
}

impl UnitCheck {
    /// A check of a unit of this host.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), bus: PathBuf::from("/run/dbus/system_bus_socket") }
    }

    fn full_name(&self) -> String {
        if self.name.contains('.') { self.name.clone() } else { format!("{}.service", self.name) }
    }
}

pub(crate) struct UnitProbe {
    check: UnitCheck,
    /// The connection, kept from one question to the next.
    kept: Mutex<Option<Connection>>,
}

impl UnitProbe {
    pub(crate) fn new(check: &UnitCheck) -> Self {
        Self { check: check.clone(), kept: Mutex::default() }
    }

    async fn ask(&self, deadline: Deadline) -> Step<Verdict> {
        let verdict = deadline.limit(self.look(), || "systemd did not answer".to_owned());
        // That it is slow says nothing of the unit.
        verdict.await.map_err(|late| unknown(late.text))?
    }

    async fn look(&self) -> Step<Verdict> {
        let mut kept = self.kept.lock().await;
        // Whatever ends this early, also by dropping it, the connection is not used again.
        if let Some(connection) = kept.take().filter(|connection| !connection.is_closed())
            && let Ok(verdict) = self.judge(&connection).await
        {
            *kept = Some(connection);
            return verdict;
        }
        // None yet, or the bus was started anew.
        let connection = self.connect().await?;
        let verdict = self.judge(&connection).await.map_err(|error| self.refused(&error))?;
        *kept = Some(connection);
        verdict
    }

    async fn connect(&self) -> Step<Connection> {
        let bus = self.check.bus.display();
        let cannot = |why: String| unknown(format!("systemd cannot be asked: {bus}: {why}"));
        let stream = UnixStream::connect(&self.check.bus).await.and_then(UnixStream::into_std);
        let stream = stream.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => cannot("there is no D-Bus".to_owned()),
            _ => cannot(plain(&error)),
        })?;
        Builder::unix_stream(stream).build().await.map_err(|error| cannot(error.to_string()))
    }

    /// The verdict on the unit, or what went wrong with the bus.
    async fn judge(&self, connection: &Connection) -> Result<Step<Verdict>, Error> {
        let name = self.check.full_name();
        let path = path(&name);
        let active = property(connection, &path, "ActiveState").await?;
        if matches!(active.as_str(), "active" | "reloading" | "refreshing") {
            return Ok(Ok(pass(format!("{name} is {active}"))));
        }
        if property(connection, &path, "LoadState").await? == "not-found" {
            return Ok(Err(fail(format!("{name} does not exist"))));
        }
        let more = property(connection, &path, "SubState").await?;
        let more = if more == active || more == "dead" { String::new() } else { format!(" ({more})") };
        Ok(Err(fail(format!("{name} is {active}{more}, not active"))))
    }

    fn refused(&self, error: &Error) -> Verdict {
        let why = match error {
            Error::FDO(error) => match &**error {
                fdo::Error::ServiceUnknown(_) | fdo::Error::NameHasNoOwner(_) => {
                    "it is not on the bus".to_owned()
                }
                fdo::Error::AccessDenied(_) => "access is denied".to_owned(),
                other => other.to_string(),
            },
            other => other.to_string(),
        };
        unknown(format!("systemd cannot be asked for {}: {why}", self.check.full_name()))
    }
}

impl Probe for UnitProbe {
    fn probe(&self, within: Duration) -> Work<'_, Verdict> {
        Box::pin(async move { either(self.ask(Deadline::new(within)).await) })
    }
}

async fn property(connection: &Connection, path: &str, name: &str) -> Result<String, Error> {
    let question = (UNIT, name);
    let answer = connection.call_method(Some(SYSTEMD), path, Some(PROPERTIES), "Get", &question).await?;
    let value: OwnedVariant = answer.body().deserialize()?;
    String::try_from(value)
}

/// Where systemd has a unit: in its name, all but letters and digits are replaced by their numbers, and so is a digit at
/// the beginning.
fn path(name: &str) -> String {
    let mut path = "/org/freedesktop/systemd1/unit/".to_owned();
    for (place, octet) in name.bytes().enumerate() {
        if octet.is_ascii_alphabetic() || (octet.is_ascii_digit() && place > 0) {
            path.push(char::from(octet));
        } else {
            // Writing to a string does not fail.
            let _ = write!(path, "_{octet:02x}");
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_units_are() {
        for (name, end) in [
            ("ssh.service", "ssh_2eservice"),
            ("4x@1-2.service", "_34x_401_2d2_2eservice"),
            ("\u{fc}.mount", "_c3_bc_2emount"),
        ] {
            assert_eq!(path(name), format!("/org/freedesktop/systemd1/unit/{end}"));
        }
    }
}
