//! What gets lost on the way: packet filters of the switch, on a host's ports.

use std::io;

use crate::host::Host;
use crate::tool;

/// Which way packets go, as the host sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the host.
    Incoming,
    /// From the host.
    Outgoing,
}

impl Host {
    /// Loses every packet of IP protocol 112, of both families and on all networks, in one direction. Filters add
    /// up until [`Host::stop_dropping`].
    ///
    /// They are lost between the host and the switch, by `nft` in the switch's namespace. The host itself does
    /// not notice: a filter on its own output would make its sends fail with `EPERM`.
    ///
    /// # Errors
    ///
    /// As [`Host::run`] of `nft`.
    pub fn drop_vrrp(&self, direction: Direction) -> io::Result<()> {
        self.drop(direction, "meta l4proto 112")
    }

    /// Loses the adverts of priority 0 that the host sends, of both families and on all networks: its
    /// resignations.
    ///
    /// # Errors
    ///
    /// As [`Host::run`] of `nft`.
    pub fn drop_priority_zero(&self) -> io::Result<()> {
        // The third octet behind the IP header.
        self.drop(Direction::Outgoing, "meta l4proto 112 @th,16,8 0")
    }

    /// Loses every frame in one direction, of whatever protocol and on all networks: a broken half of a cable. The host
    /// itself does not notice, its interface is up.
    ///
    /// # Errors
    ///
    /// As [`Host::run`] of `nft`.
    pub fn drop_all(&self, direction: Direction) -> io::Result<()> {
        self.drop(direction, "")
    }

    /// Loses no more packets.
    ///
    /// # Errors
    ///
    /// As [`Host::run`] of `nft`.
    pub fn stop_dropping(&self) -> io::Result<()> {
        let table = self.table();
        // Added first, for there may be none, and deleting that would be an error.
        self.nft(&format!("add table {table} ; delete table {table}"))
    }

    fn drop(&self, direction: Direction, what: &str) -> io::Result<()> {
        let table = self.table();
        let ports = self.ports().map(|port| format!("\"{port}\"")).collect::<Vec<_>>().join(", ");
        // Before the bridge learns the sender's place, and after it has decided where a frame goes.
        let (chain, hook, side) = match direction {
            Direction::Incoming => ("to_host", "postrouting", "oifname"),
            Direction::Outgoing => ("from_host", "prerouting", "iifname"),
        };
        self.nft(&format!(
            "add table {table} ;
             add chain {table} {chain} {{ type filter hook {hook} priority 0 ; }} ;
             add rule {table} {chain} {side} {{ {ports} }} {what} drop"
        ))
    }

    fn table(&self) -> String {
        format!("bridge kwlab_{}", self.name)
    }

    /// `nft` joins its arguments, so that blanks may separate them anywhere.
    fn nft(&self, commands: &str) -> io::Result<()> {
        tool::run(&self.switch, "nft", commands).map(drop)
    }
}
