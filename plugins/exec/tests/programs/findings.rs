//! What is found about commands before they run.

use std::os::unix::fs::symlink;
use std::path::Path;

use caps::{CapSet, Capability};
use keepwatch_exec::{Account, Accounts, Command, Fallback, Policy, Ready, Security, Trouble, examine};

use crate::place::{Place, chmod, chown, is_root};

fn secure() -> Policy {
    Policy { security: Security::On, ..Policy::default() }
}

fn argv(words: &str) -> Command {
    Command::Argv(words.split(' ').map(str::to_owned).collect())
}

fn judged(command: &Command, user: Option<&str>, policy: &Policy) -> Result<Ready, Vec<Trouble>> {
    examine(command, user.map(Account::of).as_ref(), policy, &Accounts::new())
}

/// What hinders a program, and the remedies, with the folder's name left out.
fn told(troubles: &[Trouble], folder: &Path) -> Vec<(String, String)> {
    let short = |text: String| text.replace(&folder.display().to_string(), "DIR");
    troubles.iter().map(|trouble| (short(trouble.to_string()), short(trouble.remedy()))).collect()
}

fn hindrances(command: &str, user: Option<&str>, policy: &Policy, folder: &Path) -> Vec<(String, String)> {
    told(&judged(&argv(command), user, policy).unwrap_err(), folder)
}

fn pair(text: &str, remedy: &str) -> (String, String) {
    (text.to_owned(), remedy.to_owned())
}

#[test]
fn a_good_program_is_ready_as_it_stands() {
    // /bin is a link to usr/bin in many places: what it leads to is root's.
    let ready = judged(&argv("/bin/true a"), None, &secure()).unwrap();
    assert_eq!(ready.start.program, Path::new("/bin/true"));
    assert_eq!((ready.start.arguments, ready.start.account), (vec!["a".to_owned()], None));
    assert_eq!(ready.remarks, []);
}

#[test]
fn bare_names_are_looked_for() {
    let place = Place::new("path");
    let policy = |path: String| Policy { path, ..Policy::default() };
    let folder = place.folder.display();
    let missing = judged(&argv("its-check"), None, &policy(format!("/usr/bin:{folder}"))).unwrap_err();
    assert_eq!(
        told(&missing, &place.folder),
        [pair("its-check is not in /usr/bin:DIR", "write its whole path")]
    );
    let check = place.write("its-check", "#!/bin/sh\n");
    let ready = judged(&argv("its-check"), None, &policy(format!("/usr/bin:{folder}"))).unwrap();
    assert_eq!(ready.start.program, check);

    chmod(&check, "0644");
    let almost = judged(&argv("its-check"), None, &policy(format!("/usr/bin:{folder}"))).unwrap_err();
    let (text, remedy) = told(&almost, &place.folder).remove(0);
    assert!(text.starts_with("DIR/its-check (owner ") && text.ends_with("mode 0644) may not be executed"));
    assert_eq!(remedy, "chmod a+x DIR/its-check");

    // The next one that may be executed is it.
    std::fs::create_dir(place.folder.join("b")).unwrap();
    let other = place.write("b/its-check", "#!/bin/sh\n");
    let ready = judged(&argv("its-check"), None, &policy(format!("{folder}:{folder}/b"))).unwrap();
    assert_eq!(ready.start.program, other);
}

#[test]
fn relative_paths_begin_at_the_root() {
    let ready = judged(&argv("./bin/../bin/true"), None, &Policy::default()).unwrap();
    assert_eq!(ready.start.program, Path::new("/bin/../bin/true"));
    assert_eq!(ready.remarks[0].to_string(), "./bin/../bin/true is taken for /bin/../bin/true");
    assert_eq!(
        hindrances("scripts/check.sh", None, &Policy::default(), Path::new("/nowhere")),
        [pair("/scripts/check.sh does not exist: there is no /scripts", "install it, or correct the path")]
    );
}

#[test]
fn what_is_no_program_is_told() {
    let place = Place::new("kinds");
    let folder = place.folder.display();
    let at = |name: &str| format!("{folder}/{name}");
    let plain = Policy::default();
    let told = |name: &str| hindrances(&at(name), None, &plain, &place.folder);
    assert_eq!(told("none"), [pair("DIR/none does not exist", "install it, or correct the path")]);
    assert_eq!(told("."), [pair("DIR is no file", "write the path of a program")]);
    place.write("file", "#!/bin/sh\n");
    assert_eq!(
        told("file/x"),
        [pair("DIR/file cannot be followed: it is no directory", "ls -ld DIR/file shows more")]
    );
    symlink(at("round"), at("round")).unwrap();
    assert_eq!(
        told("round"),
        [pair("DIR/round cannot be followed: there are too many links", "ls -ld DIR/round shows more")]
    );
    assert_eq!(judged(&Command::Argv(Vec::new()), None, &plain), Err(vec![Trouble::Empty]));
    chmod(&place.write("data", "#!/bin/sh\n"), "0644");
    let (text, remedy) = told("data").remove(0);
    assert!(text.contains(" may not execute DIR/data (owner "), "{text}");
    assert_eq!(remedy, "chmod u+x DIR/data");
    place.write("bare", "exit 0\n");
    let ready = judged(&argv(&at("bare")), None, &plain).unwrap();
    let remark = ready.remarks.iter().find(|remark| matches!(remark, Trouble::NoInterpreter(_))).unwrap();
    assert_eq!(remark.remedy(), "begin it with #!/bin/sh");
}

