//! `keepwatch plugin new`.

use std::process::ExitCode;

use keepwatch_workshop as workshop;

use super::cli::{Language, New, Role};
use super::subject::fail;
use crate::{ask, exit};

pub(crate) fn new(arguments: &New) -> ExitCode {
    let (language, role) = (language(arguments.lang), role(arguments.role));
    let made = workshop::start(&arguments.folder, &arguments.name, language, role);
    let files = match made {
        Ok(files) => files,
        Err(why) => return fail(&why),
    };
    let mut text: String = files.iter().map(|file| format!("{}\n", file.display())).collect();
    let name = &arguments.name;
    let script = files.first().map(|file| file.display().to_string()).unwrap_or_default();
    text += &match (arguments.lang, arguments.role) {
        (Language::Rust, _) => format!(
            "\nNow:  cd {}\n      cargo test                     # here, without a daemon\n      keepwatch plugin build         \
             # {name}.wasm\n      keepwatch plugin check {name}.wasm\n",
            arguments.folder.join(name).display()
        ),
        (Language::Rhai, Role::Handler) => format!("\nNow:  keepwatch plugin test {script} --event master\n"),
        (Language::Rhai, Role::Checker) => format!("\nNow:  keepwatch plugin test {script}\n"),
    };
    ask::printed(&text, exit::OK)
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
