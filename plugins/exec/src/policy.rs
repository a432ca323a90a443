//! What a program must be like.

use crate::account::Account;

/// What a program must be like, and whom it runs as if nobody has said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether what root runs must be root's.
    pub security: Security,
    /// Whom programs run as of which nobody has said.
    pub fallback: Fallback,
    /// Where programs without a `/` in their name are looked for, separated by `:`.
    pub path: String,
}

/// Whether what root runs must be root's (keepalived's `enable_script_security`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// What others could have written is remarked on.
    #[default]
    Off,
    /// What others could have written is refused.
    On,
}

/// Whom programs run as of which nobody has said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fallback {
    /// This process's user.
    #[default]
    Process,
    /// keepalived's rule: the user `keepalived_script`; this process's if there is none, unless security is on.
    Keepalived,
    /// This one (keepalived's `script_user`).
    Account(Account),
}

impl Default for Policy {
    fn default() -> Self {
        Self { security: Security::Off, fallback: Fallback::Process, path: crate::PATH.to_owned() }
    }
}
