//! Going on with another configuration.
//!
//! ```text
//!   groups without those that go  -->  those leave  -->  the others go on as other ones  -->  new ones begin, and groups
//!                                          |                                                      |
//!                                          `-- what is in the way of a new one leaves first ------+
//! ```
//!
//! Nothing is said for an instance that is as it was, and no address of it is touched.

use keepwatch_bus::Draft;
use keepwatch_config::model::Instance;
use keepwatch_event::{EventKind, Severity};
use keepwatch_vrrp::{Input, Instant, InterfaceId, LinkState, RouterId, Standing, StateName, Update};

use crate::clock;
use crate::compose::{same_addresses, same_trackers};
use crate::describe::settings;
use crate::engine::Engine;
use crate::groups::Group;
use crate::instance::{InstanceState, Next, Tenure, Tracker};
use crate::reconfiguration::{Arrival, Reconfiguration, Step};
use crate::setup::index;

impl Engine {
    /// Goes on with another configuration.
    pub(crate) fn reconfigure(&mut self, now: Instant, it: Reconfiguration) {
        let began = clock::now();
        self.board = it.board;
        // A place may be another check's now, which stands as the one before did: that is news to whoever tracks it.
        self.standings.clear();
        self.parts.firewall.become_as(&it.firewall);
        if let Some(statics) = &it.statics {
            self.take_over_statics(now, statics);
        }
        self.renewal.become_as(it.vip_lifetime, now);
        self.space_announcements(&it.spacing);
        self.parts.groups =
            it.groups.iter().map(|group| Group::new(group).after(&self.parts.groups)).collect();
        let (mut updates, mut arrivals): (Vec<(String, Arrival)>, _) = (Vec::new(), Vec::new());
        for step in it.steps {
            match step {
                Step::Remove(name) => drop(self.dismiss(&name, Tenure::Departs)),
                Step::Restart(name, arrival) => {
                    let term = self.dismiss(&name, Tenure::Restarts);
                    arrivals.push(Arrival { term, ..arrival });
                }
                Step::Update(name, arrival) => updates.push((name, arrival)),
                Step::Add(arrival) => arrivals.push(arrival),
            }
        }
        // Those that stay are not to leave with those that go.
        self.bring_together(now);
        self.let_leave(now);
        let mut holds_others = false;
        self.note_moves(&mut updates);
        for (name, arrival) in updates {
            holds_others |= self.update(now, &name, arrival);
        }
        self.moves_no_more();
        self.waiting.extend(arrivals);
        self.follow_needs(now);
        if holds_others {
            self.read_addresses_anew(now);
            self.clean_up(now);
        }
        // Before those begin that may need them, as at a start; what one that leaves has yet is put back when it has left.
        if it.statics.is_some() {
            self.place_fixtures(now);
        }
        self.see_off(now);
        self.admit(now);
        for interface in &mut self.parts.interfaces {
            let delay = it.link_delays.iter().find(|delay| delay.interface.as_str() == interface.name);
            let (down, up) = delay.map(|delay| (delay.down, delay.up)).unwrap_or_default();
            interface.delay.follow(now, down, up);
        }
        self.bring_together(now);
        self.rescan = true;
        self.perform(now);
        // Whoever asked may have gone.
        let _ = it.done.try_send(clock::now().since(began));
    }

    /// Brings those together that are there.
    fn bring_together(&mut self, now: Instant) {
        self.parts.find_members();
        let groups: Vec<Vec<RouterId>> =
            self.parts.groups.iter().map(|group| group.members.clone()).collect();
        self.parts.routers.regroup(now, &groups, &mut self.actions);
        self.regroup = true;
        self.perform(now);
    }

