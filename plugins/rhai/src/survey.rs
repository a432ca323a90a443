//! What a script defines, calls and imports, with the places: read from its tokens.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::scan::{Kind, PATH, Text, Token, Tokens};

/// What a script defines, calls and imports.
#[derive(Clone, Debug, Default)]
pub(crate) struct Survey {
    pub(crate) functions: Vec<Function>,
    pub(crate) calls: Vec<Call>,
    pub(crate) imports: Vec<Import>,
    /// Constants and variables of the script itself, outside of functions.
    pub(crate) constants: Vec<String>,
    pub(crate) variables: Vec<String>,
    /// Names of everything declared anywhere: variables, parameters, imports.
    pub(crate) declared: BTreeSet<String>,
    /// Keys of maps, and properties that are assigned to: they may hold functions.
    pub(crate) properties: BTreeSet<String>,
    pub(crate) comments: Vec<(Range<usize>, String)>,
    /// Where brackets are nested too deeply to read on.
    pub(crate) too_deep: Option<Range<usize>>,
}

/// A function of the script.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// Where its name stands.
    pub(crate) span: Range<usize>,
    pub(crate) parameters: Vec<String>,
    /// Whether it is for values of one type only.
    pub(crate) typed: bool,
    /// From its name to its closing brace.
    pub(crate) extent: Range<usize>,
}

/// A call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// Where the name stands.
    pub(crate) span: Range<usize>,
    pub(crate) style: Style,
    pub(crate) arguments: Vec<Argument>,
}

/// How a function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `f(x)`
    Free,
    /// `x.f()`
    Method,
    /// `module::f(x)`
    Qualified,
}

/// What is handed over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Argument {
    /// The string, if it is nothing but a literal one.
    pub(crate) literal: Option<Literal>,
    /// The `url` in a literal map, if that is a literal string.
    pub(crate) url: Option<Literal>,
}

/// A literal string and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Literal {
    pub(crate) text: Text,
    pub(crate) span: Range<usize>,
}

/// An `import`.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    /// None if it is no literal string.
    pub(crate) path: Option<Literal>,
    /// `import`.
    pub(crate) span: Range<usize>,
    pub(crate) alias: Option<String>,
}

/// Words that may stand before a parenthesis without being called.
const KEYWORDS: &[&str] = &[
    "if", "else", "while", "until", "do", "loop", "switch", "for", "in", "return", "throw", "catch", "try",
    "let", "const", "fn", "private", "import", "export", "as", "break", "continue", "this", "global", "true",
    "false",
];

impl Survey {
    /// Reads a text.
    pub(crate) fn of(text: &str) -> Self {
        let tokens = Tokens::of(text);
        let mut survey = Self { comments: tokens.comments, too_deep: tokens.too_deep, ..Self::default() };
        for (number, stream) in tokens.streams.iter().enumerate() {
            survey.read(stream, number == 0);
        }
        survey.calls.sort_by_key(|call| call.span.start);
        survey
    }

    fn read(&mut self, tokens: &[Token], main: bool) {
        let mut depth = 0_usize;
        for (at, token) in tokens.iter().enumerate() {
            match &token.kind {
                Kind::Mark('{' | '(' | '[') => depth += 1,
                Kind::Mark('}' | ')' | ']') => depth = depth.saturating_sub(1),
                Kind::Mark('|') => self.closure(tokens, at),
                Kind::Mark(':') => self.property(tokens, at),
                Kind::Mark('=') if at >= 2 && is_mark(tokens, at - 2, '.') => {
                    self.properties.extend(name(tokens, at - 1).map(str::to_owned));
                }
                Kind::Name(word) => self.word(word, tokens, at, main && depth == 0),
                _ => {}
            }
        }
    }

