//! What a plugin asks for against what it is given.

use keepwatch_config::diagnostic::{Diagnostic, Findings, Source as Text};
use keepwatch_config::nearest;
use serde_json::{Map, Value};

use crate::grant::{Grant, Grants};
use crate::manifest::{Manifest, Need, Setting, SettingKind, Wanted};
use crate::plugin::Source;
use crate::refusal::Refusal;
use crate::spec::PluginSpec;

/// Checks that a plugin gets all it cannot do without.
///
/// # Errors
///
/// What is missing, with the line to add.
pub fn check(source: &Source, manifest: &Manifest, spec: &PluginSpec) -> Result<(), Refusal> {
    let unmet: Vec<&Need> = manifest.needs.iter().filter(|need| !is_met(need, &spec.grants)).collect();
    if !unmet.is_empty() {
        return Err(refuse(source, &unmet, spec));
    }
    Ok(())
}

/// Checks that a plugin gets settings that it understands.
///
/// # Errors
///
/// What is wrong with which of them.
pub fn check_settings(manifest: &Manifest, spec: &PluginSpec) -> Result<(), Refusal> {
    let wrong = wrong_settings(manifest, &spec.config);
    if wrong.is_empty() {
        return Ok(());
    }
    let helps = wrong.iter().map(|wrong| wrong.to_string());
    Err(helps.fold(
        Refusal::plain(format!("{} cannot take its settings in [{}]", spec.name, spec.table)),
        Refusal::help,
    ))
}

/// Checks that a plugin is declared as what it is: what has a schedule must answer checks, what has none must hear events.
///
/// # Errors
///
/// What is missing, and where it belongs.
pub fn check_role(manifest: &Manifest, spec: &PluginSpec) -> Result<(), Refusal> {
    let (roles, path) = (manifest.roles, &spec.made);
    if spec.schedule.is_some() && !roles.checker {
        return Err(Refusal::plain(format!("{path} answers no checks"))
            .help(format!("[{}] is for checkers; a handler stands under [plugin.NAME]", spec.table)));
    }
    if spec.schedule.is_none() && !roles.handler {
        let name = &spec.name;
        return Err(Refusal::plain(format!("{path} only answers checks"))
            .help(format!("write [check.{name}] with plugin = \"{path}\" and an interval")));
    }
    Ok(())
}

fn is_met(need: &Need, grants: &Grants) -> bool {
    match &need.what {
        Wanted::Grant(grant) => grants.has(grant),
        Wanted::Facility(facility) => grants.has_any(*facility),
    }
}

fn refuse(source: &Source, unmet: &[&Need], spec: &PluginSpec) -> Refusal {
    let name = source.path.display();
    let mut findings = Findings::default();
    let mut messages = Vec::new();
    let help = spec.permit().remedy(unmet.iter().map(|need| match &need.what {
        Wanted::Grant(grant) => grant.to_string(),
        Wanted::Facility(facility) => facility.example().to_owned(),
    }));
    for need in unmet {
        let deed = match &need.what {
            Wanted::Grant(grant) => deed(grant),
            Wanted::Facility(facility) => facility.deed().to_owned(),
        };
        let message = format!("{name} may not {deed}");
        match &need.place {
            Some(place) => findings.push(Diagnostic::error(place, message, "").help(&help)),
            None => messages.push(message),
        }
    }
    if !findings.is_empty() {
        findings.sort();
        let text = String::from_utf8_lossy(&source.content).into_owned();
        return Refusal::findings(Text::new(name.to_string(), text), findings);
    }
    Refusal::plain(messages.join("; ")).help(help)
}

/// What a plugin wants to do, after "may not".
fn deed(grant: &Grant) -> String {
    match grant {
        Grant::Run(name) => format!("run the action \"{name}\""),
        Grant::Track(name) => format!("say how \"{name}\" is"),
        Grant::Notify(name) => format!("send messages to \"{name}\""),
        Grant::Origin(origin) => format!("send requests to {origin}"),
        Grant::Tcp(at) => format!("connect to {at}"),
        Grant::Unix(path) => format!("connect to {}", path.display()),
    }
}

/// A setting that a plugin cannot take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongSetting {
    /// Its key.
    pub key: String,
    /// What is wrong with it.
    pub why: String,
}

impl std::fmt::Display for WrongSetting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)
    }
}

/// The settings that a plugin cannot take, against its own list of them.
#[must_use]
pub fn wrong_settings(manifest: &Manifest, config: &Map<String, Value>) -> Vec<WrongSetting> {
    let Some(settings) = &manifest.settings else { return Vec::new() };
    let mut wrong = Vec::new();
    for (key, value) in config {
        let why = match settings.iter().find(|setting| setting.name == *key) {
            None => Some(unknown(key, settings)),
            Some(setting) if fits(setting.kind, value) => None,
            Some(setting) => Some(format!("`{key}` is {}, not {}", noun(setting.kind), shown(value))),
        };
        wrong.extend(why.map(|why| WrongSetting { key: key.clone(), why }));
    }
    for setting in settings.iter().filter(|setting| setting.required && !config.contains_key(&setting.name)) {
        let (key, what) = (setting.name.clone(), noun(setting.kind));
        let help = if setting.help.is_empty() { String::new() } else { format!(": {}", setting.help) };
        wrong.push(WrongSetting { why: format!("`{key}` is missing; it is {what}{help}"), key });
    }
    wrong
}

