//! As whom scripts run, and what they are given.

use keepwatch_event::Health::{Fail, Pass};
use keepwatch_exec::{Account, Groups, Start};
use rustix::process::getpriority_process;

use crate::place::{Place, is_root};

#[test]
fn a_script_is_given_little() {
    let daemon = std::thread::spawn(|| {
        // A daemon whose own mask is another one; that of the other tests is let alone.
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_FS).unwrap();
        rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
        Place::new("given")
    });
    let place = daemon.join().unwrap();
    let start = place.sh("pwd; umask; env | sort; readlink /proc/self/fd/0; exit 0");
    let environment = vec![("EXTRA".to_owned(), "a b".to_owned())];
    assert_eq!(place.asked(Start { environment, ..start }).0, Pass);
    let mut lines = place.lines();
    // Shells set these by themselves.
    lines.retain(|line| !["PWD=", "OLDPWD=", "SHLVL=", "_="].iter().any(|own| line.starts_with(own)));
    let language = std::env::var("LANG").unwrap_or_else(|_| "C.UTF-8".to_owned());
    let language = format!("LANG={language}");
    let path = format!("PATH={}", keepwatch_exec::PATH);
    assert_eq!(lines, ["/", "0022", "EXTRA=a b", &language, &path, "/dev/null"]);
}

#[test]
fn a_script_leads_a_group_of_its_own() {
    let place = Place::new("group");
    let start = place.sh("test \"$(cut -d ' ' -f 5 /proc/$$/stat)\" = $$");
    assert_eq!(place.asked(start).0, Pass);
}

#[test]
fn a_script_runs_as_its_user_without_roots_groups() {
    if !is_root() {
        eprintln!("only root can become another user: nothing is tested");
        return;
    }
    let place = Place::new("nobody");
    let account = Some(Account::of("nobody"));
    assert_eq!(place.asked(Start { account, ..place.sh("id -un; id -G; echo $HOME $USER") }).0, Pass);
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    let home = nobody.dir.display();
    assert_eq!(place.lines(), ["nobody", &nobody.gid.to_string(), &format!("{home} nobody")]);
}

#[test]
fn groups_are_those_that_were_asked_for() {
    if !is_root() {
        eprintln!("only root can become another user: nothing is tested");
        return;
    }
    let place = Place::new("groups");
    let group = Some("daemon".to_owned());
    let account = Account { group, groups: Groups::None, ..Account::of("nobody") };
    let daemon = nix::unistd::Group::from_name("daemon").unwrap().unwrap().gid;
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap().gid;
    assert_eq!(place.asked(Start { account: Some(account.clone()), ..place.sh("id -G") }).0, Pass);
    let account = Account { groups: Groups::OfUser, ..account };
    assert_eq!(place.asked(Start { account: Some(account), ..place.sh("id -G") }).0, Pass);
    let lines = place.lines();
    assert_eq!(lines[0], daemon.to_string());
    assert_eq!(lines[1], format!("{daemon} {nobody}"), "the user's own is one of its groups");
}

#[test]
fn a_script_has_the_priority_of_who_made_the_launcher() {
    let own = getpriority_process(None).unwrap();
    let place = Place::new("nice");
    let script = place.script(place.sh("exit $(cut -d ' ' -f 19 /proc/$$/stat)"), Default::default());
    let verdict = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            // As plugins' threads do.
            keepwatch_host::step_back();
            assert_ne!(getpriority_process(None).unwrap(), own);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(keepwatch_host::Probe::probe(&*script, crate::place::PATIENCE))
        });
        asking.join().unwrap()
    });
    let expected = if own == 0 { Pass } else { Fail };
    assert_eq!((verdict.health, verdict.text), (expected, format!("exited with status {}", own & 0xff)));
}
