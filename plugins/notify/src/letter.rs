//! What a destination is told.

use std::sync::Arc;
use std::time::SystemTime;

use keepwatch_event::{Event, Severity};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::instant;

/// What a destination is told: an event, or a plugin's own words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// A destination gets one letter of an id only, also over restarts.
    pub id: String,
    /// When it happened.
    #[serde(with = "instant")]
    pub at: SystemTime,
    /// How grave.
    pub severity: Severity,
    /// The VRRP instance it concerns, if one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Arc<str>>,
    /// What it says.
    pub content: Content,
}

/// What a letter says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// What happened.
    Event(Box<Event>),
    /// How things still are, so many times since it happened.
    Reminder(Box<Event>, u32),
    /// A line or more of a plugin, for whoever can take it.
    Text {
        /// The plugin.
        plugin: String,
        /// What it says.
        text: String,
    },
    /// A mail of a plugin.
    Mail {
        /// The plugin.
        plugin: String,
        /// Its subject.
        subject: String,
        /// Its text.
        text: String,
        /// The same for who can read HTML.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        html: Option<String>,
    },
    /// A webhook's body of a plugin.
    Post {
        /// The plugin.
        plugin: String,
        /// The body, JSON.
        body: Value,
    },
}

impl Letter {
    /// Of an event.
    #[must_use]
    pub fn of_event(event: &Event) -> Self {
        Self {
            id: event.id.clone(),
            at: event.at.wall,
            severity: event.severity,
            instance: event.instance.clone(),
            content: Content::Event(Box::new(event.clone())),
        }
    }

    /// A plugin's words, about the event that it handles, if it handles one: what it says twice about one event, because
    /// it was given it twice, is one letter.
    #[must_use]
    pub fn of_plugin(content: Content, about: Option<&Event>, at: SystemTime) -> Self {
        let plugin = content.plugin().unwrap_or_default();
        let id = match about {
            // Text always serialises.
            Some(event) => {
                let said = serde_json::to_string(&content).unwrap_or_default();
                format!("{}-{plugin}-{}", event.id, digest(&said))
            }
            None => {
                let micros = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros();
                format!("{plugin}-{micros:x}-{:x}", std::process::id())
            }
        };
        let (severity, instance) =
            about.map_or((Severity::Info, None), |event| (event.severity, event.instance.clone()));
        Self { id, at, severity, instance, content }
    }

    /// The event it is about.
    #[must_use]
    pub fn event(&self) -> Option<&Event> {
        match &self.content {
            Content::Event(event) | Content::Reminder(event, _) => Some(event),
            Content::Text { .. } | Content::Mail { .. } | Content::Post { .. } => None,
        }
    }

    /// Whether the two go in one message, where several do.
    #[must_use]
    pub fn goes_with(&self, other: &Self) -> bool {
        self.content.is_grouped() && other.content.is_grouped() && self.is_about_same(other)
    }

    /// Whether both are about one instance or sync group, or about none: then one must not overtake the other.
    pub(crate) fn is_about_same(&self, other: &Self) -> bool {
        self.instance == other.instance && self.group() == other.group()
    }

    fn group(&self) -> Option<&str> {
        self.event().and_then(|event| event.kind.group())
    }

    /// Names the host it happened on as destinations know it.
    #[must_use]
    pub fn at_node(mut self, node: &Arc<str>) -> Self {
        if let Content::Event(event) | Content::Reminder(event, _) = &mut self.content {
            event.node = Arc::clone(node);
        }
        self
    }

    /// The how many-th reminder it is, if it is one.
    pub(crate) const fn reminder(&self) -> Option<u32> {
        match self.content {
            Content::Reminder(_, times) => Some(times),
            Content::Event(_) | Content::Text { .. } | Content::Mail { .. } | Content::Post { .. } => None,
        }
    }

    /// One line for people, without line break: what happened, to what.
    #[must_use]
    pub fn line(&self) -> String {
        let about = self.instance.as_ref().map(|instance| format!("{instance}: ")).unwrap_or_default();
        let text = match &self.content {
            Content::Event(event) => format!("{about}{}", event.kind),
            Content::Reminder(event, _) => format!("{about}still {}", event.kind),
            Content::Text { text, .. } => text.clone(),
            Content::Mail { subject, .. } => subject.clone(),
            Content::Post { plugin, .. } => format!("a message of {plugin}"),
        };
        text.split(['\r', '\n']).next().unwrap_or_default().to_owned()
    }
}

impl Content {
    /// Whose words it is.
    #[must_use]
    pub fn plugin(&self) -> Option<&str> {
        match self {
            Self::Event(_) | Self::Reminder(..) => None,
            Self::Text { plugin, .. } | Self::Mail { plugin, .. } | Self::Post { plugin, .. } => Some(plugin),
        }
    }

    /// Whether several of them about one instance may go as one message.
    pub(crate) const fn is_grouped(&self) -> bool {
        matches!(self, Self::Event(_) | Self::Reminder(..))
    }
}

/// A short text that stands for a long one.
pub(crate) fn digest(text: &str) -> String {
    let sum = Sha256::digest(text.as_bytes());
    sum.iter().take(8).map(|octet| format!("{octet:02x}")).collect()
}
