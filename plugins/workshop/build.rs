//! Lists the SDK's sources, which become part of the program: `plugin new` copies them into projects, because there is
//! no other place they could come from.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk");
    let mut files = Vec::new();
    for package in ["rust", "macros"] {
        collect(&root.join(package), &mut files);
    }
    files.sort();
    let mut list = "&[\n".to_owned();
    for file in &files {
        let name = file.strip_prefix(&root).expect("a file below the root").display().to_string();
        let path = file.canonicalize().expect("a file");
        writeln!(list, "    ({name:?}, include_str!({path:?})),").expect("a string has room");
    }
    list.push(']');
    let out = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    fs::write(Path::new(&out).join("sdk.rs"), list).expect("OUT_DIR can be written");
    println!("cargo::rerun-if-changed={}", root.display());
}

/// What a package is made of: its manifest, and its sources without tests.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the SDK is there") {
        let path = entry.expect("the SDK can be read").path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() && name != "tests" && name != "target" {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "toml") {
            files.push(path);
        }
    }
}
