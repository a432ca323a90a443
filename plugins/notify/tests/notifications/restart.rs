//! What outlives the daemon.

use std::future::{pending, ready};
use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

use keepwatch_event::State;
use keepwatch_notify::{Disk, Scope};

use crate::support::{File, Inbox, PATIENCE, Site, gone, hang, later, partly, taken, wait};

const STOP: Duration = Duration::from_secs(5);

#[test]
fn what_could_not_be_delivered_is_after_a_restart() {
    let file = File::new();
    let away = Inbox::new("one").answering((0..1_000).map(|_| later(Scope::Destination)));
    let mut site = Site::with(Some(&file.0), &[&away]);
    site.transition("VI_1", State::Master);
    site.transition("VI_2", State::Master);
    site.heard("delivery_failed");
    site.bus.flush(PATIENCE);
    site.notifier.stop(STOP, pending());
    let tried = away.attempts();
    let back = Inbox::new("one");
    let site = Site::with(Some(&file.0), &[&back]);
    let got = back.wait(2);
    assert_eq!(got[0].id, tried[0].0.id, "the same message");
    assert!(got[0].attempt > tried[0].0.attempt);
    assert_eq!(
        got.iter().map(|got| got.lines[0].split(':').next().unwrap()).collect::<Vec<_>>(),
        ["VI_1", "VI_2"]
    );
    site.bus.flush(PATIENCE);
    site.notifier.stop(STOP, pending());
    let again = Inbox::new("one");
    let site = Site::with(Some(&file.0), &[&again]);
    site.transition("VI_1", State::Fault);
    let got = again.wait(1);
    assert!(got.len() == 1 && got[0].lines[0].contains("FAULT"), "nothing twice: {got:?}");
    site.notifier.stop(STOP, pending());
}

#[test]
fn who_has_got_a_message_is_known_after_a_reload_and_a_restart() {
    let file = File::new();
    let mut inbox = Inbox::new("one").answering([partly("a@example.com"), partly("b@example.com")]);
    let mut site = Site::with(Some(&file.0), &[&inbox]);
    site.transition("VI_1", State::Master);
    site.heard("delivery_failed");
    inbox.settings = "other settings";
    // Tried again at once.
    site.notifier.apply(vec![inbox.destination()]);
    site.heard("delivery_failed");
    site.notifier.stop(STOP, pending());
    let back = Inbox::new("one");
    let site = Site::with(Some(&file.0), &[&back]);
    let got = back.wait(1);
    assert_eq!(inbox.attempts().iter().map(|(got, _)| got.served.len()).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(got[0].served, ["a@example.com", "b@example.com"]);
    site.notifier.stop(STOP, pending());
}

#[test]
fn one_that_is_gone_is_so_after_a_restart_until_there_is_another_way_to_it() {
    let file = File::new();
    let start = |inbox: &Inbox| Site::with(Some(&file.0), &[inbox]);
    let mut site = start(&Inbox::new("one").answering([gone()]));
    site.transition("VI_1", State::Master);
    site.heard("destination_disabled");
    site.transition("VI_2", State::Master);
    wait("the letter to wait", || site.report("one").waiting.len() == 1);
    site.notifier.stop(STOP, pending());
    let same = Inbox::new("one");
    let site = start(&same);
    wait("what was on disk", || site.report("one").gone.as_deref() == Some("410 gone"));
    assert_eq!(site.report("one").waiting.len(), 1);
    site.notifier.stop(STOP, pending());
    assert_eq!(same.attempts(), []);
    let mut other = Inbox::new("one").answering([taken(), gone()]);
    other.settings = "another way";
    let mut site = start(&other);
    assert!(other.wait(1)[0].lines[0].starts_with("VI_2"));
    site.transition("VI_1", State::Backup);
    site.heard("destination_disabled");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(site.notifier.retry("one", Vec::new())), Ok(2), "what it refused");
    other.wait(2);
    site.notifier.stop(STOP, pending());
    let site = start(&other);
    site.transition("VI_2", State::Fault);
    wait("the last letter", || other.lines().iter().any(|line| line.contains("FAULT")));
    assert_eq!(site.report("one").gone, None, "asked for by somebody, on disk too");
    site.notifier.stop(STOP, pending());
}

/// What the disk could not take is there when it can.
#[test]
fn a_disk_that_is_well_again_is_told_of() {
    let file = File::new();
    let folder = file.0.parent().unwrap().to_owned();
    std::fs::write(&folder, "in the way").unwrap();
    let away = Inbox::new("one").answering((0..1_000).map(|_| later(Scope::Destination)));
    let site = Site::with(Some(&file.0), &[&away]);
    site.transition("VI_1", State::Master);
    let disk = || site.disk.lock().unwrap().clone();
    wait("a complaint", || matches!(disk()[..], [Disk::Failing(_)]));
    std::fs::remove_file(&folder).unwrap();
    wait("the relief", || matches!(disk()[..], [Disk::Failing(_), Disk::Well]));
    site.notifier.stop(STOP, pending());
    let back = Inbox::new("one");
    let site = Site::with(Some(&file.0), &[&back]);
    back.wait(1);
    site.notifier.stop(STOP, pending());
}

