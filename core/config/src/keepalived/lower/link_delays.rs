//! `interface_up_down_delays`.

use std::time::Duration;

use super::super::number;
use super::super::parser::Statement;
use super::super::token::Word;
use super::complete::Completed;
use super::reader::Reader;
use super::{At, track};
use crate::model::LinkDelay;
use crate::similar::shown;

/// Reads the block: one interface a line. Of two lines for one interface the last one counts.
pub(super) fn read(block: &Statement<'_>, delays: &mut Vec<At<LinkDelay>>, reader: &mut Reader<'_>) {
    for entry in reader.entries(block) {
        let Some(interface) = track::interface_name(&entry.line.keyword, reader) else { continue };
        let name = shown(interface.as_str());
        let Some(word) = entry.argument(0) else {
            let message = format!("no delays are given for {name}");
            reader.survived(&entry.line.span, message, "", "ignores the line");
            continue;
        };
        if let Some(word) = entry.argument(2) {
            let message = format!("more than two delays for {name}");
            reader.survived(&word.span, message, "", "ignores this word");
        }
        let Some(down) = delay(word, reader) else { continue };
        // keepalived's manual; its code has 0.
        let up = match entry.argument(1) {
            Some(word) => delay(word, reader),
            None => Some(down),
        };
        let Some(up) = up else { continue };
        delays.retain(|at| at.value.interface != interface);
        delays.push(At { value: LinkDelay { interface, down, up }, span: entry.line.span.clone() });
    }
}

/// Shortens delays that would let a MASTER whose link is down go on while another router serves already.
pub(super) fn complete(
    delays: Vec<At<LinkDelay>>,
    instances: &[Completed],
    reader: &mut Reader<'_>,
) -> Vec<LinkDelay> {
    let shortened = |At { value: delay, span }: At<LinkDelay>| {
        let instances = instances.iter().map(|completed| &completed.instance);
        let Some((hasty, most)) = delay.outlasts(instances) else { return delay };
        let (down, most_said) = (delay.down.as_secs_f64(), most.as_secs_f64());
        let message = format!("a down delay of {down} s is too long for {}", shown(&hasty.name));
        let label = format!("another router may serve after {most_said} s without adverts");
        let outcome = format!("uses {most_said} s");
        reader.survived(&span, message, label, &outcome);
        LinkDelay { down: most, ..delay }
    };
    delays.into_iter().map(shortened).collect()
}

fn delay(word: &Word<'_>, reader: &mut Reader<'_>) -> Option<Duration> {
    let number = number::decimal(&word.text, 6);
    let time = number.and_then(|number| u64::try_from(number.value).ok()).map(Duration::from_micros);
    let (Some(number), Some(time)) = (number, time.filter(|time| *time <= LinkDelay::MOST)) else {
        let message = format!("{} is no delay", shown(&word.text));
        reader.survived(&word.span, message, "must be 0 to 255 seconds", "ignores the line");
        return None;
    };
    reader.check_clean(word, number, || format!("{} s", time.as_secs_f64()));
    Some(time)
}
