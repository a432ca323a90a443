//! `keepwatch notify test`: a real message, and what was said.

use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Instant, SystemTime};

use keepwatch_event::Rounded;
use keepwatch_notify::{Attempt, Content, Dialogue, Letter, Outcome, Parcel};

use super::cli::Test;
use super::subject;
use crate::exit;
use crate::output::Output;

pub(super) fn test(arguments: &Test) -> ExitCode {
    let (destination, node) = match subject::read(arguments.config.as_ref(), &arguments.destination) {
        Ok(found) => found,
        Err(code) => return code,
    };
    let output = Shown(Mutex::default());
    output.print(&format!("{}\n", destination.transport.label()));
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: there is no room for a thread: {error}");
            return exit::with(exit::FAILED);
        }
    };
    let parcel = trial(&destination.name, &node);
    let began = Instant::now();
    let outcome = runtime.block_on(async {
        let delivery = destination.transport.deliver(&parcel, &output);
        tokio::time::timeout(destination.timeout, delivery).await
    });
    runtime.shutdown_background();
    let took = Rounded(began.elapsed());
    let (text, code) = match outcome {
        Ok(Outcome::Delivered { said }) => (format!("delivered in {took}: {said}\n"), exit::OK),
        Ok(Outcome::Later { why, .. } | Outcome::Partly { why, .. }) => {
            (format!("not delivered: {why}\nThe daemon would try again.\n"), exit::FAILED)
        }
        Ok(Outcome::Refused { why }) => (
            format!(
                "refused: {why}\nThe daemon would give it up, and keep it for `keepwatch spool list --dead`.\n"
            ),
            exit::FAILED,
        ),
        Ok(Outcome::Gone { why }) => {
            (format!("refused: {why}\nThe daemon would send nothing more there.\n"), exit::FAILED)
        }
        Err(_) => {
            (format!("not delivered: no end within {took}\nThe daemon would try again.\n"), exit::FAILED)
        }
    };
    output.print(&text);
    output.end(code)
}

/// A message that says that it is a trial: a text, which goes by the destination's templates.
fn trial(destination: &str, node: &str) -> Parcel {
    let at = SystemTime::now();
    let text = format!(
        "a trial of keepwatch\n\n`keepwatch notify test {destination}` was run on {node}. Nothing has happened to any \
         instance."
    );
    let content = Content::Text { plugin: "keepwatch".to_owned(), text };
    let letter = Letter::of_plugin(content, None, at);
    Parcel {
        id: letter.id.clone(),
        destination: destination.into(),
        node: node.into(),
        letters: vec![letter],
        omitted: 0,
        attempt: Attempt { number: 1, at, late: None },
        now: None,
        served: Vec::new(),
    }
}

/// Prints the dialogue as it goes.
struct Shown(Mutex<Output>);

impl Shown {
    fn print(&self, text: &str) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).print(text);
    }

    fn end(self, code: u8) -> ExitCode {
        self.0.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).end(code)
    }
}

impl Dialogue for Shown {
    fn said(&self, line: &str) {
        self.print(&format!("  > {line}\n"));
    }

    fn heard(&self, line: &str) {
        self.print(&format!("  < {line}\n"));
    }

    fn note(&self, line: &str) {
        self.print(&format!("  * {line}\n"));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use keepwatch_notify::{Escape, Template, Transport};
    use keepwatch_smtp::{Mail, Relay, Settings, Style, Templates, Tls};

    use super::*;

    /// The trial, as a mail by these settings.
    fn mail(style: Style, templates: Templates) -> String {
        let mailbox = || "a@example.com".parse().unwrap();
        let relay = Relay::new("mail", Tls::StartTls);
        let settings = Settings { style, templates, ..Settings::new(relay, mailbox(), vec![mailbox()]) };
        Mail::new(settings).render(&trial("admins", "h1")).unwrap()
    }

    #[test]
    fn a_trial_goes_by_the_templates_of_its_destination() {
        let template = |text: &str| Template::compile(Path::new("own"), text, Escape::Text).unwrap();
        let own = Templates {
            subject: template("OURS {{ line }}"),
            text: template("Our own words: {{ text or line }}"),
            html: None,
        };
        let mail = mail(Style::Keepwatch, own);
        assert!(mail.contains("Subject: OURS a trial of keepwatch\r\n"), "{mail}");
        assert!(mail.contains("Our own words: a trial of keepwatch"), "{mail}");
        assert!(mail.contains("`keepwatch notify test admins` was run on h1."), "{mail}");
    }

    #[test]
    fn a_trial_says_so_where_there_are_no_templates() {
        for style in [Style::Keepwatch, Style::Keepalived] {
            let mail = mail(style, Templates::default());
            assert!(mail.contains("Subject: [h1] a trial of keepwatch\r\n"), "{mail}");
            assert!(mail.contains("Nothing has happened to any"), "{mail}");
        }
    }
}
