//! `$NAME=value`, and what keepalived defines itself.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use super::super::names::name_at;
use crate::diagnostic::Traced;

/// What a name stands for.
#[derive(Clone)]
pub(super) enum Value {
    /// A part of a line.
    Text(String),
    /// Several lines: the first takes the place of the name, which must end its line, and the others follow. Never empty.
    Lines(Vec<Traced>),
    /// What keepalived defines itself.
    Own(Own),
}

/// Names that keepalived defines.
#[derive(Clone, Copy)]
pub(super) enum Own {
    /// The folder of the file that is being read.
    Pwd,
    /// The name of this host in the configuration.
    Instance,
    /// A number between two bounds.
    Random,
    /// A variable of the environment.
    Env,
}

/// A name as it is used.
pub(super) struct Use<'a> {
    pub(super) name: &'a str,
    /// What stands behind the name in braces.
    pub(super) parameters: Vec<&'a str>,
    /// From the `$`, in octets.
    pub(super) length: usize,
}

/// Everything that is defined so far.
pub(super) struct Definitions {
    values: HashMap<String, Value>,
    /// The name of this host in the configuration, which `@` asks for.
    pub(super) config_id: String,
    /// `random_seed`.
    pub(super) seed: u64,
    /// How many random numbers there were.
    drawn: u64,
}

impl Definitions {
    pub(super) fn new(config_id: &str) -> Self {
        let text = |text: &str| Value::Text(text.to_owned());
        let own = [
            ("_PWD", Value::Own(Own::Pwd)),
            ("_INSTANCE", Value::Own(Own::Instance)),
            ("_RANDOM", Value::Own(Own::Random)),
            ("_ENV", Value::Own(Own::Env)),
            ("_HASH", text("#")),
            ("_BANG", text("!")),
        ];
        let values = own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { values, config_id: config_id.to_owned(), seed: 0, drawn: 0 }
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// The value of one of keepalived's own; `Err` says why there is none.
    pub(super) fn own(&mut self, own: Own, parameters: &[&str], folder: &Path) -> Result<String, String> {
        match (own, parameters) {
            (Own::Pwd, []) => Ok(folder.display().to_string()),
            (Own::Instance, []) => Ok(self.config_id.clone()),
            (Own::Env, [name]) => Ok(std::env::var(name).unwrap_or_default()),
            (Own::Env, _) => Err("`_ENV` needs the name of one variable of the environment".to_owned()),
            (Own::Random, bounds @ ([] | [_] | [_, _])) => {
                let bounds: Option<Vec<u64>> = bounds.iter().map(|bound| bound.parse().ok()).collect();
                let bounds = bounds.ok_or("the bounds of `_RANDOM` should be whole numbers")?;
                let (least, most) = match bounds.as_slice() {
                    [least, most] => (*least, *most),
                    [least] => (*least, 32767),
                    _ => (0, 32767),
                };
                if least > most {
                    return Err(format!(
                        "the least number of `_RANDOM`, {least}, is more than the greatest, {most}"
                    ));
                }
                Ok(self.random(least, most).to_string())
            }
            (Own::Pwd | Own::Instance | Own::Random, _) => Err("there are too many parameters".to_owned()),
        }
    }

    /// Another number for each use and each host, but the same one whenever the file is read: reading it anew changes nothing.
    fn random(&mut self, least: u64, most: u64) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.config_id, self.seed, self.drawn).hash(&mut hasher);
        self.drawn += 1;
        match (most - least).checked_add(1) {
            Some(count) => least + hasher.finish() % count,
            None => hasher.finish(),
        }
    }
}

/// The `$NAME` or `${NAME parameters}` at the beginning of `text`, if it is one that keepalived would replace: without braces
/// only before a blank, `,`, `)` or the end.
pub(super) fn used(text: &str) -> Option<Use<'_>> {
    let rest = text.strip_prefix('$')?;
    let Some(inner) = rest.strip_prefix('{') else {
        let name = name_at(rest);
        let follows = rest.get(name.len()..)?.chars().next();
        let ends = matches!(follows, None | Some(' ' | '\t' | ',' | ')'));
        return (!name.is_empty() && ends).then_some(Use {
            name,
            parameters: Vec::new(),
            length: 1 + name.len(),
        });
    };
    let name = name_at(inner);
    let close = inner.find(|c: char| !matches!(c, ' ' | '\t' | '_') && !c.is_ascii_alphanumeric())?;
    let between = inner.get(name.len()..close)?;
    let is_use = !name.is_empty() && inner.get(close..)?.starts_with('}') && !between.ends_with([' ', '\t']);
    let parameters = between.split_ascii_whitespace().collect();
    is_use.then_some(Use { name, parameters, length: "${".len() + close + 1 })
}

/// The name and the value in `$NAME=value`, with no white space before `=`; where the value begins.
pub(super) fn defined(line: &str) -> Option<(&str, usize)> {
    let rest = line.strip_prefix('$')?;
    let name = name_at(rest);
    let value = rest.get(name.len()..)?.strip_prefix('=').filter(|_| !name.is_empty())?;
    Some((name, line.len() - value.trim_start_matches([' ', '\t']).len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_replaced_and_names_that_are_not() {
        let table = [
            ("$A", Some("A 2")),
            ("$A b", Some("A 2")),
            ("$A,b", Some("A 2")),
            ("$A)", Some("A 2")),
            ("$A/24", None),
            ("$A\"", None),
            ("${A}/24", Some("A 4")),
            ("${_ENV PATH}", Some("_ENV PATH 12")),
            ("${_RANDOM 1 20}x", Some("_RANDOM 1 20 15")),
            ("${A }", None),
            ("${A-b}", None),
            ("${A", None),
            ("$1", None),
            ("$", None),
            ("${}", None),
        ];
        for (text, expected) in table {
            let found = used(text).map(|found| {
                let words = std::iter::once(found.name).chain(found.parameters);
                format!("{} {}", words.collect::<Vec<_>>().join(" "), found.length)
            });
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn definitions_have_no_blank_before_the_equals_sign() {
        let table = [
            ("$A=b", Some(("A", 3))),
            ("$A=  b", Some(("A", 5))),
            ("$A=", Some(("A", 3))),
            ("$A =b", None),
            ("$1=b", None),
        ];
        for (line, expected) in table {
            assert_eq!(defined(line), expected, "{line}");
        }
    }

    #[test]
    fn random_numbers_are_within_their_bounds_and_stay_the_same() {
        let draw = |id: &str| {
            let mut definitions = Definitions::new(id);
            let one = |definitions: &mut Definitions| {
                definitions.own(Own::Random, &["10", "19"], Path::new("/")).unwrap().parse().unwrap()
            };
            (0..50).map(|_| one(&mut definitions)).collect::<Vec<u64>>()
        };
        assert!(draw("a").iter().all(|number| (10..=19).contains(number)));
        assert_eq!(draw("a"), draw("a"));
        assert_ne!(draw("a"), draw("b"));
        let mut definitions = Definitions::new("a");
        let mut own = |own, parameters: &[&str]| definitions.own(own, parameters, Path::new("/etc"));
        assert_eq!(own(Own::Pwd, &[]).unwrap(), "/etc");
        assert_eq!(own(Own::Instance, &[]).unwrap(), "a");
        assert!(own(Own::Random, &["9", "3"]).is_err());
        assert!(own(Own::Random, &["x"]).is_err());
        assert!(own(Own::Env, &[]).is_err());
    }
}
