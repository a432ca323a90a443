//! Where a key belongs that stands in a table which does not have it.

use super::shape::{Table, names};
use super::{ROOT, TABLES};

/// What stands above all tables is in this. Tables are in brackets; a value within one has words of its own for what others have
/// as well.
const ABOVE: &str = "keepwatch.toml";

/// Where the key of this name belongs, if that is not here; `place` is what the table with it is called.
pub(crate) fn home(name: &str, place: &str) -> Option<String> {
    match place {
        ABOVE => of_kind(name, place),
        _ if !place.starts_with('[') => None,
        _ => ROOT.iter().find(|key| key.name == name).map(|_| "it belongs above all tables".to_owned()),
    }
}

/// Which kind of tables has this key, if that is not the kind of this one. Nothing if several have it: which one is meant cannot
/// be told.
pub(crate) fn of_kind(name: &str, place: &str) -> Option<String> {
    if place != ABOVE && !place.starts_with('[') {
        return None;
    }
    let is_common = |table: &&Table| names(table.common).contains(&name);
    let is_of_sort = |table: &&Table| table.sorts.iter().any(|sort| names(&[sort.keys]).contains(&name));
    let mut kinds: Vec<&str> = TABLES.iter().filter(is_common).map(|table| table.kind).collect();
    if kinds.is_empty() {
        kinds = TABLES.iter().filter(is_of_sort).map(|table| table.kind).collect();
    }
    match kinds.as_slice() {
        [kind] if !place.starts_with(&format!("[{kind}")) => {
            Some(format!("it belongs under a name: [{kind}.NAME]"))
        }
        ["instance", "group"] => Some("it belongs under a name: [instance.NAME] or [group.NAME]".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_a_home() {
        let under = |kinds: &str| Some(format!("it belongs under a name: {kinds}"));
        let above = Some("it belongs above all tables".to_owned());
        let table = [
            ("virtual_router_id", "keepwatch.toml", under("[instance.NAME]")),
            ("interface", "keepwatch.toml", under("[instance.NAME]")),
            ("track", "keepwatch.toml", under("[instance.NAME] or [group.NAME]")),
            ("vip_lifetime", "[instance]", above.clone()),
            ("include", "[instance]", above.clone()),
            ("node", "[notify]", above),
            ("virtual_router_id", "[group]", None),
            ("nothing", "[instance]", None),
            ("include", "an address", None),
        ];
        for (name, place, expected) in table {
            assert_eq!(home(name, place), expected, "{name} in {place}");
        }
        let table = [
            ("virtual_router_id", "[group]", under("[instance.NAME]")),
            ("members", "[instance]", under("[group.NAME]")),
            // Of its own kind, of several kinds, of none.
            ("priority", "[instance]: its other settings are in the keepalived.conf", None),
            ("timeout", "[instance]", None),
            ("nothing", "[instance]", None),
            ("interface", "an address", None),
        ];
        for (name, place, expected) in table {
            assert_eq!(of_kind(name, place), expected, "{name} in {place}");
        }
    }
}
