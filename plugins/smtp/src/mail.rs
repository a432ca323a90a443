//! The transport: a mail for a parcel, by the first relay that judges it.

use std::sync::{Mutex, PoisonError};

use keepwatch_notify::{Dialogue, Medium, Outcome, Parcel, Scope, Transport, Work};
use lettre::{Address, Message};
use tokio::time::{Instant, timeout_at};

use crate::compose::{compose, compose_without_templates};
use crate::dialogue::Followed;
use crate::material::Material;
use crate::round::{Given, give, in_one_line};
use crate::session::Session;
use crate::settings::{Relay, Settings};
use crate::taken::Taken;
use crate::trouble::Trouble;

/// A destination of mails.
#[derive(Debug)]
pub struct Mail {
    settings: Settings,
    label: String,
    identity: String,
    taken: Mutex<Taken>,
}

impl Mail {
    /// With these settings. Nothing is read or connected to before a delivery.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let to: Vec<String> = settings.to.iter().map(|mailbox| mailbox.email.to_string()).collect();
        let by: Vec<String> = settings.relays.iter().map(ToString::to_string).collect();
        let label = format!("mail to {} by {}", to.join(", "), by.join(", then "));
        let identity = format!("{settings:?}");
        Self { settings, label, identity, taken: Mutex::default() }
    }

    /// Relay after relay, until one judges it.
    async fn by_any(&self, parcel: &Parcel, heard: &dyn Dialogue) -> Outcome {
        let message = match self.message(parcel, heard) {
            Ok(message) => message.formatted(),
            Err(why) => return Outcome::Refused { why },
        };
        let mut whys = Vec::new();
        for relay in &self.settings.relays {
            let followed = Followed::new(heard);
            match self.by(relay, parcel, &message, &followed).await {
                Ok(given) => return self.given(parcel, given),
                Err(Trouble::Judged(outcome)) => return self.judged(parcel, relay, outcome),
                Err(Trouble::Relay(why)) => {
                    let why = format!("{relay}: {why}");
                    heard.note(&why);
                    whys.push(why);
                }
            }
        }
        if whys.is_empty() {
            whys.push("there is no relay in the settings".to_owned());
        }
        Outcome::Later { why: whys.join("; "), after: None, scope: Scope::Destination }
    }

    /// A template that fails where it must not costs its own words only.
    fn message(&self, parcel: &Parcel, heard: &dyn Dialogue) -> Result<Message, String> {
        compose(&self.settings, parcel).or_else(|why| {
            heard.note(&why);
            compose_without_templates(&self.settings, parcel, &why)
        })
    }

    /// By one relay, in the time that it has.
    async fn by<'a>(
        &self,
        relay: &Relay,
        parcel: &Parcel,
        message: &[u8],
        heard: &'a Followed<'a>,
    ) -> Result<Given, Trouble> {
        let deadline = Instant::now() + self.settings.timeout;
        let too_long = |_| {
            let within = self.settings.timeout.as_secs_f64();
            Trouble::Relay(format!("it took longer than {within} s; waited last for {}", heard.step()))
        };
        heard.begin("files with certificates and passwords");
        let material = Material::read(&self.settings, relay);
        let material = timeout_at(deadline, material)
            .await
            .map_err(too_long)?
            .map_err(|why| Trouble::Judged(Outcome::Later { why, after: None, scope: Scope::Destination }))?;
        let opening = Session::open(&self.settings, relay, material, heard);
        let mut session = timeout_at(deadline, opening).await.map_err(too_long)?.map_err(Trouble::Relay)?;
        let (from, to) = (&self.settings.from.email, self.missing(parcel));
        let given = timeout_at(deadline, give(&mut session, from, &to, message)).await;
        let given = given.map_err(too_long)?;
        session.leave();
        given
    }

    /// Who has not got it yet.
    fn missing(&self, parcel: &Parcel) -> Vec<Address> {
        let had = self.taken.lock().unwrap_or_else(PoisonError::into_inner).of(&parcel.id);
        let all = self.settings.to.iter().map(|mailbox| mailbox.email.clone());
        all.filter(|address| !had.contains(address)).collect()
    }

    /// Some or all have got it.
    fn given(&self, parcel: &Parcel, given: Given) -> Outcome {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if !given.put_off.is_empty() {
            taken.add(&parcel.id, given.taken);
            let why = format!("others have got it; {}", in_one_line(&given.put_off));
            return Outcome::Later { why, after: None, scope: Scope::Parcel };
        }
        taken.forget(&parcel.id);
        if given.refused.is_empty() {
            return Outcome::Delivered { said: given.said };
        }
        Outcome::Delivered { said: format!("{}; refused: {}", given.said, in_one_line(&given.refused)) }
    }

    /// Nobody has got it this time; perhaps somebody before.
    fn judged(&self, parcel: &Parcel, relay: &Relay, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Refused { why } => {
                let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
                let had = !taken.of(&parcel.id).is_empty();
                taken.forget(&parcel.id);
                if had {
                    return Outcome::Delivered { said: format!("others have got it before; refused: {why}") };
                }
                Outcome::Refused { why: format!("{relay}: {why}") }
            }
            Outcome::Later { why, after, scope } => {
                Outcome::Later { why: format!("{relay}: {why}"), after, scope }
            }
            other => other,
        }
    }
}

impl Transport for Mail {
    fn label(&self) -> String {
        self.label.clone()
    }

    fn medium(&self) -> Medium {
        Medium::Mail
    }

    fn deliver<'a>(&'a self, parcel: &'a Parcel, heard: &'a dyn Dialogue) -> Work<'a, Outcome> {
        Box::pin(self.by_any(parcel, heard))
    }

    fn render(&self, parcel: &Parcel) -> Result<String, String> {
        let message = compose(&self.settings, parcel)?;
        Ok(String::from_utf8_lossy(&message.formatted()).into_owned())
    }

    fn settings(&self) -> &str {
        &self.identity
    }
}
