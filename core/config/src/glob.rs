//! Paths that a pattern matches, as glob(3) with braces gives them: `{a,b}`, `*`, `?`, `[a-z]`, `[!a]`, and `\` before a
//! character that stands for itself. A name that begins with a dot is matched by a dot only.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// More alternatives than any pattern has.
const MOST: usize = 1024;

/// What a pattern matches.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Matches {
    /// In the order in which they are to be read; as written, so perhaps relative to the folder.
    pub(crate) paths: Vec<PathBuf>,
    /// Alternatives without any wildcard that are not there.
    pub(crate) missing: Vec<String>,
    /// Folders that are there and do not tell what is in them, with why.
    pub(crate) unlisted: Vec<String>,
}

/// Everything that `pattern` matches, seen from `folder`.
pub(crate) fn glob(pattern: &str, folder: &Path) -> Matches {
    let mut found = Matches::default();
    for alternative in alternatives(pattern) {
        if has_wildcard(&alternative) {
            found.paths.extend(walk(&alternative, folder, &mut found.unlisted));
            continue;
        }
        let path = PathBuf::from(unescaped(&alternative));
        if fs::symlink_metadata(folder.join(&path)).is_ok() {
            found.paths.push(path);
        } else {
            found.missing.push(alternative);
        }
    }
    found
}

/// Whether something other than the pattern itself can match.
pub(crate) fn has_wildcard(pattern: &str) -> bool {
    find(pattern, &['*', '?', '[']).is_some()
}

/// The pattern without braces, once for each alternative.
fn alternatives(pattern: &str) -> Vec<String> {
    let mut open = vec![pattern.to_owned()];
    let mut done = Vec::new();
    while let Some(pattern) = open.pop() {
        match braces(&pattern) {
            Some(parts) if open.len() + done.len() + parts.len() <= MOST => {
                open.extend(parts.into_iter().rev())
            }
            _ => done.push(pattern),
        }
    }
    done
}

/// What the first braces stand for; `None` if there are none, or they hold nothing.
fn braces(pattern: &str) -> Option<Vec<String>> {
    let mut from = 0;
    loop {
        let start = from + find(pattern.get(from..)?, &['{'])?;
        let (before, inner) = (pattern.get(..start)?, pattern.get(start + 1..)?);
        if inner.starts_with('}') {
            from = start + 2;
            continue;
        }
        let mut depth = 0_usize;
        let mut begin = 0;
        let mut parts = Vec::new();
        let mut escaped = false;
        for (at, c) in inner.char_indices() {
            match c {
                _ if std::mem::take(&mut escaped) => {}
                '\\' => escaped = true,
                '{' => depth += 1,
                ',' if depth == 0 => {
                    parts.push(inner.get(begin..at)?);
                    begin = at + 1;
                }
                '}' if depth == 0 => {
                    parts.push(inner.get(begin..at)?);
                    let after = inner.get(at + 1..)?;
                    return Some(parts.into_iter().map(|part| format!("{before}{part}{after}")).collect());
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
        return None;
    }
}

/// Where one of these characters stands that is not escaped.
fn find(text: &str, wanted: &[char]) -> Option<usize> {
    let mut escaped = false;
    let is_it = |&(_, c): &(usize, char)| {
        let counts = !std::mem::take(&mut escaped);
        escaped = counts && c == '\\';
        counts && wanted.contains(&c)
    };
    text.char_indices().find(is_it).map(|(at, _)| at)
}

fn unescaped(text: &str) -> String {
    let mut chars = text.chars();
    let mut out = String::new();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    out
}

/// Goes down folder by folder.
fn walk(pattern: &str, folder: &Path, unlisted: &mut Vec<String>) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from(if pattern.starts_with('/') { "/" } else { "" })];
    for component in pattern.split('/').filter(|component| !component.is_empty()) {
        if !has_wildcard(component) {
            let name = unescaped(component);
            found.iter_mut().for_each(|path| path.push(&name));
            found.retain(|path| fs::symlink_metadata(folder.join(path)).is_ok());
            continue;
        }
        found = found.into_iter().flat_map(|path| inside(&path, component, folder, unlisted)).collect();
    }
    found
}

/// The names in one folder, in order, that match.
fn inside(path: &Path, component: &str, folder: &Path, unlisted: &mut Vec<String>) -> Vec<PathBuf> {
    let real = folder.join(path);
    let real = if real.as_os_str().is_empty() { Path::new(".") } else { &real };
    let entries = match fs::read_dir(real) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Vec::new();
        }
        Err(error) => {
            unlisted.push(format!("{} cannot be listed: {error}", real.display()));
            return Vec::new();
        }
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| matches(component, name)).collect();
    names.sort_unstable();
    names.into_iter().map(|name| path.join(name)).collect()
}

