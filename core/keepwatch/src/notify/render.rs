//! `keepwatch notify render`: a message as it would go.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use keepwatch_event::Event;
use keepwatch_notify::{Attempt, Destination, Grouping, Letter, Parcel};
use keepwatch_workshop::{occasion, recorded};

use super::cli::Render;
use super::subject;
use crate::{ask, exit};

pub(super) fn render(arguments: &Render) -> ExitCode {
    let (destination, node) = match subject::read(arguments.config.as_ref(), &arguments.destination) {
        Ok(found) => found,
        Err(code) => return code,
    };
    let events = match events(arguments, &node) {
        Ok(events) => events,
        Err(why) => return fail(&why),
    };
    let wanted: Vec<Arc<Event>> = events.into_iter().filter(|event| destination.route.wants(event)).collect();
    if wanted.is_empty() {
        return fail(&format!("{} would not hear of any of it; see its `on`", destination.name));
    }
    let mut text = String::new();
    for parcel in parcels(&destination, &node, wanted) {
        match destination.transport.render(&parcel) {
            Ok(rendered) => text.push_str(&format!("{}\n\n", rendered.trim_end())),
            Err(why) => return fail(&why),
        }
    }
    ask::printed(&text, exit::OK)
}

fn fail(why: &str) -> ExitCode {
    eprintln!("error: {why}");
    exit::with(exit::FAILED)
}

fn events(arguments: &Render, node: &str) -> Result<Vec<Arc<Event>>, String> {
    let made_up = ["master".to_owned()];
    let names = match (&arguments.events, arguments.event.as_slice()) {
        (None, []) => &made_up,
        (_, names) => names,
    };
    let mut events = Vec::new();
    for name in names {
        events.push(Arc::new(occasion(name, node)?));
    }
    if let Some(path) = &arguments.events {
        events.extend(recorded(path)?);
    }
    Ok(events)
}

/// Events of one instance or group go together, as far as they do.
fn parcels(destination: &Destination, node: &str, events: Vec<Arc<Event>>) -> Vec<Parcel> {
    let node: Arc<str> = node.into();
    let mut parcels: Vec<Parcel> = Vec::new();
    for event in events {
        let letter = Letter::of_event(&event).at_node(&node);
        let known = parcels.iter_mut().find(|parcel| parcel.last().goes_with(&letter));
        match (known, destination.grouping) {
            (Some(parcel), Grouping::Together(_)) => parcel.letters.push(letter),
            (Some(_) | None, Grouping::Each) | (None, Grouping::Together(_)) => parcels.push(Parcel {
                id: letter.id.clone(),
                destination: Arc::clone(&destination.name),
                node: Arc::clone(&node),
                letters: vec![letter],
                omitted: 0,
                attempt: Attempt { number: 1, at: SystemTime::now(), late: None },
                now: None,
                served: Vec::new(),
            }),
        }
    }
    parcels
}
