//! With a real HAProxy: its sockets, its health, reloading it, its servers. With feigned ones: other versions, and bad manners.

mod check;
mod fake;
mod reload;
mod server;
mod site;
mod socket;
mod turn;
