//! Which server is meant.

use std::fmt;
use std::str::FromStr;

/// A server of a backend: `web/a`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    backend: String,
    name: String,
}

/// What names no [`Server`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} names no server: write BACKEND/SERVER, as in web/a (HAProxy's names have letters, digits and the signs - _ . :)"
)]
pub struct BadServer(String);

impl Server {
    /// Its backend.
    pub fn backend(&self) -> &str {
        &self.backend
    }

    /// Its own name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for Server {
    type Err = BadServer;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadServer(text.escape_debug().to_string());
        let (backend, name) = text.split_once('/').ok_or_else(bad)?;
        if !is_name(backend) || !is_name(name) {
            return Err(bad());
        }
        Ok(Self { backend: backend.to_owned(), name: name.to_owned() })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.backend, self.name)
    }
}

/// Whether HAProxy could have this name: a space or a semicolon would be another command.
fn is_name(text: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.:".contains(letter);
    !text.is_empty() && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_a_backend_and_a_name() {
        let server: Server = "web.1/a-2_x:3".parse().unwrap();
        assert_eq!((server.backend(), server.name()), ("web.1", "a-2_x:3"));
        assert_eq!(server.to_string(), "web.1/a-2_x:3");
        for text in ["", "web", "web/", "/a", "web/a b", "web/a;shutdown", "web/a\nb", "web/a/b"] {
            let error = text.parse::<Server>().unwrap_err().to_string();
            assert!(error.contains("write BACKEND/SERVER"), "{error}");
        }
    }
}
