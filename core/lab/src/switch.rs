//! What the switch knows, and how it treats multicast.

use std::io;
use std::time::{Duration, Instant};

use keepwatch_system::netlink::{AddressFlag, Requests};
use keepwatch_vrrp::MacAddress;
use rtnetlink::packet_route::link::InfoBridge;

use crate::fdb;
use crate::lan::Lan;
use crate::links;
use crate::network::Network;

/// Who asks hosts for the multicast groups they are in, and how long a switch that snoops believes an answer.
///
/// `membership` is how long; it is kept to hundredths of a second. Queries are a third of it apart, but the kernel
/// allows no less than a second: where queries are wanted, 3 s is the shortest that makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Querier {
    /// The switch asks: memberships last as long as hosts answer.
    Present {
        /// How long an answer counts.
        membership: Duration,
    },
    /// Nobody asks. A Linux bridge that has never heard a querier does not trust its memberships, and sends every
    /// group to every port.
    Absent {
        /// How long a report counts.
        membership: Duration,
    },
    /// The switch asks once, now, and never again. It goes on believing that somebody asks: a group whose
    /// memberships have lapsed goes nowhere, as with a switch that does not flood. (But 224.0.0.x always goes
    /// everywhere, as RFC 4541 has it: of VRRP only IPv6's ff02::12 is concerned.)
    Silent {
        /// How long a report counts.
        membership: Duration,
    },
}

/// How long a bridge that was just made may take to get the address that it asks from.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longer than anything runs; the kernel counts in hundredths of a second.
const NEVER: u64 = 100 * 24 * 3600;

impl Querier {
    const fn membership(self) -> Duration {
        match self {
            Self::Present { membership } | Self::Absent { membership } | Self::Silent { membership } => {
                membership
            }
        }
    }

    fn options(self) -> Vec<InfoBridge> {
        let membership = u64::try_from(self.membership().as_millis() / 10).unwrap_or(NEVER);
        let (interval, questions_at_start) = match self {
            Self::Present { .. } | Self::Absent { .. } => (membership / 3, 2),
            Self::Silent { .. } => (NEVER, 1),
        };
        vec![
            InfoBridge::MulticastSnooping(true),
            // Off for now: it is to begin anew with all the rest in force.
            InfoBridge::MulticastQuerier(false),
            InfoBridge::MulticastMembershipInterval(membership),
            InfoBridge::MulticastQueryInterval(interval),
            // Hosts answer within this time. IGMP says it in tenths of a second, and 0 is another version.
            InfoBridge::MulticastQueryResponseInterval((membership / 6).max(10)),
            InfoBridge::MulticastStartupQueryInterval(interval),
            InfoBridge::MulticastStartupQueryCount(questions_at_start),
        ]
    }
}

impl Lan {
    /// The ports behind which the switch has learned an Ethernet address: the last one that sent a frame with it,
    /// on each network. See [`Lan::switch`] for the ports' names.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn ports_of(&self, mac: MacAddress) -> io::Result<Vec<String>> {
        fdb::ports_of(&self.switch, mac)
    }

    /// Lets the switch send multicast of both families only to ports whose hosts have reported that they are in
    /// the group (IGMP and MLD snooping).
    ///
    /// # Errors
    ///
    /// The kernel's; `TimedOut` if the bridge gets no IPv6 address to ask from.
    pub fn snoop(&self, querier: Querier) -> io::Result<()> {
        for number in 0..self.networks {
            let bridge = Network(number).bridge();
            links::set_bridge(&self.switch, &bridge, querier.options())?;
            if matches!(querier, Querier::Absent { .. }) {
                continue;
            }
            self.wait_for_source(&bridge)?;
            links::set_bridge(&self.switch, &bridge, [InfoBridge::MulticastQuerier(true)])?;
        }
        Ok(())
    }

    /// Waits until MLD queries have an address to come from. The kernel does not say when it lacks one, and does
    /// not ask before the next interval.
    fn wait_for_source(&self, bridge: &str) -> io::Result<()> {
        let index = links::index_of(&self.switch, bridge)?;
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            let addresses = self.switch.run(|| Requests::open()?.addresses())?;
            let mut ours = addresses.iter().filter(|held| held.interface == index && held.address.is_ipv6());
            if ours.any(|held| !held.has(AddressFlag::Tentative)) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, format!("{bridge} got no IPv6 address")))
    }
}
