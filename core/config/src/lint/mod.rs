//! What can be used as written, but will hardly do what was meant: the mistakes that administrators make with checks.

mod held_twice;
mod mail_address;
mod shell;
mod weights;

use std::ops::Range;
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::similar::shown;

pub(crate) use held_twice::held_twice;
pub(crate) use mail_address::is_mail_address;
pub(crate) use shell::{Unread, for_no_shell};
pub(crate) use weights::{Counts, Weighed, weights};

/// A check that may take longer than until it is due again; `span` is where that is said.
pub(crate) fn timeout(
    span: &Range<usize>,
    name: &str,
    interval: Duration,
    timeout: Duration,
) -> Option<Diagnostic> {
    if timeout <= interval {
        return None;
    }
    let (interval, timeout) = (said(interval), said(timeout));
    let message =
        format!("the timeout of {}, {timeout}, is longer than its interval, {interval}", shown(name));
    let finding = Diagnostic::remark(span, message, "").note(
        "a run that takes longer than the interval lets the next one fall out, under keepalived and keepwatch",
    );
    Some(finding.help(format!("let the interval be {timeout} or more, or the timeout {interval} or less")))
}

/// `1 s`, `1.5 s`
fn said(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}
