//! A thousand transitions in a second.

use std::future::pending;
use std::time::Duration;

use keepwatch_event::State;

use crate::support::{Inbox, PATIENCE, Site};

#[test]
fn a_storm_is_few_messages_and_ends_with_the_true_state() {
    let mut inbox = Inbox::new("one");
    inbox.group_wait = Duration::from_secs(2);
    let site = Site::with(None, &[&inbox]);
    for number in 0..500 {
        let to = if number % 2 == 0 { State::Master } else { State::Backup };
        site.transition("VI_1", to);
        site.transition("VI_2", to);
    }
    site.transition("VI_1", State::Fault);
    site.bus.flush(PATIENCE);
    site.notifier.stop(PATIENCE, pending());
    let of = |instance: &str| -> Vec<_> {
        inbox.taken().into_iter().filter(|got| got.lines[0].starts_with(instance)).collect()
    };
    for (instance, end) in [("VI_1", "settled: FAULT"), ("VI_2", "settled: BACKUP")] {
        let got = of(instance);
        assert!(got.len() <= 2, "{} messages: {got:?}", got.len());
        let lines: Vec<&String> = got.iter().flat_map(|got| &got.lines).collect();
        assert!(lines.len() <= 10 && lines.last().unwrap().contains(end), "{lines:?}");
    }
}
