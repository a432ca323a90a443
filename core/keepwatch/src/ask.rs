//! How commands ask the running daemon.

use std::fmt::Display;
use std::process::ExitCode;
use std::time::Duration;

use keepwatch_control::{Client, ClientError, Line, Request};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::exit;
use crate::output::Output;
use crate::paths::Paths;

/// How long an answer may take that the daemon need not work for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a reload may take: plugins are waited for, each as long as its limits allow.
const RELOAD: Duration = Duration::from_secs(120);

/// The daemon that this process's environment names.
pub(crate) fn connect() -> Result<Client, ClientError> {
    Client::connect(&Paths::of_this_process().control)
}

/// Asks for one answer, and what it makes of it.
pub(crate) fn ask<T>(request: &Request, what: impl FnOnce(Line) -> Option<T>) -> Result<T, ClientError> {
    let mut client = connect()?;
    let limit = if matches!(request, Request::Reload(_)) { RELOAD } else { PATIENCE };
    let line = client.ask(request, Some(limit))?;
    what(line).ok_or_else(|| client.not_understood())
}

/// An answer as the daemon wrote it, with all that a later version may have put in, but without the word in front that
/// says what it is.
pub(crate) fn raw(line: &Line) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Raw<'a> {
        #[serde(borrow)]
        Status(&'a RawValue),
        #[serde(borrow)]
        Explanation(&'a RawValue),
        #[serde(borrow)]
        Plugins(&'a RawValue),
        #[serde(borrow)]
        Reload(&'a RawValue),
        #[serde(borrow)]
        DeadLetters(&'a RawValue),
        #[serde(borrow)]
        Spool(&'a RawValue),
        #[serde(borrow)]
        Silences(&'a RawValue),
    }
    let (Raw::Status(raw)
    | Raw::Explanation(raw)
    | Raw::Plugins(raw)
    | Raw::Reload(raw)
    | Raw::DeadLetters(raw)
    | Raw::Spool(raw)
    | Raw::Silences(raw)) = serde_json::from_str(&line.text).ok()?;
    Some(format!("{raw}\n"))
}

/// Says why the daemon could not be asked.
pub(crate) fn failed(error: &impl Display) -> ExitCode {
    eprintln!("error: {error}");
    exit::with(exit::FAILED)
}

/// Prints, and exits with `code` unless that fails.
pub(crate) fn printed(text: &str, code: u8) -> ExitCode {
    let mut output = Output::default();
    output.print(text);
    output.end(code)
}

#[cfg(test)]
mod tests {
    use keepwatch_control::Answer;

    use super::*;

    #[test]
    fn json_is_passed_on_as_it_came() {
        for (text, expected) in [
            (r#"{"plugins":[{"z":1,"a": 2}]}"#, Some("[{\"z\":1,\"a\": 2}]\n")),
            (r#"{"status":{"later":{"b":1e3,"a":null}}}"#, Some("{\"later\":{\"b\":1e3,\"a\":null}}\n")),
            (r#"{"weather":1}"#, None),
        ] {
            let answer = Answer::Unknown(serde_json::Map::new());
            assert_eq!(raw(&Line { text: text.to_owned(), answer }).as_deref(), expected);
        }
    }
}