#[test]
fn what_is_to_read_a_script_must_be_there() {
    let place = Place::new("readers");
    let missing = "the first line of DIR/script names /no/such/reader, which does not exist: it always fails";
    let windows = "the first line of DIR/script names /bin/sh\\r, which does not exist: it always fails";
    let install = "install it, or correct the first line";
    for (first, expected) in [
        ("#!/no/such/reader", Some(pair(missing, install))),
        ("#! /no/such/reader -x", Some(pair(missing, install))),
        ("#!/bin/sh\r", Some(pair(windows, "its lines end as in Windows: sed -i 's/\\r$//' DIR/script"))),
        ("#!/bin/sh", None),
        ("#! /usr/bin/env sh", None),
        ("#!bin/sh", None),
    ] {
        let script = place.write("script", &format!("{first}\nexit 0\n")).display().to_string();
        let ready = judged(&argv(&script), None, &Policy::default()).unwrap();
        let remarks = ready.remarks.iter().filter(|it| matches!(it, Trouble::NoSuchInterpreter { .. }));
        let remarks: Vec<Trouble> = remarks.cloned().collect();
        assert_eq!(told(&remarks, &place.folder), expected.into_iter().collect::<Vec<_>>(), "{first}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let command = argv("/no/such/program > /dev/null");
    let troubles = judged(&command, Some("no-such-user-of-keepwatch"), &Policy::default()).unwrap_err();
    assert_eq!(
        told(&troubles, Path::new("/nowhere")),
        [
            pair(
                "there is no user no-such-user-of-keepwatch",
                "create it: useradd --system no-such-user-of-keepwatch; or name another one"
            ),
            pair("/no/such/program does not exist: there is no /no", "install it, or correct the path"),
        ]
    );
}

#[test]
fn a_shell_is_handed_the_whole_command() {
    let ready = judged(&Command::Shell("true | true".to_owned()), None, &secure()).unwrap();
    assert_eq!(ready.remarks, []);
    assert_eq!(ready.start.arguments, ["-c", "true | true"]);
}

#[test]
fn dev_tcp_needs_bash() {
    let command = Command::of_keepalived(vec!["</dev/tcp/127.0.0.1/80".to_owned()]);
    let ready = judged(&command, None, &Policy::default()).unwrap();
    let is_bash = std::fs::canonicalize("/bin/sh").unwrap().ends_with("bash");
    assert_eq!(ready.remarks.is_empty(), is_bash);
    assert_eq!(ready.start.arguments, ["-c", "</dev/tcp/127.0.0.1/80"]);
}

#[test]
fn who_runs_it_if_nobody_says_so() {
    if !is_root() {
        eprintln!("only root can run programs as another user: nothing is tested");
        return;
    }
    let policy = Policy { fallback: Fallback::Keepalived, ..secure() };
    let exists = nix::unistd::User::from_name("keepalived_script").unwrap().is_some();
    let judged_secure = judged(&argv("/bin/true"), None, &policy);
    let off = judged(&argv("/bin/true"), None, &Policy { security: Security::Off, ..policy });
    if exists {
        assert_eq!(judged_secure.unwrap().start.account, Some(Account::of("keepalived_script")));
        assert_eq!(off.unwrap().start.account, Some(Account::of("keepalived_script")));
    } else {
        assert_eq!(judged_secure, Err(vec![Trouble::NoDefaultUser]));
        assert_eq!(off.unwrap().start.account, None);
    }
    let policy = Policy { fallback: Fallback::Account(Account::of("nobody")), ..secure() };
    let ready = judged(&argv("/bin/true"), None, &policy).unwrap();
    assert_eq!(ready.start.account, Some(Account::of("nobody")));
    let ready = judged(&argv("/bin/true"), Some("root"), &policy).unwrap();
    assert_eq!(ready.start.account, Some(Account::of("root")));
}

#[test]
fn what_others_can_change_root_does_not_run() {
    if !is_root() {
        eprintln!("only root can give files away: nothing is tested");
        return;
    }
    let place = Place::new("secure");
    let checks = place.folder.join("checks");
    std::fs::create_dir(&checks).unwrap();
    let file = place.write("checks/web", "#!/bin/sh\n");
    let web = file.display().to_string();
    symlink("checks", place.folder.join("link")).unwrap();
    let found = || hindrances(&web, None, &secure(), &place.folder);
    assert!(judged(&argv(&web), None, &secure()).is_ok());

    chown(&checks, "nobody:root");
    let owner = [pair(
        "its owner nobody can change DIR/checks (owner nobody, group root, mode 0755), and root would run it",
        "chown root DIR/checks, or run it as another user than root",
    )];
    assert_eq!(found(), owner);
    // By a link, too; with security off it is a remark; and for somebody else it is no matter.
    let linked = place.folder.join("link/web").display().to_string();
    assert_eq!(hindrances(&linked, None, &secure(), &place.folder), owner);
    let ready = judged(&argv(&web), None, &Policy::default()).unwrap();
    assert_eq!(told(&ready.remarks, &place.folder), owner);
    assert_eq!(judged(&argv(&web), Some("nobody"), &secure()).unwrap().remarks, []);

    chown(&checks, "root:root");
    chmod(&checks, "0757");
    let everybody = pair(
        "everybody can change DIR/checks (owner root, group root, mode 0757), and root would run it",
        "chmod o-w DIR/checks, or run it as another user than root",
    );
    assert_eq!(found(), [everybody]);
    chmod(&checks, "1777");
    assert!(judged(&argv(&web), None, &secure()).is_ok(), "as /tmp is");

    chown(&file, "root:daemon");
    chmod(&file, "0775");
    let group = pair(
        "everybody in group daemon can change DIR/checks/web (owner root, group daemon, mode 0775), and root would \
         run it",
        "chmod g-w DIR/checks/web, or run it as another user than root",
    );
    assert_eq!(found(), [group]);
    chown(&file, "root:root");
    assert!(judged(&argv(&web), None, &secure()).is_ok(), "the group is root's");

    // A link that is somebody's own can be replaced in a directory that all may write to.
    chown(&place.folder.join("link"), "nobody:root");
    let (text, _) = hindrances(&linked, None, &secure(), &place.folder).remove(0);
    assert!(text.starts_with("its owner nobody can change DIR/link (owner nobody"), "{text}");

    // It becomes root's whoever starts it.
    chmod(&file, "4755");
    chown(&checks, "nobody:root");
    assert_eq!(judged(&argv(&web), Some("nobody"), &secure()).unwrap_err().len(), 1);
}

#[test]
fn its_user_must_get_there() {
    if !is_root() {
        eprintln!("only root can run programs as another user: nothing is tested");
        return;
    }
    let place = Place::new("entry");
    let checks = place.folder.join("checks");
    std::fs::create_dir(&checks).unwrap();
    let file = place.write("checks/web", "#!/bin/sh\n");
    let web = file.display().to_string();
    let found = || hindrances(&web, Some("nobody"), &Policy::default(), &place.folder);
    chmod(&checks, "0700");
    assert_eq!(
        found(),
        [pair(
            "nobody may not enter DIR/checks (owner root, group root, mode 0700)",
            "chmod o+x DIR/checks, or run it as another user than nobody"
        )]
    );
    chmod(&checks, "0755");
    chmod(&file, "0754");
    assert_eq!(
        found(),
        [pair(
            "nobody may not execute DIR/checks/web (owner root, group root, mode 0754)",
            "chmod o+x DIR/checks/web"
        )]
    );
    chmod(&file, "0751");
    assert_eq!(
        found(),
        [pair(
            "nobody may not read DIR/checks/web (owner root, group root, mode 0751), which is a script",
            "chmod o+r DIR/checks/web"
        )]
    );
    chmod(&file, "0755");
    assert!(judged(&argv(&web), Some("nobody"), &Policy::default()).is_ok());
}

/// As under systemd with `AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW`. Each test has a thread of its own, and so have
/// capabilities.
#[test]
fn who_may_not_become_others_is_told_so_and_does_not_try() {
    if !is_root() {
        eprintln!("only root has a right to lose: nothing is tested");
        return;
    }
    let command = argv("/bin/true");
    assert!(judged(&command, Some("nobody"), &Policy::default()).is_ok(), "with all rights");
    for capability in [Capability::CAP_SETUID, Capability::CAP_SETGID] {
        caps::drop(None, CapSet::Effective, capability).unwrap();
        assert_eq!(
            hindrances("/bin/true", Some("nobody"), &Policy::default(), Path::new("/nowhere")),
            [pair(
                "keepwatch, as root, has no right to start it as nobody",
                "give keepwatch CAP_SETUID, CAP_SETGID and CAP_KILL, as root has them; or let it run as root, with `user` or \
                 `script_user`"
            )]
        );
        assert!(judged(&command, Some("root"), &Policy::default()).is_ok(), "it is its own user");
        assert!(judged(&command, None, &Policy::default()).is_ok());
        caps::raise(None, CapSet::Effective, capability).unwrap();
    }
}
