//! Routing tables by name.

/// Where iproute2 lists them: the administrator's files come first.
const LISTS: [&str; 3] =
    ["/etc/iproute2/rt_tables", "/usr/share/iproute2/rt_tables", "/usr/lib/iproute2/rt_tables"];

/// The number of a table that is given by number or name.
pub(super) fn number(word: &str) -> Option<u32> {
    let known = match word {
        "unspec" => Some(0),
        "default" => Some(253),
        "main" => Some(254),
        "local" => Some(255),
        _ => plain(word),
    };
    known.or_else(|| LISTS.iter().find_map(|path| named(&std::fs::read_to_string(path).ok()?, word)))
}

/// A number as strtoul(3) with base 0 reads it, and nothing behind it.
pub(super) fn plain(word: &str) -> Option<u32> {
    match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None if word.starts_with('0') && word.len() > 1 => u32::from_str_radix(word, 8).ok(),
        None => word.parse().ok().filter(|_| word.starts_with(|c: char| c.is_ascii_digit())),
    }
}

/// The number in a line `NUMBER NAME` of such a list.
fn named(list: &str, name: &str) -> Option<u32> {
    list.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let number = words.next().and_then(plain)?;
        (words.next() == Some(name)).then_some(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_numbers_and_names() {
        let table = [
            ("main", Some(254)),
            ("100", Some(100)),
            ("0x10", Some(16)),
            ("010", Some(8)),
            ("no such table", None),
            ("", None),
        ];
        for (word, expected) in table {
            assert_eq!(number(word), expected, "{word}");
        }
        let list = "# reserved\n255\tlocal\n100 uplink # of the provider\n";
        assert_eq!(named(list, "uplink"), Some(100));
        assert_eq!(named(list, "other"), None);
    }
}
