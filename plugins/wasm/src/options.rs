//! What the runtime is told when it starts.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Hears of what went wrong without keeping a plugin from being loaded, in one line for people.
pub type Warn = Arc<dyn Fn(String) + Send + Sync>;

/// What the runtime is told when it starts. By default it compiles in its own process and keeps nothing.
#[derive(Clone, Default)]
pub struct Options {
    /// A directory for compiled components: `KEEPWATCH_CACHE_DIR/components`. It is made if it is not there. What is in
    /// it is machine code that will run in this process: it is used only if root or this process's user owns it and
    /// nobody else can write it.
    pub cache: Option<PathBuf>,
    /// A program that compiles. Needs the cache, which it writes to.
    pub compiler: Option<ChildCompiler>,
    /// Hears warnings.
    pub warn: Option<Warn>,
}

/// A program that compiles a component, so that the compiler's memory and time are not the daemon's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildCompiler {
    /// Its file. A daemon that is its own compiler best says `/proc/self/exe`: that is the running program even after
    /// an upgrade has put another one in its place.
    pub program: PathBuf,
    /// What comes before the names of the component and of the file to write: `compile-component`. It must end with
    /// what [`compile_file`](crate::compile_file) says: nothing written to standard error and 0, or an error and its status.
    pub arguments: Vec<OsString>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("cache", &self.cache)
            .field("compiler", &self.compiler)
            .finish_non_exhaustive()
    }
}
