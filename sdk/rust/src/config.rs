//! From the settings' JSON to the plugin's type.

use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// Reads the `config` table.
///
/// # Errors
/// If it does not fit the type. The words are serde's, without line and column: nobody has written this JSON.
pub(crate) fn read<Config: DeserializeOwned>(json: &str) -> Result<Config> {
    serde_json::from_str(json).map_err(|error| {
        let words = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let words = words.strip_suffix(place.as_str()).unwrap_or(&words);
        Error::new(format_args!("config: {words}"))
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    struct Config {
        url: String,
    }

    #[test]
    fn what_does_not_fit_is_named() {
        assert_eq!(super::read::<Config>(r#"{"url": "x"}"#).unwrap().url, "x");
        for (json, words) in [
            ("{}", "config: missing field `url`"),
            (r#"{"url": 1}"#, "config: invalid type: integer `1`, expected a string"),
        ] {
            assert_eq!(super::read::<Config>(json).unwrap_err().to_string(), words);
        }
    }
}
