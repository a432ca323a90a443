//! Secrets as they are at one moment, and what stands where one would.

use keepwatch_notify::{Secret, VEIL};

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
        let wanted: Vec<Secret> = wanted.iter().map(|secret| (*secret).clone()).collect();
        let reading = tokio::task::spawn_blocking(move || {
            let read = |secret: Secret| {
                // White space is part of no token and of no URL.
                let text = secret.read()?.trim().to_owned();
                Ok((secret, text))
            };
            wanted.into_iter().map(read).collect()
        });
        let known = reading.await.unwrap_or_else(|_| Err("the secrets could not be read".to_owned()))?;
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
        keepwatch_notify::veil(text, self.0.iter().map(|(_, text)| text.as_str()).chain(more.iter().copied()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_others_repeat_is_veiled() {
        let (long, short) = (Secret::given("hunter2-long"), Secret::given("hunter2"));
        let secrets = Secrets::read(&[&short, &long]).await.unwrap();
        assert_eq!(secrets.veil("no hunter2-long, no hunter2, no path", &["path"]), "no ***, no ***, no ***");
        assert_eq!(Secrets::default().text(&short), "***");
        assert_eq!(secrets.text(&short), "hunter2");
    }
}
