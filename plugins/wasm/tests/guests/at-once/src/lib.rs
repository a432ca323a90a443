//! A checker that answers at once: for what it costs to ask one. It needs nothing.
use keepwatch_sdk::prelude::*;

#[checker]
fn at_once() -> Result<Verdict> {
    Ok(Verdict::pass("well"))
}
