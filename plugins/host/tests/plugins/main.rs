//! Plugins at work, with a runtime made for the purpose: order, restarts, reloads, limits.

mod apart;
mod begins;
mod fake;
mod files;
mod life;
mod messages;
mod native;
mod reload;
mod site;
