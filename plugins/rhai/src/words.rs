//! Rhai's errors in plain words.

use keepwatch_host::one_line;
use rhai::{Dynamic, EvalAltResult, ParseErrorType};

use crate::engine::{CALLS, VARIABLES};
use crate::known::host_function;
use crate::values::{named, to_json};

/// The longest message, in octets.
const LONGEST: usize = 1000;

/// An error in words.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// What happened, in one line.
    pub(crate) message: String,
    /// What stands under the caret.
    pub(crate) label: &'static str,
    /// What to do, if that is known.
    pub(crate) help: Option<String>,
}

impl Words {
    fn new(message: impl Into<String>) -> Self {
        // Names in it may be the script's, or come from elsewhere.
        Self { message: one_line(&message.into(), LONGEST), ..Self::default() }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// An amount of memory: `4 MiB`, or in KiB what is less than one.
pub(crate) fn octets(octets: usize) -> String {
    match octets >> 20 {
        0 => format!("{} KiB", octets >> 10),
        mebi => format!("{mebi} MiB"),
    }
}

/// What Rhai's parser says.
pub(crate) fn of_parse_error(error: &ParseErrorType) -> Words {
    match error {
        ParseErrorType::VariableUndefined(name) => Words::new(format!("there is no variable `{name}`")),
        ParseErrorType::ModuleUndefined(name) => Words::new(format!("nothing is imported as `{name}`"))
            .help(format!("write `import \"lib/{name}\" as {name};` at the top, for lib/{name}.rhai")),
        ParseErrorType::Reserved(name) if name == "eval" || name == "curry" => {
            Words::new(format!("`{name}` is not available"))
        }
        ParseErrorType::FnDuplicatedDefinition(name, _) => {
            Words::new(format!("the function `{name}` is defined twice")).help("put both into one function")
        }
        ParseErrorType::MissingToken(token, _) if token == ";" => Words::new("a statement ends with `;`")
            .help("add `;` before this, probably at the end of the line above"),
        ParseErrorType::WrongFnDefinition => {
            Words::new("a function cannot be defined in a block or in another function")
                .help("move it out, or look above for a brace that is not closed")
        }
        ParseErrorType::ExprTooDeep => {
            Words::new("this is nested too deeply").help("give parts of it names with `let`")
        }
        ParseErrorType::TooManyFunctions => Words::new("there are too many functions in this file"),
        ParseErrorType::LiteralTooLarge(_, most) => Words::new(format!("this literal is longer than {most}")),
        ParseErrorType::UnexpectedEOF => Words::new("the script ends too early")
            .help("look for a brace or a quotation mark that is not closed"),
        ParseErrorType::BadInput(error) if error.to_string().contains("not terminated") => {
            Words::new("this text is not closed")
                .help("add the quotation mark; use ` for a text of several lines")
        }
        other => Words::new(ours(&other.to_string())),
    }
}

/// What went wrong while a script ran, without the calls around it.
pub(crate) fn of_error(error: &EvalAltResult) -> Words {
    use EvalAltResult as E;
    match error {
        E::ErrorRuntime(value, _) => Words { message: thrown(value), label: label(value), help: None },
        E::ErrorParsing(error, _) => of_parse_error(error),
        E::ErrorVariableNotFound(name, _) => Words::new(format!("there is no variable `{name}`")),
        E::ErrorPropertyNotFound(name, _) => Words::new(format!("there is no field `{name}`")),
        E::ErrorIndexNotFound(index, _) => Words::new(format!("there is nothing at {index}")),
        E::ErrorFunctionNotFound(signature, _) => not_found(signature),
        E::ErrorModuleNotFound(path, _) => Words::new(format!("`{path}` is not imported")),
        E::ErrorUnboundThis(_) => Words::new("`this` is not known in this function")
            .help("handlers have it; call a function of your own as `this.NAME(...)` to hand it on"),
        E::ErrorMismatchDataType(wanted, found, _) | E::ErrorMismatchOutputType(wanted, found, _) => {
            mismatch(wanted, found)
        }
        E::ErrorIndexingType(kind, _) => {
            Words::new(format!("{} has no elements", named(kind.split(" [").next().unwrap_or(kind))))
        }
        E::ErrorArrayBounds(length, index, _) => {
            Words::new(format!("there is no element {index}: the array has {length}"))
        }
        E::ErrorStringBounds(length, index, _) => {
            Words::new(format!("there is no character {index}: the text has {length}"))
        }
        E::ErrorFor(_) => {
            Words::new("`for` cannot go through this").help("it goes through arrays, ranges and texts")
        }
        E::ErrorNonPureMethodCallOnConstant(name, _) => {
            Words::new(format!("`{}` changes a constant", ours(name)))
        }
        E::ErrorAssignmentToConstant(name, _) => Words::new(format!("`{name}` is a constant")),
        E::ErrorDotExpr(text, _) => no_property(text),
        E::ErrorTooManyVariables(_) => Words::new(format!("a function has more than {VARIABLES} variables")),
        E::ErrorTooManyModules(_) => {
            Words::new("a call imports too often").help("import at the top of the file")
        }
        E::ErrorStackOverflow(_) => Words::new(format!("calls are nested deeper than {CALLS}"))
            .help("look for a function that calls itself"),
        E::ErrorInModule(_, inner, _) | E::ErrorInFunctionCall(_, _, inner, _) => of_error(inner),
        other => {
            let text = other.to_string();
            let place = format!(" ({})", other.position());
            Words::new(ours(text.strip_suffix(&place).unwrap_or(&text)))
        }
    }
}

/// What a script threw.
pub(crate) fn thrown(value: &Dynamic) -> String {
    if let Ok(fields) = value.as_map_ref() {
        let text = fields.get("text").or_else(|| fields.get("message")).map(Dynamic::to_string);
        if let Some(text) = text {
            return one_line(&text, LONGEST);
        }
    }
    if value.is_unit() {
        return "thrown without a word".to_owned();
    }
    let text = value.as_immutable_string_ref().map(|text| one_line(&text, LONGEST));
    text.unwrap_or_else(|_| match to_json(value) {
        Ok(json) => one_line(&json.to_string(), LONGEST),
        Err(_) => format!("{} was thrown", named(value.type_name())),
    })
}

/// What a script itself threw has a label; what keepwatch's functions throw says it all.
fn label(value: &Dynamic) -> &'static str {
    let hosts =
        value.as_map_ref().is_ok_and(|fields| fields.contains_key("kind") && fields.contains_key("text"));
    if hosts { "" } else { "thrown here" }
}

/// `name (i64, string)` as Rhai writes calls that nothing answers.
fn not_found(signature: &str) -> Words {
    let Some((name, types)) = signature.split_once(" (") else {
        return Words::new(ours(signature));
    };
    let types: Vec<&str> =
        types.trim_end_matches(')').split(", ").filter(|kind| !kind.is_empty()).map(named).collect();
    let with = if types.is_empty() { "nothing".to_owned() } else { types.join(" and ") };
    if let Some(function) = host_function(name) {
        return Words::new(format!("`{name}` takes no such arguments: {with}"))
            .help(format!("write {}", function.usage));
    }
    if name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()) {
        return Words::new(format!("there is no `{name}` for {with}"));
    }
    let words = Words::new(format!("`{name}` does not work on {with}"));
    if types.contains(&"()") {
        return words.help("() is what a variable or field holds that was never set");
    }
    if name == "+" && types.contains(&"a text") {
        words.help("put values into a text with `...${value}...`")
    } else {
        words
    }
}

fn mismatch(wanted: &str, found: &str) -> Words {
    match (wanted, found) {
        (wanted, "") => Words::new(format!("this must be {}", named(wanted))),
        ("", found) => Words::new(format!("this cannot be {}", named(found))),
        (wanted, found) => Words::new(format!("this must be {} and is {}", named(wanted), named(found))),
    }
}

/// `Unknown property 'x' - a getter is not registered for type 'y'`
fn no_property(text: &str) -> Words {
    let mut quoted = text.split('\'').skip(1).step_by(2);
    match (quoted.next(), quoted.next()) {
        (Some(property), Some("()")) => {
            Words::new(format!("there is nothing here to have a field `{property}`"))
                .help("what is before the dot is (): compare it with () first")
        }
        (Some(property), Some(kind)) => Words::new(format!("{} has no field `{property}`", named(kind))),
        _ => Words::new(ours(text)),
    }
}

/// A message of Rhai's in the style of keepwatch's: small at the beginning, names between backticks.
fn ours(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| {
        let acronym = letters.clone().next().is_some_and(char::is_uppercase);
        if acronym { first.to_string() } else { first.to_lowercase().to_string() }
    });
    (first.unwrap_or_default() + letters.as_str()).replace('\'', "`")
}
