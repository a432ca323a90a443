//! `virtual_routes` and `virtual_rules` of an instance, and the `[static]` ones: texts in the words of ip-route(8) and
//! ip-rule(8), as keepalived reads them.

use std::ops::Range;

use keepwatch_vrrp::Family;
use toml::de::DeTable;

use super::reader::{Entry, Reader, optional};
use crate::diagnostic::Diagnostic;
use crate::keepalived::phrase;
use crate::model::Routing;

/// The lists under these two keys.
pub(super) fn read(reader: &mut Reader<'_>, table: &DeTable<'_>, routes: &str, rules: &str) -> Routing {
    let what = "a list: [\"10.9.0.0/24 via 10.1.1.1\"]";
    let routes = optional(table, routes, |value| list(reader, value, what, phrase::route));
    let what = "a list: [\"from 10.9.0.0/24 table 100 priority 1000\"]";
    let rules = optional(table, rules, |value| list(reader, value, what, phrase::rule));
    Routing { routes: routes.unwrap_or_default(), rules: rules.unwrap_or_default() }
}

fn list<T>(
    reader: &mut Reader<'_>,
    value: Entry<'_, '_>,
    what: &str,
    one: fn(&str, &Range<usize>) -> Result<T, Vec<Diagnostic>>,
) -> Option<Vec<T>> {
    let Some(entries) = value.get_ref().as_array() else {
        reader.wrong(value, what);
        return None;
    };
    let mut read = Vec::new();
    for entry in entries {
        let Some(text) = reader.text(entry) else { continue };
        match one(&text, &entry.span()) {
            Ok(entry) => read.push(entry),
            Err(errors) => errors.into_iter().for_each(|error| reader.findings.push(error)),
        }
    }
    Some(read)
}

/// Those of one family.
pub(super) fn of_family(routing: &Routing, family: Family) -> Routing {
    let Routing { routes, rules } = routing;
    Routing {
        routes: routes.iter().filter(|route| Family::of(route.destination.0) == family).cloned().collect(),
        rules: rules.iter().filter(|rule| rule.family == family).cloned().collect(),
    }
}
