//! What a mail says.

use keepwatch_notify::{Content, Parcel};

use crate::keepalived;
use crate::settings::{Settings, Style};
use crate::templates::Templates;

/// What a mail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    /// Not yet one line.
    pub(crate) subject: String,
    /// The plain part, which every mail has.
    pub(crate) text: String,
    /// The same for those who can read HTML.
    pub(crate) html: Option<String>,
}

impl Words {
    /// For a parcel: a plugin's own, keepalived's, or by the templates.
    ///
    /// # Errors
    ///
    /// A template's, with line and column.
    pub(crate) fn of(settings: &Settings, parcel: &Parcel) -> Result<Self, String> {
        if let Some(words) = Self::of_plugin(parcel) {
            return Ok(words);
        }
        if settings.style == Style::Keepalived
            && let Some(words) = keepalived::words(parcel)
        {
            return Ok(words);
        }
        Self::by(&settings.templates, parcel)
    }

    /// A plugin's mail as it wrote it, or its message for a webhook as a text.
    fn of_plugin(parcel: &Parcel) -> Option<Self> {
        let (subject, text, html) = match &parcel.last().content {
            Content::Mail { subject, text, html, .. } => (subject.clone(), text.clone(), html.clone()),
            Content::Post { body, .. } => {
                let line = parcel.last().line();
                (format!("[{}] {line}", parcel.node), format!("{line}:\n\n{body:#}\n"), None)
            }
            Content::Event(_) | Content::Reminder(..) | Content::Text { .. } => return None,
        };
        let text = format!("{text}{}", late(parcel));
        Some(Self { subject, text, html })
    }

    /// By our own templates, and why those of the settings cannot be used.
    ///
    /// # Errors
    ///
    /// As above; not for what the tests know.
    pub(crate) fn without_templates(parcel: &Parcel, why: &str) -> Result<Self, String> {
        let mut words = Self::by(&Templates::default(), parcel)?;
        words.text = format!("{}\n\nThe template for this mail cannot be used:\n\n{why}\n", words.text);
        words.html = None;
        Ok(words)
    }

    fn by(templates: &Templates, parcel: &Parcel) -> Result<Self, String> {
        Ok(Self {
            subject: templates.subject.render(parcel)?,
            text: templates.text.render(parcel)?,
            html: templates.html.as_ref().map(|html| html.render(parcel)).transpose()?,
        })
    }
}

/// A last paragraph for texts that are not ours, if the mail is late.
pub(crate) fn late(parcel: &Parcel) -> String {
    let Some(late) = parcel.view().late else { return String::new() };
    let now =
        parcel.now.as_ref().map(|now| format!("; {} is {} now", now.name, now.state)).unwrap_or_default();
    format!("\n\nThis mail is late by {late}{now}.\n")
}
