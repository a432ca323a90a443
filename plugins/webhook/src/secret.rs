//! Texts that nobody is to see: tokens, passwords, keys, URLs.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use tokio::io::AsyncReadExt;

/// The longest text in a file.
const LARGEST: u64 = 64 << 10;

/// What stands where a secret would.
pub(crate) const VEIL: &str = "***";

/// A text that nobody is to see. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// It stands in the configuration.
    Inline(String),
    /// A file holds it, and perhaps white space around it. It is read for each delivery, so that a new one counts at once.
    File(PathBuf),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(_) => f.write_str(VEIL),
            Self::File(path) => write!(f, "File({})", path.display()),
        }
    }
}

/// Secrets as they are at this moment. Those that it does not know are veiled; without any, all are.
#[derive(Default)]
pub(crate) struct Secrets(Vec<(Secret, String)>);

impl Secrets {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// Which file cannot be read, and why.
    pub(crate) async fn read(wanted: &[&Secret]) -> Result<Self, String> {
        let mut known = Vec::with_capacity(wanted.len());
        for secret in wanted {
            let text = match secret {
                Secret::Inline(text) => text.clone(),
                Secret::File(path) => read(path).await?,
            };
            known.push(((*secret).clone(), text));
        }
        Ok(Self(known))
    }

    /// A secret's text, if it is not to be veiled.
    pub(crate) fn get(&self, secret: &Secret) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == secret).map(|(_, text)| text.as_str())
    }

    /// A secret's text, or what stands for it.
    pub(crate) fn text(&self, secret: &Secret) -> &str {
        self.get(secret).unwrap_or(VEIL)
    }

    /// A text of somebody else, who may repeat what we have told him, without our secrets in it. `more` are secrets, too.
    pub(crate) fn veil(&self, text: &str, more: &[&str]) -> String {
        let mut hidden: Vec<&str> =
            self.0.iter().map(|(_, text)| text.as_str()).chain(more.iter().copied()).collect();
        // A secret may be part of another one. Of one or two characters there would be nothing left to read.
        hidden.retain(|secret| secret.len() > 2);
        hidden.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        hidden.iter().fold(text.to_owned(), |text, secret| text.replace(secret, VEIL))
    }
}

async fn read(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let failed = |error: io::Error| {
        let error = error.to_string();
        let plain = error.split(" (os error").next().unwrap_or(&error).to_owned();
        format!("the secret in {shown} cannot be read: {plain}")
    };
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let mut text = String::new();
    file.take(LARGEST + 1).read_to_string(&mut text).await.map_err(failed)?;
    if text.len() as u64 > LARGEST {
        return Err(format!("{shown} holds more than 64 KiB, which is no secret's size"));
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("{shown} is empty, where a secret is looked for"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_sees_it() {
        assert_eq!(format!("{:?}", Secret::Inline("hunter2".to_owned())), "***");
        assert_eq!(format!("{:?}", Secret::File("/run/token".into())), "File(/run/token)");
    }

    #[tokio::test]
    async fn what_others_repeat_is_veiled() {
        let (long, short) = (Secret::Inline("hunter2-long".to_owned()), Secret::Inline("hunter2".to_owned()));
        let secrets = Secrets::read(&[&short, &long]).await.unwrap();
        assert_eq!(secrets.veil("no hunter2-long, no hunter2, no path", &["path"]), "no ***, no ***, no ***");
        assert_eq!(Secrets::default().text(&short), "***");
        assert_eq!(secrets.text(&short), "hunter2");
    }

    #[tokio::test]
    async fn files_that_hold_none() {
        for (path, why) in [
            ("/nowhere/token", "the secret in /nowhere/token cannot be read: No such file or directory"),
            ("/dev/null", "/dev/null is empty, where a secret is looked for"),
            ("/dev/zero", "/dev/zero holds more than 64 KiB, which is no secret's size"),
        ] {
            let error = Secrets::read(&[&Secret::File(path.into())]).await.err();
            assert_eq!(error.as_deref(), Some(why));
        }
    }
}
