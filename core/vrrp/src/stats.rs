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
    /// Packets of another type than ADVERTISEMENT.
    pub type_errors: u64,
    /// Packets unreadable for other reasons.
    pub malformed: u64,
    /// Adverts with a TTL other than 255.
    pub ttl_errors: u64,
    /// Adverts of the other version.
    pub version_errors: u64,
    /// Adverts with an authentication type that does not exist (RFC 2338 §5.3.6 has 0, 1 and 2).
    pub auth_type_errors: u64,
    /// Adverts with an authentication type that exists and is not ours.
    pub auth_type_mismatches: u64,
    /// Adverts with a wrong password.
    pub auth_failures: u64,
    /// Adverts dropped for another interval; one that version 3 learns is no mismatch.
    pub interval_mismatches: u64,
    /// Adverts with another address list.
    pub address_list_mismatches: u64,
    /// Adverts of another virtual router with this VRID.
    pub duplicate_vrids: u64,
    /// Adverts that list addresses of this virtual router under another VRID.
    pub other_vrids: u64,
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
            Anomaly::Malformed(Malformed::Type(_)) => &mut self.type_errors,
            Anomaly::Malformed(
                Malformed::IpHeader
                | Malformed::Version(_)
                | Malformed::VersionFamily
                | Malformed::Vrid
                | Malformed::Interval,
            ) => &mut self.malformed,
            Anomaly::Ttl { .. } => &mut self.ttl_errors,
            Anomaly::Version { .. } => &mut self.version_errors,
            Anomaly::AuthType { theirs: 0..=2 } => &mut self.auth_type_mismatches,
            Anomaly::AuthType { .. } => &mut self.auth_type_errors,
            Anomaly::AuthFailed => &mut self.auth_failures,
            Anomaly::IntervalRefused { .. } => &mut self.interval_mismatches,
            Anomaly::AddressList => &mut self.address_list_mismatches,
            Anomaly::DuplicateVrid { .. } => &mut self.duplicate_vrids,
            Anomaly::OtherVrid { .. } => &mut self.other_vrids,
            Anomaly::Destination | Anomaly::UnknownPeer { .. } | Anomaly::OwnAddress => {
                &mut self.source_errors
            }
            Anomaly::ChecksumForm => &mut self.other_checksum_forms,
            // No error: version 3 follows the MASTER's interval (RFC 9568, 6.4.2).
            Anomaly::IntervalLearned { .. } | Anomaly::DualMaster { .. } => return,
        };
        *counter = counter.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Counter = fn(&Stats) -> u64;

    #[test]
    fn each_anomaly_has_its_counter() {
        let cases: [(Anomaly, Counter); 8] = [
            (Anomaly::Malformed(Malformed::TooShort { length: 3 }), |stats| stats.length_errors),
            (Anomaly::Malformed(Malformed::Checksum), |stats| stats.checksum_errors),
            (Anomaly::Malformed(Malformed::Type(2)), |stats| stats.type_errors),
            (Anomaly::Malformed(Malformed::Version(4)), |stats| stats.malformed),
            (Anomaly::Ttl { ttl: 64 }, |stats| stats.ttl_errors),
            (Anomaly::AuthType { theirs: 2 }, |stats| stats.auth_type_mismatches),
            (Anomaly::AuthType { theirs: 3 }, |stats| stats.auth_type_errors),
            (Anomaly::AuthFailed, |stats| stats.auth_failures),
        ];
        for (anomaly, counter) in cases {
            let mut stats = Stats::default();
            stats.count(&anomaly);
            assert_eq!(counter(&stats), 1, "{anomaly:?}");
            let none = Stats::default();
            assert_eq!(counter(&none), 0);
        }
    }
}
