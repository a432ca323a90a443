//! Which adverts count as ours: the checks of RFC 9568 §7.1 and keepalived's, in order.

use core::net::IpAddr;

use super::{Refused, VirtualRouter};
use crate::action::Actions;
use crate::anomaly::Anomaly;
use crate::input::Received;
use crate::params::{Destination, SourceCheck};
use crate::scalar::{Claim, Version};
use crate::time::Instant;
use crate::wire::{AddressList, Auth};

/// How an advert's address list relates to ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lists {
    /// The same, in whatever order; or one of them is empty, which says nothing.
    Agree,
    /// Some in common.
    Overlap,
    /// None in common.
    Disjoint,
}

impl VirtualRouter {
    /// Whether an advert for our VRID counts. Tells and counts what is wrong with it, dropped or not.
    pub(super) fn admit(&mut self, now: Instant, received: &Received<'_>, out: &mut Actions) -> bool {
        if let Some(anomaly) = self.refusal(received) {
            self.stats.count(&anomaly);
            let refused = Refused { anomaly, source: received.source, at: now };
            // Another virtual router's addresses are not ours, and our own adverts no rival's.
            let is_other = matches!(anomaly, Anomaly::DuplicateVrid { .. } | Anomaly::OwnAddress);
            let is_rival = !is_other && received.advert.claim != Claim::Resigns;
            if is_rival {
                self.refused = Some(refused);
            }
            self.tell_anomaly(refused, is_rival && self.is_serving(), out);
            return false;
        }
        self.refused = None;
        for anomaly in self.oddities(received).into_iter().flatten() {
            self.anomaly(anomaly, received.source, out);
        }
        true
    }

    /// The first reason to drop it.
    fn refusal(&self, received: &Received<'_>) -> Option<Anomaly> {
        let (params, advert) = (&self.params, &received.advert);
        if let Some(anomaly) = self.ttl_refusal(received) {
            return Some(anomaly);
        }
        // RFC 9568 §7.1: "MUST verify that the VRRP version is 3" (RFC 3768: 2).
        if advert.version != params.version {
            return Some(Anomaly::Version { theirs: advert.version });
        }
        match (params.auth, advert.auth) {
            (Auth::None, Auth::None) => {}
            (Auth::Simple(ours), Auth::Simple(theirs)) if same_secret(ours, theirs) => {}
            (Auth::Simple(_), Auth::Simple(_)) => return Some(Anomaly::AuthFailed),
            (_, Auth::None) => return Some(Anomaly::AuthType { theirs: 0 }),
            (_, Auth::Simple(_)) => return Some(Anomaly::AuthType { theirs: 1 }),
            (_, Auth::Other(theirs)) => return Some(Anomaly::AuthType { theirs }),
        }
        // RFC 3768 §7.1: "MUST verify that the Adver Interval in the packet is the same as the locally
        // configured for this virtual router. If the above check fails, the receiver MUST discard the packet".
        if params.version == Version::V2 && advert.interval != params.interval {
            return Some(Anomaly::IntervalRefused { theirs: advert.interval });
        }
        let lists = lists(params.advertised_addresses(), &advert.addresses);
        match (&params.destination, received.destination.is_multicast()) {
            // Another instance on the interface is in this group: what is for a virtual router there is not for this one, and
            // one that has other addresses may well have our VRID.
            (Destination::Multicast { group }, true)
                if *group != received.destination && lists != Lists::Disjoint =>
            {
                return Some(Anomaly::Destination);
            }
            (Destination::Multicast { .. }, true) | (Destination::Unicast { .. }, false) => {}
            (Destination::Multicast { .. }, false) | (Destination::Unicast { .. }, true) => {
                return Some(Anomaly::Destination);
            }
        }
        if self.conditions.source.address() == Some(received.source) {
            return Some(Anomaly::OwnAddress);
        }
        if self.is_stranger(received.source, SourceCheck::Peers) {
            return Some(Anomaly::UnknownPeer { dropped: true });
        }
        (lists == Lists::Disjoint).then(|| Anomaly::DuplicateVrid { theirs: advert.addresses.iter().next() })
    }

    /// RFC 9568 §7.1: "MUST verify that the IPv4 TTL/IPv6 HL is 255". Unicast adverts may be routed: they
    /// have the bounds set for their sender.
    fn ttl_refusal(&self, received: &Received<'_>) -> Option<Anomaly> {
        let ttl = received.ttl;
        let bounds = match &self.params.destination {
            Destination::Multicast { .. } => (255, 255),
            Destination::Unicast { peers, .. } => peers
                .iter()
                .find(|peer| peer.address == received.source)
                .map_or((0, 255), |peer| (peer.min_ttl, peer.max_ttl)),
        };
        (ttl < bounds.0 || ttl > bounds.1).then_some(Anomaly::Ttl { ttl })
    }

    /// Whether the configured check is `check` and the sender is no peer.
    fn is_stranger(&self, source: IpAddr, check: SourceCheck) -> bool {
        match &self.params.destination {
            Destination::Multicast { .. } => false,
            Destination::Unicast { peers, source_check, .. } => {
                *source_check == check && !peers.iter().any(|peer| peer.address == source)
            }
        }
    }

    /// What is odd about an advert that is accepted all the same.
    fn oddities(&self, received: &Received<'_>) -> [Option<Anomaly>; 4] {
        let (params, advert) = (&self.params, &received.advert);
        let overlap = lists(params.advertised_addresses(), &advert.addresses) == Lists::Overlap;
        let other_form = params.version == Version::V3
            && params.family == crate::Family::V4
            && received.checksum != params.checksum;
        let other_interval = params.version == Version::V3 && advert.interval != params.interval;
        [
            self.is_stranger(received.source, SourceCheck::Anybody)
                .then_some(Anomaly::UnknownPeer { dropped: false }),
            overlap.then_some(Anomaly::AddressList),
            other_form.then_some(Anomaly::ChecksumForm),
            other_interval.then_some(Anomaly::IntervalLearned { theirs: advert.interval }),
        ]
    }
}

/// Compares without telling by its duration where the first difference is.
fn same_secret(ours: [u8; 8], theirs: [u8; 8]) -> bool {
    ours.iter().zip(theirs).fold(0, |difference, (ours, theirs)| difference | (ours ^ theirs)) == 0
}

fn lists(ours: &[IpAddr], theirs: &AddressList<'_>) -> Lists {
    if ours.is_empty() || theirs.is_empty() {
        return Lists::Agree;
    }
    let common = theirs.iter().filter(|address| ours.contains(address)).count();
    if common == 0 {
        Lists::Disjoint
    } else if common == theirs.len() && common == ours.len() {
        Lists::Agree
    } else {
        Lists::Overlap
    }
}
