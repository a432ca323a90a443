//! What only a shell understands.

use std::path::Path;

/// Words that are operators of a shell.
const OPERATORS: &[&str] = &["|", "||", "|&", "&", "&&", ";", ">", ">>", "<", "<<", "&>"];
/// Programs that read what stands behind their `-c`.
const SHELLS: &[&str] = &["sh", "ash", "bash", "dash", "ksh", "mksh", "zsh"];

/// The first part of a command that means something to a shell only, if no shell reads it.
pub(crate) fn first(argv: &[String]) -> Option<String> {
    if argv.iter().zip(argv.iter().skip(1)).any(|(program, option)| is_read(program, option)) {
        return None;
    }
    argv.iter().skip(1).find_map(|word| sign(word))
}

/// Whether these two words make a shell read what comes then.
fn is_read(program: &str, option: &str) -> bool {
    let name = Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    SHELLS.contains(&name) && option.starts_with('-') && option.contains('c')
}

fn sign(word: &str) -> Option<String> {
    if OPERATORS.contains(&word) {
        return Some(word.to_owned());
    }
    let redirection = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
    if redirection.starts_with('>') || redirection.starts_with('<') {
        return Some(word.to_owned());
    }
    for part in ["$(", "`"] {
        if word.contains(part) {
            return Some(part.to_owned());
        }
    }
    // With blanks it was quoted, as `Accept: */*` is: meant as it stands.
    if word.contains(char::is_whitespace) {
        return None;
    }
    if word.starts_with('~') || word.contains('*') {
        return Some(word.to_owned());
    }
    (word.len() > 1 && word.ends_with(';')).then(|| ";".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_read_is_found() {
        for (command, expected) in [
            ("/bin/ss -ltn | grep :80", Some("|")),
            ("/bin/pidof x > /dev/null", Some(">")),
            ("/bin/pidof x >/dev/null", Some(">/dev/null")),
            ("/bin/pidof x 2>&1", Some("2>&1")),
            ("/bin/x < /etc/passwd", Some("<")),
            ("/bin/a && /bin/b", Some("&&")),
            ("/bin/a; /bin/b", None),
            ("/bin/a x; /bin/b", Some(";")),
            ("/bin/kill -0 $(cat", Some("$(")),
            ("/bin/kill -0 `cat", Some("`")),
            ("/bin/ls /run/*.pid", Some("/run/*.pid")),
            ("/bin/cat ~/x", Some("~/x")),
            ("/bin/sh -c a|b > x", None),
            ("/usr/bin/timeout 5 bash -ec a && b", None),
            ("/usr/bin/killall -0 haproxy", None),
            ("/bin/grep a|b x>y a~b a;b", None),
        ] {
            let argv: Vec<String> = command.split(' ').map(str::to_owned).collect();
            assert_eq!(first(&argv).as_deref(), expected, "{command}");
        }
        let quoted = ["/usr/bin/curl", "-H", "Accept: */*"].map(str::to_owned);
        assert_eq!(first(&quoted), None);
    }
}
