//! `--filter kind=transition,instance=VI_1,severity=warning`

use keepwatch_event::{KINDS, Severity};

/// What an event must be to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// One of these kinds, unless there are none.
    pub(crate) kinds: Vec<String>,
    /// About one of these instances, unless there are none.
    pub(crate) instances: Vec<String>,
    /// At least this grave.
    pub(crate) severity: Option<Severity>,
}

impl std::str::FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut filter = Self::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').ok_or_else(|| {
                format!("\"{part}\" has no value; say kind=, instance= or severity=, separated by commas")
            })?;
            match key {
                "kind" if KINDS.contains(&value) => filter.kinds.push(value.to_owned()),
                "kind" => {
                    return Err(format!("there is no kind \"{value}\"; there are: {}", KINDS.join(", ")));
                }
                "instance" => filter.instances.push(value.to_owned()),
                "severity" => filter.severity = Some(severity(value)?),
                _ => {
                    return Err(format!("one cannot filter by \"{key}\"; by kind, instance and severity"));
                }
            }
        }
        Ok(filter)
    }
}

fn severity(text: &str) -> Result<Severity, String> {
    match text {
        "info" => Ok(Severity::Info),
        "warning" => Ok(Severity::Warning),
        "error" => Ok(Severity::Error),
        _ => Err(format!("there is no severity \"{text}\"; there are: info, warning, error")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_read() {
        let read = |text: &str| text.parse::<Filter>();
        let expected = Filter {
            kinds: vec!["transition".into(), "left".into()],
            instances: vec!["VI_1".into()],
            severity: Some(Severity::Warning),
        };
        assert_eq!(read("kind=transition,instance=VI_1,kind=left,severity=warning"), Ok(expected));
        assert_eq!(read(""), Ok(Filter::default()));
        for (text, error) in [
            ("kind", "\"kind\" has no value; say kind=, instance= or severity=, separated by commas"),
            ("kind=dance", "there is no kind \"dance\"; there are: transition, leaving, "),
            ("severity=loud", "there is no severity \"loud\"; there are: info, warning, error"),
            ("node=h1", "one cannot filter by \"node\"; by kind, instance and severity"),
        ] {
            assert!(read(text).unwrap_err().starts_with(error), "{text}");
        }
    }
}