    /// Has the instance of this name leave, for as long as the tenure says, and gives the number of its transitions so far. One that waits to begin
    /// does not begin.
    fn dismiss(&mut self, name: &str, tenure: Tenure) -> u64 {
        self.waiting.retain(|arrival| arrival.instance.name != name);
        let Some(router) = self.parts.instance_named(name) else { return 0 };
        let Some(instance) = self.parts.instances.get_mut(router.0) else { return 0 };
        instance.tenure = tenure;
        // What it tracked may be gone, and its place another's.
        for tracker in &mut instance.trackers {
            if let Tracker::Check(place, _) = tracker {
                *place = usize::MAX;
            }
        }
        self.departing = true;
        instance.term
    }

    /// Tells all that are to leave to do so; those that do so already are not disturbed.
    fn let_leave(&mut self, now: Instant) {
        for number in 0..self.parts.instances.len() {
            if self.parts.instances.get(number).is_some_and(InstanceState::leaves) {
                self.parts.routers.handle(now, RouterId(number), Input::Stop, &mut self.actions);
            }
        }
        self.perform(now);
    }

    /// Has an instance go on as another one; whether other addresses are its, or are its in another way.
    fn update(&mut self, now: Instant, name: &str, arrival: Arrival) -> bool {
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.instance.name == name) {
            // It begins as the new one, and is told as it would have been.
            let (changes, term) = (waiting.changes.take(), waiting.term);
            *waiting = Arrival { changes, term, ..arrival };
            return false;
        }
        let Some(router) = self.parts.instance_named(name) else { return false };
        let known = self.parts.interfaces.len();
        let composed = self.parts.compose(&arrival.instance, &arrival.places);
        self.look_at_new_interfaces(now, known);
        let Some(instance) = self.parts.instances.get_mut(router.0) else { return false };
        let addresses = same_addresses(&instance.held, &composed.held);
        let trackers = same_trackers(&instance.trackers, &composed.trackers);
        let (params, was, term) = (composed.params.clone(), instance.name.to_string(), instance.term);
        let sends_otherwise = (instance.source, instance.sender) != (composed.source, composed.sender);
        let id = instance.interface;
        let promotes_otherwise = instance.promotes_secondaries != composed.promotes_secondaries;
        let is_same = |(place, old): (usize, &Option<usize>)| *old == Some(place);
        let holds_others = instance.held.len() != addresses.len()
            || !addresses.iter().enumerate().all(is_same)
            || instance.is_owner != composed.is_owner;
        let changed = changed(&arrival, Some(was).filter(|was| *was != arrival.instance.name), term);
        instance.next = Some(Box::new(Next { composed, addresses: addresses.clone(), changed }));
        self.shed(router, &addresses);
        let update = Update { params, addresses, trackers };
        if self.parts.routers.update(now, router, update, &mut self.actions).is_err() {
            debug_assert!(false, "it was looked at before");
            return false;
        }
        self.perform(now);
        self.has_shed();
        if promotes_otherwise {
            self.promote_as_fits(id);
        }
        self.feed(now, router);
        if sends_otherwise {
            self.feed_source(now, router);
        }
        holds_others
    }

    /// An instance's numbers, and its name, are those of its new parameters from here on; first of all that is told.
    pub(crate) fn renumber(&mut self, router: RouterId) {
        let Some(instance) = self.parts.instances.get_mut(router.0) else { return };
        let Some(next) = instance.next.take() else { return };
        self.settling.retain_mut(|settling| {
            if settling.router != router {
                return true;
            }
            let new = next.addresses.iter().position(|old| *old == Some(settling.address));
            new.inspect(|new| settling.address = *new).is_some()
        });
        let changed = instance.become_next(*next);
        self.publish(changed);
        self.relisten = true;
    }

    /// Sees what interfaces are needed for now, and has what is needed of them.
    fn follow_needs(&mut self, now: Instant) {
        for id in self.parts.reckon() {
            self.open_sockets(now, id);
        }
        self.relisten = true;
        self.perform(now);
    }

    /// Takes those away that have left for good, and lets those begin for which they were in the way.
    pub(crate) fn see_off(&mut self, now: Instant) {
        if !self.departing {
            return;
        }
        self.departing = false;
        let mut has_gone = false;
        for number in 0..self.parts.instances.len() {
            let Some(instance) = self.parts.instances.get(number) else { continue };
            if !instance.leaves() {
                continue;
            }
            if self.parts.routers.get(RouterId(number)).is_some_and(|r| r.state() != StateName::Stopped) {
                self.departing = true;
                continue;
            }
            has_gone = true;
            self.take_away(RouterId(number));
        }
        if has_gone {
            self.follow_needs(now);
            self.admit(now);
            self.bring_together(now);
        }
    }

    /// Takes an instance away that has stopped.
    fn take_away(&mut self, router: RouterId) {
        self.remove_ways(router);
        let Some(instance) = self.parts.instances.get_mut(router.0) else { return };
        let (name, own_link, term) = (instance.name.clone(), instance.own_link, instance.term);
        let id = instance.interface;
        instance.vacate();
        self.promote_as_fits(id);
        if let Some(own) = own_link {
            self.discard_virtual_link(own.interface);
        }
        let priority = self.parts.routers.get(router).map_or(0, |router| router.priority().get());
        self.parts.routers.remove(router);
        let begins_anew = |arrival: &Arrival| arrival.changes.is_some() && arrival.instance.name == *name;
        if !self.waiting.iter().any(begins_anew) {
            let kind = EventKind::InstanceRemoved { priority };
            self.publish(Draft { instance: Some(name), severity: Severity::Info, term, kind });
        }
    }

    /// Lets those begin that nobody is in the way of.
    fn admit(&mut self, now: Instant) {
        let waiting = std::mem::take(&mut self.waiting);
        let (ready, waiting) =
            waiting.into_iter().partition(|arrival| !self.is_in_the_way(&arrival.instance));
        self.waiting = waiting;
        let ready: Vec<Arrival> = ready;
        if ready.is_empty() {
            return;
        }
        let known = self.parts.interfaces.len();
        let mut begun = Vec::new();
        for arrival in &ready {
            let composed = self.parts.compose(&arrival.instance, &arrival.places);
            let Ok(router) = self.parts.seat(composed) else {
                debug_assert!(false, "it was looked at before");
                continue;
            };
            if let Some(instance) = self.parts.instances.get_mut(router.0) {
                instance.term = arrival.term;
            }
            self.publish(changed(arrival, None, arrival.term));
            begun.push(router);
        }
        self.look_at_new_interfaces(now, known);
        self.follow_needs(now);
        // What somebody left is taken away first, as at the start.
        self.read_addresses_anew(now);
        for router in &begun {
            if let Some(id) = self.parts.instances.get(router.0).map(|instance| instance.interface) {
                self.promote_as_fits(id);
            }
            self.feed(now, *router);
        }
        self.clean_up(now);
        // Before they begin: an owner does not assert itself without its group.
        self.bring_together(now);
        // With all others, if those have not begun yet.
        if self.start_at.is_none() {
            for router in begun {
                self.parts.routers.handle(now, router, Input::Start, &mut self.actions);
            }
        }
        self.perform(now);
    }

    /// Whether one that leaves has what an instance needs: its name, its VRID, an address, or the interface of its own.
    fn is_in_the_way(&self, instance: &Instance) -> bool {
        let name = |id: InterfaceId| self.parts.interfaces.get(index(id)).map(|interface| &*interface.name);
        let mut leaving = self.parts.instances.iter().enumerate();
        leaving.any(|(number, leaves)| {
            if !leaves.leaves() {
                return false;
            }
            let vrid = self.parts.routers.get(RouterId(number)).map(|router| router.params().vrid);
            let is_same_router = name(leaves.interface) == Some(instance.interface.as_str())
                && (leaves.family, vrid) == (instance.family, Some(instance.vrid));
            let wanted = instance.own_interface.as_ref().map(|own| own.name().as_str());
            let has_link = wanted.is_some() && leaves.own_link.and_then(|own| name(own.interface)) == wanted;
            let mut addresses = instance.addresses.iter().chain(&instance.excluded);
            let has_address =
                addresses.any(|address| leaves.held.iter().any(|held| held.address() == address.address));
            let own_address = instance.ipvlan().and_then(|ipvlan| ipvlan.address);
            let has_own_address =
                own_address.is_some_and(|(address, _)| self.own_address_of(leaves) == Some(address));
            *leaves.name == *instance.name || is_same_router || has_link || has_address || has_own_address
        })
    }

    /// Looks at interfaces that have come to matter.
    pub(crate) fn look_at_new_interfaces(&mut self, now: Instant, known: usize) {
        let ids: Vec<InterfaceId> = self.interface_ids().skip(known).collect();
        if ids.is_empty() {
            return;
        }
        let Ok(links) = self.parts.requests.links() else {
            self.unread = true;
            self.mend_later(now);
            return;
        };
        for id in ids {
            let name = self.parts.interfaces.get(index(id)).map(|interface| interface.name.clone());
            let link = links.iter().find(|link| Some(&link.name) == name.as_ref()).cloned();
            // One of our own is created when its instance begins.
            if link.is_some() {
                self.link_changed(now, id, link);
            }
        }
        self.read_addresses_anew(now);
    }

    /// Reads which addresses there are: what was removed a moment ago is no leftover.
    fn read_addresses_anew(&mut self, now: Instant) {
        if self.read_addresses().is_err() {
            self.unread = true;
            self.mend_later(now);
        }
    }

    /// Tells a router how everything is that it has to know.
    fn feed(&mut self, now: Instant, router: RouterId) {
        let Some(instance) = self.parts.instances.get(router.0) else { return };
        let (own, own_link, trackers) = (instance.interface, instance.own_link, instance.trackers.clone());
        let Some(interface) = self.parts.interfaces.get(index(own)) else { return };
        let (link, transport) = (interface.counting_state(), interface.transport(instance.family));
        for (tracker, what) in trackers.iter().enumerate() {
            let standing = match what {
                Tracker::Interface(id, _) => match self.parts.interfaces.get(index(*id)) {
                    // It is told when it is settled.
                    Some(interface) if interface.virtual_link.is_some() => continue,
                    Some(interface) => (interface.counting_state() == LinkState::Up).into(),
                    None => continue,
                },
                Tracker::Check(place, _) => match self.board.at(*place) {
                    Standing::Pending => continue,
                    standing => standing,
                },
            };
            let input = Input::Track { tracker, standing };
            self.parts.routers.handle(now, router, input, &mut self.actions);
        }
        for input in [Input::Transport(transport), Input::Link(link)] {
            self.parts.routers.handle(now, router, input, &mut self.actions);
        }
        if let Some(own) = own_link {
            self.settle_virtual_link(now, own.interface);
        }
        self.perform(now);
    }

    /// Tells a router which address it sends from.
    fn feed_source(&mut self, now: Instant, router: RouterId) {
        let instance = self.parts.instances.get(router.0);
        let Some(source) = instance.and_then(|instance| self.source_of(instance)) else { return };
        self.parts.routers.handle(now, router, Input::Source(source), &mut self.actions);
        self.perform(now);
    }
}

/// What there is to tell of an instance that has come, or has changed.
fn changed(arrival: &Arrival, was: Option<String>, term: u64) -> Draft {
    let settings = settings(&arrival.instance);
    let kind = match &arrival.changes {
        Some(changes) => EventKind::InstanceChanged { settings, was, changes: changes.clone() },
        None => EventKind::InstanceAdded { settings },
    };
    let instance = Some(arrival.instance.name.as_str().into());
    Draft { instance, severity: Severity::Info, term, kind }
}