/// Whether a name matches a pattern without `/` and braces.
fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where to go on if what follows the last `*` does not match here.
    let mut retry = None;
    loop {
        if pattern.get(p) == Some(&'*') {
            p += 1;
            retry = Some((p, n));
            continue;
        }
        let step = match name.get(n) {
            Some(&c) => one(pattern.get(p..).unwrap_or_default(), c),
            None if p == pattern.len() => return true,
            None => None,
        };
        if let Some(length) = step {
            (p, n) = (p + length, n + 1);
            continue;
        }
        match retry {
            Some((after, from)) if from < name.len() => {
                (p, n) = (after, from + 1);
                retry = Some((after, n));
            }
            _ => return false,
        }
    }
}

/// How many characters of the pattern stand for this one character; `None` if they do not.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['\\', escaped, ..] => (*escaped == c).then_some(2),
        ['[', rest @ ..] => match set(rest, c) {
            Some((length, true)) => Some(1 + length),
            Some((_, false)) => None,
            // Never closed: a bracket like any other character.
            None => (c == '[').then_some(1),
        },
        [plain, ..] => (*plain == c).then_some(1),
        [] => None,
    }
}

/// The length of a set behind its `[`, and whether it holds the character; `None` if it never ends.
fn set(pattern: &[char], c: char) -> Option<(usize, bool)> {
    let negated = matches!(pattern.first(), Some('!' | '^'));
    let mut at = usize::from(negated);
    let first = at;
    let mut holds = false;
    loop {
        match pattern.get(at..)? {
            [']', ..] if at > first => return Some((at + 1, holds != negated)),
            [low, '-', high, ..] if *high != ']' => {
                holds |= (*low..=*high).contains(&c);
                at += 3;
            }
            [plain, ..] => {
                holds |= *plain == c;
                at += 1;
            }
            [] => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_match() {
        let table = [
            ("*.conf", "a.conf", true),
            ("*.conf", ".conf", false),
            (".*", ".conf", true),
            ("*.conf", "a.conf.bak", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("[0-9][!a]-?", "1b-x", true),
            ("[0-9][^a]-?", "1a-x", false),
            ("[]x]", "]", true),
            ("[a", "[a", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("ä?", "äö", true),
            ("", "", true),
            ("*", "", true),
        ];
        for (pattern, name, expected) in table {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn braces_are_alternatives_in_their_order() {
        let table: [(&str, &[&str]); 7] = [
            ("a", &["a"]),
            ("{b,a}.c", &["b.c", "a.c"]),
            ("{a,b{1,2}}{x,y}", &["ax", "ay", "b1x", "b1y", "b2x", "b2y"]),
            ("{}a", &["{}a"]),
            ("{a", &["{a"]),
            ("\\{a,b}", &["\\{a,b}"]),
            ("{,a}", &["", "a"]),
        ];
        for (pattern, expected) in table {
            assert_eq!(alternatives(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn files_are_found_in_order_and_what_is_missing_is_named() {
        let folder = std::env::temp_dir().join(format!("keepwatch-glob-{}", std::process::id()));
        fs::create_dir_all(folder.join("d")).unwrap();
        for name in ["b.conf", "a.conf", ".h.conf", "d/c.conf"] {
            fs::write(folder.join(name), "").unwrap();
        }
        let found = |pattern: &str| {
            let Matches { paths, missing, .. } = glob(pattern, &folder);
            (
                paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" "),
                missing.join(" "),
            )
        };
        let both = |paths: &str, missing: &str| (paths.to_owned(), missing.to_owned());
        assert_eq!(found("*.conf"), both("a.conf b.conf", ""));
        assert_eq!(found("*/*.conf"), both("d/c.conf", ""));
        assert_eq!(found("{b,x,a}.conf"), both("b.conf a.conf", "x.conf"));
        assert_eq!(found("x*"), both("", ""));
        let absolute = folder.join("?.conf");
        let expected = format!("{0}/a.conf {0}/b.conf", folder.display());
        assert_eq!(found(&absolute.display().to_string()), both(&expected, ""));
        fs::remove_dir_all(folder).unwrap();
    }
}
