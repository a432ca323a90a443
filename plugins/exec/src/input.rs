//! What a program has to read.

use std::sync::Arc;

/// What a program has to read on its standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Input {
    /// Nothing: `/dev/null`.
    #[default]
    Nothing,
    /// This, and then the end. A program may leave it unread: nobody waits for it to read.
    Text(Arc<str>),
}
