//! Webhooks against servers that do as they like.

mod answers;
mod certificates;
mod proxies;
mod requests;
mod secrets;
mod support;
