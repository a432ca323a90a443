//! Commands that want a shell, and get none.

/// The first word of a command that only a shell would understand, by its place in the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unread<'a> {
    /// The word; for one that ends in a semicolon just that.
    pub(crate) word: &'a str,
    /// The program that is handed it.
    pub(crate) program: &'a str,
}

/// Programs that read the word behind their `-c`.
const SHELLS: &[&str] = &["sh", "ash", "bash", "dash", "ksh", "mksh", "zsh"];

/// Looks through a program and its arguments, of which no shell reads any but those that one is handed. Words with white
/// space in them have been quoted, for somebody who is to have them so.
pub(crate) fn for_no_shell(argv: &[String]) -> Option<Unread<'_>> {
    let program = argv.first()?;
    // keepalived hands a redirection alone to /bin/sh.
    if program.starts_with(['<', '>']) {
        return None;
    }
    let mut has_exec = false;
    for (at, argument) in argv.iter().enumerate().skip(1) {
        if is_read(argv.get(..at).unwrap_or_default()) {
            continue;
        }
        // `find -exec ... ;` wants its semicolon.
        has_exec |= matches!(argument.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir");
        if let Some(word) = shells(argument).filter(|word| !(has_exec && *word == ";")) {
            return Some(Unread { word, program });
        }
    }
    shells(program).map(|word| Unread { word, program })
}

/// Whether a shell reads the word that comes behind these.
fn is_read(before: &[String]) -> bool {
    let [.., shell, option] = before else { return false };
    let name = shell.rsplit('/').next().unwrap_or_default();
    SHELLS.contains(&name) && option.starts_with('-') && option.contains('c')
}

/// The part of a word that is a shell's.
fn shells(word: &str) -> Option<&str> {
    if word.contains(char::is_whitespace) {
        return None;
    }
    let after_digits = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_operator = matches!(word, "|" | "||" | "&&" | "&" | ";" | "|&");
    let is_redirection = after_digits.starts_with(['<', '>']) || word.starts_with("&>");
    let is_replaced = word.contains("$(") || word.contains('`') || has_variable(word);
    if is_operator || is_redirection || is_replaced || is_pattern(word) || is_home(word) {
        return Some(word);
    }
    word.ends_with(';').then_some(";")
}

/// `$NAME` or `${NAME}`. A `$` alone ends a regular expression, and `$1` is awk's.
fn has_variable(word: &str) -> bool {
    let mut behind = word.split('$').skip(1);
    behind.any(|text| text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '{'))
}

/// A path with `*`, `?` or `{a,b}` in it. Elsewhere it may be for the program: a regular expression, `find`'s `-name *.pid`.
fn is_pattern(word: &str) -> bool {
    let has_choice = || {
        let mut behind = word.split('{').skip(1);
        behind.any(|text| text.split_once('}').is_some_and(|(choice, _)| choice.contains(',')))
    };
    // `/stats?csv` is for a web server.
    let has_any =
        || word.split('?').skip(1).any(|text| text.is_empty() || text.starts_with(['.', '/', '*', '[']));
    word.starts_with('/') && (word.contains('*') || has_any() || has_choice())
}

/// `~/x`, `~user/x`
fn is_home(word: &str) -> bool {
    word.starts_with('~') && word.contains('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_shell_understands() {
        let table = [
            ("ss -ltn | grep -q :80", Some("|")),
            ("/bin/pidof x > /dev/null", Some(">")),
            ("/bin/pidof x >/dev/null 2>&1", Some(">/dev/null")),
            ("/bin/pidof x 2>&1", Some("2>&1")),
            ("/bin/cat < /run/x", Some("<")),
            ("/bin/a && /bin/b", Some("&&")),
            ("/bin/a; /bin/b", Some(";")),
            ("/bin/a x; /bin/b", Some(";")),
            ("/bin/kill -0 $(cat /run/x.pid)", Some("$(cat")),
            ("/bin/kill -0 `cat /run/x.pid`", Some("`cat")),
            ("/bin/a &", Some("&")),
            ("/bin/ls /run/*.pid", Some("/run/*.pid")),
            ("/opt/*/bin/x", Some("/opt/*/bin/x")),
            ("/bin/ls /dev/sd?", Some("/dev/sd?")),
            ("/bin/ls /run/web?.pid", Some("/run/web?.pid")),
            ("/bin/ls /run/{a,b}.pid", Some("/run/{a,b}.pid")),
            ("/bin/grep -E x{1,3} /x", None),
            ("/bin/x /run/{a}.pid", None),
            ("/opt/check_http -u /haproxy?stats -u /x?a=1,b", None),
            ("/bin/cat ~/x", Some("~/x")),
            ("/bin/cat ~web/x", Some("~web/x")),
            ("/bin/test -f $HOME/x", Some("$HOME/x")),
            ("/bin/test -f /run/${NAME}.pid", Some("/run/${NAME}.pid")),
            ("/bin/sh -c /run/*.sh", None),
            ("/usr/bin/timeout 5 bash -ec $CHECK", None),
            ("/bin/sh -c ls | wc", Some("|")),
            ("/usr/bin/find /run -name *.pid", None),
            ("/usr/bin/pgrep -f ^web.*$", None),
            ("/usr/bin/curl -HAccept:*/* http://h/~user/", None),
            ("/usr/bin/awk $1~/x/", None),
            ("/usr/bin/find /x -exec /bin/true {} ;", None),
            ("</dev/tcp/127.0.0.1/80", None),
            ("/bin/grep -E a|b /x", None),
            ("/bin/x --min=<3>", None),
            ("/usr/bin/curl http://h/?a=1&b=2", None),
            ("/bin/true", None),
            ("", None),
        ];
        for (command, expected) in table {
            let argv: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
            assert_eq!(for_no_shell(&argv).map(|unread| unread.word), expected, "{command}");
        }
        for quoted in [["/bin/sh", "-c", "pidof x | wc -l"], ["/usr/bin/curl", "-H", "Accept: */*"]] {
            assert_eq!(for_no_shell(&quoted.map(str::to_owned)), None);
        }
    }
}
