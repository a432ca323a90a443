//! Interfaces of this host.

use keepwatch_checks::{Check, InterfaceCheck};
use keepwatch_event::Health;

use crate::support::{PATIENT, ask, assert_verdict};

#[tokio::test]
async fn one_that_each_host_has_and_one_that_none_has() {
    let check = Check::Interface(InterfaceCheck::new("lo"));
    assert_eq!(check.label(), "interface lo");
    assert_verdict(&ask(&check, PATIENT).await, Health::Pass, "lo is up");
    let check = Check::Interface(InterfaceCheck::new("no-such-one"));
    assert_verdict(&ask(&check, PATIENT).await, Health::Fail, "no-such-one does not exist");
}
