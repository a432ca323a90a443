//! Ways to a destination: mail, webhooks.

use std::pin::Pin;
use std::time::Duration;

use crate::letter::Content;
use crate::parcel::Parcel;

/// Work under way, in a form that traits can be objects with.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A way to a destination. One parcel at a time.
pub trait Transport: Send + Sync {
    /// What it is, for people, without secrets: `mail to admin@example.com by mail.example.com:587`.
    fn label(&self) -> String;

    /// By what it goes.
    fn medium(&self) -> Medium;

    /// Hands a parcel over. Dropping the future breaks off; whoever calls does that when it takes too long. `heard` is
    /// told the dialogue, without secrets.
    fn deliver<'a>(&'a self, parcel: &'a Parcel, heard: &'a dyn Dialogue) -> Work<'a, Outcome>;

    /// The message as it would go, without sending it and without secrets: headers and body.
    ///
    /// # Errors
    ///
    /// Why there is none, such as a template's error.
    fn render(&self, parcel: &Parcel) -> Result<String, String>;

    /// All that makes it the one it is: with the same settings it is the same.
    fn settings(&self) -> &str;
}

/// By what messages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// Mails to people.
    Mail,
    /// Requests to a service.
    Webhook,
}

impl Medium {
    /// Why a plugin cannot send this there, for "NAME ...", if it cannot.
    pub(crate) const fn objects_to(self, content: &Content) -> Option<&'static str> {
        match (self, content) {
            (Self::Webhook, Content::Mail { .. }) => {
                Some("is a webhook and takes no mails; send it a text, or a body of your own")
            }
            (Self::Mail, Content::Post { .. }) => {
                Some("gets mails, not bodies of webhooks; send it a text, or a mail")
            }
            (Self::Mail | Self::Webhook, _) => None,
        }
    }
}

/// How a delivery ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is the other side's now.
    Delivered {
        /// What that said last, in one line.
        said: String,
    },
    /// Not now: try the same again.
    Later {
        /// Why, in one line.
        why: String,
        /// Not before this time, where the other side said so.
        after: Option<Duration>,
        /// Whether other parcels may have better luck.
        scope: Scope,
    },
    /// Some of those it is for have it, the others may later: try the same again for them.
    Partly {
        /// Who has got it this time. The parcel says so at the next attempt.
        served: Vec<String>,
        /// Why not the others, in one line.
        why: String,
    },
    /// Never: this parcel will not be taken.
    Refused {
        /// Why, in one line.
        why: String,
    },
    /// Never, and nothing else either: the destination is gone for good (HTTP 410).
    Gone {
        /// Why, in one line.
        why: String,
    },
}

/// What a failure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The parcel: another may be taken.
    Parcel,
    /// The whole destination: it cannot be reached, or takes nothing now.
    Destination,
}

/// Hears what is said while a parcel is handed over.
pub trait Dialogue: Send + Sync {
    /// A line that we said, without secrets.
    fn said(&self, line: &str);

    /// A line that the other side said.
    fn heard(&self, line: &str);

    /// Something to know about the connection: resolved addresses, TLS.
    fn note(&self, line: &str);
}

/// Nobody listens.
#[derive(Clone, Copy, Debug)]
pub struct Unheard;

impl Dialogue for Unheard {
    fn said(&self, _: &str) {}

    fn heard(&self, _: &str) {}

    fn note(&self, _: &str) {}
}
