//! Lines for keepwatch's log, marked with the plugin's name: `debug!`, `info!`, `warning!`, `error!`.

use std::fmt::Arguments;

use crate::host;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For whoever looks for a fault in the plugin.
    Debug,
    /// The normal course of things.
    Info,
    /// Something an administrator should look at.
    Warning,
    /// Something failed.
    Error,
}

/// Writes a line. The macros are shorter.
pub fn write(level: Level, line: Arguments<'_>) {
    host::log(level, &line.to_string());
}

/// Logs a line for whoever looks for a fault in the plugin. Takes what `format!` takes.
#[macro_export]
macro_rules! debug {
    ($($words:tt)+) => { $crate::log::write($crate::log::Level::Debug, ::std::format_args!($($words)+)) };
}

/// Logs a line about the normal course of things. Takes what `format!` takes.
#[macro_export]
macro_rules! info {
    ($($words:tt)+) => { $crate::log::write($crate::log::Level::Info, ::std::format_args!($($words)+)) };
}

/// Logs a line that an administrator should look at. Takes what `format!` takes.
#[macro_export]
macro_rules! warning {
    ($($words:tt)+) => { $crate::log::write($crate::log::Level::Warning, ::std::format_args!($($words)+)) };
}

/// Logs that something failed. Takes what `format!` takes.
#[macro_export]
macro_rules! error {
    ($($words:tt)+) => { $crate::log::write($crate::log::Level::Error, ::std::format_args!($($words)+)) };
}
