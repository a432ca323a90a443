//! Announcements in keepalived's words.

use std::time::Duration;

use keepwatch_vrrp::{AnnouncePolicy, Schedule};

use super::document::Table;
use super::value;

/// Writes what differs from what holds where nothing is said.
pub(super) fn write(policy: &AnnouncePolicy, table: &mut Table) {
    let AnnouncePolicy { entry, on_lower, refresh } = policy;
    if let Some((rounds, delay)) = bursts(entry) {
        table.set("garp_master_repeat", "garp_master_repeat", rounds.to_string());
        table.set("garp_master_delay", "garp_master_delay", value::duration(delay));
    }
    if let Some(refresh) = refresh {
        table.set("garp_master_refresh", "garp_master_refresh", value::duration(refresh.every));
        let rounds = refresh.rounds.to_string();
        table.set("garp_master_refresh_repeat", "garp_master_refresh_repeat", rounds);
    }
    if on_lower == entry {
        return;
    }
    match bursts(on_lower) {
        Some((rounds, delay)) => {
            table.set("garp_lower_prio_repeat", "garp_lower_prio_repeat", rounds.to_string());
            table.set("garp_lower_prio_delay", "garp_lower_prio_delay", value::duration(delay));
        }
        None => table.set("garp_lower_prio_repeat", "garp_lower_prio_repeat", "0".to_owned()),
    }
}

/// The bursts of a schedule that keepalived's words describe.
fn bursts(schedule: &Schedule) -> Option<(u8, Duration)> {
    match schedule.0.as_slice() {
        [(Duration::ZERO, rounds)] => Some((*rounds, Duration::ZERO)),
        [(Duration::ZERO, rounds), (delay, again)] if rounds == again => Some((*rounds, *delay)),
        _ => None,
    }
}
