//! Plugins' messages as letters: from the host of plugins to the notifier.

use std::sync::Arc;
use std::time::SystemTime;

use keepwatch_host::{HostError, Message, Messenger, Work};
use keepwatch_notify::{Content, Letter, NotTaken, Notifier};

/// Hands plugins' messages in.
pub(crate) struct Messages(pub(crate) Arc<Notifier>);

impl Messenger for Messages {
    fn hand_in(&self, message: Message) -> Work<'_, Result<(), HostError>> {
        Box::pin(async move {
            let Message { plugin, destination, content, about, .. } = message;
            let content = words(plugin.to_string(), content);
            let letter = Letter::of_plugin(content, about.as_deref(), SystemTime::now());
            self.0.hand_in(&destination, letter).await.map_err(|not_taken| error(&not_taken))
        })
    }
}

fn words(plugin: String, content: keepwatch_host::Content) -> Content {
    match content {
        keepwatch_host::Content::Text(text) => Content::Text { plugin, text },
        keepwatch_host::Content::Mail { subject, text, html } => {
            Content::Mail { plugin, subject, text, html }
        }
        keepwatch_host::Content::Post(body) => Content::Post { plugin, body },
    }
}

fn error(not_taken: &NotTaken) -> HostError {
    let text = not_taken.to_string();
    match not_taken {
        NotTaken::Unknown(_) | NotTaken::Unfit(_) => HostError::invalid(text),
        NotTaken::Busy => HostError::unavailable(text),
    }
}
