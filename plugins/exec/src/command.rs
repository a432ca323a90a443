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
                Self::Shell(first.clone() + &quoted(words))
            }
            Some(_) | None => Self::Argv(argv),
        }
    }

    /// The same with these arguments more. No shell reads them.
    #[must_use]
    pub fn with(&self, arguments: &[String]) -> Self {
        match self {
            Self::Argv(words) => Self::Argv([words, arguments].concat()),
            Self::Shell(text) => Self::Shell(text.clone() + &quoted(arguments.iter())),
        }
    }
}

/// Words that a shell leaves as they are.
fn quoted<'w>(words: impl Iterator<Item = &'w String>) -> String {
    words.map(|word| format!(" '{}'", word.replace('\'', "'\\''"))).collect()
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

    #[test]
    fn what_is_added_no_shell_reads() {
        let more = ["a b".to_owned(), "it's $x".to_owned()];
        let argv = Command::Argv(words("/bin/echo 1")).with(&more);
        assert_eq!(argv, Command::Argv(["/bin/echo", "1", "a b", "it's $x"].map(str::to_owned).to_vec()));
        let shell = Command::Shell("echo".to_owned()).with(&more);
        assert_eq!(shell, Command::Shell("echo 'a b' 'it'\\''s $x'".to_owned()));
    }
}
