//! Passwords, tokens, keys, URLs: read when they are needed, shown never.

use std::fmt;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What stands where a secret would.
pub const VEIL: &str = "***";

/// A text of somebody else, who may repeat what he was told, without these secrets in it.
#[must_use]
pub fn veil<'s>(text: &str, secrets: impl IntoIterator<Item = &'s str>) -> String {
    // Of one or two characters there would be nothing left to read.
    let mut hidden: Vec<&str> = secrets.into_iter().filter(|secret| secret.len() > 2).collect();
    // A secret may be part of another one.
    hidden.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    hidden.iter().fold(text.to_owned(), |text, secret| text.replace(secret, VEIL))
}

/// The longest text in a file, in octets.
const LONGEST: u64 = 64 << 10;

/// A text that nobody is to see. Its `Debug` form says where it comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// It stands in the configuration.
    Inline(String),
    /// A file holds it. It is read for each delivery, so that a new one counts at once. A systemd credential is a file,
    /// too: `$CREDENTIALS_DIRECTORY/NAME`.
    File(PathBuf),
}

impl Secret {
    /// This text.
    #[must_use]
    pub fn given(text: impl Into<String>) -> Self {
        Self::Inline(text.into())
    }

    /// What stands in a file, without the line break at its end.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::File(path.into())
    }

    /// The text: one line, and never an empty one. Waits for the disk.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is too long, or holds no text, or more than one line of it.
    pub fn read(&self) -> Result<String, String> {
        let (text, shown) = match self {
            Self::Inline(text) => (text.clone(), "a secret in the configuration".to_owned()),
            Self::File(path) => (read(path)?, path.display().to_string()),
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.trim().is_empty() {
            return Err(format!("{shown} is empty, where a secret is looked for"));
        }
        if text.contains(['\r', '\n']) {
            return Err(format!("{shown} holds more than one line, where a secret is the only one"));
        }
        Ok(text.to_owned())
    }
}

fn read(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let mut octets = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut octets));
    read.map_err(|error| {
        let error = error.to_string();
        let plain = error.split(" (os error").next().unwrap_or(&error);
        format!("the secret in {shown} cannot be read: {plain}")
    })?;
    if octets.len() as u64 > LONGEST {
        return Err(format!("{shown} holds more than 64 KiB, which is no secret's size"));
    }
    String::from_utf8(octets).map_err(|_| format!("the secret in {shown} is no text in UTF-8"))
}

impl fmt::Debug for Secret {
    /// Of one in the configuration 16 bits of a sum are shown, so that one can tell that it was changed: too few to try
    /// passwords on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(text) => {
                let mut sum = DefaultHasher::new();
                text.hash(&mut sum);
                write!(f, "Secret(***, {:04x})", sum.finish() & 0xffff)
            }
            Self::File(path) => write!(f, "Secret({})", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown_and_a_changed_one_looks_different() {
        let secret = Secret::given("opensesame");
        assert!(!format!("{secret:?} {secret:#?}").contains("sesame"));
        assert_ne!(format!("{secret:?}"), format!("{:?}", Secret::given("opensesamf")));
        assert_eq!(format!("{:?}", Secret::file("/run/token")), "Secret(/run/token)");
    }

    #[test]
    fn what_others_repeat_is_veiled() {
        let said = "no hunter2-long, no hunter2, no ab";
        assert_eq!(veil(said, ["hunter2", "hunter2-long", "ab", ""]), "no ***, no ***, no ab");
    }

    #[test]
    fn a_file_is_read_each_time() {
        let path = std::env::temp_dir().join(format!("keepwatch-secret-{}", std::process::id()));
        let secret = Secret::file(&path);
        for (content, expected) in [("one\n", "one"), ("two words \r\n", "two words ")] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(secret.read().as_deref(), Ok(expected));
        }
        for content in ["\n", " \n", ""] {
            std::fs::write(&path, content).unwrap();
            let why = format!("{} is empty, where a secret is looked for", path.display());
            assert_eq!(secret.read(), Err(why));
        }
        std::fs::write(&path, "one\ntwo\n").unwrap();
        let why = format!("{} holds more than one line, where a secret is the only one", path.display());
        assert_eq!(secret.read(), Err(why));
        std::fs::write(&path, [0xff]).unwrap();
        assert!(secret.read().unwrap_err().contains("is no text"));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn files_that_hold_none() {
        for (path, why) in [
            ("/nowhere/token", "the secret in /nowhere/token cannot be read: No such file or directory"),
            ("/dev/null", "/dev/null is empty, where a secret is looked for"),
            ("/dev/zero", "/dev/zero holds more than 64 KiB, which is no secret's size"),
        ] {
            assert_eq!(Secret::file(path).read(), Err(why.to_owned()));
        }
    }
}
