//! `garp_*`: when addresses are announced.

use std::time::Duration;

use super::super::parser::Statement;
use super::reader::Reader;
use crate::announce::Announce;

/// keepalived's greatest delay: `UINT_MAX` microseconds.
const LONGEST: u32 = 4294;

/// Reads one `garp_*` setting; the global ones begin with `vrrp_`.
pub(super) fn read(announce: &mut Announce, statement: &Statement<'_>, reader: &mut Reader<'_>) {
    let keyword = statement.keyword();
    match keyword.strip_prefix("vrrp_").unwrap_or(keyword) {
        "garp_master_repeat" => announce.repeat = repeat(statement, reader).or(announce.repeat),
        "garp_master_delay" => announce.delay = delay(statement, LONGEST, reader).or(announce.delay),
        "garp_master_refresh" => {
            announce.refresh = delay(statement, u32::MAX, reader).or(Some(Duration::ZERO))
        }
        "garp_master_refresh_repeat" => {
            announce.refresh_repeat = repeat(statement, reader).or(announce.refresh_repeat);
        }
        "garp_lower_prio_delay" => {
            announce.lower_delay = delay(statement, LONGEST, reader).or(announce.lower_delay)
        }
        "garp_lower_prio_repeat" => {
            let count = reader.whole(statement, 0..=0x7fff_ffff, "ignores the line");
            announce.lower_repeat =
                count.map(|count| fit(count, statement, reader)).or(announce.lower_repeat);
        }
        _ => {}
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
