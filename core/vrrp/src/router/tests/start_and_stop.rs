//! Start and Stop in every state.

use alloc::vec;

use super::rig::*;
use crate::notice::StateName;
use crate::params::{Params, Start};
use crate::scalar::{AdvertInterval, Priority};
use crate::{Input, LinkState, Source, Standing};

#[test]
fn init_start_ready_goes_to_backup_and_waits_a_whole_master_down_time() {
    let mut rig = Rig::ready(params());
    assert_eq!(rig.deadline(), None);
    assert_eq!(rig.feed(1_000, Input::Start), ["Init -> Backup at 100 initial: Started"]);
    assert_eq!(rig.deadline(), Some(4_609_375_000));
}

#[test]
fn init_start_owner_asserts_itself_at_once() {
    let mut rig = Rig::ready(Params { start: Start::Asserting, priority: Priority::OWNER, ..params() });
    assert_eq!(rig.feed(0, Input::Start), ["add 0"]);
    assert_eq!(rig.state(), StateName::Master);
    assert_eq!(
        rig.feed(0, Input::AddressUsable(0)),
        ["announce 0", "advert 255", "Init -> Master at 255 initial: Owner", "tell Announcing"]
    );
    assert_eq!(rig.deadline(), Some(1_000_000_000));
}

#[test]
fn init_start_owner_with_state_backup_waits_with_the_smallest_skew() {
    let mut rig = Rig::ready(Params { priority: Priority::OWNER, ..params() });
    rig.feed(0, Input::Start);
    assert_eq!(rig.state(), StateName::Backup);
    assert_eq!(rig.deadline(), Some(3_003_906_250));
}

#[test]
fn init_start_without_interface_is_fault() {
    let mut rig = Rig::new(params());
    assert_eq!(rig.feed(0, Input::Start), ["Init -> Fault at 100 initial: Hindered(InterfaceMissing)"]);
    assert_eq!(rig.deadline(), None);
}

#[test]
fn init_start_with_link_down_is_fault() {
    let mut rig = Rig::new(params());
    rig.feed(0, Input::Link(LinkState::Down));
    assert_eq!(rig.feed(0, Input::Start), ["Init -> Fault at 100 initial: Hindered(LinkDown)"]);
}

#[test]
fn init_start_without_ipv4_address_is_fault() {
    let mut rig = Rig::new(params());
    rig.feed(0, Input::Link(LinkState::Up));
    assert_eq!(rig.feed(0, Input::Start), ["Init -> Fault at 100 initial: Hindered(NoSource)"]);
}

#[test]
fn start_in_every_other_state_changes_nothing() {
    for mut rig in
        [Rig::backup(params()), Rig::master(params()), Rig::fault(params()), Rig::stopped(params())]
    {
        let (state, deadline) = (rig.state(), rig.deadline());
        assert!(rig.feed(10, Input::Start).is_empty());
        assert_eq!((rig.state(), rig.deadline()), (state, deadline));
    }
}

#[test]
fn stop_before_start() {
    let mut rig = Rig::ready(params());
    assert_eq!(rig.feed(5, Input::Stop), ["Init -> Stopped at 100 initial: Stopped"]);
}

#[test]
fn stop_in_backup_sends_nothing() {
    let mut rig = Rig::backup(params());
    assert_eq!(rig.feed(5, Input::Stop), ["Backup -> Stopped at 100: Stopped"]);
    assert_eq!(rig.deadline(), None);
}

#[test]
fn stop_now_in_master_resigns_twice_and_removes_the_addresses() {
    let mut rig = Rig::master(params());
    assert_eq!(
        rig.feed(5, Input::StopNow),
        ["advert 0", "advert 0", "remove 0", "Master -> Stopped at 100: Stopped"]
    );
    assert_eq!(rig.deadline(), None);
    assert_eq!(rig.router.stats().priority_zero_sent, 2);
}

#[test]
fn stop_while_taking_removes_what_was_added_and_sends_nothing() {
    let mut rig = Rig::backup(params());
    assert_eq!(rig.feed(3_610, Input::Timeout), ["add 0"]);
    assert_eq!(rig.feed(3_611, Input::Stop), ["remove 0", "Backup -> Stopped at 100: Stopped"]);
}

#[test]
fn stop_in_fault_and_when_stopped() {
    let mut rig = Rig::fault(params());
    assert_eq!(rig.feed(5, Input::Stop), ["Fault -> Stopped at 100: Stopped"]);
    assert!(rig.feed(6, Input::Stop).is_empty());
}

#[test]
fn nothing_wakes_a_stopped_router() {
    let mut rig = Rig::stopped(params());
    assert!(rig.hear(10, from_peer(50)).is_empty());
    assert!(rig.hear(10, from_peer(0)).is_empty());
    assert!(rig.timeout(100_000).is_empty());
    assert!(rig.feed(10, Input::Link(LinkState::Down)).is_empty());
    assert!(rig.feed(10, Input::Link(LinkState::Up)).is_empty());
    assert!(rig.feed(10, Input::Source(Source::None)).is_empty());
    assert!(rig.feed(10, Input::AddressLost(0)).is_empty());
    assert!(rig.feed(10, Input::AddressUsable(0)).is_empty());
    assert!(rig.feed(10, Input::AddressFailed(0)).is_empty());
    assert!(rig.feed(10, Input::AddressDuplicate(0)).is_empty());
    assert!(rig.feed(10, Input::HardwareChanged).is_empty());
    assert!(rig.feed(10, Input::Track { tracker: 0, standing: Standing::Down }).is_empty());
    assert_eq!(rig.state(), StateName::Stopped);
}

#[test]
fn before_the_start_nothing_happens_either() {
    let mut rig = Rig::ready(params());
    assert!(rig.hear(10, from_peer(50)).is_empty());
    assert!(rig.timeout(100_000).is_empty());
    assert!(rig.feed(10, Input::AddressLost(0)).is_empty());
    assert!(rig.feed(10, Input::AddressUsable(0)).is_empty());
    assert!(rig.feed(10, Input::AddressFailed(0)).is_empty());
    assert!(rig.feed(10, Input::HardwareChanged).is_empty());
    assert_eq!(rig.state(), StateName::Init);
}

#[test]
fn a_router_without_addresses_serves_at_once() {
    let quick = AdvertInterval::from_centis(1).unwrap();
    let mut rig = Rig::backup(v3(Params { addresses: vec![], advertised: 0, interval: quick, ..params() }));
    assert_eq!(rig.deadline(), Some(36_093_750));
    let actions = rig.feed_at(crate::Instant::from_nanos(36_093_750), Input::Timeout);
    assert_eq!(
        actions,
        ["advert 100", "Backup -> Master at 100: MasterDown { silent: 36.09375ms }", "tell Announcing"]
    );
    assert_eq!(rig.deadline(), Some(46_093_750));
}
