//! Numbers that have names: routing tables, protocols, scopes and types of service.
//!
//! Source: keepalived's `lib/rttables.c`, which reads iproute2's lists as iproute2 does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where iproute2 lists names: `iproute_etc_dir` and `iproute_usr_dir`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Iproute {
    /// The administrator's lists, which go before those of the distribution.
    pub(in super::super) etc: PathBuf,
    /// The distribution's lists: the first of these folders that has one.
    pub(in super::super) usr: Vec<PathBuf>,
}

/// What has names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum List {
    /// Routing tables.
    Tables,
    /// Who added a route.
    Protocols,
    /// Scopes of routes and addresses.
    Scopes,
    /// Types of service.
    DsField,
}

impl Default for Iproute {
    fn default() -> Self {
        let usr = ["/usr/share/iproute2", "/usr/lib/iproute2"].map(PathBuf::from).into();
        Self { etc: PathBuf::from("/etc/iproute2"), usr }
    }
}

impl Iproute {
    /// The number that is given by number or name; `None` if there is none, or if it is too large for what it is.
    pub(in super::super) fn number(&self, list: List, word: &str) -> Option<u32> {
        let number = plain(word).or_else(|| self.named(list, word))?;
        (number <= list.most()).then_some(number)
    }

    fn named(&self, list: List, word: &str) -> Option<u32> {
        let listed =
            self.files(list).iter().find_map(|path| named(&std::fs::read_to_string(path).ok()?, word));
        listed.or_else(|| list.built_in().iter().find(|(name, _)| *name == word).map(|(_, number)| *number))
    }

    /// The files of a list: one of its own name, then those that packages add.
    fn files(&self, list: List) -> Vec<PathBuf> {
        let own = std::iter::once(&self.etc).chain(&self.usr).map(|folder| folder.join(list.file()));
        let mut files: Vec<PathBuf> = own.filter(|path| path.is_file()).take(1).collect();
        // A file of the administrator goes before the distribution's of the same name.
        let mut added = BTreeMap::new();
        for folder in self.usr.iter().rev().chain([&self.etc]) {
            added.extend(additions(&folder.join(format!("{}.d", list.file()))));
        }
        files.extend(added.into_values());
        files
    }
}

impl List {
    const fn file(self) -> &'static str {
        match self {
            Self::Tables => "rt_tables",
            Self::Protocols => "rt_protos",
            Self::Scopes => "rt_scopes",
            Self::DsField => "rt_dsfield",
        }
    }

    const fn most(self) -> u32 {
        match self {
            Self::Tables => u32::MAX,
            Self::Protocols | Self::Scopes | Self::DsField => 255,
        }
    }

    /// Names that are known without a list.
    const fn built_in(self) -> &'static [(&'static str, u32)] {
        match self {
            Self::Tables => &[("unspec", 0), ("default", 253), ("main", 254), ("local", 255)],
            Self::Protocols => &[
                ("none", 0),
                ("redirect", 1),
                ("kernel", 2),
                ("boot", 3),
                ("static", 4),
                ("gated", 8),
                ("ra", 9),
                ("mrt", 10),
                ("zebra", 11),
                ("bird", 12),
                ("dnrouted", 13),
                ("xorp", 14),
                ("ntk", 15),
                ("dhcp", 16),
                ("keepalived", 18),
                ("babel", 42),
            ],
            Self::Scopes => &[("global", 0), ("site", 200), ("link", 253), ("host", 254), ("nowhere", 255)],
            Self::DsField => &[],
        }
    }
}

/// A number as strtoul(3) with base 0 reads it, and nothing behind it.
pub(super) fn plain(word: &str) -> Option<u32> {
    match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None if word.starts_with('0') && word.len() > 1 => u32::from_str_radix(word, 8).ok(),
        None => word.parse().ok().filter(|_| word.starts_with(|c: char| c.is_ascii_digit())),
    }
}

/// The lists in such a folder, by their names.
fn additions(folder: &Path) -> impl Iterator<Item = (std::ffi::OsString, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| (entry.file_name(), entry.path())).filter(|(name, path)| {
        let is_hidden = name.to_string_lossy().starts_with('.');
        !is_hidden && path.extension().is_some_and(|extension| extension == "conf") && path.is_file()
    })
}

/// The number in a line `NUMBER NAME` of such a list.
fn named(list: &str, name: &str) -> Option<u32> {
    list.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let number = words.next().and_then(plain)?;
        (words.next() == Some(name) && words.next().is_none()).then_some(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_any_base() {
        let iproute = Iproute { etc: PathBuf::from("/nowhere"), usr: Vec::new() };
        let table = [
            (List::Tables, "main", Some(254)),
            (List::Tables, "100", Some(100)),
            (List::Tables, "0x10", Some(16)),
            (List::Tables, "010", Some(8)),
            (List::Tables, "4294967295", Some(u32::MAX)),
            (List::Tables, "4294967296", None),
            (List::Tables, "no such table", None),
            (List::Tables, "", None),
            (List::Protocols, "static", Some(4)),
            (List::Protocols, "255", Some(255)),
            (List::Protocols, "256", None),
            (List::Scopes, "link", Some(253)),
            (List::DsField, "0x10", Some(16)),
            (List::DsField, "EF", None),
        ];
        for (list, word, expected) in table {
            assert_eq!(iproute.number(list, word), expected, "{list:?} {word}");
        }
        let list = "# reserved\n255\tlocal\n100 uplink # of the provider\n7 two words\n";
        assert_eq!(named(list, "uplink"), Some(100));
        assert_eq!((named(list, "other"), named(list, "two")), (None, None));
    }

    #[test]
    fn the_administrator_s_lists_go_before_the_distribution_s() {
        let folder = std::env::temp_dir().join(format!("keepwatch-iproute-{}", std::process::id()));
        let (etc, usr) = (folder.join("etc"), folder.join("usr"));
        let write = |path: PathBuf, text: &str| {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(usr.join("rt_tables"), "1 both\n2 distribution\n");
        write(etc.join("rt_tables"), "3 both\n");
        write(usr.join("rt_protos"), "77 mine\n");
        write(usr.join("rt_tables.d/a.conf"), "10 a\n");
        write(usr.join("rt_tables.d/b.conf"), "11 b\n");
        write(usr.join("rt_tables.d/README"), "13 c\n");
        write(etc.join("rt_tables.d/b.conf"), "12 d\n");
        let iproute = Iproute { etc, usr: vec![usr] };
        let of = |list, word| iproute.number(list, word);
        let found = ["both", "distribution", "a", "b", "c", "d"].map(|word| of(List::Tables, word));
        assert_eq!(found, [Some(3), None, Some(10), None, None, Some(12)]);
        assert_eq!(of(List::Protocols, "mine"), Some(77));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
