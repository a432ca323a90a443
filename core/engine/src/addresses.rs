//! Virtual addresses: what the engine has put in place, and putting it there.

use std::io;
use std::net::IpAddr;

use keepwatch_config::model::{Lifetime, Scope, VirtualAddress};
use keepwatch_system::netlink::{AddressLifetime, NewAddress, PreferredLifetime, PrefixRoute, Requests};
use keepwatch_vrrp::InterfaceId;

/// A virtual address of one router.
#[derive(Debug)]
pub(crate) struct Held {
    /// As the kernel is to be told.
    pub(crate) new: NewAddress,
    /// The interface it goes to.
    pub(crate) interface: InterfaceId,
    pub(crate) state: Placement,
    /// Whether it is about to leave, and has a lifetime.
    pub(crate) leaves: bool,
    /// Whether the kernel refused it, or another lifetime for it, when it was last asked, which has been told.
    pub(crate) is_refused: bool,
    /// Whether it was configured to have no route for its prefix.
    routeless: bool,
}

impl Held {
    /// Whether another configuration puts it in place in the same way.
    pub(crate) fn is_put_in_place_like(&self, other: &Self) -> bool {
        let as_configured = |held: &Self| NewAddress { no_prefix_route: held.routeless, ..held.new.clone() };
        self.interface == other.interface && as_configured(self) == as_configured(other)
    }

    /// It is the other one, under another number.
    pub(crate) fn stand_as(&mut self, old: &Self) {
        self.state = old.state;
        self.leaves = old.leaves;
        self.is_refused = old.is_refused;
        self.new.no_prefix_route = old.new.no_prefix_route;
    }
}

/// Where an address stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Not in place, by our doing.
    Absent,
    /// Added, but not yet delivered here (IPv6).
    Settling,
    /// In place.
    Present,
    /// The host's own address, which an address owner has anyway: never added or removed.
    Own,
    /// The host's only address, configured as a virtual one by mistake: never added or removed, and its instance
    /// cannot take part.
    Kept,
}

impl Placement {
    /// Whether it is on its interface, by whomever, so that it can be announced.
    pub(crate) const fn is_in_place(self) -> bool {
        match self {
            Self::Settling | Self::Present | Self::Own => true,
            Self::Absent | Self::Kept => false,
        }
    }

    /// Whether we have put it there.
    pub(crate) const fn is_placed(self) -> bool {
        match self {
            Self::Settling | Self::Present => true,
            Self::Absent | Self::Own | Self::Kept => false,
        }
    }
}

impl Held {
    pub(crate) fn new(address: &VirtualAddress, interface: InterfaceId) -> Self {
        let new = new_address(address);
        let routeless = new.no_prefix_route;
        Self { new, interface, state: Placement::Absent, leaves: false, is_refused: false, routeless }
    }

    /// Whether there is to be a route for its prefix, unless it was configured to have none.
    pub(crate) const fn settle_route(&mut self, route: PrefixRoute) {
        self.new.no_prefix_route = self.routeless || matches!(route, PrefixRoute::Shared);
    }

    pub(crate) const fn address(&self) -> IpAddr {
        self.new.address
    }

    /// `10.1.1.30/32`.
    pub(crate) fn describe(&self) -> String {
        format!("{}/{}", self.new.address, self.new.prefix_len)
    }

    /// Puts it on the interface with this index. One that is there already, from whomever, is replaced: it may
    /// be a failed duplicate, or about to expire.
    pub(crate) fn add(
        &self,
        index: u32,
        lifetime: AddressLifetime,
        requests: &mut Requests,
    ) -> io::Result<()> {
        match requests.add_address(index, &self.new, lifetime) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // It may be there with another prefix length.
                let known = requests.addresses()?.into_iter();
                for known in known.filter(|known| known.interface == index && known.address == self.address())
                {
                    requests.remove_address(index, known.key())?;
                }
                requests.add_address(index, &self.new, lifetime)
            }
            done => done,
        }
    }
}

/// `RT_SCOPE_*`.
pub(crate) const fn scope_number(scope: Scope) -> u8 {
    match scope {
        Scope::Global => 0,
        Scope::Site => 200,
        Scope::Link => 253,
        Scope::Host => 254,
        Scope::Nowhere => 255,
        Scope::Number(number) => number,
    }
}

pub(crate) fn new_address(address: &VirtualAddress) -> NewAddress {
    NewAddress {
        address: address.address,
        prefix_len: address.prefix_len,
        peer: address.peer,
        scope: scope_number(address.scope),
        label: address.label.clone(),
        broadcast: address.broadcast,
        duplicate_detection: address.duplicate_detection,
        no_prefix_route: address.no_prefix_route,
        home: address.home,
        manage_temporary: address.manage_temporary,
        preferred: match address.preferred_lifetime {
            Lifetime::Forever => PreferredLifetime::Forever,
            Lifetime::For(duration) => PreferredLifetime::For(duration),
        },
    }
}