    fn word(&mut self, word: &str, tokens: &[Token], at: usize, outermost: bool) {
        // A property may be called like a keyword.
        if is_mark(tokens, at.wrapping_sub(1), '.') && !is_mark(tokens, at.wrapping_sub(2), '.') {
            if is_mark(tokens, at + 1, '(') {
                self.call(word, tokens, at, Style::Method);
            }
            return;
        }
        match word {
            "fn" => self.function(tokens, at),
            "let" | "const" => {
                let Some(name) = name(tokens, at + 1) else { return };
                self.declared.insert(name.to_owned());
                match (outermost, word) {
                    (true, "const") => self.constants.push(name.to_owned()),
                    (true, _) => self.variables.push(name.to_owned()),
                    (false, _) => {}
                }
            }
            "for" | "catch" => {
                // `for (item, index) in`
                let names = tokens[at + 1..].iter().take(6).take_while(|token| match &token.kind {
                    Kind::Name(name) => name != "in",
                    Kind::Mark('(' | ')' | ',') => true,
                    _ => false,
                });
                let names = names.filter_map(|token| match &token.kind {
                    Kind::Name(name) => Some(name.clone()),
                    _ => None,
                });
                self.declared.extend(names);
            }
            "import" => {
                let path = match tokens.get(at + 1) {
                    Some(Token { kind: Kind::Text(text), span }) if text.whole => {
                        Some(Literal { text: text.clone(), span: span.clone() })
                    }
                    _ => None,
                };
                let alias =
                    name(tokens, at + 2).filter(|word| *word == "as").and_then(|_| name(tokens, at + 3));
                let (alias, span) = (alias.map(str::to_owned), tokens[at].span.clone());
                self.declared.extend(alias.clone());
                self.imports.push(Import { path, span, alias });
            }
            _ if KEYWORDS.contains(&word) || !is_mark(tokens, at + 1, '(') => {}
            _ => {
                let qualified = is_mark(tokens, at.wrapping_sub(1), PATH);
                // `fn name(` is no call.
                if name(tokens, at.wrapping_sub(1)) != Some("fn") {
                    self.call(word, tokens, at, if qualified { Style::Qualified } else { Style::Free });
                }
            }
        }
    }

    /// `fn name(a, b) {`, `fn type.name(a) {`, `fn "a type".name(a) {`
    fn function(&mut self, tokens: &[Token], at: usize) {
        let typed = is_mark(tokens, at + 2, '.');
        let place = if typed { at + 3 } else { at + 1 };
        let Some(function) = name(tokens, place) else { return };
        let (open, close) = (place + 1, closing(tokens, place + 1));
        let inside = tokens.get(open + 1..close).unwrap_or_default().iter();
        let inside = inside.map_while(|token| match &token.kind {
            Kind::Name(name) => Some(Some(name.clone())),
            Kind::Mark(',') => Some(None),
            _ => None,
        });
        let parameters: Vec<String> = inside.flatten().collect();
        self.declared.extend(parameters.iter().cloned());
        let body = closing(tokens, close + 1);
        let end = tokens.get(body).or_else(|| tokens.last()).map_or(0, |token| token.span.end);
        let span = tokens[place].span.clone();
        let extent = span.start..end.max(span.end);
        self.functions.push(Function { name: function.to_owned(), span, parameters, typed, extent });
    }

    /// The parameters of `|a, b|`.
    fn closure(&mut self, tokens: &[Token], at: usize) {
        let names = tokens[at + 1..].iter().take_while(|token| !matches!(token.kind, Kind::Mark('|')));
        let names: Option<Vec<&str>> = names
            .filter(|token| !matches!(token.kind, Kind::Mark(',')))
            .map(|token| if let Kind::Name(name) = &token.kind { Some(name.as_str()) } else { None })
            .collect();
        self.declared.extend(names.into_iter().flatten().map(str::to_owned));
    }

    /// The key before a colon.
    fn property(&mut self, tokens: &[Token], at: usize) {
        match at.checked_sub(1).and_then(|before| tokens.get(before)).map(|token| &token.kind) {
            Some(Kind::Name(name)) => drop(self.properties.insert(name.clone())),
            Some(Kind::Text(text)) => drop(self.properties.insert(text.value.clone())),
            _ => {}
        }
    }

    fn call(&mut self, name: &str, tokens: &[Token], at: usize, style: Style) {
        let arguments = arguments(tokens, at + 1).into_iter().map(argument).collect();
        let span = tokens[at].span.clone();
        self.calls.push(Call { name: name.to_owned(), span, style, arguments });
    }

    /// The function whose text contains this octet.
    pub(crate) fn around(&self, at: usize) -> Option<&Function> {
        self.functions.iter().find(|function| function.extent.contains(&at))
    }
}

fn name(tokens: &[Token], at: usize) -> Option<&str> {
    match tokens.get(at).map(|token| &token.kind) {
        Some(Kind::Name(name)) => Some(name),
        _ => None,
    }
}

fn is_mark(tokens: &[Token], at: usize, mark: char) -> bool {
    tokens.get(at).is_some_and(|token| token.kind == Kind::Mark(mark))
}

/// The index of the bracket that closes the one at `open`, or of the end.
fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            Kind::Mark('{' | '(' | '[') => depth += 1,
            Kind::Mark('}' | ')' | ']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len()
}

