//! A checker that does what it should not: see the crate `hostile` for what its settings mean.
use hostile::{Config, Deed, Hostile};
use keepwatch_sdk::CheckRequest;
use keepwatch_sdk::prelude::*;

struct Checker(Hostile);

impl Plugin for Checker {
    type Config = Config;

    fn init(config: Config, saved: Option<&[u8]>) -> Result<Self> {
        Hostile::init(config, saved).map(Self)
    }

    fn sync(&mut self, snapshot: &Snapshot) {
        self.0.sync(snapshot);
    }

    fn check(&mut self, request: &CheckRequest) -> Result<Verdict> {
        let answer = self.0.call(None)?;
        let text = format!("{} {} {answer}", request.name, self.0.seen);
        Ok(match self.0.config.deed {
            Deed::Fail => Verdict::fail(text),
            Deed::Unknown => Verdict::unknown(text),
            _ => Verdict::pass(text),
        })
    }

    fn save(&mut self) -> Option<Vec<u8>> {
        self.0.save()
    }

    fn stop(&mut self, reason: &str) {
        self.0.stop(reason);
    }
}

keepwatch_sdk::export!(Checker: checker);
