//! Why a guest crashed, in plain words.

use wasmtime::{Trap, WasmBacktrace};

use crate::allowance::octets;
use crate::describe::line;
use crate::instance::{HANDED_OVER, HANDLES};
use crate::machine::GUEST_STACK;

/// Functions that are named.
const NAMED: usize = 3;
/// The longest name of a function.
const NAME: usize = 120;
/// Functions of every panic, which say nothing of where it came from.
const OF_PANICS: &[&str] = &[
    "panicking::",
    "rust_panic",
    "rust_begin_unwind",
    "rust_start_panic",
    "std::process::abort",
    "std::sys::",
    "__rustc::",
    "option::unwrap_failed",
    "option::expect_failed",
    "result::unwrap_failed",
];
/// What the name of a function begins with that a tool has put between a guest and the host.
const OF_TOOLS: &str = "indirect-";

/// Why a guest crashed, and in which of its functions, if it names them.
pub(crate) fn text(error: &wasmtime::Error) -> String {
    let reason = reason(error);
    let functions = error.downcast_ref::<WasmBacktrace>().map(functions).unwrap_or_default();
    match functions.as_slice() {
        [] => reason,
        [function] => format!("{reason}, in {function}"),
        [function, callers @ ..] => format!("{reason}, in {function}, called by {}", callers.join(" < ")),
    }
}

fn reason(error: &wasmtime::Error) -> String {
    let Some(trap) = error.downcast_ref::<Trap>() else {
        let cause = error.root_cause().to_string();
        if cause.contains("fuel allocated for hostcalls") {
            return format!("it handed more than {} over at once", octets(HANDED_OVER));
        }
        if cause.contains("handle limit exceeded") {
            return format!("it made more than {HANDLES} handles without giving any back");
        }
        return line(cause.lines().next().unwrap_or_default());
    };
    match trap {
        Trap::UnreachableCodeReached => {
            "it gave up (a panic or an abort; what it logged last says more)".to_owned()
        }
        Trap::StackOverflow => {
            format!("its calls went deeper than its stack of {}", octets(GUEST_STACK))
        }
        Trap::MemoryOutOfBounds => {
            "it touched memory that it does not have (so does a recursion without end)".to_owned()
        }
        Trap::TableOutOfBounds | Trap::IndirectCallToNull | Trap::BadSignature => {
            "it called a function that is none".to_owned()
        }
        Trap::IntegerDivisionByZero => "it divided by zero".to_owned(),
        Trap::IntegerOverflow => "a number became too large".to_owned(),
        Trap::BadConversionToInteger => "it made a whole number of one that is none".to_owned(),
        other => other.to_string().trim_start_matches("wasm trap: ").to_owned(),
    }
}

/// The functions it was in, innermost first. Only wasmtime's own words have them with the names that people gave them.
fn functions(backtrace: &WasmBacktrace) -> Vec<String> {
    let text = backtrace.to_string();
    let names = text.lines().filter_map(|line| {
        let (_, name) = line.split_once('!')?;
        let nameless = name.starts_with("<wasm function") || name.starts_with(OF_TOOLS);
        let telling = !nameless && !OF_PANICS.iter().any(|part| name.contains(part));
        telling.then(|| shortened(name))
    });
    names.take(NAMED).collect()
}

/// A function's name without what only linkers care for.
fn shortened(name: &str) -> String {
    let name = match name.rsplit_once("::h") {
        Some((before, hash)) if hash.len() == 16 && hash.chars().all(|c| c.is_ascii_hexdigit()) => before,
        _ => name,
    };
    let printable = name.chars().filter(|c| !c.is_control());
    printable.take(NAME).collect()
}

#[cfg(test)]
mod tests {
    use wasmtime::{Engine, Instance, Module, Store};

    use super::*;

    #[test]
    fn a_crash_names_the_functions_that_people_wrote() {
        let text = r#"
            (module
                (func $_ZN4demo5ratio17h0123456789abcdefE (result i32)
                    (i32.div_u (i32.const 1) (i32.const 0)))
                (func (result i32) call $_ZN4demo5ratio17h0123456789abcdefE)
                (func $_ZN4demo6handle17h0123456789abcdefE (export "f") (result i32) (call 1)))
        "#;
        let engine = Engine::default();
        let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let function = instance.get_typed_func::<(), i32>(&mut store, "f").unwrap();
        let error = function.call(&mut store, ()).unwrap_err();
        assert_eq!(super::text(&error), "it divided by zero, in demo::ratio, called by demo::handle");
    }

    #[test]
    fn names_of_functions_lose_their_hash() {
        assert_eq!(shortened("demo::handle::h0123456789abcdef"), "demo::handle");
        assert_eq!(shortened("demo::hash"), "demo::hash");
        assert_eq!(shortened("a\u{1b}b"), "ab");
    }
}
