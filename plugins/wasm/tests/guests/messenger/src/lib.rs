//! A handler that tells two destinations of each transition, in all ways that there are.
use keepwatch_sdk::notify::Mail;
use keepwatch_sdk::prelude::*;

#[derive(Deserialize)]
struct Config {
    /// A webhook.
    chat: String,
    /// A mailbox.
    admins: String,
}

#[handler(kinds = ["transition"])]
fn on_event(event: &Event, config: &Config) -> Result<()> {
    let instance = event.instance.as_deref().unwrap_or_default();
    let line = format!("{instance}: {}", event.text);
    notify::send(&config.chat, &line)?;
    notify::mail(&config.admins, "In text", &line)?;
    Mail::new("In HTML", line.as_str()).html(format!("<p>{line}</p>")).send(&config.admins)?;
    notify::webhook(&config.chat, &json!({ "instance": instance, "kind": event.kind }))
}

#[cfg(test)]
mod tests {
    use keepwatch_sdk::testing::{Host, transition};

    use super::*;

    #[test]
    fn each_transition_is_four_messages() {
        let host = Host::new().destination("c").destination("a");
        let mut plugin = host.start::<on_event>(json!({ "chat": "c", "admins": "a" })).unwrap();
        plugin.handle(&transition("VI_1", State::Backup, State::Master)).unwrap();
        let to: Vec<String> = host.notified().into_iter().map(|notified| notified.destination).collect();
        assert_eq!(to, ["c", "a", "a", "c"]);
    }
}
