//! Addresses as they are written: `HOST:PORT`, URLs, sockets of HAProxy.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::ops::Range;

use toml::de::DeTable;

use super::reader::{Entry, Reader};
use crate::model::{Host, InterfaceName};
use crate::similar::shown;

impl Reader<'_> {
    /// `HOST:PORT`, with an IPv6 address in brackets, and its link if it is a link's: `[fe80::1%eth0]:80`.
    pub(super) fn host(&mut self, value: Entry<'_, '_>) -> Option<Host> {
        let text = self.text(value)?;
        let host = host(&text);
        if host.is_none() {
            let message = format!("{} is no host with a port", shown(&text));
            self.error(
                &value.span(),
                message,
                "such as 127.0.0.1:80, [::1]:80, [fe80::1%eth0]:80 or www.example.com:80",
            );
        }
        host
    }

    /// An address under a key, or several; none twice.
    pub(super) fn addresses(&mut self, table: &DeTable<'_>, key: &str) -> Vec<(IpAddr, Range<usize>)> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let entries: Vec<Entry<'_, '_>> = match value.get_ref().as_array() {
            Some(entries) => entries.iter().collect(),
            None => vec![value],
        };
        let mut read: Vec<(IpAddr, Range<usize>)> = Vec::new();
        for entry in entries {
            let Some(address) = self.ip(entry) else { continue };
            if read.iter().any(|(known, _)| *known == address) {
                self.error(&entry.span(), "this address is there already", "");
                continue;
            }
            read.push((address, entry.span()));
        }
        read
    }

    /// An IP address, perhaps with a port.
    pub(super) fn server(&mut self, value: Entry<'_, '_>, port: u16) -> Option<SocketAddr> {
        let text = self.text(value)?;
        let address = text.parse().ok().or_else(|| Some(SocketAddr::new(text.parse().ok()?, port)));
        if address.is_none() {
            let message = format!("{} is no IP address", shown(&text));
            self.error(&value.span(), message, "such as 10.1.1.53 or 10.1.1.53:5353");
        }
        address
    }

    /// `http://...` or `https://...`
    pub(super) fn url(&mut self, value: Entry<'_, '_>) -> Option<String> {
        let text = self.text(value)?;
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        let is_url = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':', '?', '#']))
            && !text.contains(|c: char| c.is_whitespace() || c.is_control());
        if !is_url {
            let message = format!("{} is no URL", shown(&text));
            self.error(&value.span(), message, "such as http://127.0.0.1/health");
            return None;
        }
        Some(text)
    }

    /// A socket of HAProxy's: an absolute path, or an IP address and a port.
    pub(super) fn socket(&mut self, value: Entry<'_, '_>) -> Option<String> {
        let text = self.text(value)?;
        let path = text.strip_prefix("unix@").unwrap_or(&text);
        if path.starts_with('/') || text.parse::<SocketAddr>().is_ok() {
            return Some(path.to_owned());
        }
        let message = format!("{} is no address of a HAProxy socket", shown(&text));
        self.error(&value.span(), message, "such as /run/haproxy/admin.sock or 127.0.0.1:9999");
        None
    }
}

fn host(text: &str) -> Option<Host> {
    let (name, port) = text.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port > 0)?;
    if let Some(inner) = name.strip_prefix('[') {
        let name = v6(inner.strip_suffix(']')?)?;
        return Some(Host { name, port });
    }
    let valid = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
    let is_name = !name.is_empty() && name.len() <= 253 && name.chars().all(valid);
    is_name.then(|| Host { name: name.to_lowercase(), port })
}

/// An IPv6 address. Only one of a link's own may name the link.
fn v6(text: &str) -> Option<String> {
    let Some((address, link)) = text.split_once('%') else {
        return Some(text.parse::<Ipv6Addr>().ok()?.to_string());
    };
    let address: Ipv6Addr = address.parse().ok()?;
    let link = InterfaceName::new(link)?;
    address.is_unicast_link_local().then(|| format!("{address}%{link}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_with_ports() {
        for (text, expected) in [
            ("127.0.0.1:80", Some("127.0.0.1:80")),
            ("WWW.example.com:443", Some("www.example.com:443")),
            ("[::1]:80", Some("[::1]:80")),
            ("[FE80::1%Eth0]:80", Some("[fe80::1%Eth0]:80")),
            ("[fe80::1%]:80", None),
            ("[fe80::1%a/b]:80", None),
            ("[fd00::1%eth0]:80", None),
            ("127.0.0.1%lo:80", None),
            ("::1:80", None),
            ("[x]:80", None),
            ("localhost", None),
            ("localhost:0", None),
            ("localhost:65536", None),
            (":80", None),
            ("a b:80", None),
        ] {
            assert_eq!(host(text).map(|host| host.to_string()).as_deref(), expected, "{text}");
        }
    }
}
