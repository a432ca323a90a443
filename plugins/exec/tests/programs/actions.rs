//! Programs as actions.

use std::time::Duration;

use keepwatch_exec::{Account, Accounts, Program, Start};
use keepwatch_host::{ErrorKind, HostError, Ran};
use tokio::runtime::Builder;

use crate::place::{PATIENCE, Place, alive, is_root, wait_until};

fn act(start: Start, within: Duration) -> Result<Ran, HostError> {
    let action = Program::new(start, Accounts::new()).native();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(action.deed.run(within))
}

#[test]
fn actions_are_run_as_they_were_defined() {
    let place = Place::new("action");
    let program = place.write("act", "#!/bin/sh\necho \"$@\"; id -un; echo odd >&2; exit 3\n");
    let account = is_root().then(|| Account::of("nobody"));
    let arguments = vec!["a b".to_owned(), "$HOME".to_owned()];
    let ran = act(Start { account, ..Start::new(program, arguments) }, PATIENCE).unwrap();
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name;
    let user = if is_root() { "nobody" } else { &user };
    let output = format!("a b $HOME\n{user}\nodd\n");
    assert_eq!(ran, Ran { exit_code: Some(3), output });
}

#[test]
fn an_action_that_is_killed_has_no_exit_code() {
    let ran = act(Start::shell("echo so far; kill -9 $$"), PATIENCE).unwrap();
    assert_eq!(ran, Ran { exit_code: None, output: "so far\n".to_owned() });
}

#[test]
fn an_action_that_hangs_is_stopped_with_all_its_children() {
    let place = Place::new("hanging-action");
    let mark = place.folder.join("mark").display().to_string();
    let script = format!("trap '' TERM; (trap '' TERM; sleep 3600; touch {mark}) & yes & wait");
    let error = act(Start::shell(&script), Duration::from_millis(200)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert_eq!(error.text, "/bin/sh did not end within 200 ms and was stopped");
    assert_eq!(alive(&mark), 0, "no child is left when the answer comes");
}

#[test]
fn an_action_that_is_given_up_is_killed() {
    let place = Place::new("given-up");
    let (began, mark) = (place.folder.join("began"), place.folder.join("mark").display().to_string());
    let start = Start::shell(&format!("touch {}; sleep 3600; touch {mark}", began.display()));
    let action = Program::new(start, Accounts::new()).native();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let at_work = runtime.spawn(async move { action.deed.run(PATIENCE).await });
    wait_until("it has begun", || began.exists());
    at_work.abort();
    wait_until("it is gone", || alive(&mark) == 0);
}

#[test]
fn an_action_that_cannot_be_started_says_why() {
    let error = act(Start::new("/no/such/program".into(), Vec::new()), PATIENCE).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert_eq!(error.text, "/no/such/program was not started: it does not exist");
}

#[test]
fn two_actions_are_the_same_if_all_about_them_is() {
    let native = |start: Start| Program::new(start, Accounts::new()).native();
    let start = Start::new("/bin/x".into(), vec!["a".to_owned()]);
    assert_eq!(native(start.clone()), native(start.clone()));
    assert_ne!(native(start.clone()), native(Start { account: Some(Account::of("a")), ..start }));
}
