//! What a client asks.

use serde::{Deserialize, Serialize};

use crate::events_request::EventsRequest;
use crate::explain_request::ExplainRequest;
use crate::plugin_report::PluginName;
use crate::refusal::{Code, Refusal};
use crate::reload::ReloadRequest;
use crate::spool::{Letters, SilenceName, SilenceStatus};

/// The protocol's version that this crate speaks.
pub const VERSION: u32 = 1;

/// The oldest version it still understands.
pub const OLDEST: u32 = 1;

/// The names of all requests of this version.
pub const REQUESTS: &[&str] = &[
    "status",
    "explain",
    "events",
    "plugins",
    "reload",
    "dead_letters",
    "spool",
    "spool_retry",
    "spool_purge",
    "silences",
    "silence",
    "silence_end",
];

/// What a client asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Request {
    /// How things are. One answer: `status`.
    Status,
    /// What it takes for instances to become MASTER, or to stop being it. One answer: `explanation`, or `done` with why not.
    Explain(ExplainRequest),
    /// What happens from now on. Answers: a snapshot, then events, until the client goes.
    Events(EventsRequest),
    /// How the plugins are. One answer: `plugins`.
    Plugins,
    /// Take the configuration over as it is on disk now, or say what that would do. One answer, when it is done: `reload`.
    Reload(ReloadRequest),
    /// Which events are kept from a plugin because they made it fail. One answer: `dead_letters`.
    DeadLetters(PluginName),
    /// How the destinations are, and what waits for them. One answer: `spool`.
    Spool,
    /// Try letters at once, also those that were given up. One answer: `done`.
    SpoolRetry(Letters),
    /// Throw letters away. One answer: `done`.
    SpoolPurge(Letters),
    /// The silences there are. One answer: `silences`.
    Silences,
    /// Begin a silence, or change the one of its name. One answer: `done`.
    Silence(SilenceStatus),
    /// End a silence. One answer: `done`.
    SilenceEnd(SilenceName),
}

/// A request with the version it is said in.
#[derive(Serialize)]
struct Said<'a> {
    version: u32,
    #[serde(flatten)]
    request: &'a Request,
}

/// What every version's requests have in common.
#[derive(Deserialize)]
struct Head {
    version: Option<u32>,
    request: Option<String>,
}

impl Request {
    /// The line that says it, with its end.
    #[must_use]
    pub fn line(&self) -> String {
        let said = Said { version: VERSION, request: self };
        // Strings, numbers and lists of them always serialise.
        let mut line = serde_json::to_string(&said).unwrap_or_default();
        line.push('\n');
        line
    }

    /// Reads a line, which may have an end.
    ///
    /// # Errors
    ///
    /// What to answer instead: the line is no request, or one of another version.
    pub fn parse(line: &[u8]) -> Result<Self, Refusal> {
        let malformed = |why: &dyn std::fmt::Display| {
            let text =
                format!("not a request: {why}; one is {{\"version\":{VERSION},\"request\":\"status\"}}");
            Refusal::new(Code::Malformed, text)
        };
        let head: Head = serde_json::from_slice(line).map_err(|error| malformed(&error))?;
        let version = head.version.ok_or_else(|| malformed(&"it has no version"))?;
        let request = head.request.ok_or_else(|| malformed(&"it does not say what is requested"))?;
        if !(OLDEST..=VERSION).contains(&version) {
            return Err(Refusal::version(version));
        }
        if !REQUESTS.contains(&request.as_str()) {
            let text = format!("there is no request \"{request}\"; there are: {}", REQUESTS.join(", "));
            return Err(Refusal::new(Code::UnknownRequest, text));
        }
        serde_json::from_slice(line).map_err(|error| malformed(&error))
    }
}

#[cfg(test)]
mod tests {
    use keepwatch_event::Severity;

    use super::*;
    use crate::events_request::Beginning;

