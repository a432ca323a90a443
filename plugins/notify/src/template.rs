//! Templates: minijinja, strict. What is wrong with one is found when it is loaded.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keepwatch_config::diagnostic::{Diagnostic, Findings, Source, Style};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use crate::parcel::Parcel;
use crate::sample;

/// How much a template may do: loops over all events of a parcel, but not for ever.
const FUEL: u64 = 200_000;
/// The longest text that a template may give.
const LARGEST: usize = 1 << 20;

/// How values are written into a template's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// As they are.
    Text,
    /// So that they are no markup.
    Html,
    /// As JSON values: a text with its quotes.
    Json,
}

/// A template that can be rendered.
#[derive(Clone)]
pub struct Template {
    environment: Arc<Environment<'static>>,
    source: Arc<str>,
    path: PathBuf,
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template").field("path", &self.path).field("source", &self.source).finish()
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.path == other.path
    }
}

/// The one template of an environment.
const NAME: &str = "template";

impl Template {
    /// Compiles a text and tries it on made-up parcels. `path` is where it stands, for findings.
    ///
    /// # Errors
    ///
    /// What is wrong with it, with line and column, rendered as the configuration's findings are.
    pub fn compile(path: &Path, text: &str, escape: Escape) -> Result<Self, String> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_auto_escape_callback(move |_| match escape {
            Escape::Text => AutoEscape::None,
            Escape::Html => AutoEscape::Html,
            Escape::Json => AutoEscape::Json,
        });
        let shown = |error: &minijinja::Error| rendered(path, text, error);
        environment.add_template_owned(NAME, text.to_owned()).map_err(|error| shown(&error))?;
        let template =
            Self { environment: Arc::new(environment), source: text.into(), path: path.to_owned() };
        for parcel in sample::parcels() {
            template.try_render(&parcel).map_err(|error| shown(&error))?;
        }
        Ok(template)
    }

    /// The text for a parcel.
    ///
    /// # Errors
    ///
    /// What went wrong, with line and column.
    pub fn render(&self, parcel: &Parcel) -> Result<String, String> {
        let text = self.try_render(parcel).map_err(|error| rendered(&self.path, &self.source, &error))?;
        if text.len() > LARGEST {
            return Err(format!(
                "{} gives {} octets, {LARGEST} are allowed",
                self.path.display(),
                text.len()
            ));
        }
        Ok(text)
    }

    fn try_render(&self, parcel: &Parcel) -> Result<String, minijinja::Error> {
        self.environment.get_template(NAME)?.render(Serde(parcel.view()))
    }
}

/// An error with its place, in the manner of rustc.
fn rendered(path: &Path, text: &str, error: &minijinja::Error) -> String {
    let range = error.range().unwrap_or_else(|| line(text, error.line().unwrap_or(1)));
    let end = range.end.min(text.len());
    let range = range.start.min(end)..end;
    let words = error
        .detail()
        .map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    let mut findings = Findings::default();
    findings.push(Diagnostic::error(&range, words, ""));
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let source = Source::new(name, text);
    findings.render(&source, Style::Plain).trim_end().to_owned()
}

/// The octets of a line, counted from 1.
fn line(text: &str, number: usize) -> std::ops::Range<usize> {
    let mut start = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if index + 1 == number {
            return start..start + line.trim_end().len();
        }
        start += line.len();
    }
    start..start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(text: &str) -> Result<Template, String> {
        Template::compile(Path::new("/etc/keepwatch/chat.j2"), text, Escape::Text)
    }

    #[test]
    fn a_template_sees_what_a_parcel_has() {
        let text = "{{ node }}: {{ line }}{% if now %} (now {{ now.state }}){% endif %}";
        let text = compile(text).unwrap().render(&sample::transition()).unwrap();
        assert_eq!(text, "h1: VI_1: BACKUP -> MASTER: no advert heard for 3.61 s (now MASTER)");
        let each = compile("{% for event in events %}{{ event.kind }} {% endfor %}").unwrap();
        assert_eq!(each.render(&sample::transition()).unwrap(), "transition ");
    }

    #[test]
    fn what_is_wrong_is_found_when_it_is_loaded_with_its_place() {
        let table = [
            ("one\n{% if node %}", "chat.j2:2:"),
            ("one\ntwo {{ nodes }}", "chat.j2:2:8"),
            ("{{ event.instance }}", "chat.j2:1:4"),
            ("{{ node | shout }}", "chat.j2:1:"),
            (
                "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
                "chat.j2:1:",
            ),
        ];
        for (text, place) in table {
            let error = compile(text).unwrap_err();
            assert!(error.starts_with("error: ") && error.contains(place), "{text}: {error}");
        }
    }

    #[test]
    fn values_are_escaped_for_where_they_stand() {
        let mut parcel = sample::transition();
        parcel.node = "<h1>\"".into();
        let path = Path::new("x");
        let html = Template::compile(path, "<b>{{ node }}</b>", Escape::Html).unwrap();
        assert_eq!(html.render(&parcel).unwrap(), "<b>&lt;h1&gt;&quot;</b>");
        let json = Template::compile(path, "{\"text\": {{ node }}}", Escape::Json).unwrap();
        assert_eq!(json.render(&parcel).unwrap(), r#"{"text": "<h1>\""}"#);
    }
}
