//! keepalived's words for single values.

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use keepwatch_config::model::{Command, Instance, Lifetime, VirtualAddress};
use keepwatch_event::{InstanceStatus, State};
use keepwatch_vrrp::{Schedule, TrackWeight};

use crate::scene::interface;

/// The name of a state.
pub(crate) const fn state(state: State) -> &'static str {
    match state {
        State::Init => "INIT",
        State::Backup => "BACKUP",
        State::Master => "MASTER",
        State::Fault => "FAULT",
        State::Stopped => "STOP",
    }
}

/// The number of a state.
pub(crate) const fn state_number(state: State) -> u8 {
    match state {
        State::Init => 0,
        State::Backup => 1,
        State::Master => 2,
        State::Fault => 3,
        State::Stopped => 98,
    }
}

/// A command: each word in quotes.
pub(crate) fn command(command: &Command) -> String {
    let words: Vec<String> = command.argv.iter().map(|word| format!("'{word}'")).collect();
    words.join(" ")
}

/// A weight; 0 means FAULT.
pub(crate) fn weight(weight: TrackWeight) -> String {
    let (weight, reverse) = match weight {
        TrackWeight::Fault { reverse } => (0, reverse),
        TrackWeight::Adjust { weight, reverse } => (weight, reverse),
    };
    format!("{weight}{}", if reverse { " reverse" } else { "" })
}

/// When the last announcements of a schedule come, in whole seconds, and how many come at once: keepalived's two bursts.
pub(crate) fn bursts(schedule: &Schedule) -> (u64, u8) {
    let delay = schedule.0.last().map_or(0, |(at, _)| at.as_secs());
    (delay, schedule.0.first().map_or(0, |(_, rounds)| *rounds))
}

/// An address with its prefix length, if that is not the whole address's.
pub(crate) fn prefix(address: IpAddr, prefix_len: u8) -> String {
    let whole = if address.is_ipv4() { 32 } else { 128 };
    if prefix_len == whole { address.to_string() } else { format!("{address}/{prefix_len}") }
}

/// A virtual address as keepalived lists it: `10.1.1.30/24 dev eth0 scope global set`. Exporters take its third word for the
/// interface.
pub(crate) fn address(address: &VirtualAddress, instance: &Instance, status: &InstanceStatus) -> String {
    let VirtualAddress { address: ip, prefix_len, .. } = address;
    let mut text = prefix(*ip, *prefix_len);
    if let Some((peer, prefix_len)) = &address.peer {
        text += &format!(" peer {peer}/{prefix_len}");
    }
    if let Some(broadcast) = address.broadcast {
        text += &format!(" brd {broadcast}");
    }
    let own_family = ip.is_ipv4() == matches!(instance.family, keepwatch_vrrp::Family::V4);
    text += &match (&address.device, instance.vmac()) {
        (Some(device), _) => format!(" dev {device}"),
        (None, Some(_)) if own_family => format!(" dev {}@{}", interface(instance), instance.interface),
        (None, _) => format!(" dev {}", instance.interface),
    };
    text += &format!(" scope {}", address.scope);
    if let Some(label) = &address.label {
        text += &format!(" label {label}");
    }
    let flags = [
        (address.home, " home"),
        (address.manage_temporary, " mngtmpaddr"),
        (address.no_prefix_route, " noprefixroute"),
    ];
    text.extend(flags.into_iter().filter(|(set, _)| *set).map(|(_, word)| word));
    if ip.is_ipv6() {
        text += &match address.preferred_lifetime {
            Lifetime::Forever => " preferred_lft forever".to_owned(),
            Lifetime::For(Duration::ZERO) => " deprecated".to_owned(),
            Lifetime::For(time) => format!(" preferred_lft {}", time.as_secs()),
        };
    }
    if status.held.contains(&format!("{ip}/{prefix_len}")) {
        text += " set";
    }
    text
}

/// Seconds since 1970 with six places, for a moment.
pub(crate) fn since_1970(moment: SystemTime) -> Duration {
    let since = moment.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Duration::from_micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

/// A moment as `1673674892.348360 (Sat Jan 14 05:41:32.348360 2023)`. The time in words is UTC, as in the log.
pub(crate) struct Moment(pub(crate) SystemTime);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = since_1970(self.0);
        // 2023-01-14T05:41:32.348360Z
        let text = humantime::format_rfc3339_micros(SystemTime::UNIX_EPOCH + since).to_string();
        let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
        let month = part(5..7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
        // 1 January 1970 was a Thursday.
        let day = usize::try_from(since.as_secs() / 86_400 % 7).ok().and_then(|day| DAYS.get(day));
        let (month, day) = (month.unwrap_or(&""), day.unwrap_or(&""));
        let of_month = part(8..10).trim_start_matches('0');
        let (seconds, micros) = (since.as_secs(), since.subsec_micros());
        write!(f, "{seconds}.{micros:06} ({day} {month} {of_month:>2} {} {})", part(11..26), part(0..4))
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_ctime_does() {
        let table = [
            (1_673_674_892_348_360, "1673674892.348360 (Sat Jan 14 05:41:32.348360 2023)"),
            (1_795_869_223_299_866, "1795869223.299866 (Sat Nov 28 12:33:43.299866 2026)"),
            (1_709_164_800_000_001, "1709164800.000001 (Thu Feb 29 00:00:00.000001 2024)"),
            (0, "0.000000 (Thu Jan  1 00:00:00.000000 1970)"),
        ];
        for (micros, expected) in table {
            let moment = SystemTime::UNIX_EPOCH + Duration::from_micros(micros);
            assert_eq!(Moment(moment).to_string(), expected);
        }
    }

    #[test]
    fn schedules_are_told_as_two_bursts() {
        let table = [
            (Schedule::spread(), (5, 1)),
            (Schedule::bursts(5, Duration::from_secs(3)), (3, 5)),
            (Schedule::bursts(2, Duration::ZERO), (0, 2)),
            (Schedule(Vec::new()), (0, 0)),
        ];
        for (schedule, expected) in table {
            assert_eq!(bursts(&schedule), expected, "{schedule:?}");
        }
    }
}
