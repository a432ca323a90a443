//! The transport: a mail for a parcel, by the first relay that judges it.

use keepwatch_notify::{Dialogue, Medium, Outcome, Parcel, Scope, Transport, Work};
use lettre::{Address, Message};
use tokio::time::{Instant, timeout_at};

use crate::compose::{compose, compose_without_templates};
use crate::dialogue::Followed;
use crate::material::Material;
use crate::round::{Given, give, in_one_line};
use crate::session::Session;
use crate::settings::{Relay, Settings};
use crate::trouble::Trouble;

/// A destination of mails.
#[derive(Debug)]
pub struct Mail {
    settings: Settings,
    label: String,
    identity: String,
}

impl Mail {
    /// With these settings. Nothing is read or connected to before a delivery.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let to: Vec<String> = settings.to.iter().map(|mailbox| mailbox.email.to_string()).collect();
        let by: Vec<String> = settings.relays.iter().map(ToString::to_string).collect();
        let label = format!("mail to {} by {}", to.join(", "), by.join(", then "));
        let identity = format!("{settings:?}");
        Self { settings, label, identity }
    }

    /// Relay after relay, until one judges it.
    async fn by_any(&self, parcel: &Parcel, heard: &dyn Dialogue) -> Outcome {
        let to = self.missing(parcel);
        // Those that were put off are written to no more.
        if to.is_empty() && !parcel.served.is_empty() {
            return Outcome::Delivered { said: "all have got it before".to_owned() };
        }
        let message = match self.message(parcel, heard) {
            Ok(message) => message.formatted(),
            Err(why) => return Outcome::Refused { why },
        };
        let mut whys = Vec::new();
        for relay in &self.settings.relays {
            let followed = Followed::new(heard);
            match self.by(relay, &to, &message, &followed).await {
                Ok(given) => return outcome_of(given),
                Err(Trouble::Judged(outcome)) => return judged(parcel, relay, outcome),
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
        to: &[Address],
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
        let from = &self.settings.from.email;
        let given = timeout_at(deadline, give(&mut session, from, to, message)).await;
        let given = given.map_err(too_long)?;
        session.leave();
        given
    }

    /// Who has not got it yet.
    fn missing(&self, parcel: &Parcel) -> Vec<Address> {
        let all = self.settings.to.iter().map(|mailbox| mailbox.email.clone());
        let has_it =
            |address: &Address| parcel.served.iter().any(|served| served == AsRef::<str>::as_ref(address));
        all.filter(|address| !has_it(address)).collect()
    }
}

/// Some or all have got it.
fn outcome_of(given: Given) -> Outcome {
    if !given.put_off.is_empty() {
        let served = given.taken.iter().map(ToString::to_string).collect();
        return Outcome::Partly {
            served,
            why: format!("others have got it; {}", in_one_line(&given.put_off)),
        };
    }
    if given.refused.is_empty() {
        return Outcome::Delivered { said: given.said };
    }
    Outcome::Delivered { said: format!("{}; refused: {}", given.said, in_one_line(&given.refused)) }
}

/// Nobody has got it this time; perhaps somebody before.
fn judged(parcel: &Parcel, relay: &Relay, outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Refused { why } if !parcel.served.is_empty() => {
            Outcome::Delivered { said: format!("others have got it before; refused: {why}") }
        }
        Outcome::Refused { why } => Outcome::Refused { why: format!("{relay}: {why}") },
        Outcome::Later { why, after, scope } => {
            Outcome::Later { why: format!("{relay}: {why}"), after, scope }
        }
        other => other,
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
