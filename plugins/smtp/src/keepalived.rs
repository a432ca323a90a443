//! Mails as keepalived writes them.
//!
//! Source: keepalived's `smtp.c` and `vrrp_notify.c`, 2.2 to 2.4; compared with mails that 2.2.7 sent.

use keepwatch_event::{Event, EventKind, Reason, Rounded, State, Steady, Unsteady};
use keepwatch_notify::{Content, Letter, Parcel};

use crate::words::{Words, late};

/// keepalived's words, if it sends a mail about everything that the parcel tells.
pub(crate) fn words(parcel: &Parcel) -> Option<Words> {
    let told: Vec<(String, String)> = parcel.letters.iter().map(of_letter).collect::<Option<_>>()?;
    let (subject, _) = told.last()?;
    let bodies: Vec<&str> = told.iter().map(|(_, body)| body.as_str()).collect();
    let text = format!("{}\n{}", bodies.join("\n"), late(parcel));
    Some(Words { subject: format!("[{}] {subject}", parcel.node), text, html: None })
}

/// What stands behind the node's name in the subject, and the body.
fn of_letter(letter: &Letter) -> Option<(String, String)> {
    let Content::Event(event) = &letter.content else { return None };
    match &event.kind {
        EventKind::Transition { reason: Reason::Removed, .. } => {
            Some((format!("{} - Deleted", whom(event)?), "=> VRRP Deleted at reload <=".to_owned()))
        }
        EventKind::Transition { to, .. } => {
            Some((format!("{} - {}", whom(event)?, doing(*to)?), of_instance(*to)?.to_owned()))
        }
        // They stand for the transitions that are not told; keepalived would send a mail for each.
        EventKind::UnsteadyStarted(Unsteady { changes, within, .. }) => {
            let often = format!("{changes} times within {}", Rounded(*within));
            let body = format!(
                "=> Its state has changed {often} <=\n\nThe next mail about it comes when it has settled, and says its state."
            );
            Some((format!("{} - Changing its state again and again", whom(event)?), body))
        }
        EventKind::UnsteadyStopped(Steady { group, state, untold }) => {
            let body = match group {
                Some(_) => of_group(*state)?,
                None => of_instance(*state)?.to_owned(),
            };
            Some((
                format!("{} - {}", whom(event)?, doing(*state)?),
                format!("{body}\n\n{}", left_out(*untold)),
            ))
        }
        EventKind::GroupChanged { to, .. } => {
            Some((format!("{} - {}", whom(event)?, doing(*to)?), of_group(*to)?))
        }
        _ => None,
    }
}

/// What a mail is about, in keepalived's words.
fn whom(event: &Event) -> Option<String> {
    match (event.kind.group(), &event.instance) {
        (Some(group), _) => Some(format!("VRRP Group {group}")),
        (None, Some(instance)) => Some(format!("VRRP Instance {instance}")),
        (None, None) => None,
    }
}

/// What keepalived never says: it sends a mail for each.
fn left_out(untold: u32) -> String {
    match untold {
        1 => "Its state had changed again and again before.".to_owned(),
        _ => format!("Its state changed again and again: this mail stands for {untold} changes."),
    }
}

fn doing(to: State) -> Option<String> {
    match to {
        State::Master | State::Backup | State::Fault => Some(format!("Entering {to} state")),
        State::Stopped => Some("Stopping".to_owned()),
        State::Init => None,
    }
}

fn of_instance(to: State) -> Option<&'static str> {
    match to {
        State::Master => Some("=> VRRP Instance is now owning VRRP VIPs <="),
        State::Backup | State::Fault => Some("=> VRRP Instance is no longer owning VRRP VIPs <="),
        State::Stopped => Some("=> VRRP Instance stopping <="),
        State::Init => None,
    }
}

fn of_group(to: State) -> Option<String> {
    match to {
        State::Master | State::Backup | State::Fault => {
            Some(format!("=> All VRRP group instances are now in {to} state <="))
        }
        State::Stopped => Some("=> All VRRP group instances are now stopping <=".to_owned()),
        State::Init => None,
    }
}
