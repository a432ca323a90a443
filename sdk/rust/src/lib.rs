//! Plugins for keepwatch in Rust: handlers of events and health checks, as WebAssembly components.
//!
//! A plugin is one function:
//!
//! ```
//! //! Fails when the database on this host lags behind.
//! use keepwatch_sdk::prelude::*;
//!
//! #[derive(Deserialize)]
//! struct Config {
//!     url: String,
//!     /// seconds
//!     max_lag: f64,
//! }
//!
//! #[checker]
//! fn replication_lag(config: &Config) -> Result<Verdict> {
//!     let lag: f64 = http::get(&config.url)?.text()?.trim().parse()?;
//!     Ok(Verdict::pass_if(lag <= config.max_lag, format!("{lag:.1} s behind")))
//! }
//!
//! // In tests the host is a made-up one.
//! use keepwatch_sdk::{json, testing::Host};
//! let host = Host::new().answer("http://127.0.0.1:9187/lag", 200, "0.42\n");
//! let config = json!({"url": "http://127.0.0.1:9187/lag", "max_lag": 2.0});
//! let mut plugin = host.start::<replication_lag>(config)?;
//! assert_eq!(plugin.check()?, Verdict::pass("0.4 s behind"));
//! # Ok::<(), keepwatch_sdk::Error>(())
//! ```
//!
//! Its `Cargo.toml` has `crate-type = ["cdylib"]` and depends on `keepwatch-sdk` and, for `#[derive(Deserialize)]`, on
//! `serde`. `cargo test` needs neither keepwatch nor a WebAssembly target; `keepwatch plugin build` makes the component.
//!
//! What a plugin can do beyond computing is in the modules [`actions`], [`clock`], [`events`], [`http`], [`kv`],
//! [`log`], [`metrics`], [`notify`], [`probe`] and [`track`]. A component imports only what it calls. Panics are logged, with their
//! place, before keepwatch starts the plugin anew.

pub mod actions;
pub mod clock;
mod config;
mod error;
mod event;
pub mod events;
pub mod http;
pub mod kv;
pub mod log;
mod manifest;
pub mod metrics;
pub mod notify;
mod plugin;
pub mod prelude;
pub mod probe;
pub mod track;
mod verdict;

#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod bindings;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod export;
#[cfg(target_family = "wasm")]
mod host;
#[cfg(not(target_family = "wasm"))]
pub mod testing;

#[cfg(not(target_family = "wasm"))]
use testing::host;

use std::time::Duration;

pub use error::{Context, Error, ErrorKind, Result};
pub use event::{
    Event, HealthChange, InstanceState, Payload, Severity, Snapshot, State, Timestamp, Transition,
};
pub use keepwatch_sdk_macros::{checker, handler};
pub use manifest::{Setting, SettingKind, settings_of};
#[doc(hidden)]
pub use plugin::state;
pub use plugin::{CheckRequest, IntoOutcome, NoConfig, Outcome, Plugin};
pub use serde;
pub use serde_json::{self, json};
pub use verdict::{Health, Verdict};

/// Makes a [`Plugin`] the one of this component, in the role of `handler`, `checker` or both:
///
/// ```
/// use keepwatch_sdk::prelude::*;
///
/// struct Watcher;
///
/// impl Plugin for Watcher {
///     type Config = keepwatch_sdk::NoConfig;
///
///     fn init(_: Self::Config, _: Option<&[u8]>) -> Result<Self> {
///         Ok(Self)
///     }
///
///     fn handle(&mut self, event: &Event) -> Result<Outcome> {
///         info!("{}", event.text);
///         Ok(Outcome::Done)
///     }
/// }
///
/// keepwatch_sdk::export!(Watcher: handler);
/// ```
///
/// `#[handler]` and `#[checker]` do it themselves. Name, version and description of the plugin are those of its
/// `Cargo.toml`. On targets other than WebAssembly nothing is exported.
#[macro_export]
macro_rules! export {
    ($plugin:ty: $($role:ident),+ $(,)?) => {
        const _: fn() = || {
            fn implements_plugin<P: $crate::Plugin>() {}
            implements_plugin::<$plugin>()
        };

        #[cfg(target_family = "wasm")]
        const _: () = {
            struct Exports;

            impl $crate::export::Exports for Exports {
                type Plugin = $plugin;
                const NAME: &'static str = ::std::env!("CARGO_PKG_NAME");
                const VERSION: &'static str = ::std::env!("CARGO_PKG_VERSION");
                const DESCRIPTION: &'static str = ::std::env!("CARGO_PKG_DESCRIPTION");

                fn with<R>(call: impl ::std::ops::FnOnce(&mut ::std::option::Option<$plugin>) -> R) -> R {
                    ::std::thread_local! {
                        static PLUGIN: ::std::cell::RefCell<::std::option::Option<$plugin>> =
                            const { ::std::cell::RefCell::new(::std::option::Option::None) };
                    }
                    PLUGIN.with_borrow_mut(call)
                }
            }

            $crate::bindings::lifecycle::export!(Exports with_types_in $crate::bindings::lifecycle);
            $($crate::bindings::$role::export!(Exports with_types_in $crate::bindings::$role);)+
        };
    };
}

/// In the host's unit. Longer than 49 days is 49 days.
fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
