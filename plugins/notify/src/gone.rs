//! Destinations that take nothing any more, by their own word (HTTP 410).

use serde::{Deserialize, Serialize};

use crate::letter::digest;
use crate::transport::Transport;

/// What a destination was that takes nothing any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gone {
    /// Its word.
    pub(crate) why: String,
    /// Which way it was asked: a digest, as there are secrets in it.
    way: String,
}

impl Gone {
    pub(crate) fn new(why: String, transport: &dyn Transport) -> Self {
        Self { why, way: digest(transport.settings()) }
    }

    /// Whether it is this way that it was asked.
    pub(crate) fn is_of(&self, transport: &dyn Transport) -> bool {
        self.way == digest(transport.settings())
    }
}
