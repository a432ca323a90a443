//! The counters by keepalived's names.

use keepwatch_event::Counters;
use serde::Serialize;

/// What keepalived counts of an instance, by its names and in its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Adverts received and accepted.
    pub advert_rcvd: u64,
    /// Adverts sent, those with priority zero among them.
    pub advert_sent: u64,
    /// Transitions to MASTER.
    pub become_master: u64,
    /// Transitions away from MASTER.
    pub release_master: u64,
    /// Packets with a wrong length.
    pub packet_len_err: u64,
    /// Adverts with another interval.
    pub advert_interval_err: u64,
    /// Adverts with a wrong TTL or hop limit.
    pub ip_ttl_err: u64,
    /// Packets of another type than ADVERTISEMENT.
    pub invalid_type_rcvd: u64,
    /// Adverts with another address list.
    pub addr_list_err: u64,
    /// Adverts with an authentication type that does not exist.
    pub invalid_authtype: u64,
    /// Adverts with another authentication type than ours.
    pub authtype_mismatch: u64,
    /// Adverts with a wrong password.
    pub auth_failure: u64,
    /// Adverts with priority zero received.
    pub pri_zero_rcvd: u64,
    /// Adverts with priority zero sent.
    pub pri_zero_sent: u64,
}

impl Figures {
    /// What has been counted since these were the `earlier` ones. An instance that has begun anew has fewer: all of them count.
    #[must_use]
    pub const fn since(&self, earlier: &Self) -> Self {
        Self {
            advert_rcvd: grown(self.advert_rcvd, earlier.advert_rcvd),
            advert_sent: grown(self.advert_sent, earlier.advert_sent),
            become_master: grown(self.become_master, earlier.become_master),
            release_master: grown(self.release_master, earlier.release_master),
            packet_len_err: grown(self.packet_len_err, earlier.packet_len_err),
            advert_interval_err: grown(self.advert_interval_err, earlier.advert_interval_err),
            ip_ttl_err: grown(self.ip_ttl_err, earlier.ip_ttl_err),
            invalid_type_rcvd: grown(self.invalid_type_rcvd, earlier.invalid_type_rcvd),
            addr_list_err: grown(self.addr_list_err, earlier.addr_list_err),
            invalid_authtype: grown(self.invalid_authtype, earlier.invalid_authtype),
            authtype_mismatch: grown(self.authtype_mismatch, earlier.authtype_mismatch),
            auth_failure: grown(self.auth_failure, earlier.auth_failure),
            pri_zero_rcvd: grown(self.pri_zero_rcvd, earlier.pri_zero_rcvd),
            pri_zero_sent: grown(self.pri_zero_sent, earlier.pri_zero_sent),
        }
    }
}

const fn grown(now: u64, earlier: u64) -> u64 {
    if now < earlier { now } else { now - earlier }
}

impl From<&Counters> for Figures {
    fn from(counters: &Counters) -> Self {
        Self {
            advert_rcvd: counters.adverts_received,
            // keepalived counts those with priority zero here, too.
            advert_sent: counters.adverts_sent + counters.priority_zero_sent,
            become_master: counters.became_master,
            release_master: counters.released_master,
            packet_len_err: counters.length_errors,
            advert_interval_err: counters.interval_mismatches,
            ip_ttl_err: counters.ttl_errors,
            invalid_type_rcvd: counters.type_errors,
            // To keepalived a list without any address of ours is an error like any other.
            addr_list_err: counters.address_list_mismatches + counters.duplicate_vrids,
            invalid_authtype: counters.auth_type_errors,
            authtype_mismatch: counters.auth_type_mismatches,
            auth_failure: counters.auth_failures,
            pri_zero_rcvd: counters.priority_zero_received,
            pri_zero_sent: counters.priority_zero_sent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keepalived_counts_together_is_together() {
        let counters = Counters {
            adverts_sent: 40,
            priority_zero_sent: 2,
            address_list_mismatches: 3,
            duplicate_vrids: 4,
            auth_type_errors: 5,
            auth_type_mismatches: 6,
            ..Counters::default()
        };
        let figures = Figures::from(&counters);
        assert_eq!((figures.advert_sent, figures.pri_zero_sent, figures.addr_list_err), (42, 2, 7));
        assert_eq!((figures.invalid_authtype, figures.authtype_mismatch), (5, 6));
    }

    #[test]
    fn an_instance_that_began_anew_counts_from_zero() {
        let figures =
            |sent, received| Figures { advert_sent: sent, advert_rcvd: received, ..Figures::default() };
        assert_eq!(figures(10, 7).since(&figures(4, 7)), figures(6, 0));
        assert_eq!(figures(3, 1).since(&figures(4, 7)), figures(3, 1));
    }
}
