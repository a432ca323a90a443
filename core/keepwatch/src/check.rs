//! `keepwatch check`.

use std::path::Path;
use std::process::ExitCode;

use keepwatch_config::diagnostic::Style;
use keepwatch_config::model::{Check as Checked, CheckKind};
use keepwatch_config::{Config, Severity, Site, listed};
use keepwatch_event::counted;

use crate::check_report::Report;
use crate::cli::Check;
use crate::terminal::shows_colour;
use crate::{ask, destinations, examining, exit, paths, plan, plugin};

pub(crate) fn check(arguments: &Check) -> ExitCode {
    let path = arguments.file.clone().unwrap_or_else(paths::configuration);
    if let Some(id) = &arguments.config_id {
        keepwatch_config::set_host_id(id.clone());
    }
    let mut site = match keepwatch_config::load_site(&path) {
        Ok(site) => site,
        Err(error) if arguments.json => {
            return ask::printed(&Report::unreadable(&path, &error).json(), exit::CONFIGURATION);
        }
        Err(error) => {
            eprintln!("error: {error}");
            return exit::with(exit::CONFIGURATION);
        }
    };
    let plan = plan::plan(&mut site, arguments.hooks.as_deref());
    drop(destinations::of_site(&mut site));
    examining::add_findings(&mut site);
    if arguments.host {
        examining::add_host_findings(&mut site);
    }
    let refused = plugin::refusals(&plan, &site);
    let too_lax = arguments.strict && site.count(Severity::Warning) > 0;
    let is_valid = site.config.is_some() && !too_lax && refused.is_empty();
    let code = if is_valid { exit::OK } else { exit::CONFIGURATION };
    if arguments.json {
        return ask::printed(&Report::new(&path, is_valid, &site, &refused).json(), code);
    }
    eprint!("{}", rendered(&site));
    for (place, refusal) in &refused {
        eprintln!("{place} would not be loaded:\n{}", refusal.render(style()));
    }
    let plugins = match refused.len() {
        0 => String::new(),
        1 => " 1 plugin or check would not be loaded.".to_owned(),
        many => format!(" {many} plugins or checks would not be loaded."),
    };
    let summary = if too_lax { refused_as_strict(&path, &site) } else { summary(&path, &site) };
    ask::printed(&format!("{summary}{plugins}\n"), code)
}

/// All findings, for standard error.
pub(crate) fn rendered(site: &Site) -> String {
    site.render(style())
}

fn style() -> Style {
    if shows_colour(&std::io::stderr()) { Style::Colour } else { Style::Plain }
}

/// `keepalived.conf is refused, as --strict asks: 1 warning.`
fn refused_as_strict(path: &Path, site: &Site) -> String {
    if site.config.is_none() {
        return summary(path, site);
    }
    format!("{} is refused, as --strict asks: {}.", shown(path), found(site).join(", "))
}

/// `keepalived.conf is valid: 1 instance (VI_1), 1 script (check_haproxy), 1 remark.`
pub(crate) fn summary(path: &Path, site: &Site) -> String {
    let name = shown(path);
    let findings = found(site);
    match &site.config {
        None => format!("{name} is not valid: {}.", findings.join(", ")),
        Some(config) => {
            let mut parts = contents(config);
            parts.extend(findings);
            format!("{name} is valid: {}.", parts.join(", "))
        }
    }
}

/// The name of a file, without its folder.
fn shown(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.display().to_string())
}

fn contents<'c>(config: &'c Config) -> Vec<String> {
    let instances: Vec<&str> = config.instances.iter().map(|instance| instance.name.as_str()).collect();
    let (scripts, checks): (Vec<&Checked>, Vec<&Checked>) =
        config.checks.iter().partition(|check| matches!(check.what, CheckKind::Script(_)));
    let named = |checks: Vec<&'c Checked>| checks.iter().map(|check| check.name.as_str()).collect();
    let groups: Vec<&str> = config.groups.iter().map(|group| group.name.as_str()).collect();
    let extensions = &config.extensions;
    let plugins = extensions.plugins.iter().map(|table| table.name.as_str()).collect();
    let destinations = extensions.destinations.iter().map(|table| table.name.as_str()).collect();
    let actions: Vec<&str> = extensions.actions.iter().map(|action| action.name.as_str()).collect();
    [
        ("instance", instances),
        ("script", named(scripts)),
        ("sync group", groups),
        ("plugin", plugins),
        ("check", named(checks)),
        ("action", actions),
        ("destination", destinations),
    ]
    .into_iter()
    .filter(|(_, names)| !names.is_empty())
    .map(|(noun, names)| format!("{} ({})", counted(names.len() as u64, noun), listed(&names)))
    .collect()
}

fn found(site: &Site) -> Vec<String> {
    [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Remark, "remark")]
        .into_iter()
        .map(|(severity, noun)| (site.count(severity), noun))
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| counted(count as u64, noun))
        .collect()
}
