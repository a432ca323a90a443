//! A handler that does what it should not: see the crate `hostile` for what its settings mean.
use hostile::{Config, Deed, Hostile};
use keepwatch_sdk::prelude::*;

struct Handler(Hostile);

impl Plugin for Handler {
    type Config = Config;

    fn init(config: Config, saved: Option<&[u8]>) -> Result<Self> {
        Hostile::init(config, saved).map(Self)
    }

    fn sync(&mut self, snapshot: &Snapshot) {
        self.0.sync(snapshot);
    }

    fn handle(&mut self, event: &Event) -> Result<Outcome> {
        let answer = self.0.call(Some(event))?;
        kv::set("answer", answer)?;
        Ok(match self.0.config.deed {
            Deed::Retry => Outcome::RetryAfter(Hostile::time(&self.0.config)),
            Deed::Skip => Outcome::Skip("on purpose".to_owned()),
            _ => Outcome::Done,
        })
    }

    fn save(&mut self) -> Option<Vec<u8>> {
        self.0.save()
    }

    fn stop(&mut self, reason: &str) {
        self.0.stop(reason);
    }
}

keepwatch_sdk::export!(Handler: handler);
