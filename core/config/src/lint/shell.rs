//! Commands that want a shell, and get none.

/// The first word of a command that only a shell would understand, by its place in the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unread<'a> {
    /// The word; for one that ends in a semicolon just that.
    pub(crate) word: &'a str,
    /// The program that is handed it.
    pub(crate) program: &'a str,
}

/// Looks through a program and its arguments, of which no shell reads any. Words with white space in them have been
/// quoted, for somebody who is to have them so.
pub(crate) fn for_no_shell(argv: &[String]) -> Option<Unread<'_>> {
    let (program, arguments) = argv.split_first()?;
    // keepalived hands a redirection alone to /bin/sh.
    if program.starts_with(['<', '>']) {
        return None;
    }
    let mut has_exec = false;
    for argument in arguments {
        // `find -exec ... ;` wants its semicolon.
        has_exec |= matches!(argument.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir");
        if let Some(word) = shells(argument).filter(|word| !(has_exec && *word == ";")) {
            return Some(Unread { word, program });
        }
    }
    shells(program).map(|word| Unread { word, program })
}

/// The part of a word that is a shell's.
fn shells(word: &str) -> Option<&str> {
    if word.contains(char::is_whitespace) {
        return None;
    }
    let after_digits = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_operator = matches!(word, "|" | "||" | "&&" | "&" | ";" | "|&");
    let is_redirection = after_digits.starts_with(['<', '>']) || word.starts_with("&>");
    if is_operator || is_redirection || word.contains("$(") || word.contains('`') {
        return Some(word);
    }
    word.ends_with(';').then_some(";")
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
        let quoted = ["/bin/sh", "-c", "pidof x | wc -l"].map(str::to_owned);
        assert_eq!(for_no_shell(&quoted), None);
    }
}
