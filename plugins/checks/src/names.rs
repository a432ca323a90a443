//! Where hosts are, asked of name servers.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use keepwatch_host::{Aside, HostPort};
use keepwatch_net::is_ours;

/// Asks name servers for one check, in the way this host does it, which may hang.
#[derive(Debug, Default)]
pub(crate) struct Names(Aside<Found>);

/// What was found, and for which host: a web server may have sent its check on to another one.
#[derive(Debug)]
struct Found {
    to: HostPort,
    addresses: io::Result<Vec<SocketAddr>>,
}

impl Names {
    /// The addresses of a host.
    ///
    /// # Errors
    ///
    /// Why there are none.
    pub(crate) async fn find(&self, to: &HostPort) -> io::Result<Vec<SocketAddr>> {
        loop {
            let asked = to.clone();
            let found = self.0.run(move || {
                let addresses = (asked.host.as_str(), asked.port).to_socket_addrs().map(Iterator::collect);
                let addresses = addresses.map_err(|error| our_lack().unwrap_or(error));
                Found { to: asked, addresses }
            });
            let found = found.await.ok_or_else(|| io::Error::other("the look-up broke off"))?;
            // The look-up for another host was still under way.
            if found.to == *to {
                return found.addresses;
            }
        }
    }
}

/// Whether this process has no more descriptors. The C library may say then that there is no such name: it could neither
/// read `/etc/hosts` nor ask anybody.
fn our_lack() -> Option<io::Error> {
    // A file and a socket.
    let both = || Ok((File::open("/dev/null")?, File::open("/dev/null")?));
    both().err().filter(is_ours)
}
