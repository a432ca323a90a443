//! What becomes of lines before they are read.

use std::fs;
use std::path::Path;

use super::*;

fn expanded(text: &str) -> (Source, Findings) {
    within(text, None)
}

fn within(text: &str, folder: Option<&Path>) -> (Source, Findings) {
    let mut findings = Findings::default();
    let surroundings = Surroundings { config_id: "main", folder };
    let source = expand(Source::new("t.conf", text), surroundings, &mut findings);
    (source, findings)
}

/// The lines that count, separated by `/`.
fn lines(text: &str) -> String {
    let (source, findings) = expanded(text);
    assert!(findings.is_empty(), "{}", findings.render(&source, crate::Style::Plain));
    counting(&source)
}

fn counting(source: &Source) -> String {
    let lines = source.text.lines().map(|line| line.get(..significant(line).end).unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("/")
}

#[test]
fn conditions_definitions_and_repetition() {
    let table = [
        ("@main a\n@other b\n@^main c\n@^other d", "a/d"),
        ("@main\na", "a"),
        ("@main @main a", "@main a"),
        ("x { @main a }\ny", "x {/a }/y"),
        ("x { @other a }\ny", "x {/y"),
        ("$A=1\nx $A y $A", "x 1 y 1"),
        ("$A=\nx $A y", "x  y"),
        ("$A=1\n$A=2\nx ${A}3", "x 23"),
        ("@main $P=240\n@other $P=200\npriority $P", "priority 240"),
        ("$IF_MAIN=@main\n$IF_MAIN priority 240", "priority 240"),
        ("$A=10.${B}\n$B=1\nx ${A}.0\n$B=2\nx ${A}.0", "x 10.1.0/x 10.2.0"),
        ("$L= \\\na $N \\\n# comment \\\n  b\n$N=7\n$L\nx $L", "a 7/b/x a 7/b"),
        ("$L=a \\\n@main b \\\n@other c\n$L", "a/b"),
        ("$I= i1 \\\ni2\n$O=o1 \\\n$I \\\no2\n$O", "o1/i1/i2/o2"),
        ("$B= x { \\\n a \\\n}\n$B\ny", "x {/a/}/y"),
        ("x ${_INSTANCE}", "x main"),
        ("x ${_HASH}1 ${_BANG}", "x \\#1 \\!"),
        ("x \"${_HASH}1\"", "x \"#1\""),
        ("$A=a\\#b\nx \"$A \" $A", "x \"a#b \" a\\#b"),
        ("~SEQ(v, 1, 3) x$v ${v}", "x1 1/x2 2/x3 3"),
        ("~SEQ(a, 2) ~SEQ(b, 2) x ${a}.${b}", "x 1.1/x 1.2/x 2.1/x 2.2"),
        ("~LST({a,b}, {p,1}, {q,2}) x ${a} ${b}", "x p 1/x q 2"),
        ("~SEQ(v, 2) $L\n", "$L/$L"),
        ("$L=x $v \\\ny\n~SEQ(v, 2) $L\n", "x 1/y/x 2/y"),
        ("a { ~SEQ(v, 2) x $v\n}", "a {/x 1/x 2/}"),
        ("$N=3\n~SEQ(v, ${N}) $v", "1/2/3"),
        ("notification_email { a@b.example }", "notification_email { a@b.example }"),
        ("auth_pass pa$word", "auth_pass pa$word"),
    ];
    for (text, expected) in table {
        assert_eq!(lines(text), expected, "{text}");
    }
}

#[test]
fn a_text_without_any_of_this_stays_as_it_is() {
    for text in ["a # b\n\n{ c@d.e }", "include_x", "a ~ b\r\n", ""] {
        assert_eq!(expanded(text).0, Source::new("t.conf", text), "{text:?}");
    }
}

#[test]
fn what_is_wrong_is_said_where_it_stands() {
    let table = [
        ("~SEQ(v)", "t.conf:1:1 this is no ~SEQ"),
        ("a\n ~LST(v x", "t.conf:2:2 this is no ~LST"),
        ("~SEQ(v, 1000000) x", "t.conf:1:1 lines are repeated more than 100,000 times"),
        ("$A=$A \nx ${A}", "t.conf:2:1 a definition needs itself"),
        ("$A=x \\\n$A\n$A", "t.conf:2:1 definitions, repetitions or includes are nested too deep"),
        ("$A=1\nx $A/24", "t.conf:2:3 `$A` is not replaced here"),
        ("$A=1 \\\n2\nx ${A} y", "t.conf:3:3 `A` is not replaced here"),
        ("x ${_RANDOM 3 1}", "t.conf:1:3 `_RANDOM` has no value"),
        ("$A=1 \\\n\nx", "t.conf:2:1 an empty line ends the definition of `A`"),
        ("include x.conf", "t.conf:1:1 `include` in a text that is no file"),
        ("include_check everything", "t.conf:1:1 `everything` is nothing that `include_check` can check"),
    ];
    for (text, expected) in table {
        let (source, findings) = expanded(text);
        let found = findings.iter().map(|finding| {
            let (file, line, column) = source.position(finding.primary.span.start);
            format!("{file}:{line}:{column} {}", finding.message)
        });
        assert_eq!(found.collect::<Vec<_>>(), [expected], "{text}");
    }
}

/// A folder of its own for a test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("keepwatch-{name}-{}", std::process::id()));
        fs::create_dir_all(path.join("d")).unwrap();
        for (name, text) in files {
            fs::write(path.join(name), text).unwrap();
        }
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn files_are_read_in_place_of_the_line() {
    let files = [
        ("b.inc", "b $A\n$A=2"),
        ("a.inc", "a $A"),
        ("d/c.inc", "c ${_PWD}\ninclude e.inc\n"),
        ("d/e.inc", "e"),
        ("empty", ""),
    ];
    let folder = Folder::new("include", &files);
    let text = "x\n$A=1\ninclude *.inc\ny $A\ninclude d/c.inc\n@main include empty\nz";
    let (source, findings) = within(text, Some(&folder.0));
    assert!(findings.is_empty());
    let expected = format!("x/a 1/b 1/y 2/c {}/e/z", folder.0.join("d").display());
    assert_eq!(counting(&source), expected);
    let at = source.text.rfind("\ne\n").unwrap() + 1;
    assert_eq!(source.position(at), ("e.inc", 1, 1));
    assert_eq!(source.position(source.text.rfind('z').unwrap()), ("t.conf", 7, 1));
}

#[test]
fn how_strict_an_include_is() {
    let folder =
        Folder::new("strict", &[("a.inc", "a"), ("loop.inc", "include loop.inc"), ("nul.inc", "a\0b")]);
    let table = [
        ("include x.inc", Some("Warning there is no file `x.inc`")),
        ("includer x.inc", Some("Warning there is no file `x.inc`")),
        ("includem x.inc", Some("Error there is no file `x.inc`")),
        ("include x*.inc", None),
        ("includem x*.inc", None),
        ("includew x*.inc", Some("Error no file matches `x*.inc`")),
        ("include {a,x}.inc", Some("Warning there is no file `x.inc`")),
        ("includeb {a,x}.inc", Some("Error there is no file `x.inc`")),
        ("includea a.inc", None),
        ("include d", Some("Warning d is a directory")),
        ("includer d", Some("Error d is a directory")),
        ("include_check match\ninclude x.inc", Some("Error there is no file `x.inc`")),
        ("include_check\ninclude_check -match\ninclude x.inc", Some("Warning there is no file `x.inc`")),
        ("include loop.inc", Some("Error files include each other without end")),
        ("include nul.inc", Some("Error nul.inc is not a text: line 1 holds a NUL octet")),
        ("include \"a.inc\"", Some("Warning there is no file `\"a.inc\"`")),
        ("include", Some("Warning `include` names no file")),
    ];
    for (text, expected) in table {
        let (_, findings) = within(text, Some(&folder.0));
        let found: Vec<String> = findings
            .iter()
            .map(|finding| {
                let message = finding.message.replace(&format!("{}/", folder.0.display()), "");
                format!("{:?} {message}", finding.severity)
            })
            .collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{text}");
    }
}

#[test]
fn a_finding_over_two_files_shows_both() {
    let folder = Folder::new("two", &[("a.inc", "first\n")]);
    let (source, mut findings) = within("include a.inc\nsecond\n", Some(&folder.0));
    let first = source.text.find("first").unwrap();
    let second = source.text.rfind("second").unwrap();
    findings
        .push(Diagnostic::error(&(second..second + 6), "twice", "here").and(&(first..first + 5), "and here"));
    let expected = "\
error: twice
 --> t.conf:2:1
  |
2 | second
  | ^^^^^^ here
  |
 ::: a.inc:1:1
  |
1 | first
  | ----- and here
";
    assert_eq!(findings.render(&source, crate::Style::Plain), expected);
}
