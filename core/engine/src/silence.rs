//! An interface that is up and hears nothing at all: the MASTER on it fell silent, or this host became deaf.

use std::time::Duration;

use keepwatch_bus::Draft;
use keepwatch_event::{EventKind, Severity};
use keepwatch_vrrp::{Instant, InterfaceId, LinkState};

use crate::engine::Engine;
use crate::setup::index;

/// Longer than a network in use is silent: neighbours ask, switches speak.
const LISTEN_FOR: Duration = Duration::from_secs(1);

/// An interface whose MASTER fell silent a moment ago.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Silence {
    interface: InterfaceId,
    /// Frames received by then.
    received: u64,
    /// When to count again.
    pub(crate) until: Instant,
}

impl Engine {
    /// A MASTER heard so far has fallen silent, and this host is taking over.
    pub(crate) fn suspect_silence(&mut self, now: Instant, interface: InterfaceId) {
        if self.silences.iter().any(|silence| silence.interface == interface) {
            return;
        }
        let Some(received) = self.count_received(interface) else { return };
        let until = now + LISTEN_FOR;
        self.silences.push(Silence { interface, received, until });
        self.arm_earlier(Some(until));
    }

    /// Counts again where it is time to.
    pub(crate) fn look_at_silences(&mut self, now: Instant) {
        if self.silences.iter().all(|silence| silence.until > now) {
            return;
        }
        let (due, later) = self.silences.drain(..).partition(|silence| silence.until <= now);
        let due: Vec<Silence> = due;
        self.silences = later;
        self.rescan = true;
        for silence in due {
            let Some(interface) = self.parts.interfaces.get(index(silence.interface)) else { continue };
            if interface.state() != LinkState::Up {
                continue;
            }
            let name = interface.name.clone();
            if self.count_received(silence.interface) == Some(silence.received) {
                let kind = EventKind::NothingReceived { interface: name, listened: LISTEN_FOR };
                self.publish(Draft::general(Severity::Warning, kind));
            }
        }
    }

    fn count_received(&mut self, interface: InterfaceId) -> Option<u64> {
        let link = self.parts.interfaces.get(index(interface))?.index()?;
        self.parts.requests.frames_received(link).ok()
    }
}
