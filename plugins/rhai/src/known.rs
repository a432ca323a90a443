//! The functions a script can call: those of keepwatch, and those of the language.

/// A function of keepwatch's.
#[derive(Debug)]
pub(crate) struct HostFunction {
    pub(crate) name: &'static str,
    /// With how many arguments it may be called.
    pub(crate) arities: &'static [usize],
    /// How it is called, for people.
    pub(crate) usage: &'static str,
}

const fn host(name: &'static str, arities: &'static [usize], usage: &'static str) -> HostFunction {
    HostFunction { name, arities, usage }
}

/// The functions of keepwatch.
pub(crate) const HOST: &[HostFunction] = &[
    host("debug", &[1], "debug(text)"),
    host("info", &[1], "info(text)"),
    host("print", &[0, 1], "print(text)"),
    host("warn", &[1], "warn(text)"),
    host("error", &[1], "error(text)"),
    host("now", &[0], "now()"),
    host("sleep", &[1], "sleep(seconds) or sleep(\"500ms\")"),
    host("kv_get", &[1], "kv_get(key)"),
    host("kv_set", &[2], "kv_set(key, value)"),
    host("kv_delete", &[1], "kv_delete(key)"),
    host("kv_keys", &[0, 1], "kv_keys(prefix)"),
    host("http", &[1], "http(#{ method: \"GET\", url: \"https://...\" })"),
    host("http_get", &[1], "http_get(url)"),
    host("http_post", &[2], "http_post(url, body)"),
    host("parse_json", &[1], "parse_json(text)"),
    host("to_json", &[1], "to_json(value)"),
    host("run", &[1], "run(action)"),
    host(
        "tcp",
        &[1, 2],
        "tcp(\"HOST:PORT\") or tcp(\"HOST:PORT\", #{ send: ..., receive: ..., timeout: ... })",
    ),
    host("unix", &[1, 2], "unix(\"/PATH\") or unix(\"/PATH\", #{ send: ..., receive: ..., timeout: ... })"),
    host("notify", &[2], "notify(destination, text)"),
    host(
        "mail",
        &[2, 3],
        "mail(destination, subject, text) or mail(destination, #{ subject: ..., text: ..., html: ... })",
    ),
    host("webhook", &[2], "webhook(destination, body)"),
    host("set_track", &[3], "set_track(name, verdict, ttl)"),
    host("metric_add", &[1, 2], "metric_add(name) or metric_add(name, by)"),
    host("metric_set", &[2], "metric_set(name, to)"),
    host("emit", &[1, 2, 3], "emit(name), emit(name, data) or emit(name, severity, data)"),
    host("pass", &[0, 1], "pass(text)"),
    host("fail", &[0, 1], "fail(text)"),
    host("unknown", &[0, 1], "unknown(text)"),
    host("retry", &[1], "retry(\"5s\") or retry(seconds)"),
    host("skip", &[0, 1], "skip(reason)"),
];

/// Functions that the interpreter itself provides, with any number of arguments.
const INTERPRETER: &[&str] = &["type_of", "Fn", "call", "is_def_var", "is_def_fn"];

