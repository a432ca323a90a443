//! Addresses at which packets are not accepted (RFC 9568 §6.1, Accept_Mode; `no_accept`): the packet filter drops them.
//!
//! The table is there as long as some instance has such addresses, and empty while none of these is MASTER: what can go
//! wrong is known at the start, and a take-over costs one message. An address is dropped before it is added and until it
//! is gone, for in between it would answer.

use std::collections::BTreeSet;
use std::io;

use keepwatch_config::model;
use keepwatch_system::nftables::{DropTable, Dropped, Nftables, is_missing};
use keepwatch_vrrp::{Instant, RouterId};

use crate::engine::Engine;
use crate::instance::{InstanceState, Tenure};
use crate::interfaces::Interface;
use crate::setup::index;

/// The packet filter's table of this program.
#[derive(Debug)]
pub(crate) struct Firewall {
    socket: Option<Nftables>,
    table: DropTable,
    state: Table,
    /// Whether the kernel refused when it was last asked, which has been told.
    is_refused: bool,
}

/// What there is of the table.
#[derive(Debug)]
enum Table {
    Absent,
    /// A former run has left it, perhaps with addresses that are still there: until these are gone it stays as it is.
    Left(String),
    /// One of this name is, or may be, there that is not as it should be.
    Stale(String),
    /// It is as it should be.
    InPlace {
        addresses: BTreeSet<Dropped>,
        /// The number of the ruleset with these: another one means that somebody has changed it.
        generation: u32,
    },
}

impl Firewall {
    pub(crate) fn new(settings: &model::Firewall) -> Self {
        let (socket, table) = (Nftables::open().ok(), drop_table(settings));
        Self { socket, table, state: Table::Absent, is_refused: false }
    }

    /// Looks for what a former run has left; no other keepwatch may have the table. Not for the engine's thread: the kernel may
    /// have to load a module first.
    pub(crate) fn look_for_what_is_left(&mut self) {
        let name = &self.table.name;
        // Whatever is wrong is told when the table is needed.
        if self.socket.as_mut().is_some_and(|socket| socket.has_own_table(name).unwrap_or(false)) {
            self.state = Table::Left(name.clone());
        }
    }

    /// What a former run has left is replaced, or removed, at the next look.
    fn replace_what_is_left(&mut self) {
        if let Table::Left(name) = &mut self.state {
            self.state = Table::Stale(std::mem::take(name));
        }
    }

    /// The table is another one from the next look on.
    pub(crate) fn become_as(&mut self, settings: &model::Firewall) {
        let before = std::mem::replace(&mut self.table, drop_table(settings));
        if before != self.table && matches!(self.state, Table::InPlace { .. }) {
            self.state = Table::Stale(before.name);
        }
    }

    fn drops(&self, address: Dropped) -> bool {
        matches!(&self.state, Table::InPlace { addresses, .. } if addresses.contains(&address))
    }

    /// Whether it is to be looked after: a backup's, too, so that its take-over finds it in place.
    fn is_in_use(&self) -> bool {
        matches!(self.state, Table::InPlace { .. })
    }

    /// Drops packets of these addresses and no others; without any, there is to be no table.
    fn follow(&mut self, wanted: Option<BTreeSet<Dropped>>) -> io::Result<()> {
        match (&self.state, wanted) {
            (Table::Absent, None) | (Table::Left(_), _) => Ok(()),
            (Table::InPlace { .. }, None) => self.remove(self.table.name.clone()),
            (Table::Stale(name), None) => self.remove(name.clone()),
            (Table::InPlace { addresses, .. }, Some(wanted)) if *addresses == wanted => Ok(()),
            (Table::InPlace { addresses, .. }, Some(wanted)) => {
                let more: Vec<Dropped> = wanted.difference(addresses).copied().collect();
                let less: Vec<Dropped> = addresses.difference(&wanted).copied().collect();
                self.change(&more, &less, wanted)
            }
            (Table::Absent | Table::Stale(_), Some(wanted)) => self.replace(wanted),
        }
    }

    /// Puts back what somebody has taken away, such as `nft flush ruleset`.
    fn mend(&mut self) -> io::Result<()> {
        let Table::InPlace { addresses, generation } = &self.state else { return Ok(()) };
        let (addresses, known, name) = (addresses.clone(), *generation, self.table.name.clone());
        let socket = self.socket()?;
        let generation = socket.generation()?;
        if generation == known {
            return Ok(());
        }
        // Others change their tables, too, perhaps for long: nothing is changed, and waited for, unless something is missing.
        let all: Vec<Dropped> = addresses.iter().copied().collect();
        if socket.drops(&name, &all)? {
            self.state = Table::InPlace { addresses, generation };
            return Ok(());
        }
        self.state = Table::Stale(name);
        self.replace(addresses)
    }

    fn change(&mut self, more: &[Dropped], less: &[Dropped], addresses: BTreeSet<Dropped>) -> io::Result<()> {
        let name = self.table.name.clone();
        if self.socket()?.change_addresses(&name, more, less).is_err() {
            // Somebody has been there.
            self.state = Table::Stale(name);
            return self.replace(addresses);
        }
        self.settle(addresses)
    }

