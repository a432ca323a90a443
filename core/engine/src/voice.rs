//! Who may speak with a virtual MAC: the one router that is MASTER and has noticed no successor.
//!
//! A switch sends everything for a MAC to where it last heard it from. One frame with the virtual MAC from a host that
//! has handed over, or stands by, takes the traffic away from the one that serves, until that one says something again.
//! So nothing leaves through a macvlan of ours, by whomever, while its router has no say; what arrives is still received
//! and answered through the interface below, until the address itself goes.

use keepwatch_system::netlink::Egress;
use keepwatch_vrrp::{InterfaceId, RouterId, StateName, StopMode};

use crate::engine::Engine;

impl Engine {
    /// Whether a router may speak with its virtual MAC.
    fn has_a_say(&self, router: RouterId) -> bool {
        let router = self.parts.routers.get(router);
        router.is_some_and(|router| router.state() == StateName::Master && !router.has_successor())
    }

    /// Before something is done for a router that has a say: lets it speak.
    pub(crate) fn give_voice(&mut self, router: RouterId) {
        let Some(vmac) = self.parts.instances.get(router.0).and_then(|instance| instance.vmac) else {
            return;
        };
        if !self.speaking.contains(&router) && self.has_a_say(router) {
            self.speaking.push(router);
            self.set_egress(vmac.interface, Egress::Open);
        }
    }

    /// Silences every router that has no say any more.
    pub(crate) fn hush(&mut self) {
        let mut number = 0;
        while let Some(&router) = self.speaking.get(number) {
            if self.has_a_say(router) {
                number += 1;
            } else {
                self.silence(router);
            }
        }
    }

    /// Before an address is taken from a router that has no say: silences it, for the kernel leaves an IPv6 address's
    /// multicast group with the virtual MAC. Not one that resigns afterwards.
    pub(crate) fn hush_before_removal(&mut self, router: RouterId) {
        let Some(virtual_router) = self.parts.routers.get(router) else { return };
        if virtual_router.params().stop_mode == StopMode::Rfc || self.has_a_say(router) {
            return;
        }
        if self.speaking.contains(&router) {
            self.silence(router);
        }
    }

    fn silence(&mut self, router: RouterId) {
        self.speaking.retain(|speaking| *speaking != router);
        if let Some(vmac) = self.parts.instances.get(router.0).and_then(|instance| instance.vmac) {
            self.set_egress(vmac.interface, Egress::Closed);
        }
    }

    /// Lets everything, or nothing, leave through an interface of ours.
    pub(crate) fn set_egress(&mut self, id: InterfaceId, egress: Egress) {
        let Some(virtual_link) = self.virtual_link_mut(id) else { return };
        let Some(link) = virtual_link.made.filter(|_| virtual_link.egress != egress) else { return };
        virtual_link.egress = egress;
        let Err(error) = self.parts.requests.set_egress(link, egress) else { return };
        let Some(interface) = self.interface_mut_with_index(link) else { return };
        let consequence = match egress {
            Egress::Open => "nothing is sent with the virtual MAC",
            Egress::Closed => "a standby host may draw the traffic for the virtual MAC to itself",
        };
        let setting = format!("what may leave through {}", interface.name);
        self.tell_refused(setting, &error, consequence.to_owned());
    }
}
