//! From a Rust project to a component.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use wit_component::ComponentEncoder;

const TARGET: &str = "wasm32-unknown-unknown";

/// A component that was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in octets.
    pub size: usize,
}

/// Builds the plugin in a folder with the user's own cargo, whose messages go to standard error, and puts the component
/// `NAME.wasm` beside its Cargo.toml.
///
/// # Errors
///
/// What is missing or went wrong, and what to do.
pub fn component(folder: &Path) -> Result<Built, String> {
    if !folder.join("Cargo.toml").exists() {
        return Err(format!(
            "{} has no Cargo.toml; go to the plugin's folder, or make one: keepwatch plugin new NAME --lang rust",
            folder.display()
        ));
    }
    let module = compile(folder)?;
    let octets = std::fs::read(&module).map_err(|error| format!("{}: {error}", module.display()))?;
    let component = encode(&octets)?;
    let stem = module.file_stem().unwrap_or_default().to_string_lossy().replace('_', "-");
    let path = folder.join(format!("{stem}.wasm"));
    // Whoever watches the file must never see half of it.
    let new = folder.join(format!(".{stem}.wasm.new"));
    std::fs::write(&new, &component)
        .and_then(|()| std::fs::rename(&new, &path))
        .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    Ok(Built { path, size: component.len() })
}

/// Lets cargo compile; where the module is.
fn compile(folder: &Path) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(&cargo)
        .args(["build", "--release", "--target", TARGET, "--message-format", "json-render-diagnostics"])
        .current_dir(folder)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo cannot be started: {error}; install Rust from https://rustup.rs"))?;
    if !output.status.success() {
        let missing = !has_target(folder);
        let help =
            if missing { ": the target is missing; rustup target add wasm32-unknown-unknown" } else { "" };
        return Err(format!("cargo could not build it{help}"));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let modules = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter(is_cdylib);
    let mut found = modules.filter_map(|message| {
        let files = message.get("filenames")?.as_array()?;
        files.iter().filter_map(Value::as_str).find(|name| name.ends_with(".wasm")).map(PathBuf::from)
    });
    found.next_back().ok_or_else(|| {
        "cargo built no WASM module; Cargo.toml needs [lib] with crate-type = [\"cdylib\"]".to_owned()
    })
}

fn is_cdylib(message: &Value) -> bool {
    let kinds = message.pointer("/target/crate_types").and_then(Value::as_array);
    kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "cdylib"))
}

/// Whether the user's compiler has the target's standard library.
fn has_target(folder: &Path) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(folder)
        .output();
    output.is_ok_and(|output| {
        let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
    })
}

fn encode(module: &[u8]) -> Result<Vec<u8>, String> {
    let encoder = ComponentEncoder::default().module(module).map(|encoder| encoder.validate(true));
    let encoded = encoder.and_then(|mut encoder| encoder.encode());
    encoded.map_err(|error| format!("no component can be made of it: {error:#}"))
}
