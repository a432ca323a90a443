//! The transport.

use keepwatch_notify::{Dialogue, Medium, Outcome, Parcel, Scope, Secret, Transport, VEIL, Work};
use ring::digest;
use tokio::time::timeout_at;

use crate::body::compose;
use crate::draft::Draft;
use crate::endpoint::{Endpoint, Scheme};
use crate::errand::Errand;
use crate::error::SettingsError;
use crate::proxy::{Way, variable};
use crate::secret::Secrets;
use crate::settings::Settings;
use crate::signature::Stamp;
use crate::validation::validate;
use crate::wire::Deadline;

/// A destination that hears by HTTP.
pub struct Webhook {
    settings: Settings,
    fingerprint: String,
}

impl Webhook {
    /// With settings that can be. No file is read before a delivery.
    ///
    /// # Errors
    ///
    /// The first setting that cannot be.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        validate(&settings)?;
        let fingerprint = fingerprint(&settings);
        Ok(Self { settings, fingerprint })
    }

    /// Where it goes, as people may see it.
    fn shown(&self) -> String {
        match &self.settings.url {
            Secret::Inline(url) => {
                Endpoint::parse(url).map_or_else(|_| VEIL.to_owned(), |endpoint| endpoint.to_string())
            }
            Secret::File(path) => format!("the URL in {}", path.display()),
        }
    }

    async fn hand_over(&self, parcel: &Parcel, heard: &dyn Dialogue) -> Result<Outcome, Outcome> {
        let deadline = Deadline::new(self.settings.timeout);
        let secrets = timeout_at(deadline.until, Secrets::read(&self.settings.secrets())).await;
        let secrets = secrets
            .map_err(|_| later(format!("the files with the secrets could not be read within {deadline}")))?;
        let secrets = secrets.map_err(later)?;
        let endpoint = Endpoint::parse(secrets.text(&self.settings.url))
            .map_err(|why| later(format!("{}: {why}", self.shown())))?;
        // What goes wrong here goes wrong each time.
        let messages = compose(&self.settings.body, parcel, &secrets, &endpoint)
            .map_err(|why| Outcome::Refused { why: one_line(&why) })?;
        let mut outcome =
            Outcome::Delivered { said: "nothing to send: no incident begins or ends".to_owned() };
        for (number, message) in messages.into_iter().enumerate() {
            let stamp = stamp(parcel, number);
            let errand =
                Errand { settings: &self.settings, secrets: &secrets, endpoint: &endpoint, deadline, heard };
            outcome = errand.run(message, &stamp).await.map_err(later)?;
            if !matches!(outcome, Outcome::Delivered { .. }) {
                break;
            }
        }
        Ok(outcome)
    }
}

impl Transport for Webhook {
    fn label(&self) -> String {
        format!("webhook to {}", self.shown())
    }

    fn medium(&self) -> Medium {
        Medium::Webhook
    }

    fn deliver<'a>(&'a self, parcel: &'a Parcel, heard: &'a dyn Dialogue) -> Work<'a, Outcome> {
        Box::pin(async move { self.hand_over(parcel, heard).await.unwrap_or_else(|outcome| outcome) })
    }

    fn render(&self, parcel: &Parcel) -> Result<String, String> {
        let nowhere =
            Endpoint { scheme: Scheme::Https, host: VEIL.to_owned(), port: 443, path: "/...".to_owned() };
        let endpoint = match &self.settings.url {
            Secret::Inline(url) => Endpoint::parse(url)?.veiled(),
            Secret::File(_) => nowhere,
        };
        let secrets = Secrets::default();
        let way = Way::to(&endpoint, &self.settings.proxy, variable)?;
        let messages = compose(&self.settings.body, parcel, &secrets, &endpoint)?;
        let drafts = messages.into_iter().enumerate().map(|(number, message)| {
            let stamp = stamp(parcel, number);
            Ok(Draft::new(&self.settings, &endpoint, &way, &secrets, &stamp, message)?.text())
        });
        let drafts: Result<Vec<String>, String> = drafts.collect();
        let drafts = drafts?;
        if drafts.is_empty() {
            return Ok("nothing is sent: no incident begins or ends".to_owned());
        }
        Ok(drafts.join("\n\n"))
    }

    fn settings(&self) -> &str {
        &self.fingerprint
    }
}

/// What a message is known by, the same at each attempt, and when this attempt is made.
fn stamp(parcel: &Parcel, number: usize) -> Stamp {
    let at = parcel.attempt.at;
    match number {
        0 => Stamp::new(&parcel.id, at),
        // Several for one parcel are several messages.
        _ => Stamp::new(&format!("{}-{}", parcel.id, number + 1), at),
    }
}

fn later(why: impl AsRef<str>) -> Outcome {
    Outcome::Later { why: one_line(why.as_ref()), after: None, scope: Scope::Destination }
}

/// Findings of templates have several lines.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<&str>>().join(" ")
}

/// A sum over everything, secrets in the configuration among it, from which they cannot be read.
fn fingerprint(settings: &Settings) -> String {
    let mut text = format!("{settings:?}");
    for secret in settings.secrets() {
        if let Secret::Inline(secret) = secret {
            text.push('\0');
            text.push_str(secret);
        }
    }
    let sum = digest::digest(&digest::SHA256, text.as_bytes());
    sum.as_ref().iter().map(|octet| format!("{octet:02x}")).collect()
}
