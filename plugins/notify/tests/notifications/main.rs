//! Notifications as the daemon has them: a bus, a spool on disk, destinations that answer as told.

mod delivery;
mod restart;
mod routing;
mod storm;
mod support;
