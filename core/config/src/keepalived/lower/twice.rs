//! Settings that are given twice, where the last one counts.

use std::collections::HashMap;
use std::ops::Range;

use super::super::parser::Statement;
use super::reader::Reader;
use crate::diagnostic::Diagnostic;

/// With these the last line counts. With others the first one does, which is said where they are read, or
/// all do.
const LAST_COUNTS: [&str; 31] = [
    "state",
    "interface",
    "virtual_router_id",
    "priority",
    "advert_int",
    "preempt_delay",
    "unicast_src_ip",
    "mcast_src_ip",
    "mcast_dst_ip",
    "unicast_ttl",
    "garp_master_delay",
    "garp_master_repeat",
    "garp_master_refresh",
    "garp_master_refresh_repeat",
    "garp_lower_prio_delay",
    "garp_lower_prio_repeat",
    "lower_prio_no_advert",
    "higher_prio_send_advert",
    "down_timer_adverts",
    "v3_checksum_as_v2",
    "smtp_alert",
    "notify_priority_changes",
    "auth_type",
    "auth_pass",
    "script",
    "interval",
    "timeout",
    "weight",
    "rise",
    "fall",
    "user",
];

/// What one block has given so far.
#[derive(Clone, Default)]
pub(super) struct Twice(HashMap<String, Range<usize>>);

impl Twice {
    /// Reports a setting that has been given before. `before` is how many findings there were before it was
    /// read: about one that may not count, because its value is refused, enough has been said.
    pub(super) fn check(&mut self, statement: &Statement<'_>, before: usize, reader: &mut Reader<'_>) {
        let keyword = statement.keyword();
        if !LAST_COUNTS.contains(&keyword) || reader.count() > before {
            return;
        }
        let span = &statement.line.span;
        let Some(first) = self.0.get(keyword) else {
            self.0.insert(keyword.to_owned(), span.clone());
            return;
        };
        let message = format!("`{keyword}` is given twice");
        let label = "the last one counts, as under keepalived";
        reader.report(Diagnostic::remark(span, message, label).and(first, "the first one"));
    }
}
