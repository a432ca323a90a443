//! `keepwatch spool`: what waits for destinations.

use std::fmt::Write;
use std::process::ExitCode;

use keepwatch_control::{Answer, DestinationStatus, Done, LetterStatus, Letters, Request};
use keepwatch_event::counted;
use keepwatch_notify::meant;

use super::cli;
use crate::{ask, exit};

pub(super) fn list(arguments: &cli::SpoolList) -> ExitCode {
    let answer = ask::ask(&Request::Spool, |line| {
        if arguments.json {
            return ask::raw(&line);
        }
        let Answer::Spool(destinations) = line.answer else { return None };
        Some(text(&destinations, arguments.dead))
    });
    match answer {
        Ok(text) => ask::printed(&text, exit::OK),
        Err(error) => ask::failed(&error),
    }
}

pub(super) fn show(arguments: &cli::SpoolShow) -> ExitCode {
    let answer = ask::ask(&Request::Spool, |line| {
        let Answer::Spool(destinations) = line.answer else { return None };
        Some(destinations)
    });
    let destinations = match answer {
        Ok(destinations) => destinations,
        Err(error) => return ask::failed(&error),
    };
    let letters: Vec<(&DestinationStatus, &LetterStatus)> = destinations
        .iter()
        .flat_map(|destination| {
            destination.waiting.iter().chain(&destination.dead).map(move |l| (destination, l))
        })
        .collect();
    let id = match meant(&arguments.id, letters.iter().map(|(_, letter)| letter.id.as_str())) {
        Ok(id) => id,
        Err(not_found) => return ask::failed(&not_found.to_string()),
    };
    let shown = letters.iter().find(|(_, letter)| letter.id == id).map(
        |(destination, letter)| serde_json::json!({ "destination": destination.name, "letter": letter }),
    );
    let text = serde_json::to_string_pretty(&shown).unwrap_or_default();
    ask::printed(&format!("{text}\n"), exit::OK)
}

pub(super) fn retry(arguments: &cli::Letters) -> ExitCode {
    let letters = Letters { destination: arguments.destination.clone(), ids: arguments.ids.clone() };
    done(&Request::SpoolRetry(letters), |count| match count {
        0 => "What waits is tried now.\n".to_owned(),
        count => format!(
            "What waits is tried now, and again {} that had been given up.\n",
            counted(count, "letter")
        ),
    })
}

pub(super) fn purge(arguments: &cli::Purge) -> ExitCode {
    let letters = Letters { destination: arguments.destination.clone(), ids: arguments.ids.clone() };
    done(&Request::SpoolPurge(letters), |count| format!("{} thrown away.\n", counted(count, "letter")))
}

/// Asks for a change, and says what came of it.
pub(super) fn done(request: &Request, words: impl FnOnce(u64) -> String) -> ExitCode {
    let answer = ask::ask(request, |line| {
        let Answer::Done(done) = line.answer else { return None };
        Some(done)
    });
    match answer {
        Ok(Done { refused: Some(why), .. }) => ask::failed(&why),
        Ok(Done { count, refused: None }) => ask::printed(&words(count as u64), exit::OK),
        Err(error) => ask::failed(&error),
    }
}

fn text(destinations: &[DestinationStatus], dead: bool) -> String {
    if destinations.is_empty() {
        return "There are no destinations: write [notify.NAME] in keepwatch.toml.\n".to_owned();
    }
    let mut text = String::new();
    for destination in destinations {
        let way = destination.way.as_deref().unwrap_or("no longer in the configuration");
        let letters = if dead { &destination.dead } else { &destination.waiting };
        let state = if dead { "given up" } else { "waiting" };
        // Text takes all that is written.
        let _ = writeln!(
            text,
            "{} ({way}): {} {state}",
            destination.name,
            counted(letters.len() as u64, "letter")
        );
        if let Some(gone) = &destination.gone {
            let _ = writeln!(text, "  takes nothing any more: {gone}");
        } else if let Some(trouble) = destination.trouble.as_ref().filter(|_| !dead) {
            let _ = writeln!(text, "  {trouble}");
        }
        for letter in letters {
            text.push_str(&row(letter, dead));
        }
    }
    text
}

fn row(letter: &LetterStatus, dead: bool) -> String {
    let LetterStatus { id, at, line, attempts, next, trouble, .. } = letter;
    let next = next.as_deref().unwrap_or("?");
    let then = match (dead, attempts) {
        (true, _) => format!("given up {next}"),
        (false, 0) => "not tried yet".to_owned(),
        (false, tried) => format!("tried {}, next {next}", counted(u64::from(*tried), "time")),
    };
    let why = trouble.as_ref().filter(|_| dead).map(|why| format!("\n      {why}")).unwrap_or_default();
    format!("  {id}  {at}  {line}\n      {then}{why}\n")
}

#[cfg(test)]
mod tests {
    use keepwatch_event::Severity;

    use super::*;

    fn letter() -> LetterStatus {
        LetterStatus {
            id: "h1-1".into(),
            at: "2026-11-28T06:00:00.000Z".into(),
            severity: Severity::Info,
            line: "VI_1: BACKUP -> MASTER".into(),
            attempts: 2,
            next: Some("2026-11-28T06:01:00.000Z".into()),
            trouble: Some("550 no".into()),
            letter: serde_json::Value::Null,
        }
    }

    fn destination() -> DestinationStatus {
        DestinationStatus {
            name: "admins".into(),
            way: Some("mail to a@b by m:25".into()),
            delivered: 0,
            failed: 2,
            given_up: 0,
            trouble: Some("m:25: connection refused".into()),
            gone: None,
            last: None,
            waiting: vec![letter()],
            dead: vec![letter()],
        }
    }

    #[test]
    fn what_waits_is_listed_with_what_keeps_it() {
        assert_eq!(
            text(&[destination()], false),
            "admins (mail to a@b by m:25): 1 letter waiting\n  m:25: connection refused\n  h1-1  \
             2026-11-28T06:00:00.000Z  VI_1: BACKUP -> MASTER\n      tried 2 times, next 2026-11-28T06:01:00.000Z\n"
        );
        assert_eq!(
            text(&[destination()], true),
            "admins (mail to a@b by m:25): 1 letter given up\n  h1-1  2026-11-28T06:00:00.000Z  VI_1: BACKUP -> \
             MASTER\n      given up 2026-11-28T06:01:00.000Z\n      550 no\n"
        );
        assert!(text(&[], false).contains("no destinations"));
        let once = LetterStatus { attempts: 1, ..letter() };
        assert!(row(&once, false).contains("tried 1 time, next"), "{}", row(&once, false));
    }
}
