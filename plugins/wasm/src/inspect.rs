//! What a component imports and exports, and whether that fits.

use keepwatch_host::{Facility, Refusal, Roles};
use wasmtime::component::Component;

use crate::describe::line;

/// The contract's package.
const PACKAGE: &str = "keepwatch:plugin/";
/// The contract's version that is spoken.
const SPOKEN: (u64, u64) = (1, 0);
/// Its interfaces that every plugin has, and those that take a grant.
const FREE: &[&str] = &["types", "log", "settings", "clock", "kv", "metrics", "events"];
const GATED: &[(&str, Facility)] = &[
    ("http", Facility::Http),
    ("actions", Facility::Run),
    ("probe", Facility::Probe),
    ("notify", Facility::Notify),
    ("track", Facility::Track),
];
/// Imports that are named before the rest is counted.
const NAMED: usize = 5;

/// What a component imports and exports.
#[derive(Debug, Default)]
pub(crate) struct Interfaces {
    /// What it can do.
    pub(crate) roles: Roles,
    /// What it can do only with a grant.
    pub(crate) facilities: Vec<Facility>,
    /// The interfaces of the contract that it imports, without package and version.
    pub(crate) imports: Vec<String>,
}

/// Reads what a component imports and exports.
///
/// # Errors
///
/// If it is no plugin, or one for a keepwatch that has more or other functions.
pub(crate) fn interfaces(component: &Component) -> Result<Interfaces, Refusal> {
    let (types, engine) = (component.component_type(), component.engine());
    let mut found = Interfaces::default();
    let mut foreign = Vec::new();
    for (name, _) in types.imports(engine) {
        let Some(interface) = of_contract(name)? else {
            foreign.push(name.to_owned());
            continue;
        };
        if let Some((_, facility)) = GATED.iter().find(|(gated, _)| *gated == interface) {
            found.facilities.push(*facility);
        } else if !FREE.contains(&interface) {
            foreign.push(name.to_owned());
            continue;
        }
        found.imports.push(interface.to_owned());
    }
    let mut lives = false;
    for (name, _) in types.exports(engine) {
        match of_contract(name)? {
            Some("lifecycle") => lives = true,
            Some("handler") => found.roles.handler = true,
            Some("checker") => found.roles.checker = true,
            _ => {}
        }
    }
    if !foreign.is_empty() {
        return Err(unknown_imports(&foreign));
    }
    if !lives || found.roles == Roles::default() {
        let lacks = if lives { "a role, handler or checker" } else { "keepwatch:plugin/lifecycle" };
        let refusal = Refusal::plain(format!("the component is no plugin: it does not export {lacks}"));
        return Err(refusal.help("implement a handler or a checker with the SDK: `keepwatch plugin new`"));
    }
    Ok(found)
}

/// The name of an interface of the contract, without package and version; none if it is of something else.
fn of_contract(name: &str) -> Result<Option<&str>, Refusal> {
    let Some(rest) = name.strip_prefix(PACKAGE) else { return Ok(None) };
    let (interface, version) = rest.split_once('@').unwrap_or((rest, "0"));
    let mut numbers = version.split(['.', '-', '+']).map(|number| number.parse().unwrap_or(0));
    let (major, minor): (u64, u64) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if major != SPOKEN.0 {
        return Err(other_version(major, minor));
    }
    Ok(Some(interface))
}

fn other_version(major: u64, minor: u64) -> Refusal {
    let (spoken, below) = SPOKEN;
    let refusal = Refusal::plain(format!(
        "the component needs keepwatch:plugin {major}.{minor}, this keepwatch speaks {spoken}.{below}"
    ));
    if major > spoken {
        refusal.help("install a later keepwatch, or build the plugin with an earlier SDK")
    } else {
        refusal.help("build the plugin with a later SDK")
    }
}

fn unknown_imports(names: &[String]) -> Refusal {
    let mut list: Vec<String> = names.iter().take(NAMED).map(|name| line(name)).collect();
    let more = names.len().saturating_sub(NAMED);
    if more > 0 {
        list.push(format!("{more} more"));
    }
    let refusal = Refusal::plain(format!("the component needs what keepwatch has not: {}", list.join(", ")));
    if names.iter().any(|name| name.starts_with("wasi:") || name.starts_with("wasi_")) {
        refusal
            .help("build it without WASI; in Rust: `--target wasm32-unknown-unknown`, then `keepwatch plugin build`")
            .help("files, sockets, the clock and the environment come from keepwatch's own functions")
    } else if names.iter().all(|name| name.starts_with(PACKAGE)) {
        refusal.help("it was built for a later keepwatch; install that, or build it with an earlier SDK")
    } else {
        refusal.help("a plugin may import keepwatch:plugin/... only")
    }
}

/// The refusal of a component whose functions have other types than the contract's.
pub(crate) fn does_not_fit(error: &wasmtime::Error) -> Refusal {
    let why = line(&format!("{error:#}"));
    let refusal =
        Refusal::plain(format!("the component does not fit the contract keepwatch:plugin 1.0: {why}"));
    refusal.help("it was built for a later keepwatch, or against another text of the contract")
}
