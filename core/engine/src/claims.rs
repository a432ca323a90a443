//! Hearing other hosts claim our addresses, while we hold them.

use keepwatch_system::FrameFilter;
use keepwatch_vrrp::wire::NeighbourClaim;
use keepwatch_vrrp::{Family, Input, Instant, InterfaceId, MacAddress, RouterId, StateName};

use crate::engine::{AT_ONCE, Engine};
use crate::setup::index;

impl Engine {
    /// Takes in the claims that have arrived on an interface.
    pub(crate) fn hear_claims(&mut self, now: Instant, id: InterfaceId, family: Family) {
        for _ in 0..AT_ONCE {
            let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { return };
            let socket = match family {
                Family::V4 => &mut interface.port.arp,
                Family::V6 => &mut interface.port.neighbours,
            };
            let Some(socket) = socket else { return };
            let Ok(Some((frame, _))) = socket.receive(&mut self.datagram) else { return };
            if let Some(claim) = NeighbourClaim::parse(frame) {
                self.take_claim(now, id, &claim);
            }
        }
    }

    fn take_claim(&mut self, now: Instant, id: InterfaceId, claim: &NeighbourClaim) {
        if self.is_this_host(claim.mac) {
            return;
        }
        for router in (0..self.parts.instances.len()).map(RouterId) {
            let Some(instance) = self.parts.instances.get(router.0) else { return };
            let number = instance
                .held
                .iter()
                .position(|held| self.wire_of(held.interface) == id && held.address() == claim.address);
            let Some(address) = number.filter(|_| self.is_master(router)) else { continue };
            let input = Input::AddressClaimed { address, mac: claim.mac, how: claim.how };
            self.parts.routers.handle(now, router, input, &mut self.actions);
        }
        if !self.actions.is_empty() {
            self.perform(now);
        }
        self.rescan = true;
    }

    /// Whether a hardware address is one of this host's, on whatever interface. A virtual router's, also one of the
    /// user's choice, is shared by all its hosts, and what this host sends is not heard.
    fn is_this_host(&self, mac: MacAddress) -> bool {
        let mut links = self.parts.interfaces.iter().filter_map(|interface| interface.virtual_link.as_ref());
        let is_shared = mac.is_virtual() || links.any(|virtual_link| virtual_link.mac() == Some(mac));
        !is_shared && self.parts.macs.values().any(|known| *known == mac)
    }

    pub(crate) fn is_master(&self, router: RouterId) -> bool {
        self.parts.routers.get(router).is_some_and(|router| router.state() == StateName::Master)
    }

    /// Listens on the interfaces that have addresses of a MASTER, and on no others.
    pub(crate) fn listen_where_needed(&mut self) {
        for id in self.interface_ids() {
            if self.virtual_link(id).is_some() {
                // What concerns its addresses is heard on the interface below.
                continue;
            }
            let needed = self.parts.instances.iter().enumerate().any(|(router, instance)| {
                instance.held.iter().any(|held| self.wire_of(held.interface) == id)
                    && self.is_master(RouterId(router))
            });
            let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { continue };
            if needed == interface.hears_claims {
                continue;
            }
            interface.hears_claims = needed;
            let filter =
                if needed { FrameFilter::ClaimsTo(&interface.claimable) } else { FrameFilter::Nothing };
            for socket in [&interface.port.arp, &interface.port.neighbours].into_iter().flatten() {
                // A socket that cannot is deaf to claims: the fallbacks of a hand-over do without.
                let _ = socket.filter(filter);
            }
        }
    }
}
