//! What there is to tell of mails.

use std::time::Duration;

use keepwatch_lab::TakenMail;
use serde_json::{Value, json};

use crate::demo::teller::{Step, Told, moment, steps_object, ticked, verdict};

/// Headers that people look at, in the order in which they are shown.
const HEADERS: &[&str] = &["From", "To", "Date", "Subject", "Message-ID"];

/// Something to tell.
#[derive(Clone, Debug)]
pub(super) enum Scene {
    Opening {
        /// Of h1.
        settings: String,
    },
    Starting,
    Pulling {
        host: String,
    },
    Plugging {
        host: String,
    },
    /// One has come that was waited for.
    Came {
        subject: String,
    },
    /// So many follow.
    Mails {
        count: usize,
    },
    Mail(TakenMail),
    Summary {
        ok: bool,
        steps: Vec<Step>,
        mails: usize,
        of_failover: usize,
        took: Duration,
    },
}

impl Told for Scene {
    fn text(&self, at: Duration) -> String {
        let at = moment(at);
        match self {
            Self::Opening { settings } => format!(
                "Two hosts share 10.1.1.30 by VRRP and mail what happens to their administrator.\n\
                 They are network namespaces on this machine and end with this program.\n\n\
                 \x20 h1      10.1.1.10   keepwatch run --config keepwatch.toml   (priority 101)\n\
                 \x20 h2      10.1.1.20   keepwatch run --config keepwatch.toml   (priority 100)\n\
                 \x20 h3      10.1.1.40   the mail server\n\n\
                 h1's keepwatch.toml:\n\n{}",
                indented(settings)
            ),
            Self::Starting => format!(
                "\n{at}  starting keepwatch on h1 and h2, which listens for 3.6 s before it takes over\n"
            ),
            Self::Pulling { host } => {
                format!("\n{at}  pulling {host}'s cable: it cannot serve, and cannot send mail either\n")
            }
            Self::Plugging { host } => format!("\n{at}  plugging {host}'s cable in again\n"),
            Self::Came { subject } => format!("{at}  the mail server has: {subject}\n"),
            Self::Mails { count } => format!("\nThe {count} mails of the fail-over, as h3 has got them:\n"),
            Self::Mail(mail) => {
                let header = |name: &&str| Some(format!("{name}: {}\n", mail.header(name)?));
                let headers: String = HEADERS.iter().filter_map(header).collect();
                format!("\n{}", indented(&format!("{headers}\n{}", mail.plain().trim_end())))
            }
            Self::Summary { ok, steps, mails, of_failover, took } => format!(
                "\n{}\n{mails} mails, {of_failover} of them about the fail-over.\n{}",
                ticked(steps),
                verdict(*ok, *took)
            ),
        }
    }

    fn object(&self) -> Value {
        match self {
            Self::Opening { settings } => {
                json!({ "scene": "opening", "address": "10.1.1.30", "settings": settings })
            }
            Self::Starting => json!({ "scene": "starting", "hosts": "h1 and h2" }),
            Self::Pulling { host } => json!({ "scene": "pulling", "host": host }),
            Self::Plugging { host } => json!({ "scene": "plugging", "host": host }),
            Self::Came { subject } => json!({ "scene": "came", "subject": subject }),
            Self::Mails { count } => json!({ "scene": "mails", "count": count }),
            Self::Mail(mail) => json!({
                "scene": "mail",
                "envelope": { "from": mail.from, "to": mail.to },
                "from": mail.header("From"),
                "to": mail.header("To"),
                "date": mail.header("Date"),
                "subject": mail.header("Subject"),
                "message_id": mail.header("Message-ID"),
                "text": mail.plain(),
            }),
            Self::Summary { ok, steps, mails, of_failover, took } => json!({
                "scene": "summary",
                "ok": ok,
                "steps": steps_object(steps),
                "mails": mails,
                "mails_of_failover": of_failover,
                "took_seconds": took.as_secs_f64(),
            }),
        }
    }
}

/// Each line a little to the right.
fn indented(text: &str) -> String {
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") };
    text.lines().map(|text| line(text.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_mail_is_shown_with_what_people_look_at() {
        let text = "From: a@b\nX-Other: c\nSubject: here\nContent-Type: text/plain\n\nIt is.\n\nLine.\n\n";
        let (from, to) = ("a@b".to_owned(), vec!["c@d".to_owned()]);
        let mail = TakenMail { at: SystemTime::UNIX_EPOCH, from, to, text: text.to_owned() };
        let shown = Scene::Mail(mail.clone()).text(Duration::ZERO);
        assert_eq!(shown, "\n    From: a@b\n    Subject: here\n\n    It is.\n\n    Line.\n");
        let object = Scene::Mail(mail).object();
        assert_eq!((&object["subject"], &object["envelope"]["to"][0]), (&json!("here"), &json!("c@d")));
    }
}