    fn replace(&mut self, addresses: BTreeSet<Dropped>) -> io::Result<()> {
        let all: Vec<Dropped> = addresses.iter().copied().collect();
        let (table, before) = (self.table.clone(), self.stale().map(str::to_owned));
        self.socket()?.replace_table(&table, before.as_deref(), &all)?;
        self.settle(addresses)
    }

    fn settle(&mut self, addresses: BTreeSet<Dropped>) -> io::Result<()> {
        let generation = self.socket()?.generation()?;
        self.state = Table::InPlace { addresses, generation };
        Ok(())
    }

    fn remove(&mut self, name: String) -> io::Result<()> {
        self.socket()?.remove_table(&name)?;
        self.state = Table::Absent;
        Ok(())
    }

    fn stale(&self) -> Option<&str> {
        match &self.state {
            Table::Stale(name) => Some(name),
            Table::Absent | Table::Left(_) | Table::InPlace { .. } => None,
        }
    }

    fn socket(&mut self) -> io::Result<&mut Nftables> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => Nftables::open()?,
        };
        Ok(self.socket.insert(socket))
    }
}

fn drop_table(model::Firewall { table, priority, counters }: &model::Firewall) -> DropTable {
    DropTable { name: table.clone(), priority: *priority, counters: *counters }
}

/// What to do about an error.
fn remedy(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return "keepwatch needs CAP_NET_ADMIN for this network namespace";
    }
    if error.kind() == io::ErrorKind::AlreadyExists {
        return "name another one by `nftables NAME`";
    }
    if is_missing(error) {
        return "the kernel needs nf_tables with its family inet: `modprobe nf_tables`";
    }
    "it is tried again each second"
}

impl Engine {
    /// Before an address is added: packets to it are dropped if they are not to be accepted. With one message for all
    /// addresses of its router.
    pub(crate) fn filter_before(&mut self, now: Instant, router: RouterId, number: usize) {
        // What is refused is tried each second, not for each address of a take-over, which goes on.
        if self.parts.firewall.is_refused {
            return;
        }
        let Some(instance) = self.parts.instances.get(router.0).filter(|instance| !instance.accepts) else {
            return;
        };
        if self.dropped(instance, number).is_some_and(|address| !self.parts.firewall.drops(address)) {
            self.filter_as_fits(now);
        }
    }

    /// When the addresses that a former run has left are gone.
    pub(crate) fn begin_to_filter(&mut self, now: Instant) {
        self.parts.firewall.replace_what_is_left();
        self.filter_as_fits(now);
    }

    /// Has packets dropped to the addresses of MASTERs that do not accept them, and to no others. Called whenever addresses
    /// have come or gone.
    pub(crate) fn filter_as_fits(&mut self, now: Instant) {
        let wanted = self.unaccepted();
        let done = self.parts.firewall.follow(wanted);
        self.note_filter(now, done);
    }

    /// Tries again what failed, and puts back what somebody has taken away.
    pub(crate) fn mend_filter(&mut self, now: Instant) {
        if self.parts.firewall.is_refused {
            return self.filter_as_fits(now);
        }
        let done = self.parts.firewall.mend();
        self.note_filter(now, done);
    }

    /// Takes the table away at the end, when the addresses are gone.
    pub(crate) fn remove_filter(&mut self) {
        // Nobody is there any more to be told; the next start finds what is left.
        let _ = self.parts.firewall.follow(None);
    }

    fn note_filter(&mut self, now: Instant, done: io::Result<()>) {
        let was_refused = std::mem::replace(&mut self.parts.firewall.is_refused, done.is_err());
        if self.parts.firewall.is_in_use() || done.is_err() {
            self.mend_later(now);
        }
        let Err(error) = done else { return };
        if !was_refused {
            let setting = format!("the nftables table {}", self.parts.firewall.table.name);
            let consequence =
                format!("virtual addresses answer that should not (`no_accept`): {}", remedy(&error));
            self.tell_refused(setting, &error, consequence);
        }
    }

    /// The addresses whose packets are to be dropped now; `None` if no instance has any at any time.
    fn unaccepted(&self) -> Option<BTreeSet<Dropped>> {
        let mut wanted = None;
        for (number, instance) in self.parts.instances.iter().enumerate() {
            if instance.accepts || instance.tenure == Tenure::Vacant {
                continue;
            }
            let wanted = wanted.get_or_insert_with(BTreeSet::new);
            let is_master = self.is_master(RouterId(number));
            let held = instance.held.iter().enumerate();
            let needs = held.filter(|(_, held)| is_master || held.state.is_placed());
            wanted.extend(needs.filter_map(|(number, _)| self.dropped(instance, number)));
        }
        wanted
    }

    /// An address as the packet filter knows it; `None` while its interface is not there.
    fn dropped(&self, instance: &InstanceState, number: usize) -> Option<Dropped> {
        let held = instance.held.get(number)?;
        let interface = self.parts.interfaces.get(index(held.interface)).and_then(Interface::index)?;
        Some(Dropped::on(interface, held.address()))
    }
}
