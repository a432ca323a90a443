//! A configured virtual router as the protocol crate wants it.

use keepwatch_vrrp::wire::{Auth, ChecksumForm};
use keepwatch_vrrp::{Params, Version};

use crate::model::Instance;

impl Instance {
    /// The parameters of the virtual router: `virtual_ipaddress` first, which adverts list, then
    /// `virtual_ipaddress_excluded`; trackers are `track_interface`, then checks, in order.
    ///
    /// For an instance of a loaded configuration, [`Params::check`] has nothing to object to.
    #[must_use]
    pub fn params(&self) -> Params {
        let addresses = self.addresses.iter().chain(&self.excluded).map(|address| address.address).collect();
        let interfaces = self.track_interfaces.iter().map(|tracked| tracked.weight);
        let trackers = interfaces.chain(self.track_checks.iter().map(|tracked| tracked.weight)).collect();
        let message_only = self.version == Version::V2 || self.checksum_as_v2;
        Params {
            vrid: self.vrid,
            version: self.version,
            family: self.family,
            priority: self.priority,
            interval: self.interval,
            missed_adverts: self.missed_adverts,
            start: self.start,
            preemption: self.preemption,
            auth: self.password.map_or(Auth::None, |password| Auth::Simple(password.0)),
            checksum: if message_only { ChecksumForm::MessageOnly } else { ChecksumForm::WithPseudoHeader },
            destination: self.destination.clone(),
            lower_adverts: self.lower_adverts,
            higher_adverts: self.higher_adverts,
            stop_mode: self.stop_mode,
            link_tracking: self.link_tracking,
            addresses,
            advertised: self.addresses.len(),
            announce: self.announce.clone(),
            trackers,
        }
    }
}