#[test]
fn what_is_under_way_when_nobody_waits_any_more_is_after_a_restart() {
    let file = File::new();
    let hanging = Inbox::new("one").answering([hang()]);
    let site = Site::with(Some(&file.0), &[&hanging]);
    site.transition("VI_1", State::Master);
    wait("the letter to be under way", || hanging.has_been_asked());
    // This ends: it is the second signal. The time is so long that the test would not.
    site.notifier.stop(Duration::from_secs(1 << 20), ready(()));
    assert_eq!(hanging.attempts(), [], "it was broken off");
    let back = Inbox::new("one");
    let site = Site::with(Some(&file.0), &[&back]);
    let got = back.wait(1);
    assert_eq!((got[0].attempt, got[0].lines[0].starts_with("VI_1")), (2, true), "{got:?}");
    site.notifier.stop(STOP, pending());
}

#[test]
fn a_destination_that_is_taken_away_keeps_what_waits_until_it_is_back() {
    let away = Inbox::new("one").answering((0..1_000).map(|_| later(Scope::Destination)));
    let mut site = Site::with(None, &[&away]);
    site.transition("VI_1", State::Master);
    site.heard("delivery_failed");
    site.notifier.apply(Vec::new());
    site.transition("VI_2", State::Master);
    site.bus.flush(PATIENCE);
    let report = site.report("one");
    assert_eq!((report.label, report.waiting.len()), (None, 1));
    let mut back = Inbox::new("one");
    back.group_wait = Duration::from_millis(1);
    site.notifier.apply(vec![back.destination()]);
    let got = back.wait(1);
    assert!(got.len() == 1 && got[0].lines[0].starts_with("VI_1"), "{got:?}");
    site.notifier.stop(STOP, pending());
}

#[test]
fn without_a_disk_everything_is_told_all_the_same() {
    let inbox = Inbox::new("one");
    let site = Site::with(Some("/proc/no/such/spool.redb".as_ref()), &[&inbox]);
    for _ in 0..3 {
        site.transition("VI_1", State::Master);
        site.transition("VI_1", State::Backup);
    }
    wait("six lines", || inbox.lines().len() == 6);
    let disk = site.disk.lock().unwrap().clone();
    let is_said =
        |disk: &Disk| matches!(disk, Disk::Failing(why) if why.starts_with("/proc/no/such/spool.redb"));
    assert!(disk.len() == 1 && is_said(&disk[0]), "{disk:?}");
    site.notifier.stop(STOP, pending());
}

/// Memory is the spool then. With a wait for the disk before and after each, these took minutes.
#[test]
fn without_a_disk_the_last_letters_are_told_in_the_time_there_is() {
    let inbox = Inbox::new("one");
    let site = Site::with(Some("/proc/no/such/spool.redb".as_ref()), &[&inbox]);
    for number in 0..60 {
        site.transition(&format!("VI_{number}"), State::Stopped);
    }
    site.bus.flush(PATIENCE);
    site.notifier.stop(Duration::from_secs(20), pending());
    assert_eq!(inbox.lines().len(), 60);
}

/// It hangs when it is first opened, as a FIFO does that nobody writes into.
#[test]
fn what_a_slow_disk_holds_goes_before_what_is_new() {
    let file = File::new();
    let away = Inbox::new("one").answering((0..1_000).map(|_| later(Scope::Destination)));
    let mut site = Site::with(Some(&file.0), &[&away]);
    site.transition("VI_1", State::Master);
    site.heard("delivery_failed");
    site.notifier.stop(STOP, pending());
    let real = file.0.with_extension("real");
    std::fs::rename(&file.0, &real).unwrap();
    assert!(Command::new("mkfifo").arg(&file.0).status().unwrap().success());
    let back = Inbox::new("one");
    let site = Site::with(Some(&file.0), &[&back]);
    site.transition("VI_1", State::Fault);
    site.bus.flush(PATIENCE);
    // Once it is open at both ends, the file can be at its place, and what it begins with is read.
    let mut fifo = std::fs::OpenOptions::new().write(true).open(&file.0).unwrap();
    std::fs::rename(&real, &file.0).unwrap();
    fifo.write_all(b"redb file").unwrap();
    drop(fifo);
    let lines: Vec<String> = back.wait(2).into_iter().flat_map(|got| got.lines).collect();
    assert!(lines[0].contains("MASTER") && lines[1].contains("FAULT"), "{lines:?}");
    site.notifier.stop(STOP, pending());
}

#[test]
fn a_damaged_file_is_told_of_and_left_alone() {
    let file = File::new();
    std::fs::create_dir_all(file.0.parent().unwrap()).unwrap();
    std::fs::write(&file.0, vec![0xa5; 9_000]).unwrap();
    let inbox = Inbox::new("one");
    let site = Site::with(Some(&file.0), &[&inbox]);
    site.transition("VI_1", State::Master);
    inbox.wait(1);
    site.notifier.stop(STOP, pending());
    assert!(matches!(site.disk.lock().unwrap()[..], [Disk::Failing(_), ..]));
    assert_eq!(std::fs::read(&file.0).unwrap(), vec![0xa5; 9_000]);
}

/// As a full disk, or a kill, leaves it at the first start: nothing can be in it, and it is made anew.
#[test]
fn a_file_that_was_being_made_is_made_anew() {
    for left in [Vec::new(), vec![0; 73_728]] {
        let file = File::new();
        std::fs::create_dir_all(file.0.parent().unwrap()).unwrap();
        std::fs::write(&file.0, left).unwrap();
        let inbox = Inbox::new("one");
        let site = Site::with(Some(&file.0), &[&inbox]);
        site.transition("VI_1", State::Master);
        inbox.wait(1);
        site.notifier.stop(STOP, pending());
        assert_eq!(*site.disk.lock().unwrap(), []);
        assert!(std::fs::read(&file.0).unwrap().starts_with(b"redb"));
    }
}
