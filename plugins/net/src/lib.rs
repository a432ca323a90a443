//! What all have in common who connect to somebody: who may have signed a certificate, and words for what goes wrong.
//!
//! What reads files here waits for the disk: call it where that may be.

mod certificate;
mod handshake;
mod pem;
mod trust;
mod words;

pub use certificate::{in_words as certificate_in_words, lives};
pub use handshake::refused;
pub use pem::{certificates, private_key, read};
pub use trust::{client, roots};
pub use words::{in_words, is_ours, plain};
