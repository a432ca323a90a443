//! `keepwatch plugin check`.

use std::process::ExitCode;
use std::sync::Arc;

use keepwatch_event::one_line;
use keepwatch_host::{Manifest, SettingKind, Wanted, check_role};
use keepwatch_workshop::{Outside, Trial};

use super::cli::Check;
use super::subject::{Read, block_on, read, refused, table};
use crate::exit;
use crate::output::Output;

pub(crate) fn check(arguments: &Check) -> ExitCode {
    let Read { source, spec, others, is_declared, runtimes } = match read(&arguments.subject) {
        Ok(read) => read,
        Err(code) => return code,
    };
    // The daemon would not even read what somebody else could have written.
    if let Err(refusal) = keepwatch_host::read_file(&source.path) {
        return refused(&refusal);
    }
    let mut output = Output::default();
    let trial = block_on(async {
        let program = keepwatch_workshop::compile(&runtimes, &source).await?;
        output.print(&describe(&source.path.display().to_string(), program.manifest()));
        for mut spec in others.into_iter().chain([spec]) {
            if is_declared {
                check_role(program.manifest(), &spec)?;
            } else {
                spec.table = table(&spec.name, program.manifest().roles);
            }
            Trial::begin(Arc::clone(&program), &source, spec, Outside::Told).await?;
        }
        Ok(())
    });
    match trial {
        Ok(Ok(())) => {
            output.print("It would be loaded.\n");
            output.end(exit::OK)
        }
        Ok(Err(refusal)) => refused(&refusal),
        Err(code) => code,
    }
}

/// What a plugin is, in a few lines.
fn describe(file: &str, manifest: &Manifest) -> String {
    let mut lines = Vec::new();
    let named = one_line(&[manifest.name.as_str(), manifest.version.as_str()].join(" "));
    lines.push(if named.is_empty() { file.to_owned() } else { format!("{file}: {named}") });
    if !manifest.description.is_empty() {
        lines.push(format!("  {}", one_line(&manifest.description)));
    }
    let roles = [(manifest.roles.handler, "handler"), (manifest.roles.checker, "checker")];
    let roles: Vec<&str> = roles.into_iter().filter(|(has, _)| *has).map(|(_, name)| name).collect();
    lines.push(format!("  role      {}", roles.join(", ")));
    if manifest.roles.handler {
        let all = manifest.kinds.is_empty();
        lines.push(format!(
            "  hears     {}",
            if all { "all events".to_owned() } else { manifest.kinds.join(", ") }
        ));
    }
    let needs: Vec<String> = manifest
        .needs
        .iter()
        .map(|need| match &need.what {
            Wanted::Grant(grant) => grant.to_string(),
            Wanted::Facility(facility) => facility.example().to_owned(),
        })
        .collect();
    lines.push(format!(
        "  needs     {}",
        if needs.is_empty() { "no grants".to_owned() } else { needs.join(", ") }
    ));
    match &manifest.settings {
        None => lines.push("  settings  any".to_owned()),
        Some(settings) if settings.is_empty() => lines.push("  settings  none".to_owned()),
        Some(settings) => {
            for (number, setting) in settings.iter().enumerate() {
                let title = if number == 0 { "settings" } else { "" };
                let required = if setting.required { ", required" } else { "" };
                let help = if setting.help.is_empty() {
                    String::new()
                } else {
                    format!(": {}", one_line(&setting.help))
                };
                let kind = kind(setting.kind);
                lines.push(format!("  {title:8}  {} ({kind}{required}){help}", setting.name));
            }
        }
    }
    lines.join("\n") + "\n"
}

const fn kind(kind: SettingKind) -> &'static str {
    match kind {
        SettingKind::Text => "text",
        SettingKind::Integer => "whole number",
        SettingKind::Number => "number",
        SettingKind::Boolean => "true or false",
        SettingKind::List => "list",
        SettingKind::Table => "table",
        SettingKind::Any => "anything",
    }
}

#[cfg(test)]
mod tests {
    use keepwatch_host::{Facility, Need, Roles, Setting};

    use super::*;

    #[test]
    fn a_plugin_in_a_few_lines() {
        let manifest = Manifest {
            name: "replication-lag".to_owned(),
            version: "1.0.0".to_owned(),
            description: "Fails when the database lags".to_owned(),
            roles: Roles { handler: false, checker: true },
            settings: Some(vec![
                Setting { name: "url".into(), kind: SettingKind::Text, required: true, help: String::new() },
                Setting {
                    name: "tries".into(),
                    kind: SettingKind::Integer,
                    required: false,
                    help: "how often".into(),
                },
            ]),
            kinds: Vec::new(),
            needs: vec![Need { what: Wanted::Facility(Facility::Http), place: None }],
        };
        assert_eq!(
            describe("lag.wasm", &manifest),
            "lag.wasm: replication-lag 1.0.0\n  Fails when the database lags\n  role      checker\n  needs     \
             http://HOST:PORT\n  settings  url (text, required)\n            tries (whole number): how often\n"
        );
    }
}
