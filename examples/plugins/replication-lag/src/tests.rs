//! The check in a made-up host.

use keepwatch_sdk::testing::{self, Host};

use super::*;

const URL: &str = "http://127.0.0.1:9187/lag";

fn check() -> Result<Verdict> {
    testing::check::<replication_lag>(json!({ "url": URL, "max_lag": 2.0 }))
}

#[test]
fn the_lag_decides() {
    for (answer, verdict) in [
        ("0.42\n", Verdict::pass("0.4 s behind")),
        ("2", Verdict::pass("2.0 s behind")),
        ("2.1", Verdict::fail("2.1 s behind")),
    ] {
        let _host = Host::new().answer(URL, 200, answer);
        assert_eq!(check().unwrap(), verdict);
    }
}

#[test]
fn without_a_number_there_is_an_error() {
    for (status, answer, error) in [
        (200, "NULL", "invalid float literal"),
        (500, "", "GET http://127.0.0.1:9187/lag: answered with status 500"),
    ] {
        let _host = Host::new().answer(URL, status, answer);
        assert_eq!(check().unwrap_err().to_string(), error);
    }
}

#[test]
fn a_misspelt_setting_is_refused() {
    let config = json!({ "url": URL, "max_lags": 2.0 });
    let error = Host::new().start::<replication_lag>(config).unwrap_err().to_string();
    assert_eq!(error, "config: unknown setting max_lags; known are: url, max_lag");
}
