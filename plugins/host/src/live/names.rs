//! From names to addresses.

use std::io;
use std::net::SocketAddr;

use crate::plugin::Work;

/// Who is asked for the addresses of a name.
pub(crate) trait Names: Send + Sync {
    /// All addresses of a host, with this port.
    ///
    /// # Errors
    ///
    /// Why there are none, or why nobody could be asked.
    fn look_up<'a>(&'a self, host: &'a str, port: u16) -> Work<'a, io::Result<Vec<SocketAddr>>>;
}

/// Whom this system asks: `/etc/hosts`, DNS, ...
#[derive(Debug)]
pub(crate) struct SystemNames;

impl Names for SystemNames {
    fn look_up<'a>(&'a self, host: &'a str, port: u16) -> Work<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}
