//! Plugins as WebAssembly components, run by wasmtime.
//!
//! ```text
//!   octets --head--> loader (in use, cache, child or thread) --inspect, link--> Template --describe--> WasmProgram
//!                                                                                                | start(Host)
//!                                                                                                v
//!     Host <--functions-- guest <--budget: CPU, wall clock, memory-- Instance <--one at a time-- WasmPlugin
//! ```
//!
//! The contract is `sdk/wit/1.0/plugin.wit`. Nothing of WASI is linked. A guest that crashes or takes too much is
//! dropped with all its memory; who starts it anew is not decided here.

#[allow(unreachable_pub)]
mod bindings;

mod allowance;
mod budget;
mod cache;
mod compiler;
mod crash;
mod describe;
mod functions;
mod head;
mod inspect;
mod instance;
mod loader;
mod machine;
mod meter;
mod options;
mod plugin;
mod program;
mod runtime;
mod template;
mod ticker;
mod wording;
mod words;

pub use compiler::{NotCompiled, compile_file};
pub use options::{ChildCompiler, Options, Warn};
pub use runtime::WasmRuntime;
