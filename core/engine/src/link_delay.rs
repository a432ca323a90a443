//! Links whose changes count only when they last (keepalived's `interface_up_down_delays`).

use std::time::Duration;

use keepwatch_vrrp::{Instant, InterfaceId, LinkState};

use crate::engine::Engine;
use crate::interfaces::LinkUpdate;
use crate::setup::index;

/// How long a link must be as it is before that counts.
#[derive(Debug, Default)]
pub(crate) struct LinkDelay {
    pub(crate) down: Duration,
    pub(crate) up: Duration,
    /// What counts now.
    counts: Option<LinkState>,
    /// What is to count, and from when on.
    waits: Option<(LinkUpdate, Instant)>,
}

impl LinkDelay {
    pub(crate) fn new(down: Duration, up: Duration) -> Self {
        Self { down, up, ..Self::default() }
    }

    /// Other times from now on, for what waits as well.
    pub(crate) fn follow(&mut self, now: Instant, down: Duration, up: Duration) {
        (self.down, self.up) = (down, up);
        if let Some((update, until)) = &mut self.waits {
            let delay = if update.state == LinkState::Up { up } else { down };
            *until = (*until).min(now + delay);
        }
    }

    /// What counts now, if anything was heard.
    pub(crate) const fn counts(&self) -> Option<LinkState> {
        self.counts
    }

    /// Takes in an update; gives back what counts of it at once. What comes or goes as a whole does, and so does what is
    /// heard at the start. What did not last changes nothing.
    fn take(&mut self, now: Instant, update: LinkUpdate) -> Option<LinkUpdate> {
        let delay = match (self.counts, update.state) {
            (Some(LinkState::Up), LinkState::Down) => self.down,
            (Some(LinkState::Down), LinkState::Up) => self.up,
            _ => Duration::ZERO,
        };
        if delay.is_zero() {
            let was_about_to_count = self.waits.take().is_some();
            let is_as_before = self.counts.replace(update.state) == Some(update.state);
            if was_about_to_count && is_as_before {
                // Nobody heard of the change, so nobody hears that it is over. A switch may have forgotten us meanwhile.
                let hardware_changed = update.hardware_changed || update.state == LinkState::Up;
                return Some(LinkUpdate { changed: false, hardware_changed, ..update });
            }
            return Some(update);
        }
        // It stays as it was: only the first word of it counts from then on.
        let since = match self.waits {
            Some((known, until)) if known.state == update.state => until,
            Some(_) | None => now + delay,
        };
        self.waits = Some((update, since));
        None
    }

    /// What counts from now on because it has lasted.
    fn due(&mut self, now: Instant) -> Option<LinkUpdate> {
        let (update, _) = self.waits.take_if(|(_, until)| *until <= now)?;
        self.counts = Some(update.state);
        Some(update)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.waits.as_ref().map(|(_, until)| *until)
    }
}

impl Engine {
    /// An update of a link, unless it has to last first.
    pub(crate) fn delayed(
        &mut self,
        now: Instant,
        id: InterfaceId,
        update: LinkUpdate,
    ) -> Option<LinkUpdate> {
        let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { return Some(update) };
        let counts = interface.delay.take(now, update);
        let until = interface.delay.poll_timeout();
        self.arm_earlier(until);
        counts
    }

    /// Hands on what has lasted.
    pub(crate) fn look_at_delays(&mut self, now: Instant) {
        for id in self.interface_ids() {
            let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { continue };
            if let Some(update) = interface.delay.due(now) {
                // That it is another one than before is why it had to wait.
                self.link_counts(now, id, LinkUpdate { changed: true, ..update });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(state: LinkState) -> LinkUpdate {
        LinkUpdate { state, changed: true, hardware_changed: false }
    }

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    #[test]
    fn what_does_not_last_does_not_count() {
        let (up, down) = (update(LinkState::Up), update(LinkState::Down));
        let mut delay = LinkDelay::new(Duration::from_secs(3), Duration::from_secs(5));
        assert_eq!(delay.take(at(0), up), Some(up), "the start");
        assert_eq!(delay.take(at(10), down), None);
        let as_before = LinkUpdate { changed: false, hardware_changed: true, ..up };
        assert_eq!((delay.due(at(12)), delay.take(at(12), up)), (None, Some(as_before)), "a short loss");
        assert_eq!((delay.poll_timeout(), delay.due(at(99))), (None, None));

        assert_eq!(delay.take(at(100), down), None);
        assert_eq!(delay.take(at(102), down), None, "told again");
        assert_eq!((delay.poll_timeout(), delay.due(at(103))), (Some(at(103)), Some(down)));
        assert_eq!((delay.take(at(110), up), delay.due(at(114)), delay.due(at(115))), (None, None, Some(up)));
        let gone = update(LinkState::Missing);
        assert_eq!(delay.take(at(120), gone), Some(gone));
    }
}
