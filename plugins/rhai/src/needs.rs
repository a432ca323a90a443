//! What a script cannot do without: the grants that its calls ask for.

use keepwatch_host::diagnostic::Diagnostic;
use keepwatch_host::{Facility, Grant, Need, Wanted, origin};

use crate::survey::{Call, Literal, Style, Survey};

/// The grants that calls ask for, each with the first place that does, and what is wrong with literal arguments.
pub(crate) fn needs(survey: &Survey) -> (Vec<Need>, Vec<Diagnostic>) {
    let (mut needs, mut findings) = (Vec::<Need>::new(), Vec::new());
    for call in survey.calls.iter().filter(|call| is_hosts(call, survey)) {
        match wanted(call) {
            None => {}
            Some(Err(finding)) => findings.push(finding),
            Some(Ok(what)) if needs.iter().any(|need| need.what == what) => {}
            Some(Ok(what)) => needs.push(Need { what, place: Some(call.span.clone()) }),
        }
    }
    (needs, findings)
}

/// Whether a call means keepwatch's function, not one of the script's own.
fn is_hosts(call: &Call, survey: &Survey) -> bool {
    let own = survey.functions.iter().any(|function| {
        function.name == call.name && (function.typed || function.parameters.len() == call.arguments.len())
    });
    call.style == Style::Free && !own
}

fn wanted(call: &Call) -> Option<Result<Wanted, Diagnostic>> {
    let facility = match call.name.as_str() {
        "run" => Facility::Run,
        "set_track" => Facility::Track,
        "notify" | "mail" | "webhook" => Facility::Notify,
        "tcp" | "unix" => Facility::Probe,
        "http" | "http_get" | "http_post" => Facility::Http,
        _ => return None,
    };
    let first = call.arguments.first();
    let literal = first.and_then(|first| first.literal.as_ref().or(first.url.as_ref()));
    let Some(literal) = literal else { return Some(Ok(Wanted::Facility(facility))) };
    let text = literal.text.value.as_str();
    let grant = match call.name.as_str() {
        _ if facility == Facility::Http => match authority(literal) {
            None => return Some(Ok(Wanted::Facility(facility))),
            Some(url) => origin(url).map(Grant::Origin).map_err(|error| error.text),
        },
        _ if !literal.text.whole => return Some(Ok(Wanted::Facility(facility))),
        "run" => format!("run:{text}").parse(),
        "set_track" => format!("track:{text}").parse(),
        "notify" | "mail" | "webhook" => format!("notify:{text}").parse(),
        "tcp" => format!("tcp:{text}").parse(),
        _ => format!("unix:{text}").parse(),
    };
    Some(grant.map(Wanted::Grant).map_err(|why| Diagnostic::error(&literal.span, why, "")))
}

/// As much of a URL as tells its origin: all of it, or, if `${...}` comes in it, what stands before, if that is enough.
fn authority(literal: &Literal) -> Option<&str> {
    let text = literal.text.value.as_str();
    if literal.text.whole {
        return Some(text);
    }
    let rest = text.split_once("://")?.1;
    rest.contains(['/', '?', '#']).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wants(text: &str) -> Vec<String> {
        let (needs, findings) = needs(&Survey::of(text));
        let found = needs.iter().map(|need| {
            let place = need.place.clone().map(|place| &text[place]).unwrap_or_default();
            match &need.what {
                Wanted::Grant(grant) => format!("{place}: {grant}"),
                Wanted::Facility(facility) => format!("{place}: {facility:?}"),
            }
        });
        let wrong = findings.iter().map(|finding| format!("wrong: {}", &text[finding.primary.span.clone()]));
        found.chain(wrong).collect()
    }

    #[test]
    fn calls_with_literals_ask_for_grants_and_others_for_any() {
        let table: [(&str, &[&str]); 18] = [
            ("run(\"a\"); run(\"a\"); run('b'); run(\"c\")", &["run: run:a", "run: Run", "run: run:c"]),
            ("// run(\"a\")\nlet x = `run(\"a\")`;", &[]),
            ("`${run(\"a\")}`", &["run: run:a"]),
            ("run(config.action)", &["run: Run"]),
            ("run(\"a\" + b)", &["run: Run"]),
            ("fn run(x) { } run(\"a\")", &[]),
            ("fn run(x, y) { } run(\"a\")", &["run: run:a"]),
            ("http_get(\"http://127.0.0.1:9187/lag?x=1\")", &["http_get: http://127.0.0.1:9187"]),
            ("http_post(`https://h.example.com/${path}`, x)", &["http_post: https://h.example.com"]),
            ("http_post(`https://${host}/`, x)", &["http_post: Http"]),
            ("http(#{ method: \"PUT\", url: \"https://h/x\" })", &["http: https://h"]),
            ("http(#{ url: config.url })", &["http: Http"]),
            ("tcp(\"db1:5432\", #{send: \"x\"})", &["tcp: tcp:db1:5432"]),
            ("unix(\"/run/x.sock\"); tcp(a)", &["unix: unix:/run/x.sock", "tcp: Probe"]),
            ("set_track(\"db\", pass(\"\"), 5)", &["set_track: track:db"]),
            (
                "notify(\"chat\", `${x}`); mail(\"admins\", a, b); webhook(\"chat\", #{}); notify(config.to, x)",
                &["notify: notify:chat", "mail: notify:admins", "notify: Notify"],
            ),
            ("fn notify(x, y) { } notify(\"chat\", 1); mail(`${a}`, #{})", &["mail: Notify"]),
            (
                "tcp(\"db1\"); run(\"a b\"); http_get(\"h\")",
                &["wrong: \"db1\"", "wrong: \"a b\"", "wrong: \"h\""],
            ),
        ];
        for (text, expected) in table {
            assert_eq!(wants(text), expected, "{text}");
        }
    }
}
