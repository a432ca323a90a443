//! What scripts and FIFOs are told of instances that a reload removes, and of changes of priority.

use std::path::Path;

use keepwatch_event::{EventKind, Reason, State};
use keepwatch_exec::{Deleted, FifoSettings, NotifySettings, Scripts, Subject};

use crate::notify::{Site, fifo, lines};
use crate::place::wait_until;

fn with<const N: usize>(settings: &NotifySettings, scripts: [(&str, &Scripts); N]) -> NotifySettings {
    let scripts = scripts.map(|(name, scripts)| (Subject::Instance(name.into()), scripts.clone()));
    NotifySettings { scripts: scripts.into(), ..settings.clone() }
}

/// A FIFO whose lines go into the file `lines`.
fn recorded(site: &Site) -> NotifySettings {
    let log = site.file("lines");
    let reader =
        site.script("reader", &format!("while IFS= read -r line; do echo \"$line\" >> {log}; done < \"$1\""));
    fifo(site, reader)
}

#[test]
fn one_that_is_removed_is_told_of_by_the_scripts_that_it_had() {
    let site = Site::new("notify-removed");
    let log = site.file("log");
    let any = site.script("any", &format!("echo $* >> {log}"));
    let deleted = site.script("deleted", &format!("echo deleted $KEEPWATCH_STATE >> {log}"));
    let asks = Scripts { deleted: Deleted::AsDeleted(deleted), any: any.clone(), ..Scripts::default() };
    let does_not = Scripts { any, fault: site.script("fault", "exit 9"), ..Scripts::default() };
    let settings = recorded(&site);
    let notify = site.begin(with(&settings, [("VI_1", &asks), ("VI_2", &does_not), ("VI_3", &asks)]));
    for name in ["VI_1", "VI_2", "VI_3"] {
        site.transition(name, State::Backup);
    }
    wait_until("the first state", || lines(&log).len() == 3);
    // The reload that removes two, and takes the scripts of the third. Its other FIFO shows when it is in force.
    let (mut reloaded, second) = (with(&settings, [("VI_3", &Scripts::default())]), site.file("second"));
    reloaded.fifos.push(FifoSettings { path: (&second).into(), account: None, script: None });
    notify.replace(reloaded);
    wait_until("the reload", || Path::new(&second).exists());
    for name in ["VI_1", "VI_2"] {
        site.transition_because(name, State::Stopped, Reason::Removed);
    }
    site.transition("VI_3", State::Master);
    wait_until("all lines", || lines(&site.file("lines")).len() == 6);
    wait_until("the last script", || lines(&log).contains(&"INSTANCE VI_1 DELETED 100".to_owned()));
    // And one that puts it back: it is a new one.
    notify.replace(with(&settings, [("VI_1", &Scripts { deleted: Deleted::AsFault, ..asks })]));
    wait_until("the other reload", || !Path::new(&second).exists());
    site.transition("VI_1", State::Backup);
    site.stop(&notify);
    let told = |path: &str, about: &str| -> Vec<String> {
        lines(path).into_iter().filter(|line| line.contains(about)).collect()
    };
    let of_vi_1 = ["INSTANCE VI_1 BACKUP 100", "INSTANCE VI_1 DELETED 100", "INSTANCE VI_1 BACKUP 100"];
    assert_eq!(told(&log, "VI_1"), of_vi_1);
    assert_eq!(told(&log, "deleted"), ["deleted DELETED"]);
    assert_eq!(told(&log, "VI_2"), ["INSTANCE VI_2 BACKUP 100", "INSTANCE VI_2 FAULT 100"]);
    assert_eq!(told(&log, "VI_3"), ["INSTANCE VI_3 BACKUP 100"]);
    let expected = [
        "INSTANCE \"VI_1\" BACKUP 100",
        "INSTANCE \"VI_2\" BACKUP 100",
        "INSTANCE \"VI_3\" BACKUP 100",
        "INSTANCE \"VI_1\" DELETED 100",
        "INSTANCE \"VI_2\" FAULT 100",
        "INSTANCE \"VI_3\" MASTER 100",
        "INSTANCE \"VI_1\" BACKUP 100",
    ];
    assert_eq!(lines(&site.file("lines")), expected);
}

#[test]
fn changes_of_priority_are_lines_and_no_script_hears_them() {
    let site = Site::new("notify-priority");
    let log = site.file("log");
    let any = site.script("any", &format!("echo $* >> {log}"));
    let asks = Scripts { any: any.clone(), priority_changes: true, ..Scripts::default() };
    let does_not = Scripts { any, ..Scripts::default() };
    let notify = site.begin(with(&recorded(&site), [("VI_1", &asks), ("VI_2", &does_not)]));
    let changed = |name: &str, to: u8| site.publish(name, EventKind::PriorityChanged { from: 100, to });
    changed("VI_1", 90);
    wait_until("the reader", || lines(&site.file("lines")).len() == 1);
    site.transition("VI_1", State::Master);
    changed("VI_1", 80);
    changed("VI_2", 80);
    site.transition("VI_1", State::Fault);
    changed("VI_1", 100);
    site.stop(&notify);
    let expected = [
        "INSTANCE \"VI_1\" BACKUP_PRIORITY 90",
        "INSTANCE \"VI_1\" MASTER 100",
        "INSTANCE \"VI_1\" MASTER_PRIORITY 80",
        "INSTANCE \"VI_1\" FAULT 100",
        "INSTANCE \"VI_1\" BACKUP_PRIORITY 100",
    ];
    assert_eq!(lines(&site.file("lines")), expected);
    assert_eq!(lines(&log), ["INSTANCE VI_1 MASTER 100", "INSTANCE VI_1 FAULT 100"]);
}
