//! Lets the linker pack the program's relocations. Unpacked they are 1.4 MB, which the start reads and which then stay in
//! memory; packed, some 20 KB.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if packed_relocations_are_understood() {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Whether the C library here, and so, most likely, where the program is to run, starts such a program: glibc does from
/// 2.36 on, and refuses it before.
fn packed_relocations_are_understood() -> bool {
    let target = |what: &str| std::env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    if (target("ARCH").as_str(), target("ENV").as_str()) != ("x86_64", "gnu") {
        return false;
    }
    let Ok(answer) = Command::new("getconf").arg("GNU_LIBC_VERSION").output() else { return false };
    let answer = String::from_utf8_lossy(&answer.stdout);
    let Some((major, minor)) = answer.trim().trim_start_matches("glibc ").split_once('.') else {
        return false;
    };
    (major.parse().ok(), minor.parse().ok()) >= (Some(2), Some(36))
}