    #[test]
    fn requests_have_these_lines() {
        let all = EventsRequest::default();
        let some = EventsRequest {
            from: Beginning::Now,
            follow: false,
            telemetry: true,
            kinds: vec!["transition".into()],
            instances: vec!["VI_1".into()],
            severity: Some(Severity::Warning),
        };
        let rows = [
            (Request::Status, r#"{"version":1,"request":"status"}"#),
            (Request::Explain(ExplainRequest::default()), r#"{"version":1,"request":"explain"}"#),
            (
                Request::Explain(ExplainRequest { instance: Some("VI_1".into()) }),
                r#"{"version":1,"request":"explain","instance":"VI_1"}"#,
            ),
            (Request::Plugins, r#"{"version":1,"request":"plugins"}"#),
            (
                Request::Reload(ReloadRequest::default()),
                r#"{"version":1,"request":"reload","dry_run":false}"#,
            ),
            (
                Request::Events(all),
                r#"{"version":1,"request":"events","from":"snapshot","follow":true,"telemetry":false,"kinds":[],"instances":[]}"#,
            ),
            (
                Request::Events(some),
                r#"{"version":1,"request":"events","from":"now","follow":false,"telemetry":true,"kinds":["transition"],"instances":["VI_1"],"severity":"warning"}"#,
            ),
        ];
        for (request, line) in rows {
            assert_eq!(request.line(), format!("{line}\n"));
            assert_eq!(Request::parse(line.as_bytes()).unwrap(), request);
        }
    }

    #[test]
    fn what_is_not_said_has_a_default_and_what_is_not_known_is_ignored() {
        let reload = Request::Reload(ReloadRequest { dry_run: false });
        assert_eq!(Request::parse(br#"{"version":1,"request":"reload"}"#).unwrap(), reload);
        let line = br#"{"version":1,"request":"events","colour":"red"}"#;
        assert_eq!(Request::parse(line).unwrap(), Request::Events(EventsRequest::default()));
        assert_eq!(
            Request::parse(br#"{"more":[{}],"request":"status","version":1}"#).unwrap(),
            Request::Status
        );
    }

    #[test]
    fn others_are_refused_with_a_reason() {
        let rows: &[(&str, Code, &str)] = &[
            ("", Code::Malformed, "not a request: EOF while parsing a value at line 1 column 0; one is "),
            ("hello", Code::Malformed, "not a request: expected value at line 1 column 1; one is "),
            ("[]", Code::Malformed, "not a request: "),
            ("{}", Code::Malformed, "not a request: it has no version; one is "),
            (
                r#"{"version":1}"#,
                Code::Malformed,
                "not a request: it does not say what is requested; one is ",
            ),
            (r#"{"version":-1,"request":"status"}"#, Code::Malformed, "not a request: invalid value"),
            (
                r#"{"version":2,"request":"dance"}"#,
                Code::UnsupportedVersion,
                "version 2 of the protocol is not spoken here, only version 1",
            ),
            (r#"{"version":0,"request":"status"}"#, Code::UnsupportedVersion, "version 0 "),
            (
                r#"{"version":1,"request":"dance"}"#,
                Code::UnknownRequest,
                "there is no request \"dance\"; there are: status, explain, events, plugins, reload, dead_letters, ",
            ),
            (
                r#"{"version":1,"request":"events","severity":"loud"}"#,
                Code::Malformed,
                "not a request: unknown variant `loud`",
            ),
        ];
        for (line, code, text) in rows {
            let refusal = Request::parse(line.as_bytes()).unwrap_err();
            assert_eq!(refusal.code, *code, "{line}");
            assert!(refusal.text.starts_with(text), "{line}: {}", refusal.text);
        }
    }

    #[test]
    fn all_requests_are_named() {
        let letters = Letters { destination: "admins".into(), ids: vec!["a".into()] };
        let silence = SilenceStatus {
            name: "upgrade".into(),
            instances: vec!["VI_1".into()],
            destinations: Vec::new(),
            lasts: std::time::Duration::from_secs(60),
            comment: "new kernel".into(),
            untold: 0,
        };
        let all = [
            Request::Status,
            Request::Explain(ExplainRequest { instance: Some("VI_1".into()) }),
            Request::Events(EventsRequest::default()),
            Request::Plugins,
            Request::Reload(ReloadRequest { dry_run: true }),
            Request::DeadLetters(PluginName { plugin: "chat".into() }),
            Request::Spool,
            Request::SpoolRetry(letters.clone()),
            Request::SpoolPurge(letters),
            Request::Silences,
            Request::Silence(silence),
            Request::SilenceEnd(SilenceName { name: "upgrade".into() }),
        ];
        for request in &all {
            assert_eq!(&Request::parse(request.line().as_bytes()).unwrap(), request);
        }
        let names: Vec<String> = all
            .iter()
            .map(|request| serde_json::to_value(request).unwrap()["request"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, REQUESTS);
    }
}
