//! Counters of one virtual router, named as keepalived's statistics.

use crate::anomaly::Anomaly;
use crate::wire::Malformed;

/// Counters since the start; they only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Adverts received and accepted as adverts of this virtual router.
    pub adverts_received: u64,
    /// Adverts handed out for sending; one to several peers counts once.
    pub adverts_sent: u64,
    /// Transitions to MASTER.
    pub became_master: u64,
    /// Transitions away from MASTER.
    pub released_master: u64,
    /// Priority-zero adverts received.
    pub priority_zero_received: u64,
    /// Priority-zero adverts handed out.
    pub priority_zero_sent: u64,
    /// Packets with a wrong length.
    pub length_errors: u64,
    /// Packets with a wrong checksum.
    pub checksum_errors: u64,
    /// Packets unreadable for other reasons.
    pub malformed: u64,
    /// Adverts with a TTL other than 255.
    pub ttl_errors: u64,
    /// Adverts of the other version.
    pub version_errors: u64,
    /// Adverts with another authentication type.
    pub auth_type_mismatches: u64,
    /// Adverts with a wrong password.
    pub auth_failures: u64,
    /// Adverts with another interval, dropped or learned.
    pub interval_mismatches: u64,
    /// Adverts with another address list.
    pub address_list_mismatches: u64,
    /// Adverts of another virtual router with this VRID.
    pub duplicate_vrids: u64,
    /// Adverts from hosts that are not peers, or by the wrong kind of delivery.
    pub source_errors: u64,
    /// Adverts whose checksum has the form we do not send.
    pub other_checksum_forms: u64,
    /// Adverts of lower priority received while MASTER.
    pub lower_while_master: u64,
}

impl Stats {
    pub(crate) const fn count(&mut self, anomaly: &Anomaly) {
        let counter = match anomaly {
            Anomaly::Malformed(Malformed::TooShort { .. } | Malformed::Length { .. }) => {
                &mut self.length_errors
            }
            Anomaly::Malformed(Malformed::Checksum) => &mut self.checksum_errors,
            Anomaly::Malformed(
                Malformed::IpHeader
                | Malformed::Version(_)
                | Malformed::VersionFamily
                | Malformed::Type(_)
                | Malformed::Vrid
                | Malformed::Interval,
            ) => &mut self.malformed,
            Anomaly::Ttl { .. } => &mut self.ttl_errors,
            Anomaly::Version { .. } => &mut self.version_errors,
            Anomaly::AuthType { .. } => &mut self.auth_type_mismatches,
            Anomaly::AuthFailed => &mut self.auth_failures,
            Anomaly::IntervalRefused { .. } | Anomaly::IntervalLearned { .. } => {
                &mut self.interval_mismatches
            }
            Anomaly::AddressList => &mut self.address_list_mismatches,
            Anomaly::DuplicateVrid { .. } | Anomaly::OtherVrid { .. } => &mut self.duplicate_vrids,
            Anomaly::Destination | Anomaly::UnknownPeer { .. } | Anomaly::OwnAddress => {
                &mut self.source_errors
            }
            Anomaly::ChecksumForm => &mut self.other_checksum_forms,
            Anomaly::DualMaster { .. } => return,
        };
        *counter = counter.saturating_add(1);
    }
}
