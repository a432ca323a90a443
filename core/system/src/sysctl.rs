//! Kernel settings.

use std::path::Path;

/// Whether IPv6 is forwarded on an interface: then the host says in neighbour advertisements that it is a
/// router. False if it cannot be read.
#[must_use]
pub fn forwards_ipv6(interface: &str) -> bool {
    let path = Path::new("/proc/sys/net/ipv6/conf").join(interface).join("forwarding");
    std::fs::read_to_string(path).is_ok_and(|value| value.trim() == "1")
}
