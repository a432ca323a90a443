//! A handler that logs one line at each transition: for the time from a transition to there. It needs nothing.
use keepwatch_sdk::prelude::*;

#[handler(kinds = ["transition"])]
fn on_event(_event: &Event) -> Result<()> {
    info!("here");
    Ok(())
}
