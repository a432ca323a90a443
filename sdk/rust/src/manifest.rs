//! What a plugin says about itself: its settings, found from the type of its configuration.

mod tracer;

use serde::de::DeserializeOwned;

/// A setting that a plugin understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its key in the `config` table.
    pub name: String,
    /// What values it takes.
    pub kind: SettingKind,
    /// Whether it must be there.
    pub required: bool,
    /// One line for people; may be empty.
    pub help: String,
}

/// What values a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SettingKind {
    /// `"text"`
    Text,
    /// `42`
    Integer,
    /// `42` or `0.5`
    Number,
    /// `true` or `false`
    Boolean,
    /// `[..]`
    List,
    /// `{ .. }`
    Table,
    /// Whatever the plugin makes of it.
    Any,
}

/// The settings that a configuration type has, in the order of its fields.
///
/// serde is asked: for the names of the fields; for what each field wants to be given; and, by giving it ever more of
/// the fields that it misses, which of them must be there. A field whose type gives nothing away is [`SettingKind::Any`].
/// If no value can be made up for a required field (its type takes only certain texts, say), the fields after it are not
/// known to be required; `init` will say that they are missing.
///
/// # Panics
/// If the type is not a struct with named fields, or has `#[serde(flatten)]`: then its settings have no list.
pub fn settings_of<Config: DeserializeOwned>() -> Vec<Setting> {
    let Some(names) = tracer::fields::<Config>() else {
        panic!(
            "the type of a plugin's settings must be a struct with named fields and without #[serde(flatten)], \
             so that keepwatch can tell known settings from misspelt ones; {} is not",
            std::any::type_name::<Config>()
        )
    };
    let required = tracer::required::<Config>(names);
    let setting = |name: &&'static str| Setting {
        name: (*name).to_owned(),
        kind: tracer::kind::<Config>(name),
        required: required.contains(name),
        help: String::new(),
    };
    names.iter().map(setting).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::IpAddr;
    use std::num::NonZeroU16;
    use std::path::PathBuf;
    use std::time::Duration;

    use serde::{Deserialize, Deserializer};
    use serde_json::Value;

    use super::*;

    fn table<Config: DeserializeOwned>() -> Vec<(String, SettingKind, bool)> {
        settings_of::<Config>().into_iter().map(|found| (found.name, found.kind, found.required)).collect()
    }

    fn rows(rows: &[(&str, SettingKind, bool)]) -> Vec<(String, SettingKind, bool)> {
        rows.iter().map(|(name, kind, required)| ((*name).to_owned(), *kind, *required)).collect()
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[allow(dead_code)]
    enum Mode {
        Fast,
        Slow,
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    enum Target {
        Everything,
        Host(String),
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Nested {
        inner: String,
    }

    /// A type that takes only certain texts.
    struct Percent;

    impl<'de> Deserialize<'de> for Percent {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            match String::deserialize(deserializer)?.strip_suffix(" percent") {
                Some(_) => Ok(Self),
                None => Err(serde::de::Error::custom("not in percent")),
            }
        }
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Everything {
        url: String,
        max_lag: f64,
        port: NonZeroU16,
        peer: IpAddr,
        file: PathBuf,
        mode: Mode,
        target: Target,
        flag: bool,
        letter: char,
        hosts: Vec<String>,
        pair: (u8, String),
        nested: Nested,
        wait: Duration,
        labels: BTreeMap<String, String>,
        #[serde(rename = "free")]
        anything: Value,
        note: Option<String>,
        retries: Option<Option<u8>>,
        #[serde(default)]
        size: i64,
        last: u32,
        #[serde(skip)]
        unseen: u8,
    }

    #[test]
    fn kinds_and_requirements_are_found() {
        use SettingKind::{Any, Boolean, Integer, List, Number, Table, Text};
        let expected = rows(&[
            ("url", Text, true),
            ("max_lag", Number, true),
            ("port", Integer, true),
            ("peer", Text, true),
            ("file", Text, true),
            ("mode", Text, true),
            ("target", Any, true),
            ("flag", Boolean, true),
            ("letter", Text, true),
            ("hosts", List, true),
            ("pair", List, true),
            ("nested", Table, true),
            ("wait", Table, true),
            ("labels", Table, true),
            ("free", Any, true),
            ("note", Text, false),
            ("retries", Integer, false),
            ("size", Integer, false),
            ("last", Integer, true),
        ]);
        assert_eq!(table::<Everything>(), expected);
    }

    #[test]
    fn what_cannot_be_made_up_ends_the_search() {
        #[derive(Deserialize)]
        #[allow(dead_code)]
        struct Strict {
            name: String,
            share: Percent,
            after: String,
        }
        use SettingKind::Text;
        let expected = rows(&[("name", Text, true), ("share", Text, true), ("after", Text, false)]);
        assert_eq!(table::<Strict>(), expected);
    }

    #[test]
    fn a_configuration_with_defaults_needs_nothing() {
        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        #[allow(dead_code)]
        struct Lenient {
            url: String,
            limit: u64,
        }
        let expected = rows(&[("url", SettingKind::Text, false), ("limit", SettingKind::Integer, false)]);
        assert_eq!(table::<Lenient>(), expected);
        assert_eq!(table::<crate::NoConfig>(), []);
    }

    #[test]
    #[should_panic(expected = "must be a struct with named fields")]
    fn a_map_has_no_list_of_settings() {
        settings_of::<BTreeMap<String, String>>();
    }

    #[test]
    #[should_panic(expected = "without #[serde(flatten)]")]
    fn a_flattened_struct_has_no_list_of_settings() {
        #[derive(Deserialize)]
        #[allow(dead_code)]
        struct Flat {
            #[serde(flatten)]
            nested: Nested,
        }
        settings_of::<Flat>();
    }
}
