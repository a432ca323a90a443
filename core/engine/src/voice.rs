//! Who may speak with a virtual MAC: the one router that is MASTER and has noticed no successor.
//!
//! A switch sends everything for a MAC to where it last heard it from. One frame with the virtual MAC from a host that
//! has handed over, or stands by, takes the traffic away from the one that serves, until that one says something again.
//! So nothing leaves through a macvlan of ours, by whomever, while its router has no say; what arrives is still received
//! and answered through the interface below, until the address itself goes.

use std::io;

use keepwatch_system::InterfaceSetting;
use keepwatch_system::netlink::{Egress, is_no_device};
use keepwatch_vrrp::{Family, InterfaceId, RouterId, StateName, StopMode};

use crate::engine::Engine;
use crate::setup::index;
use crate::virtual_link::VirtualLink;

impl Engine {
    /// Whether a router may speak with its virtual MAC.
    fn has_a_say(&self, router: RouterId) -> bool {
        let router = self.parts.routers.get(router);
        router.is_some_and(|router| router.state() == StateName::Master && !router.has_successor())
    }

    /// The interface with a router's virtual MAC, if it has one.
    fn virtual_mac_of(&self, router: RouterId) -> Option<InterfaceId> {
        self.parts.instances.get(router.0)?.virtual_mac_link()
    }

    /// Before something is done for a router that has a say: lets it speak.
    pub(crate) fn give_voice(&mut self, router: RouterId) {
        let Some(link) = self.virtual_mac_of(router) else { return };
        if !self.speaking.contains(&router) && self.has_a_say(router) {
            self.speaking.push(router);
            self.set_egress(link, Egress::Open);
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

    /// Passes packets for others on that arrive with a MASTER's virtual MAC, if the host does so on the interface below,
    /// and no others (RFC 9568 §6.4.2: a backup "MUST discard packets with a destination link-layer MAC address equal to
    /// the Virtual Router MAC address").
    pub(crate) fn forward_where_needed(&mut self) {
        for id in self.interface_ids() {
            // An ipvlan has the MAC of the interface below, where packets for others arrive.
            let has_mac = |link: &&VirtualLink| link.made.is_some() && link.mac().is_some();
            let Some(virtual_link) = self.virtual_link(id).filter(has_mac) else { continue };
            let (base, router, forwards) = (virtual_link.base, virtual_link.router, virtual_link.forwards);
            let is_master = self.is_master(router);
            if forwards == is_master {
                continue;
            }
            let setting = match virtual_link.family {
                Family::V4 => InterfaceSetting::ForwardIpv4,
                Family::V6 => InterfaceSetting::ForwardIpv6,
            };
            let name = |id| self.parts.interfaces.get(index(id)).map(|interface| interface.name.clone());
            let (Some(name), Some(base)) = (name(id), name(base)) else { continue };
            let value = if is_master { setting.read(&base).unwrap_or(0) } else { 0 };
            if let Err(error) = setting.replace(&name, value)
                && error.kind() != io::ErrorKind::NotFound
            {
                let consequence = if is_master {
                    "packets that arrive with the virtual MAC are not passed on"
                } else {
                    "a standby host may pass packets on a second time"
                };
                self.tell_refused(setting.name(&name), &error, consequence.to_owned());
            }
            if let Some(virtual_link) = self.virtual_link_mut(id) {
                virtual_link.forwards = is_master;
            }
        }
    }

    fn silence(&mut self, router: RouterId) {
        self.speaking.retain(|speaking| *speaking != router);
        if let Some(link) = self.virtual_mac_of(router) {
            self.set_egress(link, Egress::Closed);
        }
    }

    /// Lets everything, or nothing, leave through an interface of ours.
    pub(crate) fn set_egress(&mut self, id: InterfaceId, egress: Egress) {
        let Some(virtual_link) = self.virtual_link_mut(id) else { return };
        let Some(link) = virtual_link.made.filter(|_| virtual_link.egress != egress) else { return };
        virtual_link.egress = egress;
        let Err(error) = self.parts.requests.set_egress(link, egress) else { return };
        if is_no_device(&error) {
            // It has gone, which is told where it is heard.
            return;
        }
        let Some(interface) = self.interface_mut_with_index(link) else { return };
        let consequence = match egress {
            Egress::Open => "nothing is sent with the virtual MAC",
            Egress::Closed => "a standby host may draw the traffic for the virtual MAC to itself",
        };
        let setting = format!("what may leave through {}", interface.name);
        self.tell_refused(setting, &error, consequence.to_owned());
    }
}
