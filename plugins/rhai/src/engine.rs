//! Rhai's interpreter: what of the language there is, and its limits.

use std::sync::OnceLock;

use rhai::packages::{
    BasicArrayPackage, BasicBlobPackage, BasicMapPackage, BasicMathPackage, CorePackage, LogicPackage,
    MoreStringPackage, Package,
};
use rhai::{Engine, Module, OptimizationLevel, Shared};

use crate::natives;

/// How deep calls may be nested.
pub(crate) const CALLS: usize = 32;
/// How deep expressions may be nested: outside of functions, and in them.
const EXPRESSIONS: (usize, usize) = (64, 32);
/// Variables that one function may have at a time.
pub(crate) const VARIABLES: usize = 256;
/// Functions of one file.
pub(crate) const FUNCTIONS: usize = 256;
/// Imports that one call may do.
const IMPORTS: usize = 64;
/// Operations that one call may do. What ends an endless loop is the limit of computing time, long before.
const OPERATIONS: u64 = 1_000_000_000;

/// Of more memory than this a single value does not get a larger share.
const LARGEST: usize = 256 << 20;

/// An interpreter without any function that reaches outside, whose values stay within shares of `memory` octets.
///
/// All strings of a value may have a 16th of it together ([`texts`]), all arrays a 4096th of it in elements (8192 of the
/// usual 32 MiB), all maps an 8192th in entries (4096). Many values together, and long keys of maps, Rhai does not
/// count: [`crate::budget`] does, from outside. As deep as a value may have elements it may be nested: [`stack`].
pub(crate) fn language(memory: usize) -> Engine {
    let memory = memory.min(LARGEST);
    let mut engine = Engine::new_raw();
    for module in packages() {
        engine.register_global_module(module.clone());
    }
    engine
        .set_max_operations(OPERATIONS)
        .set_max_call_levels(CALLS)
        .set_max_expr_depths(EXPRESSIONS.0, EXPRESSIONS.1)
        .set_max_variables(VARIABLES)
        .set_max_functions(FUNCTIONS)
        .set_max_modules(IMPORTS)
        .set_max_string_size(texts(memory))
        .set_max_array_size((memory / 4096).max(256))
        .set_max_map_size((memory / 8192).max(128))
        .set_strict_variables(true)
        .set_fail_on_invalid_map_property(true)
        .set_optimization_level(OptimizationLevel::Simple)
        // Code out of data; and functions in functions in functions, which no limit counts.
        .disable_symbol("eval")
        .disable_symbol("curry");
    natives::text::register(&mut engine);
    natives::time::refuse(&mut engine);
    natives::json::register(&mut engine);
    engine
}

/// How many octets a text may have, and as many all texts of an array or a map together: Rhai does not tell the two apart. 2 MiB
/// of the usual 32 MiB: a few such texts are made, or lists of all their letters, before somebody looks whether a call must end.
pub(crate) fn texts(memory: usize) -> usize {
    (memory.min(LARGEST) / 16).max(4096)
}

/// The stack of a thread that scripts run on. Only what is used of it takes memory: usually less than 100 KiB. A value
/// that is nested as deep as it may be is cloned, compared and dropped recursively: two of the four parts are used then
/// without optimisation.
pub(crate) fn stack(memory: usize) -> usize {
    memory.clamp(4 << 20, LARGEST) * 4
}

/// The packages of the language, made once. Without clocks, and with [`natives`] in front of `sleep`.
fn packages() -> &'static [Shared<Module>] {
    static PACKAGES: OnceLock<Vec<Shared<Module>>> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        vec![
            CorePackage::new().as_shared_module(),
            LogicPackage::new().as_shared_module(),
            BasicMathPackage::new().as_shared_module(),
            BasicArrayPackage::new().as_shared_module(),
            BasicBlobPackage::new().as_shared_module(),
            BasicMapPackage::new().as_shared_module(),
            MoreStringPackage::new().as_shared_module(),
        ]
    })
}
