//! Debian's Postfix, with TLS and AUTH. Where it is missing, or for an ordinary user, the tests say so and do nothing; with
//! CI=1 or CI=true in the environment they fail instead.

use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use keepwatch_notify::{Outcome, Parcel, Scope, sample};
use keepwatch_smtp::{Mail, Mechanism, Secret, Settings, SignIn, Tls};
use tokio::net::TcpStream;

use crate::support::{Authority, Heard, PATIENT, again, at, settings};

/// The program, as Debian has it, and what writes its passwords down (package sasl2-bin).
const MASTER: &str = "/usr/lib/postfix/sbin/master";
const PASSWORDS: &str = "/usr/sbin/saslpasswd2";
const NOBODY: u32 = 65_534;
const PASSWORD: &str = "open sesame";

const SIGNED_IN: &str =
    "smtpd_sasl_auth_enable=yes smtpd_client_restrictions=permit_sasl_authenticated,reject";
/// Its services: a name, and what they have that others have not.
const SERVICES: &[(&str, &str)] = &[
    ("plain", ""),
    ("clear", SIGNED_IN),
    ("starttls", "smtpd_tls_security_level=encrypt smtpd_tls_auth_only=yes"),
    ("implicit", "smtpd_tls_wrappermode=yes"),
    (
        "misnamed",
        "smtpd_tls_security_level=encrypt smtpd_tls_cert_file=AT/www.pem smtpd_tls_key_file=AT/www.key",
    ),
    ("no-auth", "smtpd_tls_security_level=encrypt smtpd_sasl_auth_enable=no smtpd_client_restrictions="),
    ("one", "smtpd_client_connection_count_limit=1"),
    ("small", "message_size_limit=500"),
];
/// Those with TLS have AUTH, too.
const WITH_AUTH: &[&str] = &["starttls", "implicit", "misnamed"];

