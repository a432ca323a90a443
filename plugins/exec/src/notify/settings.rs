//! What the configuration says about notify scripts and FIFOs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::account::Account;
use crate::command::Command;
use crate::policy::Policy;

/// How long a notify script may take if nobody has said. keepalived lets it run for ever.
const WITHIN: Duration = Duration::from_secs(60);

/// What the configuration says about notify scripts and FIFOs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifySettings {
    /// The scripts of those that have any.
    pub scripts: BTreeMap<Subject, Scripts>,
    /// Where lines are written.
    pub fifos: Vec<FifoSettings>,
    /// What the scripts must be like, and whom they run as.
    pub policy: Policy,
    /// How long a script may take. Then it gets SIGTERM, and SIGKILL.
    pub within: Duration,
}

/// What is told of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A VRRP instance.
    Instance(Arc<str>),
    /// A sync group.
    Group(Arc<str>),
}

/// The notify scripts of an instance or a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scripts {
    /// `notify_master`.
    pub master: Option<ScriptSettings>,
    /// `notify_backup`.
    pub backup: Option<ScriptSettings>,
    /// `notify_fault`.
    pub fault: Option<ScriptSettings>,
    /// `notify_stop`.
    pub stop: Option<ScriptSettings>,
    /// `notify_deleted`: after `stop`, when a configuration that was loaded again has the instance no more.
    pub deleted: Option<ScriptSettings>,
    /// `notify_master_rx_lower_pri`.
    pub master_rx_lower_priority: Option<ScriptSettings>,
    /// `notify`: for each state, with four words more.
    pub any: Option<ScriptSettings>,
}

/// A notify script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptSettings {
    /// What runs.
    pub command: Command,
    /// Whom it runs as; who the policy says if absent.
    pub account: Option<Account>,
}

/// A notify FIFO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FifoSettings {
    /// Its path.
    pub path: PathBuf,
    /// Whom it belongs to if it is made here; who the policy says if absent.
    pub account: Option<Account>,
    /// What reads it, with the path as its last argument.
    pub script: Option<ScriptSettings>,
}

impl Default for NotifySettings {
    fn default() -> Self {
        let (scripts, fifos, policy) = (BTreeMap::new(), Vec::new(), Policy::default());
        Self { scripts, fifos, policy, within: WITHIN }
    }
}

impl Subject {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Arc<str> {
        match self {
            Self::Instance(name) | Self::Group(name) => name,
        }
    }

    /// keepalived's word for its sort.
    pub(crate) const fn sort(&self) -> &'static str {
        match self {
            Self::Instance(_) => "INSTANCE",
            Self::Group(_) => "GROUP",
        }
    }
}
