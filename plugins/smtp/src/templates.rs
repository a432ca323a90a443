//! The templates of mails.

use std::path::Path;

use keepwatch_notify::{Escape, Template};

/// The templates of a mail. They see what [`keepwatch_notify::Parcel::view`] says.
#[derive(Clone, Debug, PartialEq)]
pub struct Templates {
    /// The subject: one line, whatever it gives.
    pub subject: Template,
    /// The plain part.
    pub text: Template,
    /// The part for those who can read HTML; without one there is none. To be compiled with [`Escape::Html`].
    pub html: Option<Template>,
}

impl Default for Templates {
    /// Ours.
    fn default() -> Self {
        Self {
            subject: own("subject.j2", include_str!("../templates/subject.j2"), Escape::Text),
            text: own("text.j2", include_str!("../templates/text.j2"), Escape::Text),
            html: Some(own("html.j2", include_str!("../templates/html.j2"), Escape::Html)),
        }
    }
}

/// A template that is part of the program.
fn own(name: &str, text: &str, escape: Escape) -> Template {
    Template::compile(Path::new(name), text, escape)
        .unwrap_or_else(|error| panic!("a template of our own: {error}"))
}
