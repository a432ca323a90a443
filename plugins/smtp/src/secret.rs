//! Passwords and tokens: read when they are needed, shown never.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The longest that is read from a file, in octets.
const LONGEST: u64 = 64 * 1024;

/// A password or token. Its text is not in its `Debug` form.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Source);

#[derive(Clone, PartialEq, Eq)]
enum Source {
    Given(String),
    File(PathBuf),
}

impl Secret {
    /// This text.
    #[must_use]
    pub fn given(text: impl Into<String>) -> Self {
        Self(Source::Given(text.into()))
    }

    /// What stands in a file, without the line break at its end. It is read anew for each delivery, so that a changed
    /// one needs no reload. A systemd credential is a file too: `$CREDENTIALS_DIRECTORY/NAME`.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Source::File(path.into()))
    }

    /// The text. Blocks.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is empty, or is no text.
    pub(crate) fn read(&self) -> Result<String, String> {
        let text = match &self.0 {
            Source::Given(text) => text.clone(),
            Source::File(path) => read(path)?,
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(match &self.0 {
                Source::Given(_) => "the password is empty".to_owned(),
                Source::File(path) => format!("{} is empty; it should hold the password", path.display()),
            });
        }
        Ok(text.to_owned())
    }
}

fn read(path: &Path) -> Result<String, String> {
    let octets = read_file(path, "the password")?;
    String::from_utf8(octets).map_err(|_| format!("{} is no text in UTF-8", path.display()))
}

/// A file of moderate size. Blocks.
pub(crate) fn read_file(path: &Path, what: &str) -> Result<Vec<u8>, String> {
    use std::io::Read;
    let shown = path.display();
    let told = |error: std::io::Error| format!("{what} cannot be read from {shown}: {error}");
    let file = std::fs::File::open(path).map_err(told)?;
    let mut octets = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut octets).map_err(told)?;
    if octets.len() as u64 > LONGEST {
        return Err(format!("{shown} is longer than {LONGEST} octets; that is not {what}"));
    }
    Ok(octets)
}

impl fmt::Debug for Secret {
    /// Where it comes from. Of a given one 16 bits of a sum are shown, so that one can tell that it was changed: too few
    /// to try passwords on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Given(text) => {
                let mut sum = DefaultHasher::new();
                text.hash(&mut sum);
                write!(f, "Secret(given, {:04x})", sum.finish() & 0xffff)
            }
            Source::File(path) => write!(f, "Secret({})", path.display()),
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
    }

    #[test]
    fn a_file_is_read_each_time_and_what_is_wrong_is_said() {
        let path = std::env::temp_dir().join(format!("keepwatch-smtp-secret-{}", std::process::id()));
        let secret = Secret::file(&path);
        let missing = secret.read().unwrap_err();
        assert!(
            missing.contains(&path.display().to_string()) && missing.contains("cannot be read"),
            "{missing}"
        );
        for (content, expected) in
            [("one\n", Ok("one")), ("two words\r\n", Ok("two words")), ("\n", Err("is empty"))]
        {
            std::fs::write(&path, content).unwrap();
            match (secret.read(), expected) {
                (Ok(text), Ok(expected)) => assert_eq!(text, expected),
                (Err(why), Err(expected)) => assert!(why.contains(expected), "{why}"),
                (found, expected) => panic!("{found:?} instead of {expected:?}"),
            }
        }
        std::fs::write(&path, vec![b'x'; 70_000]).unwrap();
        assert!(secret.read().unwrap_err().contains("longer than"));
        std::fs::remove_file(&path).unwrap();
    }
}
