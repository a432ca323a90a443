//! What all have in common who connect to somebody: who may have signed a certificate, and words for what goes wrong.
//!
//! What reads files here waits for the disk: call it where that may be.

mod certificate;
mod handshake;
mod named;
mod pem;
mod trust;
mod words;

pub use certificate::{in_words as certificate_in_words, is_of_ca, lives};
pub use handshake::{refused, tls_in_words};
pub use pem::{certificates, private_key, read};
pub use trust::{client, trusting};
pub use words::{in_words, is_ours, plain};