/// A server of its own, in a folder of its own. It ends with this.
struct Postfix {
    folder: PathBuf,
    authority: Authority,
    ports: Vec<(&'static str, u16)>,
    master: Child,
}

impl Postfix {
    /// None where it cannot be.
    async fn start(name: &str) -> Option<Self> {
        if let Some(missing) = missing() {
            let in_ci = std::env::var("CI").is_ok_and(|value| value == "1" || value == "true");
            assert!(!in_ci, "{missing}");
            eprintln!("not done: {missing}");
            return None;
        }
        let folder = std::env::temp_dir().join(format!("keepwatch-postfix-{name}-{}", std::process::id()));
        for part in ["etc/sasl", "box", "queue"] {
            std::fs::create_dir_all(folder.join(part)).unwrap();
        }
        chown(folder.join("box"), Some(NOBODY), Some(NOBODY)).unwrap();
        let authority = Authority::new(&format!("postfix-{name}"));
        authority.sign("localhost");
        authority.sign("www");
        let ports = ports();
        configure(&folder, &authority, &ports);
        // It makes the folders that it needs in its own.
        run(Command::new("/usr/sbin/postfix").arg("-c").arg(folder.join("etc")).arg("check"));
        let mut command = Command::new("setpriv");
        // Should the test be killed, it ends, too; and its signals are for its own group.
        command.args(["--pdeathsig", "TERM", MASTER, "-d", "-c"]).arg(folder.join("etc")).process_group(0);
        let master = command.stdin(Stdio::null()).spawn().unwrap();
        let postfix = Self { folder, authority, ports, master };
        for (service, port) in &postfix.ports {
            let until = Instant::now() + PATIENT;
            while TcpStream::connect(("127.0.0.1", *port)).await.is_err() {
                assert!(Instant::now() < until, "{service} does not answer:\n{}", postfix.log());
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        }
        Some(postfix)
    }

    /// Settings for one of its services, whose certificates are trusted.
    fn to(&self, service: &str, tls: Tls) -> Settings {
        let (_, port) = self.ports.iter().find(|(name, _)| *name == service).unwrap();
        Settings { ca_file: Some(self.authority.path("ca.pem")), ..settings(vec![at(*port, tls)]) }
    }

    /// What it has delivered with this Message-ID; waits for a file for each recipient.
    async fn delivered(&self, id: &str) -> Vec<String> {
        let until = Instant::now() + PATIENT;
        loop {
            let found = self.all(id);
            if found.len() >= 2 {
                return found;
            }
            assert!(Instant::now() < until, "{id} is not delivered:\n{}", self.log());
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    fn all(&self, id: &str) -> Vec<String> {
        let files = std::fs::read_dir(self.folder.join("box/new")).into_iter().flatten().flatten();
        let texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
        texts.filter(|text| text.contains(&format!("Message-ID: <{id}.admins@h1>"))).collect()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let group = format!("-{}", self.master.id());
        // Asked, it ends its processes; those that are left have no master any more.
        for signal in ["-TERM", "-KILL"] {
            let _ = Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
            if signal == "-TERM" {
                let _ = self.master.wait();
            }
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Why there can be no Postfix here, if so.
fn missing() -> Option<String> {
    for (path, package) in [(MASTER, "postfix"), (PASSWORDS, "sasl2-bin")] {
        if !Path::new(path).exists() {
            return Some(format!("{path} is not installed (apt-get install {package})"));
        }
    }
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|itself| itself.uid() == 0);
    (!is_root).then(|| "Postfix needs root".to_owned())
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let (said, why) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {said}{why}");
}

/// Free ones: they are let go when all are chosen.
fn ports() -> Vec<(&'static str, u16)> {
    let listeners: Vec<_> = SERVICES
        .iter()
        .map(|(name, _)| (*name, std::net::TcpListener::bind("127.0.0.1:0").unwrap()))
        .collect();
    listeners.iter().map(|(name, listener)| (*name, listener.local_addr().unwrap().port())).collect()
}

fn configure(folder: &Path, authority: &Authority, ports: &[(&'static str, u16)]) {
    let here = folder.display();
    let main = format!(
        "compatibility_level = 3.6
queue_directory = {here}/queue
data_directory = {here}/data
maillog_file = {here}/log
maillog_file_prefixes = {here}
myhostname = mail.example.net
mydestination =
mynetworks =
inet_protocols = ipv4
alias_maps =
alias_database =
local_transport = error:nobody is here
virtual_mailbox_domains = example.com
virtual_mailbox_base = {here}
virtual_mailbox_maps = inline:{{ {{a@example.com = box/}}, {{b@example.com = box/}} }}
virtual_uid_maps = static:{NOBODY}
virtual_gid_maps = static:{NOBODY}
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{{ {{later@example.com = 451 4.7.1 come again}} }}
smtpd_client_event_limit_exceptions =
smtpd_sasl_local_domain = $myhostname
smtpd_sasl_authenticated_header = yes
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_received_header = yes
",
        certificate = authority.path("localhost.pem").display(),
        key = authority.path("localhost.key").display(),
    );
    let mut master = String::new();
    for (name, port) in ports {
        master.push_str(&format!("127.0.0.1:{port} inet n - n - - smtpd\n"));
        let (_, options) = SERVICES.iter().find(|(service, _)| service == name).unwrap();
        let more = if WITH_AUTH.contains(name) { SIGNED_IN } else { "" };
        for option in options.split(' ').chain(more.split(' ')).filter(|option| !option.is_empty()) {
            let option = option.replace("AT/", &format!("{}/", authority.path("").display()));
            master.push_str(&format!("  -o {option}\n"));
        }
    }
    // The rest as Debian has it, but for chroot, and for what is not needed here.
    master.push_str(
        "cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
",
    );
    std::fs::write(folder.join("etc/main.cf"), main).unwrap();
    std::fs::write(folder.join("etc/master.cf"), master).unwrap();
    let passwords = folder.join("passwords");
    // Debian looks for it there.
    let sasl = format!(
        "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\nsasldb_path: {}\n",
        passwords.display()
    );
    std::fs::write(folder.join("etc/sasl/smtpd.conf"), sasl).unwrap();
    let mut command = Command::new(PASSWORDS);
    command.args(["-p", "-c", "-u", "mail.example.net", "-f"]).arg(&passwords).arg("kw");
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    // Its processes are no root.
    run(Command::new("chmod").arg("644").arg(&passwords));
}

fn parcel(id: &str) -> Parcel {
    Parcel { id: id.to_owned(), ..sample::transition() }
}

fn by(mechanism: Mechanism, password: &str, settings: Settings) -> Settings {
    let sign_in =
        SignIn { mechanisms: vec![mechanism], ..SignIn::with_password("kw", Secret::given(password)) };
    Settings { sign_in: Some(sign_in), ..settings }
}

async fn hand_over(settings: Settings, id: &str) -> (Outcome, Heard) {
    again(&Mail::new(settings), &parcel(id)).await
}

#[track_caller]
fn assert_later(outcome: &Outcome, expected: Scope, part: &str) {
    let Outcome::Later { why, scope, .. } = outcome else { panic!("{outcome:?}") };
    assert!(*scope == expected && why.contains(part), "{outcome:?}");
}

#[track_caller]
fn assert_refused(outcome: &Outcome, part: &str) {
    let Outcome::Refused { why } = outcome else { panic!("{outcome:?}") };
    assert!(why.contains(part), "{why}");
}

#[tokio::test]
async fn mails_arrive_as_safely_as_they_should() {
    use Mechanism::{Login, Plain};
    let Some(postfix) = Postfix::start("arrive").await else { return };
    let table = [
        ("plain", Tls::None, None, "with ESMTP id"),
        ("clear", Tls::None, Some(Plain), "with ESMTPA id"),
        ("clear", Tls::None, Some(Login), "with ESMTPA id"),
        ("no-auth", Tls::StartTls, None, "with ESMTPS id"),
        ("starttls", Tls::StartTls, Some(Plain), "with ESMTPSA id"),
        ("starttls", Tls::StartTls, Some(Login), "with ESMTPSA id"),
        ("implicit", Tls::Implicit, Some(Plain), "with ESMTPSA id"),
        ("implicit", Tls::Implicit, Some(Login), "with ESMTPSA id"),
    ];
    for (number, (service, tls, mechanism, with)) in table.into_iter().enumerate() {
        let settings = postfix.to(service, tls);
        let settings = match mechanism {
            Some(mechanism) => by(mechanism, PASSWORD, settings),
            None => settings,
        };
        let id = format!("case-{number}");
        let (outcome, heard) = hand_over(settings, &id).await;
        let Outcome::Delivered { said } = &outcome else { panic!("{outcome:?}\n{}", postfix.log()) };
        assert!(said.contains("250 2.0.0 Ok: queued as"), "{said}");
        assert!(!heard.text().contains("sesame"), "{}", heard.text());
        let delivered = postfix.delivered(&id).await;
        for whom in ["a@example.com", "b@example.com"] {
            let text = delivered.iter().find(|text| text.contains(&format!("Delivered-To: {whom}")));
            let text = text.unwrap_or_else(|| panic!("nothing for {whom}: {delivered:?}"));
            assert!(text.contains(with), "{service}: {text}");
            assert_eq!(
                text.contains("(Authenticated sender: kw@mail.example.net)"),
                mechanism.is_some(),
                "{text}"
            );
            assert_eq!(text.contains("(using TLSv1"), tls != Tls::None, "{text}");
            assert!(text.contains("Subject: [h1] VI_1 is MASTER: no advert heard for 3.61 s\n"), "{text}");
        }
    }
}

#[tokio::test]
async fn nothing_goes_unencrypted_or_unauthenticated_by_accident() {
    use Mechanism::{Login, Plain};
    let Some(postfix) = Postfix::start("accident").await else { return };
    let to = |service, tls| postfix.to(service, tls);
    let stranger = |service, tls| Settings { ca_file: None, ..postfix.to(service, tls) };
    let table = [
        (to("plain", Tls::StartTls), "does not offer STARTTLS"),
        (by(Plain, PASSWORD, to("plain", Tls::StartTls)), "does not offer STARTTLS"),
        (by(Plain, PASSWORD, to("plain", Tls::None)), "does not offer AUTH PLAIN"),
        (by(Login, PASSWORD, to("no-auth", Tls::StartTls)), "does not offer AUTH LOGIN"),
        (by(Mechanism::Xoauth2, PASSWORD, to("starttls", Tls::StartTls)), "does not offer AUTH XOAUTH2"),
        (to("plain", Tls::Implicit), "no TLS"),
        (to("starttls", Tls::None), "530 5.7.0 Must issue a STARTTLS command first"),
        (by(Plain, PASSWORD, to("misnamed", Tls::StartTls)), "its certificate is for another name"),
        (by(Plain, PASSWORD, stranger("starttls", Tls::StartTls)), "signed by nobody who is trusted"),
        (by(Plain, PASSWORD, stranger("implicit", Tls::Implicit)), "signed by nobody who is trusted"),
        (by(Plain, "wrong", to("starttls", Tls::StartTls)), "does not accept user and password: 535 5.7.8"),
        (by(Login, "wrong", to("implicit", Tls::Implicit)), "does not accept user and password: 535 5.7.8"),
        (by(Plain, "wrong", to("clear", Tls::None)), "does not accept user and password: 535 5.7.8"),
    ];
    for (number, (settings, why)) in table.into_iter().enumerate() {
        let id = format!("accident-{number}");
        let (outcome, heard) = hand_over(settings, &id).await;
        assert_later(&outcome, Scope::Destination, why);
        let sent_mail =
            heard.lines().iter().any(|line| line.starts_with("> RCPT") || line.starts_with("> DATA"));
        assert!(!sent_mail, "{}", heard.text());
    }
    // Who names no user where one is needed is told so by the server, for good.
    let (outcome, _) = hand_over(to("starttls", Tls::StartTls), "accident-no-user").await;
    assert_refused(&outcome, "554 5.7.1");
    // It took nothing of all that.
    let (outcome, _) = hand_over(to("plain", Tls::None), "the-only-one").await;
    assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
    postfix.delivered("the-only-one").await;
    assert_eq!(std::fs::read_dir(postfix.folder.join("box/new")).unwrap().count(), 2, "{}", postfix.log());
}

#[tokio::test]
async fn its_answers_are_understood() {
    let Some(postfix) = Postfix::start("answers").await else { return };
    let whom = |to: &[&str]| {
        let to = to.iter().map(|to| to.parse().unwrap()).collect();
        Settings { to, ..postfix.to("plain", Tls::None) }
    };
    let (outcome, _) = hand_over(whom(&["nobody@example.com"]), "nobody").await;
    assert_refused(&outcome, "550 5.1.1");
    let (outcome, _) = hand_over(whom(&["a@elsewhere.example"]), "elsewhere").await;
    assert_refused(&outcome, "554 5.7.1");
    let (outcome, _) = hand_over(whom(&["later@example.com"]), "later").await;
    assert_later(&outcome, Scope::Parcel, "later@example.com: 451 4.7.1");
    let (outcome, _) = hand_over(whom(&["a@example.com", "nobody@example.com"]), "some").await;
    let Outcome::Delivered { said } = &outcome else { panic!("{outcome:?}") };
    assert!(said.contains("; refused: nobody@example.com: 550 5.1.1"), "{said}");
    let (outcome, _) = hand_over(postfix.to("small", Tls::None), "small").await;
    assert_refused(&outcome, "552 5.3.4");

    // Somebody else has the only connection.
    let (_, port) = postfix.ports.iter().find(|(name, _)| *name == "one").unwrap();
    let mut other = TcpStream::connect(("127.0.0.1", *port)).await.unwrap();
    let mut greeting = [0; 4];
    tokio::io::AsyncReadExt::read_exact(&mut other, &mut greeting).await.unwrap();
    assert_eq!(&greeting, b"220 ");
    let (outcome, _) = hand_over(postfix.to("one", Tls::None), "one").await;
    assert_later(&outcome, Scope::Destination, "421 4.7.0");
}