/// What stands between the commas of the parentheses at `open`.
fn arguments(tokens: &[Token], open: usize) -> Vec<&[Token]> {
    let close = closing(tokens, open);
    let (mut found, mut start, mut depth, mut parameters) = (Vec::new(), open + 1, 0_usize, false);
    for at in open + 1..close {
        match tokens[at].kind {
            Kind::Mark('{' | '(' | '[') => depth += 1,
            Kind::Mark('}' | ')' | ']') => depth = depth.saturating_sub(1),
            // The commas in `|a, b|` part parameters, not arguments.
            Kind::Mark('|') if parameters => parameters = false,
            Kind::Mark('|') if at == start => parameters = true,
            Kind::Mark(',') if depth == 0 && !parameters => {
                found.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if start < close {
        found.push(&tokens[start..close]);
    }
    found
}

fn argument(tokens: &[Token]) -> Argument {
    let literal = |token: &Token| match &token.kind {
        Kind::Text(text) => Some(Literal { text: text.clone(), span: token.span.clone() }),
        _ => None,
    };
    if let [token] = tokens {
        return Argument { literal: literal(token), url: None };
    }
    let is_map = is_mark(tokens, 0, '#') && is_mark(tokens, 1, '{');
    Argument { literal: None, url: if is_map { url(tokens).and_then(literal) } else { None } }
}

/// What stands alone behind a `url:`.
fn url(tokens: &[Token]) -> Option<&Token> {
    tokens.windows(4).find_map(|window| {
        let [key, colon, value, end] = window else { return None };
        let key = match &key.kind {
            Kind::Name(name) => name.as_str(),
            Kind::Text(text) => text.value.as_str(),
            _ => return None,
        };
        let alone = matches!(end.kind, Kind::Mark(',' | '}'));
        (key == "url" && colon.kind == Kind::Mark(':') && alone).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_have_names_styles_and_arguments() {
        let text = "fn on_master(event) {\n  run(\"a\"); x.f(1, [2, 3]); h::g(|a, b| a + b, 1,);\n  if (y) { `${k()}` }\n}";
        let survey = Survey::of(text);
        let calls: Vec<_> =
            survey.calls.iter().map(|call| (call.name.as_str(), call.style, call.arguments.len())).collect();
        let expected = [
            ("run", Style::Free, 1),
            ("f", Style::Method, 2),
            ("g", Style::Qualified, 2),
            ("k", Style::Free, 0),
        ];
        assert_eq!(calls, expected);
        assert_eq!(&text[survey.calls[0].span.clone()], "run");
        assert_eq!(survey.calls[0].arguments[0].literal.as_ref().unwrap().text.value, "a");
    }

    #[test]
    fn functions_have_names_parameters_and_extents() {
        let text =
            "private fn a() {}\nfn on_b(x, y) { if x { } }\nfn string.c(z) {}\n// fn d() {}\nlet e = |p| p;";
        let survey = Survey::of(text);
        let functions: Vec<_> = survey
            .functions
            .iter()
            .map(|function| (function.name.as_str(), function.parameters.join(","), function.typed))
            .collect();
        let expected = [("a", String::new(), false), ("on_b", "x,y".into(), false), ("c", "z".into(), true)];
        assert_eq!(functions, expected);
        assert_eq!(&text[survey.functions[1].extent.clone()], "on_b(x, y) { if x { } }");
        assert_eq!(survey.variables, ["e"]);
        assert!(survey.declared.contains("p"));
    }

    #[test]
    fn a_url_in_a_map_is_found() {
        let survey = Survey::of(
            "http(#{ method: \"PUT\", \"url\": \"http://a/b\", body: #{url: 1} }); http(#{url: u})",
        );
        let url = |at: usize| survey.calls[at].arguments[0].url.as_ref().map(|url| url.text.value.as_str());
        assert_eq!((url(0), url(1)), (Some("http://a/b"), None));
    }

    #[test]
    fn imports_are_found_at_any_depth() {
        let survey = Survey::of("import \"lib/a\" as a; fn f() { import \"b\"; import x + \"c\" as c; }");
        let paths: Vec<_> = survey
            .imports
            .iter()
            .map(|import| {
                (import.path.as_ref().map(|path| path.text.value.as_str()), import.alias.as_deref())
            })
            .collect();
        assert_eq!(paths, [(Some("lib/a"), Some("a")), (Some("b"), None), (None, None)]);
    }

    #[test]
    fn every_prefix_of_a_text_is_read() {
        let text = "import \"a\" as a; fn a.b(x) { let y = |z| 1; http(#{url: \"u\",}).c(1, |d, e| d); } let f = a::b(2)";
        for (end, _) in text.char_indices() {
            Survey::of(&text[..end]);
        }
    }
}
