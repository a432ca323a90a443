//! `vrrp_startup_delay` and `vrrp_delay_after_boot`: routers do nothing and hear nothing until then.

use keepwatch_config::Config;
use keepwatch_vrrp::{Input, Instant, RouterId};

use crate::engine::Engine;

/// When routers start: after the longer one of both delays. The engine's clock counts from boot.
pub(crate) fn start_at(config: &Config, now: Instant) -> Instant {
    let after_boot = Instant::ZERO + config.globals.delay_after_boot;
    (now + config.globals.startup_delay).max(after_boot)
}

impl Engine {
    /// Starts every router if it is time to, or waits on.
    pub(crate) fn start_when_due(&mut self, now: Instant) {
        let Some(at) = self.start_at else { return };
        if at > now {
            return self.arm_earlier(Some(at));
        }
        self.start_at = None;
        for router in (0..self.parts.instances.len()).map(RouterId) {
            self.parts.routers.handle(now, router, Input::Start, &mut self.actions);
        }
        self.perform(now);
    }
}
