//! What an instance has counted.

use serde::{Deserialize, Serialize};

/// What an instance has counted since it began to take part; counters only grow. One that a reload has begin anew counts anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// Adverts received and accepted, those with priority zero among them.
    pub adverts_received: u64,
    /// Adverts sent, without those with priority zero; one to several peers counts once.
    pub adverts_sent: u64,
    /// Transitions to MASTER.
    pub became_master: u64,
    /// Transitions away from MASTER.
    pub released_master: u64,
    /// Adverts with priority zero received.
    pub priority_zero_received: u64,
    /// Adverts with priority zero sent.
    pub priority_zero_sent: u64,
    /// Packets with a wrong length.
    pub length_errors: u64,
    /// Packets with a wrong checksum.
    pub checksum_errors: u64,
    /// Packets of another type than ADVERTISEMENT.
    pub type_errors: u64,
    /// Packets unreadable for other reasons.
    pub malformed: u64,
    /// Adverts with another TTL or hop limit than they must have.
    pub ttl_errors: u64,
    /// Adverts of the other protocol version.
    pub version_errors: u64,
    /// Adverts with an authentication type that does not exist.
    pub auth_type_errors: u64,
    /// Adverts with another authentication type than ours.
    pub auth_type_mismatches: u64,
    /// Adverts with a wrong password.
    pub auth_failures: u64,
    /// Adverts dropped for another interval; one that version 3 learns is no mismatch.
    pub interval_mismatches: u64,
    /// Adverts with another address list that has addresses in common with ours.
    pub address_list_mismatches: u64,
    /// Adverts of another virtual router with our VRID: their addresses are all others than ours.
    pub duplicate_vrids: u64,
    /// Adverts that list addresses of ours under another VRID.
    pub other_vrids: u64,
    /// Adverts from hosts that are not peers, by the wrong kind of delivery, or from our own address.
    pub source_errors: u64,
    /// Adverts whose checksum has the form that we do not send.
    pub other_checksum_forms: u64,
    /// Adverts of lower priority received while MASTER.
    pub lower_while_master: u64,
}