/// Functions of the language's packages that are included, with the number of arguments they take: what
/// `Engine::gen_fn_signatures` of rhai 1.27 lists (it needs a feature that is not worth its weight in the daemon).
const LANGUAGE: &[(&str, &[usize])] = &[
    ("E", &[0]),
    ("PI", &[0]),
    ("abs", &[1]),
    ("acos", &[1]),
    ("acosh", &[1]),
    ("all", &[2]),
    ("append", &[2]),
    ("as_string", &[1]),
    ("asin", &[1]),
    ("asinh", &[1]),
    ("atan", &[1, 2]),
    ("atanh", &[1]),
    ("bits", &[1, 2, 3]),
    ("blob", &[0, 1, 2]),
    ("bytes", &[1]),
    ("ceiling", &[1]),
    ("chars", &[1, 2, 3]),
    ("chop", &[2]),
    ("clear", &[1]),
    ("contains", &[2]),
    ("cos", &[1]),
    ("cosh", &[1]),
    ("crop", &[2, 3]),
    ("dedup", &[1, 2]),
    ("drain", &[2, 3]),
    ("end", &[1]),
    ("ends_with", &[2]),
    ("exit", &[0, 1]),
    ("exp", &[1]),
    ("extract", &[2, 3]),
    ("fill_with", &[2]),
    ("filter", &[2]),
    ("find", &[2, 3]),
    ("find_map", &[2, 3]),
    ("floor", &[1]),
    ("for_each", &[2]),
    ("fraction", &[1]),
    ("get", &[2]),
    ("hypot", &[2]),
    ("index_of", &[2, 3]),
    ("insert", &[3]),
    ("int", &[1]),
    ("is_anonymous", &[1]),
    ("is_empty", &[1]),
    ("is_even", &[1]),
    ("is_exclusive", &[1]),
    ("is_finite", &[1]),
    ("is_inclusive", &[1]),
    ("is_infinite", &[1]),
    ("is_nan", &[1]),
    ("is_odd", &[1]),
    ("is_zero", &[1]),
    ("keys", &[1]),
    ("len", &[1]),
    ("ln", &[1]),
    ("log", &[1, 2]),
    ("make_lower", &[1]),
    ("make_upper", &[1]),
    ("map", &[2]),
    ("max", &[2]),
    ("min", &[2]),
    ("mixin", &[2]),
    ("name", &[1]),
    ("order", &[1, 2]),
    ("order_by", &[2]),
    ("order_desc", &[1]),
    ("pad", &[3]),
    ("parse_be_float", &[2, 3]),
    ("parse_be_int", &[2, 3]),
    ("parse_float", &[1]),
    ("parse_int", &[1, 2]),
    ("parse_le_float", &[2, 3]),
    ("parse_le_int", &[2, 3]),
    ("pop", &[1, 2]),
    ("push", &[2]),
    ("range", &[2, 3]),
    ("reduce", &[2, 3]),
    ("reduce_rev", &[2, 3]),
    ("remove", &[2]),
    ("replace", &[3]),
    ("retain", &[2, 3]),
    ("reverse", &[1]),
    ("round", &[1]),
    ("set", &[3]),
    ("set_tag", &[2]),
    ("shift", &[1]),
    ("sign", &[1]),
    ("sin", &[1]),
    ("sinh", &[1]),
    ("some", &[2]),
    ("sort", &[1, 2]),
    ("sort_by", &[2]),
    ("sort_desc", &[1]),
    ("splice", &[3, 4]),
    ("split", &[1, 2, 3]),
    ("split_rev", &[2, 3]),
    ("sqrt", &[1]),
    ("start", &[1]),
    ("starts_with", &[2]),
    ("sub_string", &[2, 3]),
    ("tag", &[1]),
    ("take", &[1]),
    ("tan", &[1]),
    ("tanh", &[1]),
    ("to_array", &[1]),
    ("to_binary", &[1]),
    ("to_blob", &[1]),
    ("to_chars", &[1]),
    ("to_debug", &[1]),
    ("to_degrees", &[1]),
    ("to_float", &[1]),
    ("to_hex", &[1]),
    ("to_int", &[1]),
    ("to_lower", &[1]),
    ("to_octal", &[1]),
    ("to_radians", &[1]),
    ("to_string", &[1]),
    ("to_upper", &[1]),
    ("trim", &[1]),
    ("truncate", &[2]),
    ("values", &[1]),
    ("write_ascii", &[3, 4]),
    ("write_be", &[3, 4]),
    ("write_le", &[3, 4]),
    ("write_utf8", &[3, 4]),
    ("zip", &[3]),
];

/// The function of keepwatch's of this name.
pub(crate) fn host_function(name: &str) -> Option<&'static HostFunction> {
    HOST.iter().find(|function| function.name == name)
}

/// With how many arguments a function may be called; none if there is no such function, empty if with any.
pub(crate) fn arities(name: &str) -> Option<&'static [usize]> {
    if INTERPRETER.contains(&name) {
        return Some(&[]);
    }
    let host = host_function(name).map(|function| function.arities);
    host.or_else(|| LANGUAGE.iter().find(|(known, _)| *known == name).map(|(_, arities)| *arities))
}

/// The names of all functions.
pub(crate) fn names<'a>() -> impl Iterator<Item = &'a str> {
    let language = LANGUAGE.iter().map(|(name, _)| *name);
    HOST.iter().map(|function| function.name).chain(INTERPRETER.iter().copied()).chain(language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_function_of_keepwatch_is_in_the_book() {
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src/rhai-hooks.md");
        let page = std::fs::read_to_string(page).unwrap();
        for function in HOST {
            assert!(page.contains(&format!("`{}(", function.name)), "{} is not in the book", function.name);
        }
    }

    #[test]
    fn the_table_of_the_language_is_that_of_the_library_in_use() {
        let lock = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
        let lock = std::fs::read_to_string(lock).unwrap();
        assert!(lock.contains("name = \"rhai\"\nversion = \"1.27."), "another rhai: write LANGUAGE anew");
    }
}
