//! Settings that cannot be.

/// A setting that cannot be, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {why}")]
pub struct SettingsError {
    /// Which field of [`crate::Settings`], such as `url` or `headers`.
    pub setting: &'static str,
    /// What is wrong with it, and what to do.
    pub why: String,
}

impl SettingsError {
    pub(crate) fn new(setting: &'static str, why: impl Into<String>) -> Self {
        Self { setting, why: why.into() }
    }
}
