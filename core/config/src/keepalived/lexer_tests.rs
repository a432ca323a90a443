//! Words, braces and comments, with their offsets.

use super::*;

/// Tokens in short: `word@start..end`, `{@n`, `}@n`, `/` between lines.
fn short(text: &str) -> String {
    let mut findings = Findings::default();
    let tokens = lex(text, &mut findings);
    let mut out: Vec<String> = Vec::new();
    for token in &tokens {
        match token {
            Token::Open(at) => out.push(format!("{{@{at}")),
            Token::Close(at) => out.push(format!("}}@{at}")),
            Token::Line(line) => {
                let words = std::iter::once(&line.keyword).chain(&line.arguments);
                let words: Vec<_> = words
                    .map(|word| format!("{}@{}..{}", word.text, word.span.start, word.span.end))
                    .collect();
                out.push(format!("<{}>", words.join(" ")));
            }
        }
    }
    out.join(" ")
}

#[test]
fn words_braces_and_offsets() {
    let table = [
        ("", ""),
        ("state MASTER\n", "<state@0..5 MASTER@6..12>"),
        ("  state\tMASTER \t\r\n", "<state@2..7 MASTER@8..14>"),
        ("vrrp_instance VI_1{\n", "<vrrp_instance@0..13 VI_1@14..18> {@18"),
        ("group{a}b", "<group@0..5> {@5 <a@6..7> }@7 <b@8..9>"),
        ("track_script { a }", "<track_script@0..12> {@13 <a@15..16> }@17"),
        ("} vrrp_instance x {", "}@0 <vrrp_instance@2..15 x@16..17> {@18"),
        ("a\n{\nb\n}", "<a@0..1> {@2 <b@4..5> }@6"),
        ("name \"a b\" c", "<name@0..4 a b@5..10 c@11..12>"),
        ("name a\"b c\"", "<name@0..4 a@5..6 b c@6..11>"),
        ("name \"{ # }\"", "<name@0..4 { # }@5..12>"),
        ("name 'a b'", "<name@0..4 'a@5..7 b'@8..10>"),
        ("auth_pass ab#cd", "<auth_pass@0..9 ab@10..12>"),
        ("auth_pass ab\\#cd\\!", "<auth_pass@0..9 ab#cd!@10..18>"),
        ("auth_pass \"ab#cd\" ! old", "<auth_pass@0..9 ab#cd@10..17>"),
        ("! comment { \"", ""),
        ("a '#' b", "<a@0..1 '@2..3>"),
        ("a \\\"b #c", "<a@0..1 \\@2..3>"),
        ("a \"open b }", "<a@0..1>"),
        ("ä ö", "<ä@0..2 ö@3..5>"),
        ("\u{feff}state BACKUP", "<state@3..8 BACKUP@9..15>"),
        ("a ${X}b c", "<a@0..1 ${X}b@2..7 c@8..9>"),
        ("a \\", "<a@0..1>"),
        ("a\u{a0}b", "<a\u{a0}b@0..4>"),
    ];
    for (text, expected) in table {
        assert_eq!(short(text), expected, "{text:?}");
    }
}

#[test]
fn a_line_keeps_its_raw_text_and_knows_of_a_comment() {
    let mut findings = Findings::default();
    let tokens = lex("  script \"a b\"  c # why\n", &mut findings);
    let [Token::Line(line)] = tokens.as_slice() else { panic!("{tokens:?}") };
    assert_eq!((line.raw, line.span.clone(), line.comment), ("script \"a b\"  c", 2..17, Comment::Apart));
    let tokens = lex("virtual_ipaddress { 10.0.0.1 }\n", &mut findings);
    let [_, _, Token::Line(line), _] = tokens.as_slice() else { panic!("{tokens:?}") };
    assert_eq!((line.raw, line.span.clone(), line.comment), ("10.0.0.1", 20..28, Comment::None));
}

#[test]
fn odd_lines_are_reported() {
    let table = [
        ("a \"b\n", "a double quote is not closed on its line", 2..4),
        ("a \\\n", "a line ends in a backslash", 2..3),
        (&format!("a {}\n", "b".repeat(1_100)), "this line has 1103 octets", 0..0),
    ];
    for (text, message, span) in table {
        let mut findings = Findings::default();
        lex(text, &mut findings);
        let found: Vec<_> = findings.iter().map(|f| (f.message.as_str(), f.primary.span.clone())).collect();
        assert_eq!(found, [(message, span)]);
    }
    let mut findings = Findings::default();
    lex(&format!("# {}\n", "long comments are nobody's business ".repeat(100)), &mut findings);
    assert!(findings.is_empty());
}
