//! `[interface_up_down_delays]`: links whose going down or coming up counts only after a while.

use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeString, DeTable};

use super::keys::LINK_DELAY;
use super::reader::{Entry, Reader};
use crate::diagnostic::{Diagnostic, Findings};
use crate::model::{Config, InterfaceName, LinkDelay};
use crate::similar::shown;

/// What is said of one interface, and where.
#[derive(Debug)]
pub(super) struct Delay {
    delay: LinkDelay,
    span: Range<usize>,
}

/// Reads the table, if it is there.
pub(super) fn read(reader: &mut Reader<'_>, root: &DeTable<'_>) -> Vec<Delay> {
    let what = "a table: write [interface_up_down_delays]";
    let found = root.get("interface_up_down_delays").and_then(|found| reader.table(found, what));
    let entries = found.into_iter().flat_map(|table| table.iter());
    entries.filter_map(|(name, value)| delay(reader, name, value)).collect()
}

/// `"2s"` for both, or `{ down = "1s", up = "10s" }`.
fn delay(reader: &mut Reader<'_>, name: &Spanned<DeString<'_>>, value: Entry<'_, '_>) -> Option<Delay> {
    let interface = InterfaceName::new(name.get_ref());
    if interface.is_none() {
        let message = format!("{} cannot be the name of an interface", shown(name.get_ref()));
        reader.error(&name.span(), message, "must be 1 to 15 octets without `/` and `:`");
    }
    let (down, up) = match value.get_ref().as_table() {
        Some(table) => {
            reader.only(table, &[LINK_DELAY], "the delays of an interface");
            let mut time = |key| match table.get(key) {
                Some(value) => time(reader, value),
                None => Some(Duration::ZERO),
            };
            (time("down")?, time("up")?)
        }
        None => {
            let both = time(reader, value)?;
            (both, both)
        }
    };
    Some(Delay { delay: LinkDelay { interface: interface?, down, up }, span: value.span() })
}

fn time(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<Duration> {
    let time = reader.pause(value)?;
    if time > LinkDelay::MOST {
        reader.error(&value.span(), "this is longer than a link can be waited for", "at most \"255s\"");
        return None;
    }
    Some(time)
}

/// Puts them in place of what the keepalived.conf says of the same interfaces. A MASTER whose link is down must not go on while another
/// router serves already.
pub(super) fn add(delays: Vec<Delay>, config: &mut Config, findings: &mut Findings) {
    let is_here = |interface: &InterfaceName| delays.iter().any(|own| own.delay.interface == *interface);
    config.link_delays.retain(|known| !is_here(&known.interface));
    shorten(config, findings);
    for Delay { delay, span } in delays {
        if let Some((hasty, most)) = delay.outlasts(config.instances.iter()) {
            let (down, most) = (delay.down.as_secs_f64(), most.as_secs_f64());
            let message = format!("a down delay of {down} s is too long for {}", shown(&hasty.name));
            let label = format!("another router may serve after {most} s without adverts");
            findings.push(Diagnostic::error(&span, message, label));
        }
        config.link_delays.push(delay);
    }
}

/// Shortens delays of the keepalived.conf, which knows nothing of the instances here.
fn shorten(config: &mut Config, findings: &mut Findings) {
    for delay in &mut config.link_delays {
        let Some((hasty, most)) = delay.outlasts(config.instances.iter()) else { continue };
        let message = format!(
            "the keepalived.conf has {} go down {} s later, which is too long for {}",
            delay.interface,
            delay.down.as_secs_f64(),
            shown(&hasty.name)
        );
        let finding = Diagnostic::warning(&hasty.place.span, message, "")
            .note(format!("another router may serve after {} s: keepwatch uses that", most.as_secs_f64()));
        findings.push(finding);
        delay.down = most;
    }
}
