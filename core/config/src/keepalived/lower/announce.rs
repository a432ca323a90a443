//! `garp_*`: when addresses are announced.

use std::time::Duration;

use keepwatch_vrrp::{AnnouncePolicy, Refresh, Schedule};

use super::super::parser::Statement;
use super::reader::Reader;

/// keepalived's defaults, used as soon as one of the settings of a burst is written.
const REPEAT: u8 = 5;
const DELAY: Duration = Duration::from_secs(5);

/// keepalived's greatest delay: `UINT_MAX` microseconds.
const LONGEST: u32 = 4294;

/// What is written, globally or in an instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Announce {
    repeat: Option<u8>,
    delay: Option<Duration>,
    refresh: Option<Duration>,
    refresh_repeat: Option<u8>,
    lower_repeat: Option<u8>,
    lower_delay: Option<Duration>,
}

impl Announce {
    /// Reads one `garp_*` setting; the global ones begin with `vrrp_`.
    pub(super) fn read(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let keyword = statement.keyword();
        match keyword.strip_prefix("vrrp_").unwrap_or(keyword) {
            "garp_master_repeat" => self.repeat = repeat(statement, reader).or(self.repeat),
            "garp_master_delay" => self.delay = delay(statement, LONGEST, reader).or(self.delay),
            "garp_master_refresh" => {
                self.refresh = delay(statement, u32::MAX, reader).or(Some(Duration::ZERO))
            }
            "garp_master_refresh_repeat" => {
                self.refresh_repeat = repeat(statement, reader).or(self.refresh_repeat);
            }
            "garp_lower_prio_delay" => {
                self.lower_delay = delay(statement, LONGEST, reader).or(self.lower_delay)
            }
            "garp_lower_prio_repeat" => {
                let count = reader.whole(statement, 0..=0x7fff_ffff, "ignores the line");
                self.lower_repeat = count.map(|count| fit(count, statement, reader)).or(self.lower_repeat);
            }
            _ => {}
        }
    }

    /// `vrrp_min_garp`: one announcement and no second burst, unless something else is written before it.
    pub(super) fn least(&mut self) {
        self.repeat = self.repeat.filter(|&repeat| repeat != REPEAT).or(Some(1));
        self.delay = self.delay.filter(|&delay| delay != DELAY).or(Some(Duration::ZERO));
    }

    /// These settings, with the global ones where nothing is written: those of the own burst and of the
    /// refresh as they were when the instance began, those after lower adverts as they are in the end.
    pub(super) fn over(self, early: Self, late: Self) -> Self {
        Self {
            repeat: self.repeat.or(early.repeat),
            delay: self.delay.or(early.delay),
            refresh: self.refresh.or(early.refresh),
            refresh_repeat: self.refresh_repeat.or(early.refresh_repeat),
            lower_repeat: self.lower_repeat.or(late.lower_repeat),
            lower_delay: self.lower_delay.or(late.lower_delay),
        }
    }

    /// What follows: keepalived's bursts where one of their settings is written, else announcements spread
    /// over time.
    pub(super) fn policy(self) -> AnnouncePolicy {
        let defaults = AnnouncePolicy::default();
        let (repeat, delay) = (self.repeat.unwrap_or(REPEAT), self.delay.unwrap_or(DELAY));
        let is_burst = self.repeat.is_some() || self.delay.is_some();
        let entry = if is_burst { Schedule::bursts(repeat, delay) } else { defaults.entry };
        let on_lower = match (self.lower_repeat, self.lower_delay) {
            (None, None) => entry.clone(),
            (Some(0), _) => Schedule(Vec::new()),
            (count, pause) => Schedule::bursts(count.unwrap_or(repeat), pause.unwrap_or(delay)),
        };
        let refresh = self.refresh.filter(|every| !every.is_zero());
        let refresh = refresh.map(|every| Refresh { every, rounds: self.refresh_repeat.unwrap_or(1) });
        AnnouncePolicy { entry, on_lower, refresh }
    }
}

fn delay(statement: &Statement<'_>, most: u32, reader: &mut Reader<'_>) -> Option<Duration> {
    let seconds = reader.whole(statement, 0..=most, "ignores the line")?;
    Some(Duration::from_secs(u64::from(seconds)))
}

fn repeat(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<u8> {
    let count = reader.whole(statement, 0..=u32::MAX, "ignores the line")?;
    if count == 0 {
        let message = format!("`{}` must be greater than 0", statement.keyword());
        reader.survived(&statement.line.span, message, "", "uses 1");
        return Some(1);
    }
    Some(fit(count, statement, reader))
}

/// keepwatch counts rounds in one octet.
fn fit(count: u32, statement: &Statement<'_>, reader: &mut Reader<'_>) -> u8 {
    u8::try_from(count).unwrap_or_else(|_| {
        let message = format!("`{}` is more than keepwatch does", statement.keyword());
        let finding = crate::diagnostic::Diagnostic::warning(&statement.line.span, message, "uses 255");
        reader.report(finding);
        u8::MAX
    })
}
