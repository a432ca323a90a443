//! Any check, and how it becomes a plugin of the host.

use std::sync::Arc;

use keepwatch_host::{Native, Probe};

use crate::tcp::{TcpCheck, TcpProbe};

/// A check with its settings.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// Somebody listens at a TCP port.
    Tcp(TcpCheck),
}

impl Check {
    /// The check as the host runs it. Does nothing yet.
    #[must_use]
    pub fn native(&self) -> Native {
        let probe: Arc<dyn Probe> = match self {
            Self::Tcp(check) => Arc::new(TcpProbe(check.clone())),
        };
        Native { label: self.label(), settings: format!("{self:?}"), probe }
    }

    /// What it is, for people: `tcp 127.0.0.1:80`. Never with what may be a secret.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Tcp(check) => format!("tcp {}", check.to),
        }
    }
}