fn unknown(key: &str, settings: &[Setting]) -> String {
    if settings.is_empty() {
        return format!("there is no setting `{key}`; it has none");
    }
    if let Some(meant) = nearest(key, settings.iter().map(|setting| setting.name.as_str())) {
        return format!("there is no setting `{key}`; did you mean `{meant}`?");
    }
    let names: Vec<String> = settings.iter().map(|setting| format!("`{}`", setting.name)).collect();
    format!("there is no setting `{key}`; there is {}", names.join(", "))
}

fn fits(kind: SettingKind, value: &Value) -> bool {
    match kind {
        SettingKind::Text => value.is_string(),
        SettingKind::Integer => value.is_i64() || value.is_u64(),
        SettingKind::Number => value.is_number(),
        SettingKind::Boolean => value.is_boolean(),
        SettingKind::List => value.is_array(),
        SettingKind::Table => value.is_object(),
        SettingKind::Any => true,
    }
}

const fn noun(kind: SettingKind) -> &'static str {
    match kind {
        SettingKind::Text => "a text",
        SettingKind::Integer => "a whole number",
        SettingKind::Number => "a number",
        SettingKind::Boolean => "true or false",
        SettingKind::List => "a list",
        SettingKind::Table => "a table",
        SettingKind::Any => "a value",
    }
}

/// What a value is; never the value itself, which may be a secret.
const fn shown(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::grant::Facility;
    use crate::limits::Limits;

    fn source() -> Source {
        let content = b"fn on_master(event) {\n    run(\"haproxy-reload\");\n}\n".as_slice().into();
        let limits = Limits::default();
        Source { plugin: "haproxy".into(), path: "hooks.d/haproxy.rhai".into(), content, limits }
    }

    #[test]
    fn a_missing_grant_is_shown_where_it_is_asked_for_with_the_line_to_add() {
        let what = Wanted::Grant(Grant::Run("haproxy-reload".to_owned()));
        let manifest = Manifest { needs: vec![Need { what, place: Some(26..29) }], ..Manifest::default() };
        let spec = PluginSpec::plain("haproxy", "hooks.d/haproxy.rhai".into());
        let refusal = check(&source(), &manifest, &spec).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "error: hooks.d/haproxy.rhai may not run the action \"haproxy-reload\"\n --> hooks.d/haproxy.rhai:2:5\n  \
             |\n2 |     run(\"haproxy-reload\");\n  |     ^^^\n  |\n  = help: in keepwatch.toml, under \
             [plugin.haproxy]:  grants = [\"run:haproxy-reload\"]"
        );
        let given = PluginSpec { grants: Grants::new(vec![Grant::Run("haproxy-reload".to_owned())]), ..spec };
        assert_eq!(check(&source(), &manifest, &given), Ok(()));
    }

    #[test]
    fn a_missing_facility_has_an_example() {
        let what = Wanted::Facility(Facility::Http);
        let manifest = Manifest { needs: vec![Need { what, place: None }], ..Manifest::default() };
        let spec = PluginSpec::plain("lag", "lag.wasm".into());
        let limits = Limits::default();
        let source = Source { plugin: "lag".into(), path: "lag.wasm".into(), content: [].into(), limits };
        assert_eq!(
            check(&source, &manifest, &spec).unwrap_err().to_string(),
            "error: lag.wasm may not send HTTP requests\n  = help: in keepwatch.toml, under [plugin.lag]:  grants = \
             [\"http://HOST:PORT\"]"
        );
    }

    #[test]
    fn several_missing_facilities_have_one_line_to_add() {
        let needs =
            [Facility::Http, Facility::Run].map(|kind| Need { what: Wanted::Facility(kind), place: None });
        let manifest = Manifest { needs: needs.to_vec(), ..Manifest::default() };
        let spec = PluginSpec {
            table: "check.lag".to_owned(),
            grants: Grants::new(vec![Grant::Track("db".to_owned())]),
            ..PluginSpec::plain("lag", "lag.wasm".into())
        };
        let limits = Limits::default();
        let source = Source { plugin: "lag".into(), path: "lag.wasm".into(), content: [].into(), limits };
        assert_eq!(
            check(&source, &manifest, &spec).unwrap_err().to_string(),
            "error: lag.wasm may not send HTTP requests; lag.wasm may not run actions\n  = help: in keepwatch.toml, under \
             [check.lag]:  grants = [\"track:db\", \"http://HOST:PORT\", \"run:ACTION\"]"
        );
    }

    #[test]
    fn settings_are_held_against_the_plugins_own_list() {
        let setting = |name: &str, kind, required| Setting {
            name: name.to_owned(),
            kind,
            required,
            help: String::new(),
        };
        let settings = vec![
            setting("url", SettingKind::Text, true),
            setting("max_lag", SettingKind::Number, true),
            setting("tries", SettingKind::Integer, false),
        ];
        let manifest = Manifest { settings: Some(settings), ..Manifest::default() };
        let wrong = |config: Value| -> Vec<String> {
            let Value::Object(config) = config else { panic!("an object") };
            wrong_settings(&manifest, &config).iter().map(WrongSetting::to_string).collect()
        };
        assert!(wrong(json!({ "url": "http://x", "max_lag": 2 })).is_empty());
        assert_eq!(
            wrong(json!({ "url": 5, "maxlag": 2.0, "tries": 1.5, "zone": 1 })),
            [
                "there is no setting `maxlag`; did you mean `max_lag`?",
                "`tries` is a whole number, not a number",
                "`url` is a text, not a number",
                "there is no setting `zone`; there is `url`, `max_lag`, `tries`",
                "`max_lag` is missing; it is a number",
            ]
        );
        let any = Manifest::default();
        assert!(wrong_settings(&any, &Map::from_iter([("x".to_owned(), json!(1))])).is_empty());
    }
}
