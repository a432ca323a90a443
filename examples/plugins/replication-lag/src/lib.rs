//! Fails when the database on this host lags behind.
use keepwatch_sdk::prelude::*;

#[derive(Deserialize)]
struct Config {
    url: String,
    /// seconds
    max_lag: f64,
}

#[checker]
fn replication_lag(config: &Config) -> Result<Verdict> {
    let lag: f64 = http::get(&config.url)?.text()?.trim().parse()?;
    Ok(Verdict::pass_if(lag <= config.max_lag, format!("{lag:.1} s behind")))
}

#[cfg(test)]
mod tests;
