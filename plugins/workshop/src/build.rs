//! From a Rust project to a component.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use wit_component::{ComponentEncoder, DecodedWasm};

const TARGET: &str = "wasm32-unknown-unknown";

/// A component that was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in octets.
    pub size: usize,
    /// The contract's functions that it calls, by interface: `http`, `log`.
    pub imports: Vec<String>,
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
    Ok(Built { path, size: component.len(), imports: imports(&component)? })
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

/// The interfaces of the contract whose functions a component calls, by their plain names, sorted.
fn imports(component: &[u8]) -> Result<Vec<String>, String> {
    let unreadable = || "what was built cannot be read".to_owned();
    let Ok(DecodedWasm::Component(resolve, world)) = wit_component::decode(component) else {
        return Err(unreadable());
    };
    let world = resolve.worlds.get(world).ok_or_else(unreadable)?;
    let names = world.imports.keys().map(|key| resolve.name_world_key(key));
    let plain = names.filter_map(|name| {
        let interface = name.strip_prefix("keepwatch:plugin/")?;
        interface.split('@').next().map(str::to_owned)
    });
    // Types are no functions.
    let mut imports: Vec<String> = plain.filter(|name| name != "types").collect();
    imports.sort_unstable();
    Ok(imports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_component_imports() {
        let file = |path: &str| std::fs::read(Path::new("../..").join(path)).unwrap();
        let checker = file("examples/plugins/replication-lag/replication-lag.wasm");
        assert_eq!(imports(&checker).unwrap(), ["http", "log"]);
        // It is given types and calls nothing.
        let quiet = file("plugins/wasm/tests/guests/leaking-checker.wasm");
        assert_eq!(imports(&quiet).unwrap(), Vec::<String>::new());
        assert_eq!(imports(b"\0asm").unwrap_err(), "what was built cannot be read");
    }

    #[test]
    fn what_is_no_plugin_is_not_built() {
        let folder = std::env::temp_dir().join(format!("keepwatch-build-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let why = component(&folder).unwrap_err();
        assert!(why.ends_with("or make one: keepwatch plugin new NAME --lang rust"), "{why}");
        std::fs::remove_dir_all(&folder).unwrap();
        let why = encode(b"no module").unwrap_err();
        assert!(why.starts_with("no component can be made of it: "), "{why}");
    }
}
