//! Files that a script imports: from its own folder only, read once, before it runs.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Engine, EvalAltResult, Module, ModuleResolver, Position, Shared};

/// The largest file that is read, in octets.
pub(crate) const LARGEST: usize = 1 << 20;

/// Why a file is not imported: what happened, and what to do.
#[derive(Debug)]
pub(crate) struct NotFound {
    pub(crate) message: String,
    pub(crate) help: String,
}

/// One name for each file: `lib/chat.rhai` is `lib/chat`.
pub(crate) fn canonical(path: &str) -> &str {
    path.strip_suffix(".rhai").unwrap_or(path)
}

/// The file that a script in `folder` means by a path, whether it is there or not.
///
/// # Errors
///
/// If the path leads out of the folder.
pub(crate) fn place(folder: &Path, path: &str) -> Result<PathBuf, NotFound> {
    let relative = Path::new(canonical(path));
    let inside = relative.components().all(|part| matches!(part, Component::Normal(_)));
    if !inside || path.is_empty() || path.contains(['\\', '\0']) {
        return Err(outside(folder, path));
    }
    Ok(folder.join(format!("{}.rhai", canonical(path))))
}

/// Reads the file at a [`place`].
///
/// # Errors
///
/// If a link leads out of the folder, or there is no such file, or it is no text.
pub(crate) fn read(folder: &Path, path: &str, file: &Path) -> Result<String, NotFound> {
    let failed = |error: std::io::Error| NotFound {
        message: format!("{} cannot be read: {}", file.display(), plain(&error)),
        help: "create the file, or mend the path; it is relative to the script's own folder".to_owned(),
    };
    let real = file.canonicalize().map_err(failed)?;
    // A link may lead to another place in the folder, not out of it.
    let home = here(folder).canonicalize().map_err(failed)?;
    if !real.starts_with(&home) || real.extension().is_none_or(|ending| ending != "rhai") {
        return Err(outside(folder, path));
    }
    // An imported file does what the script was granted: it is read under the same conditions.
    let content = keepwatch_host::read_file(&real).map_err(|refusal| match refusal.words() {
        Some((message, helps)) => NotFound { message: message.to_owned(), help: helps.join("; ") },
        None => NotFound { message: refusal.to_string(), help: String::new() },
    })?;
    text(&*content)
        .map_err(|why| NotFound { message: format!("{} {why}", file.display()), help: String::new() })
}

fn outside(folder: &Path, path: &str) -> NotFound {
    NotFound {
        message: format!("`{path}` is not in the script's own folder"),
        help: format!("import a file below {}, for example \"lib/NAME\"", here(folder).display()),
    }
}

/// A script's text.
///
/// # Errors
///
/// That it is too long or no text, to be read behind the file's name.
pub(crate) fn text(content: impl Into<Vec<u8>>) -> Result<String, String> {
    let content = content.into();
    if content.len() > LARGEST {
        return Err(format!("is larger than {LARGEST} octets"));
    }
    let text = String::from_utf8(content)
        .map_err(|error| format!("is not UTF-8 text (octet {})", error.utf8_error().valid_up_to() + 1))?;
    // Editors of other systems put this before it.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// The folder of a script that was named without one is none to the system.
fn here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// An error of the system without its number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    text.chars()
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(text.chars().skip(1)).collect())
}

/// Where a running script gets its imports from: what was compiled with it, and nothing else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bundle {
    modules: Arc<Mutex<BTreeMap<String, Shared<Module>>>>,
}

impl Bundle {
    /// Adds a module.
    pub(crate) fn insert(&self, path: &str, module: Shared<Module>) {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        modules.insert(canonical(path).to_owned(), module);
    }
}

impl ModuleResolver for Bundle {
    fn resolve(
        &self,
        _: &Engine,
        _: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        let found = modules.get(canonical(path)).cloned();
        found.ok_or_else(|| EvalAltResult::ErrorModuleNotFound(path.to_owned(), position).into())
    }
}
