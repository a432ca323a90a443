//! `keepwatch plugin new`.

use std::process::ExitCode;

use keepwatch_workshop as workshop;

use super::cli::{Language, New, Role};
use super::subject::fail;
use crate::exit;

pub(crate) fn new(arguments: &New) -> ExitCode {
    let (language, role) = (language(arguments.lang), role(arguments.role));
    let made = workshop::start(&arguments.folder, &arguments.name, language, role);
    let files = match made {
        Ok(files) => files,
        Err(why) => return fail(&why),
    };
    for file in &files {
        println!("{}", file.display());
    }
    let name = &arguments.name;
    match (arguments.lang, arguments.role) {
        (Language::Rust, _) => {
            println!("\nNow:  cd {}", arguments.folder.join(name).display());
            println!("      cargo test                     # here, without a daemon");
            println!("      keepwatch plugin build         # {name}.wasm");
            println!("      keepwatch plugin check {name}.wasm");
        }
        (Language::Rhai, Role::Handler) => {
            println!("\nNow:  keepwatch plugin test {} --event master", files[0].display());
        }
        (Language::Rhai, Role::Checker) => {
            println!("\nNow:  keepwatch plugin test {}", files[0].display());
        }
    }
    exit::with(exit::OK)
}

const fn language(language: Language) -> workshop::Language {
    match language {
        Language::Rust => workshop::Language::Rust,
        Language::Rhai => workshop::Language::Rhai,
    }
}

const fn role(role: Role) -> workshop::Role {
    match role {
        Role::Handler => workshop::Role::Handler,
        Role::Checker => workshop::Role::Checker,
    }
}
