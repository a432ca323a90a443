//! A new plugin's first files.

use std::fs;
use std::path::{Path, PathBuf};

/// The SDK's sources: names below `sdk/`, and what is in them.
const SDK: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk.rs"));

/// What a plugin is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// A WASM component.
    Rust,
    /// A script.
    Rhai,
}

/// What a plugin does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It hears events and acts.
    Handler,
    /// It answers health checks.
    Checker,
}

/// Writes a new plugin's first files into a folder of its name (Rust) or beside each other (Rhai): they build, and their
/// tests pass. Gives the files that the author will want to open; no file that is there is touched.
///
/// # Errors
///
/// What is in the way, or what is wrong with the name.
pub fn start(folder: &Path, name: &str, language: Language, role: Role) -> Result<Vec<PathBuf>, String> {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(valid) || name.ends_with('-')
    {
        return Err(format!(
            "`{name}` is no name for a plugin: small letters, digits and `-`, as in replication-lag"
        ));
    }
    match language {
        Language::Rhai => {
            let path = folder.join(format!("{name}.rhai"));
            write_new(&path, &fill(rhai(role), name))?;
            Ok(vec![path])
        }
        Language::Rust => start_rust(&folder.join(name), name, role),
    }
}

fn start_rust(folder: &Path, name: &str, role: Role) -> Result<Vec<PathBuf>, String> {
    if folder.exists() {
        return Err(format!("{} is there already; remove it, or choose another name", folder.display()));
    }
    for (file, text) in SDK {
        write_new(&folder.join("sdk").join(file), text)?;
    }
    write_new(&folder.join("Cargo.toml"), &fill(MANIFEST, name))?;
    write_new(&folder.join(".gitignore"), "/target\n")?;
    let source = folder.join("src/lib.rs");
    let text = match role {
        Role::Handler => RUST_HANDLER,
        Role::Checker => RUST_CHECKER,
    };
    write_new(&source, &fill(text, name))?;
    Ok(vec![source, folder.join("Cargo.toml")])
}

const fn rhai(role: Role) -> &'static str {
    match role {
        Role::Handler => RHAI_HANDLER,
        Role::Checker => RHAI_CHECKER,
    }
}

fn fill(template: &str, name: &str) -> String {
    template.replace("NAME", name).replace("FUNCTION", &name.replace('-', "_"))
}

fn write_new(path: &Path, text: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            format!("{} is there already; choose another name", path.display())
        }
        _ => format!("{} cannot be written: {error}", path.display()),
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)
}

const MANIFEST: &str = include_str!("templates/Cargo.toml.txt");
const RUST_HANDLER: &str = include_str!("templates/handler.rs.txt");
const RUST_CHECKER: &str = include_str!("templates/checker.rs.txt");
const RHAI_HANDLER: &str = include_str!("templates/handler.rhai");
const RHAI_CHECKER: &str = include_str!("templates/checker.rhai");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_has_all_it_needs_and_nothing_is_overwritten() {
        let folder = std::env::temp_dir().join(format!("keepwatch-new-{}", std::process::id()));
        let files = start(&folder, "disk-full", Language::Rust, Role::Checker).unwrap();
        assert!(files[0].ends_with("disk-full/src/lib.rs"));
        let text = fs::read_to_string(&files[0]).unwrap();
        assert!(text.contains("fn disk_full("), "{text}");
        assert!(folder.join("disk-full/sdk/rust/src/lib.rs").exists());
        assert!(folder.join("disk-full/sdk/macros/Cargo.toml").exists());
        let again = start(&folder, "disk-full", Language::Rust, Role::Handler).unwrap_err();
        assert!(again.contains("is there already"), "{again}");

        let files = start(&folder, "chat", Language::Rhai, Role::Handler).unwrap();
        assert!(fs::read_to_string(&files[0]).unwrap().contains("fn on_master(event)"));
        assert!(start(&folder, "chat", Language::Rhai, Role::Checker).is_err());
        for name in ["", "Disk", "-x", "x-", "a b", "../x"] {
            assert!(start(&folder, name, Language::Rhai, Role::Handler).is_err(), "{name}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
