//! Which format a file is written in.

use std::ops::Range;
use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::model::Format;

/// The format of the file at this path with this text. The ending of its name says so; where there is none, as of a pipe, what
/// stands in it does.
pub(crate) fn of(path: &Path, text: &str) -> Format {
    match path.extension() {
        None if native_line(text).is_some() => Format::Native,
        _ => by_name(path),
    }
}

/// The format that a name stands for, whatever is in the file.
pub(crate) fn by_name(path: &Path) -> Format {
    if path.extension().is_some_and(|ending| ending == "toml") { Format::Native } else { Format::Keepalived }
}

/// What to say of a text that was read as a keepalived.conf for the name of its file, and looks like a keepwatch.toml.
pub(crate) fn misnamed(text: &str) -> Option<Diagnostic> {
    let message = "this looks like a keepwatch.toml, and is read as a keepalived.conf";
    let finding = Diagnostic::remark(&native_line(text)?, message, "");
    Some(finding.note("the ending of the file's name decides").help("let the name end in `.toml`"))
}

/// The first line with more than a comment in it, if it is of a native file: a header, or a key with a value.
fn native_line(text: &str) -> Option<Range<usize>> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let said = line.trim();
        if said.is_empty() || said.starts_with(['#', '!']) {
            at += line.len();
            continue;
        }
        let key: &str = said.split('=').next().unwrap_or_default().trim_end();
        let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_pair = said.contains('=') && !key.is_empty() && key.chars().all(is_bare);
        let start = at + line.find(said).unwrap_or_default();
        return (said.starts_with('[') || is_pair).then_some(start..start + said.len());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_decides_and_without_one_the_first_line() {
        use Format::{Keepalived, Native};
        let table = [
            ("a.toml", "vrrp_instance V {", Native),
            ("a.conf", "[instance.web]", Keepalived),
            ("/etc/keepalived/k.conf.new", "node = \"a\"", Keepalived),
            ("/dev/fd/63", "# of web\n\n  [instance.web]\n", Native),
            ("/dev/stdin", "node = \"a\"", Native),
            ("config", "keepalived=\"k.conf\"", Native),
            ("config", "vrrp_instance V {", Keepalived),
            ("config", "! node = 1\nglobal_defs {\n a = 1\n}", Keepalived),
            ("config", "$VIP=10.0.0.1", Keepalived),
            ("config", "~LST a = 1", Keepalived),
            ("config", "", Keepalived),
        ];
        for (path, text, format) in table {
            assert_eq!(of(Path::new(path), text), format, "{path}: {text}");
        }
        assert_eq!(native_line("\n [instance.web] \n"), Some(2..16));
    }
}
