//! From the settings' JSON to the plugin's type.

use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// Reads the `config` table.
///
/// # Errors
/// If it does not fit the type: which setting does not, and what was expected; never what was found, which may be a secret.
pub(crate) fn read<Config: DeserializeOwned>(json: &str) -> Result<Config> {
    serde_json::from_str(json).map_err(|error| {
        let keys = keys_at(json, error.column());
        let place = if keys.is_empty() { String::new() } else { format!("{keys}: ") };
        Error::new(format_args!("config: {place}{}", words(&error)))
    })
}

/// What serde says, without line and column, for nobody has written this JSON, and without the value. Words that the
/// author of a type has chosen are left as they are.
fn words(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let words = words.strip_suffix(place.as_str()).unwrap_or(&words);
    let has_value = ["invalid type: ", "invalid value: ", "unknown variant "];
    match words.rsplit_once(", expected ") {
        Some((_, expected)) if has_value.iter().any(|with| words.starts_with(with)) => {
            format!("expected {expected}")
        }
        _ => words.to_owned(),
    }
}

/// The keys that lead to what ends at this column of a line of JSON: `db.password`.
fn keys_at(json: &str, column: usize) -> String {
    let mut before = json.get(..column).unwrap_or(json);
    // What follows a number was looked at to find its end.
    if let Some(number) = before.strip_suffix([',', '}', ']'])
        && number.ends_with(|c: char| c.is_ascii_digit())
    {
        before = number;
    }
    // Of each open table and list, the key that was read last.
    let mut open: Vec<&str> = Vec::new();
    let mut text = "";
    let mut chars = before.chars();
    while let Some(next) = chars.next() {
        match next {
            '"' => {
                let (string, after) = split_string(chars.as_str());
                (text, chars) = (string, after.chars());
            }
            '{' | '[' => open.push(""),
            '}' | ']' => drop(open.pop()),
            ':' | ',' => {
                open.pop();
                open.push(if next == ':' { text } else { "" });
            }
            _ => {}
        }
    }
    open.retain(|key| !key.is_empty());
    open.join(".")
}

/// What a JSON string that has begun is, and what follows it.
fn split_string(json: &str) -> (&str, &str) {
    let mut is_escaped = false;
    let end = json.find(|c: char| {
        let is_end = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end
    });
    let (string, quote) = json.split_at(end.unwrap_or(json.len()));
    (string, quote.strip_prefix('"').unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Config {
        url: String,
        #[serde(default)]
        db: Option<Db>,
        #[serde(default)]
        hosts: Vec<Db>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Db {
        password: u64,
        #[serde(default)]
        mode: Option<Mode>,
        #[serde(default)]
        share: Option<std::num::NonZeroU8>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Mode {
        Plain,
        Tls,
    }

    #[test]
    fn what_does_not_fit_is_named_and_not_quoted() {
        let config = super::read::<Config>(r#"{"url": "x", "db": {"password": 1, "mode": "tls"}}"#).unwrap();
        assert_eq!((config.url.as_str(), config.db.is_some(), config.hosts.len()), ("x", true, 0));
        for (json, words) in [
            ("{}", "config: missing field `url`"),
            (r#"{"url":1}"#, "config: url: expected a string"),
            (r#"{"url":1234,"db":null}"#, "config: url: expected a string"),
            (r#"{"url":true}"#, "config: url: expected a string"),
            (r#"{"url":null,"db":null}"#, "config: url: expected a string"),
            (r#"{"url":{"a":"hunter2"}}"#, "config: url: expected a string"),
            (r#"{"url":["hunter2"]}"#, "config: url: expected a string"),
            (r#"{"url":"x","db":{"password":"hunter2"}}"#, "config: db.password: expected u64"),
            (r#"{"url":"x","db":{"password":"hunter2","mode":"tls"}}"#, "config: db.password: expected u64"),
            (r#"{"url":"x","db":{"password":"a\\\"}, expected b"}}"#, "config: db.password: expected u64"),
            (r#"{"url":"x","db":{"password":-7}}"#, "config: db.password: expected u64"),
            (r#"{"url":"x","db":{"password":7.5,"mode":"tls"}}"#, "config: db.password: expected u64"),
            (r#"{"url":"x","db":{"password":1,"share":0}}"#, "config: db.share: expected a nonzero u8"),
            (
                r#"{"url":"x","db":{"password":1,"share":0},"hosts":[]}"#,
                "config: db.share: expected a nonzero u8",
            ),
            (
                r#"{"url":"x","db":{"password":1,"mode":"hunter2"}}"#,
                "config: db.mode: expected `plain` or `tls`",
            ),
            (r#"{"url":"x","db":{}}"#, "config: db: missing field `password`"),
            (r#"{"url":"x","db":"hunter2"}"#, "config: db: expected struct Db"),
            (
                r#"{"url":"x","hosts":[{"password":1},{"password":"hunter2"}]}"#,
                "config: hosts.password: expected u64",
            ),
            (r#"{"url":"x","port":1}"#, "config: unknown field `port`, expected one of `url`, `db`, `hosts`"),
        ] {
            assert_eq!(super::read::<Config>(json).unwrap_err().to_string(), words, "{json}");
        }
    }

    #[test]
    fn the_words_of_a_types_author_are_kept() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only read")]
        struct Config {
            address: std::net::IpAddr,
        }
        let error = super::read::<Config>(r#"{"address":"hunter2"}"#).unwrap_err();
        assert_eq!(error.to_string(), "config: address: invalid IP address syntax");
    }
}
