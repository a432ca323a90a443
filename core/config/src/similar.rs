//! Words that may have been meant, and words of a file within a message.

/// Longer words are not compared: no keyword comes near.
pub(crate) const LONGEST: usize = 40;

/// Of shorter words nobody knows what they are the beginning of.
const SHORTEST_BEGINNING: usize = 3;

/// What others call what is called differently here: keepalived, and people in a hurry.
const OTHER_WORDS: [(&str, &str); 19] = [
    ("advert_int", "advert_interval"),
    ("auth_type", "auth_pass"),
    ("authentication", "auth_pass"),
    ("command", "script"),
    ("exec", "script"),
    ("interface", "dev"),
    ("mcast_src_ip", "source"),
    ("nic", "interface"),
    ("static_ipaddress", "static"),
    ("static_routes", "static"),
    ("static_rules", "static"),
    ("track_file", "track"),
    ("track_interface", "track"),
    ("track_process", "track"),
    ("track_script", "track"),
    ("unicast_src_ip", "source"),
    ("vips", "virtual_addresses"),
    ("virtual_ipaddress", "virtual_addresses"),
    ("vrid", "virtual_router_id"),
];

/// What stands under a word that must be one of `choices`: the one that was probably meant, else `otherwise`.
pub(crate) fn choice(word: &str, choices: &[&str], otherwise: &str) -> String {
    let same = choices.iter().find(|choice| choice.eq_ignore_ascii_case(word)).copied();
    let other = || OTHER_WORDS.iter().find(|(other, _)| *other == word).map(|(_, ours)| *ours);
    let other = || other().filter(|ours| choices.contains(ours));
    let near = || nearest(word, choices.iter().copied());
    match same.or_else(other).or_else(near).or_else(|| longer(word, choices)) {
        Some(choice) => did_you_mean(choice),
        None => otherwise.to_owned(),
    }
}

/// The one of the choices that others call so, or that is called so in the other format; nothing if several are.
pub(crate) fn synonym<'c>(word: &str, choices: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let is_other =
        |choice: &&str| OTHER_WORDS.iter().any(|pair| *pair == (word, *choice) || *pair == (*choice, word));
    let mut found = choices.into_iter().filter(is_other);
    found.next().filter(|_| found.next().is_none())
}

/// The shortest of the choices that the word is a part of, from an underscore or to one, or else that it begins.
fn longer<'c>(word: &str, choices: &[&'c str]) -> Option<&'c str> {
    let (first, last) = (format!("{word}_"), format!("_{word}"));
    let is_part = |choice: &&&str| choice.starts_with(&first) || choice.ends_with(&last);
    let shortest = |found: &dyn Fn(&&&str) -> bool| {
        choices.iter().filter(found).min_by_key(|choice| choice.len()).copied()
    };
    let begins = |choice: &&&str| word.len() >= SHORTEST_BEGINNING && choice.starts_with(word);
    shortest(&is_part).or_else(|| shortest(&begins))
}

/// `there is a, b`, under a name that is none of these; empty if there is none. Of many, the first ones.
#[must_use]
pub fn there_is(names: &[&str]) -> String {
    const MOST: usize = 32;
    match names.len() {
        0 => String::new(),
        1..=MOST => format!("there is {}", names.join(", ")),
        _ => format!("there is {}", listed(names)),
    }
}

pub(crate) fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

/// A word of the file within a message.
pub(crate) fn shown(word: &str) -> String {
    let mut out: String = word.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if word.chars().nth(LONGEST).is_some() {
        out.push_str("...");
    }
    // Apostrophes and double quotes need no escape between grave accents.
    format!("`{}`", out.replace("\\'", "'").replace("\\\"", "\""))
}

/// The name that differs least from `word`, if any comes near: in two octets at most, and in a third of it. Capitals do not
/// count.
pub fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_lowercase();
    let near = |name: &'n str| {
        let distance = distance(&word, &name.to_lowercase());
        (distance <= 2 && distance * 3 <= name.len()).then_some((distance, name))
    };
    names.into_iter().filter_map(near).min_by_key(|&(distance, _)| distance).map(|(_, name)| name)
}

/// How many octets are to be inserted, deleted, replaced or exchanged with their neighbours to turn one word
/// into the other; 3 for words whose lengths differ by more than 2.
fn distance(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > 2 {
        return 3;
    }
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut a_before = None;
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        let mut b_before = None;
        for (j, &y) in b.iter().enumerate() {
            let replaced = at(&above, j) + usize::from(x != y);
            let mut least = replaced.min(at(&above, j + 1) + 1).min(at(&row, j) + 1);
            if j > 0 && a_before == Some(y) && b_before == Some(x) {
                least = least.min(at(&before, j - 1) + 1);
            }
            row.push(least);
            b_before = Some(y);
        }
        before = std::mem::replace(&mut above, row);
        a_before = Some(x);
    }
    at(&above, b.len())
}

/// Names for somebody to read, but not hundreds of them: `a, b, ...`.
#[must_use]
pub fn listed(names: &[&str]) -> String {
    const MOST: usize = 8;
    let shown = names.get(..MOST).unwrap_or(names).join(", ");
    if names.len() > MOST { format!("{shown}, ...") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        let table = [("", "", 0), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "ab", 1), ("abc", "xbcd", 2)];
        for (a, b, expected) in table {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
        assert_eq!(distance("a", "abcdef"), 3);
    }

    #[test]
    fn slips_of_the_hand_are_found() {
        let names = ["on_master", "on_backup", "on_fault", "run"];
        let table = [
            ("on_mster", Some("on_master")),
            ("on_matser", Some("on_master")),
            ("onMaster", Some("on_master")),
            ("ON_MASTER", Some("on_master")),
            ("on_back_up", Some("on_backup")),
            ("on_failure", None),
            ("rnu", Some("run")),
            ("x", None),
        ];
        for (name, expected) in table {
            assert_eq!(nearest(name, names), expected, "{name}");
        }
    }

    #[test]
    fn other_words_and_parts_of_words_are_understood() {
        let keys =
            ["virtual_router_id", "virtual_addresses_excluded", "virtual_addresses", "advert_interval"];
        let table = [
            ("vrid", "did you mean `virtual_router_id`?"),
            ("virtual_ipaddress", "did you mean `virtual_addresses`?"),
            ("addresses", "did you mean `virtual_addresses`?"),
            ("interval", "did you mean `advert_interval`?"),
            ("advert_int", "did you mean `advert_interval`?"),
            ("unicast_src_ip", "none"),
            ("id", "did you mean `virtual_router_id`?"),
            ("adv", "did you mean `advert_interval`?"),
            ("ad", "none"),
            ("val", "none"),
        ];
        for (word, expected) in table {
            assert_eq!(choice(word, &keys, "none"), expected, "{word}");
        }
    }

    #[test]
    fn a_word_is_shown_without_control_characters_and_not_at_length() {
        assert_eq!(shown("a'b\"c"), "`a'b\"c`");
        assert_eq!(shown("\u{1b}[31m"), "`\\u{1b}[31m`");
        assert_eq!(shown(&"ä".repeat(50)), format!("`{}...`", "ä".repeat(40)));
    }
}
