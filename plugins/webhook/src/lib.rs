//! Webhooks: a transport of notifications over HTTP.
//!
//! ```text
//!   Parcel --> body: what a server wants --> Draft: the request --> wire: name, proxy, TLS --> Answer --> Outcome
//! ```
//!
//! One connection, one request. Secrets are read for each delivery, and shown to nobody.

mod body;
mod draft;
mod endpoint;
mod errand;
mod error;
mod outcome;
mod proxy;
mod secret;
mod settings;
mod signature;
mod validation;
mod webhook;
mod wire;

pub use error::SettingsError;
pub use keepwatch_notify::Secret;
pub use settings::{Auth, Body, Identity, Method, Preset, Proxy, Settings, Several, Tls, Value};
pub use webhook::Webhook;
