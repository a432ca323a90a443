//! Mail: a transport of notifications over SMTP.
//!
//! ```text
//!   Parcel --words: templates, keepalived's, a plugin's--> compose --> a message
//!                                                                        |
//!   Mail: relay after relay --> Session: EHLO, STARTTLS, AUTH --> Round: MAIL, RCPT, DATA --> Outcome
//! ```
//!
//! Encryption is never a matter of luck: a relay that does not do what the settings ask for gets neither mail nor
//! password. A relay that does not come to a judgement about the message (unreachable, too slow, no TLS, a wrong
//! password) leaves it to the next one; the first judgement counts.

mod bounded;
mod compose;
mod dialogue;
mod identifier;
mod keepalived;
mod mail;
mod material;
mod reach;
mod reply;
mod round;
mod session;
mod settings;
mod sign_in;
mod single_line;
mod templates;
mod trouble;
mod words;

pub use keepwatch_notify::Secret;
pub use lettre::address::AddressError;
pub use lettre::message::Mailbox;
pub use mail::Mail;
pub use settings::{CONNECT_TIMEOUT, Identity, Relay, Settings, Style, Tls};
pub use sign_in::{Mechanism, SignIn};
pub use templates::Templates;
