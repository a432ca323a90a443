//! Errors: one small type that every error turns into with `?`.

use std::fmt::{self, Display};

/// What a plugin's functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in words for the administrator, who reads them in keepwatch's log or as a check's finding.
///
/// Every type that implements [`std::error::Error`] becomes one with `?`. [`Context`] puts what was being done in
/// front of it, [`bail!`](crate::bail) returns one.
pub struct Error {
    kind: Option<ErrorKind>,
    text: Box<str>,
}

/// Why a function of the host did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The plugin has no grant for it.
    Denied,
    /// It took too long.
    Timeout,
    /// The other side, or the system, refused or failed.
    Unavailable,
    /// What was asked makes no sense.
    Invalid,
    /// It is more than a plugin may have.
    Limit,
}

impl Error {
    /// An error of the plugin's own.
    pub fn new(text: impl Display) -> Self {
        Self { kind: None, text: text.to_string().into() }
    }

    /// An error as a function of the host returns it; in tests, what the fake host is to answer.
    pub fn from_host(kind: ErrorKind, text: impl Display) -> Self {
        Self { kind: Some(kind), text: text.to_string().into() }
    }

    /// Why the host refused; none if the error is not the host's.
    pub fn kind(&self) -> Option<ErrorKind> {
        self.kind
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The same words: `unwrap` in a test should print them legibly.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// [`Error`] itself does not implement `std::error::Error`: the two cannot be had together.
impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

/// Says what was being done when an error came: `kv::get("seen").context("cannot look up who was seen")?`.
pub trait Context<T> {
    /// Puts these words and a colon in front of the error.
    ///
    /// # Errors
    /// The error, if there is one. For `None` the words alone.
    fn context(self, words: impl Display) -> Result<T>;
}

impl<T, E: Into<Error>> Context<T> for Result<T, E> {
    fn context(self, words: impl Display) -> Result<T> {
        self.map_err(|error| {
            let error = error.into();
            Error { kind: error.kind, text: format!("{words}: {error}").into() }
        })
    }
}

impl<T> Context<T> for Option<T> {
    fn context(self, words: impl Display) -> Result<T> {
        self.ok_or_else(|| Error::new(words))
    }
}

/// Returns an error with these words, which are put together as in `format!`.
#[macro_export]
macro_rules! bail {
    ($($words:tt)+) => { return ::std::result::Result::Err($crate::Error::new(::std::format!($($words)+))) };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<u8> {
        if text.is_empty() {
            bail!("nothing there, not even {}", 0);
        }
        Ok(text.parse()?)
    }

    #[test]
    fn any_error_becomes_one_and_keeps_its_words() {
        assert_eq!(parse("7").unwrap(), 7);
        assert_eq!(parse("x").unwrap_err().to_string(), "invalid digit found in string");
        assert_eq!(parse("").unwrap_err().to_string(), "nothing there, not even 0");
    }

    #[test]
    fn context_stands_before_and_keeps_the_kind() {
        let refused: Result<()> = Err(Error::from_host(ErrorKind::Denied, "no grant"));
        let error = refused.context("cannot reload").unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.kind()),
            ("cannot reload: no grant", Some(ErrorKind::Denied))
        );
        assert_eq!(None::<u8>.context("no instance").unwrap_err().to_string(), "no instance");
    }
}
