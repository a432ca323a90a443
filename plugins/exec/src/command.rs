//! What is to run.

use std::fmt;

/// What is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A program and its arguments. No shell reads them.
    Argv(Vec<String>),
    /// A text that `/bin/sh` reads.
    Shell(String),
}

impl Command {
    /// A command of a keepalived.conf, split into words. If the first begins with `<` or `>`, as in
    /// `</dev/tcp/127.0.0.1/80`, a shell reads it: a redirection alone says whether a file can be opened.
    #[must_use]
    pub fn of_keepalived(argv: Vec<String>) -> Self {
        let mut words = argv.iter();
        match words.next() {
            Some(first) if first.starts_with(['<', '>']) => {
                // Only the first word is for the shell.
                let quoted = words.map(|word| format!(" '{}'", word.replace('\'', "'\\''")));
                Self::Shell(first.clone() + &quoted.collect::<String>())
            }
            Some(_) | None => Self::Argv(argv),
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argv(words) => f.write_str(&words.join(" ")),
            Self::Shell(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_redirection_alone_is_for_the_shell() {
        let shell = |text: &str| Command::Shell(text.to_owned());
        for (argv, expected) in [
            ("</dev/tcp/127.0.0.1/80", shell("</dev/tcp/127.0.0.1/80")),
            ("< /run/it's", shell("< '/run/it'\\''s'")),
            (">/run/a $b", shell(">/run/a '$b'")),
            ("/bin/test -e /run/a", Command::Argv(words("/bin/test -e /run/a"))),
            ("/bin/echo > /run/a", Command::Argv(words("/bin/echo > /run/a"))),
        ] {
            assert_eq!(Command::of_keepalived(words(argv)), expected, "{argv}");
        }
        assert_eq!(Command::of_keepalived(Vec::new()), Command::Argv(Vec::new()));
    }
}
