//! Servers that do what servers should not.

use std::net::{IpAddr, Ipv4Addr};

use keepwatch_notify::{Content, Letter, Outcome, Parcel, Scope, sample};
use keepwatch_smtp::{Identity, Mail, Mechanism, Secret, Settings, SignIn, Tls};

use crate::support::{
    Answers, Authority, HASTY, Implicit, OWN, Script, Told, again, at, babble, hand_over, settings,
};

const OFFERS: (&str, &str) = ("EHLO", "250-scripted\r\n250 AUTH PLAIN LOGIN XOAUTH2");
const OFFERS_TLS: (&str, &str) = ("EHLO", "250-scripted\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN");

#[track_caller]
fn assert_later(outcome: &Outcome, expected: Scope, parts: &[&str]) {
    let Outcome::Later { why, after: None, scope } = outcome else { panic!("{outcome:?}") };
    assert_eq!(*scope, expected, "{why}");
    assert_contains(why, parts);
}

#[track_caller]
fn assert_refused(outcome: &Outcome, parts: &[&str]) {
    let Outcome::Refused { why } = outcome else { panic!("{outcome:?}") };
    assert_contains(why, parts);
}

#[track_caller]
fn assert_delivered(outcome: &Outcome, parts: &[&str]) {
    let Outcome::Delivered { said } = outcome else { panic!("{outcome:?}") };
    assert_contains(said, parts);
}

#[track_caller]
fn assert_contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
    assert!(!text.contains('\n'), "{text:?}");
}

/// The commands that a server was told, without the message.
fn commands(told: &Told) -> Vec<String> {
    let mut commands = Vec::new();
    let mut in_message = false;
    for line in told.lock().unwrap().iter() {
        in_message &= line != ".";
        if !in_message {
            commands.push(line.clone());
        }
        in_message |= line == "DATA";
    }
    commands
}

/// Whether it was told anything that it should not have been.
#[track_caller]
fn assert_told_nothing(told: &Told) {
    for line in told.lock().unwrap().iter() {
        let harmless = ["EHLO", "STARTTLS", "QUIT"].iter().any(|word| line.starts_with(word));
        assert!(harmless, "it was told {line:?}");
    }
}

fn signed_in(settings: Settings) -> Settings {
    Settings { sign_in: Some(SignIn::with_password("kw", Secret::given("opensesame"))), ..settings }
}

#[tokio::test]
async fn all_is_well() {
    let (port, told) = Script::answering(&[(".", "250 2.0.0 queued as 4711")]).start().await;
    let (outcome, heard) = hand_over(settings(vec![at(port, Tls::None)])).await;
    assert_eq!(outcome, Outcome::Delivered { said: "250 2.0.0 queued as 4711".to_owned() });
    let expected = [
        "EHLO h1.example.com",
        "MAIL FROM:<keepwatch@example.com>",
        "RCPT TO:<a@example.com>",
        "RCPT TO:<b@example.com>",
        "DATA",
        ".",
    ];
    assert_eq!(commands(&told)[..6], expected);
    let dialogue = heard.lines();
    assert_eq!(dialogue[0], format!("* connected to 127.0.0.1:{port}, not encrypted"));
    assert!(
        dialogue.ends_with(&["< 250 2.0.0 queued as 4711".to_owned(), "> QUIT".to_owned()]),
        "{dialogue:?}"
    );
}

#[tokio::test]
async fn answers_and_what_becomes_of_the_mail() {
    use Scope::{Destination, Parcel};
    const LATER: &[(Answers, Scope, &str)] = &[
        (&[("MAIL", "451 disk full")], Destination, "451 disk full"),
        (
            &[("RCPT", "450 greylisted")],
            Parcel,
            "a@example.com: 450 greylisted, b@example.com: 450 greylisted",
        ),
        (&[("RCPT TO:<a", "550 who?"), ("RCPT", "451 not now")], Parcel, "b@example.com: 451 not now"),
        (&[("DATA", "452 no room")], Parcel, "452 no room"),
        (&[(".", "451 no room")], Parcel, "451 no room"),
        (&[(".", "454 odd")], Destination, "454 odd"),
        (&[("EHLO", "421 too busy")], Destination, "421 too busy"),
        (&[("MAIL", "421 closing")], Destination, "421 closing"),
        (&[("RCPT", "421 closing")], Destination, "421 closing"),
        (&[(".", "421 closing")], Destination, "421 closing"),
        (&[("MAIL", "530 sign in first")], Destination, "530 sign in first"),
        (&[("DATA", "close")], Destination, "closed the connection"),
        (&[(".", "close")], Destination, "closed the connection"),
        (&[("DATA", "250 what?")], Destination, "it answers out of step: 250 what?"),
        (&[("MAIL", "what?")], Destination, ""),
    ];
    for (answers, scope, why) in LATER {
        let (port, _) = Script::answering(answers).start().await;
        let (outcome, _) = hand_over(settings(vec![at(port, Tls::None)])).await;
        assert_later(&outcome, *scope, &[&format!("127.0.0.1:{port}: "), why]);
    }
    const REFUSED: &[(Answers, &str)] = &[
        (&[("MAIL", "553 not yours")], "553 not yours"),
        (&[("RCPT", "550 who?")], "a@example.com: 550 who?, b@example.com: 550 who?"),
        (&[("DATA", "554 no")], "554 no"),
        (&[(".", "552-too\r\n552 large")], "552 too large"),
        (&[(".", "554 spam")], "554 spam"),
    ];
    for (answers, why) in REFUSED {
        let (port, _) = Script::answering(answers).start().await;
        let (outcome, _) = hand_over(settings(vec![at(port, Tls::None)])).await;
        assert_refused(&outcome, &[&format!("127.0.0.1:{port}: "), why]);
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_takes_no_longer_than_it_may() {
    let silent = Script { greeting: "", ..Script::answering(&[]) };
    let table = [
        (silent, "and a greeting"),
        (Script::answering(&[("EHLO", "")]), "and a greeting"),
        (Script::answering(&[("MAIL", "")]), "waited last for an answer to MAIL"),
        (Script::answering(&[("DATA", "")]), "waited last for an answer to DATA"),
        (Script::answering(&[(".", "")]), "waited last for an answer to ."),
    ];
    // All at once: each takes its time.
    let attempts = table.map(|(script, waited)| {
        tokio::spawn(async move {
            let (port, _) = script.start().await;
            let hasty = Settings { timeout: HASTY, ..settings(vec![at(port, Tls::None)]) };
            let (outcome, _) = hand_over(hasty).await;
            assert_later(&outcome, Scope::Destination, &["it took longer than 5 s", waited]);
        })
    });
    for attempt in attempts {
        attempt.await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_stops_reading_takes_no_longer_than_it_may() {
    let (port, _) = Script::answering(&[("DATA", "stall")]).start().await;
    // More than the kernel keeps for one who does not read.
    let text = "a line of a very long mail\n".repeat(1 << 17);
    let content = Content::Mail { plugin: "shop".to_owned(), subject: "long".to_owned(), text, html: None };
    let letter = Letter::of_plugin(content, None, std::time::SystemTime::UNIX_EPOCH);
    let parcel = Parcel { letters: vec![letter], now: None, ..sample::transition() };
    let hasty = Settings { timeout: HASTY, ..settings(vec![at(port, Tls::None)]) };
    let (outcome, _) = again(&Mail::new(hasty), &parcel).await;
    assert_later(&outcome, Scope::Destination, &["it took longer than 5 s; waited last for an answer to ."]);
}

#[tokio::test]
async fn a_server_that_talks_without_end_does_not_fill_memory() {
    let port = babble().await;
    for tls in [Tls::None, Tls::StartTls] {
        let (outcome, _) = hand_over(settings(vec![at(port, tls)])).await;
        assert_later(&outcome, Scope::Destination, &["it talks and talks"]);
    }
    let (outcome, _) = hand_over(settings(vec![at(port, Tls::Implicit)])).await;
    assert_later(&outcome, Scope::Destination, &["no TLS"]);
}

#[tokio::test]
async fn a_server_that_does_not_say_good_bye_has_taken_the_mail_all_the_same() {
    let (port, _) = Script::answering(&[("QUIT", "")]).start().await;
    let (outcome, _) = hand_over(settings(vec![at(port, Tls::None)])).await;
    assert_delivered(&outcome, &["250 ok"]);
}

#[tokio::test]
async fn some_recipients_are_refused_and_the_others_get_it() {
    let (port, told) = Script::answering(&[("RCPT TO:<a", "550 who?")]).start().await;
    let (outcome, _) = hand_over(settings(vec![at(port, Tls::None)])).await;
    assert_delivered(&outcome, &["250 ok; refused: a@example.com: 550 who?"]);
    assert_eq!(told.lock().unwrap().iter().filter(|line| *line == "DATA").count(), 1);
}

#[tokio::test]
async fn some_recipients_are_put_off_and_nobody_gets_it_twice() {
    let (shy, first) = Script::answering(&[("RCPT TO:<b", "450 greylisted")]).start().await;
    let mut parcel = sample::transition();
    let (outcome, _) = again(&Mail::new(settings(vec![at(shy, Tls::None)])), &parcel).await;
    let Outcome::Partly { served, why } = outcome else { panic!("{outcome:?}") };
    assert_eq!(
        (&served[..], why.as_str()),
        (&["a@example.com".to_owned()][..], "others have got it; b@example.com: 450 greylisted")
    );
    // What the queue knows, whatever has become of the transport since: a reload, a restart.
    parcel.served = served;
    let mail = Mail::new(settings(vec![at(shy, Tls::None)]));
    let (outcome, _) = again(&mail, &parcel).await;
    assert_later(&outcome, Scope::Parcel, &["b@example.com: 450 greylisted"]);
    let recipients: Vec<String> =
        commands(&first).into_iter().filter(|line| line.starts_with("RCPT") || line == "DATA").collect();
    let (a, b) = ("RCPT TO:<a@example.com>", "RCPT TO:<b@example.com>");
    assert_eq!(recipients, [a, b, "DATA", b]);
}

#[tokio::test]
async fn nobody_is_left_when_those_who_were_put_off_are_written_to_no_more() {
    let (port, told) = Script::answering(&[]).start().await;
    let mut parcel = sample::transition();
    parcel.served = vec!["a@example.com".to_owned(), "b@example.com".to_owned()];
    let (outcome, _) = again(&Mail::new(settings(vec![at(port, Tls::None)])), &parcel).await;
    assert_delivered(&outcome, &["all have got it before"]);
    assert!(told.lock().unwrap().is_empty());
}

#[tokio::test]
async fn relays_are_asked_in_order_until_one_judges() {
    // Taken, so that nobody else gets it, and closed again: nobody listens.
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let (busy, _) = Script::answering(&[("MAIL", "421 too busy")]).start().await;
    let (good, told) = Script::answering(&[]).start().await;
    let (never, untold) = Script::answering(&[]).start().await;
    let relays = [nobody, busy, good, never].map(|port| at(port, Tls::None)).to_vec();
    let (outcome, heard) = hand_over(settings(relays)).await;
    assert_delivered(&outcome, &["250 ok"]);
    assert!(commands(&told).contains(&"DATA".to_owned()));
    assert!(untold.lock().unwrap().is_empty());
    let text = heard.text();
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part:?} in {text}"));
    assert!(place(&format!(":{nobody}: ")) < place("421 too busy"), "{text}");

    let relays = [nobody, busy].map(|port| at(port, Tls::None)).to_vec();
    let (outcome, _) = hand_over(settings(relays)).await;
    let both = [format!("127.0.0.1:{nobody}: "), format!("127.0.0.1:{busy}: 421 too busy")];
    assert_later(&outcome, Scope::Destination, &[&both[0], "refused", &both[1]]);

    let (judge, _) = Script::answering(&[(".", "554 spam")]).start().await;
    let (outcome, _) = hand_over(settings([judge, never].map(|port| at(port, Tls::None)).to_vec())).await;
    assert_refused(&outcome, &["554 spam"]);
    assert!(untold.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_name_that_is_none() {
    let mut relay = at(25, Tls::None);
    relay.host = "mail.invalid".to_owned();
    let (outcome, _) = hand_over(settings(vec![relay])).await;
    assert_later(&outcome, Scope::Destination, &["mail.invalid:25: its name cannot be looked up"]);
}

#[tokio::test]
async fn without_starttls_nothing_is_sent() {
    let (port, told) = Script::answering(&[OFFERS]).start().await;
    let (outcome, _) = hand_over(signed_in(settings(vec![at(port, Tls::StartTls)]))).await;
    assert_later(&outcome, Scope::Destination, &["does not offer STARTTLS"]);
    assert_told_nothing(&told);

    let answers = &[OFFERS_TLS, ("STARTTLS", "454 not today")];
    let (port, told) = Script::answering(answers).start().await;
    let (outcome, _) = hand_over(signed_in(settings(vec![at(port, Tls::StartTls)]))).await;
    assert_later(&outcome, Scope::Destination, &["STARTTLS: 454 not today"]);
    assert_told_nothing(&told);
}

#[tokio::test]
async fn without_auth_nothing_is_sent() {
    let (port, told) = Script::answering(&[]).start().await;
    let (outcome, _) = hand_over(signed_in(settings(vec![at(port, Tls::None)]))).await;
    assert_later(&outcome, Scope::Destination, &["does not offer AUTH PLAIN or LOGIN"]);
    assert_told_nothing(&told);
}

/// An address of this host that is not loopback.
fn own_address() -> Option<Ipv4Addr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    // Sends nothing: the kernel only chooses the address to send from.
    socket.connect("192.0.2.1:9").ok()?;
    match socket.local_addr().unwrap().ip() {
        IpAddr::V4(address) if !address.is_loopback() => Some(address),
        _ => None,
    }
}

#[tokio::test]
async fn no_password_goes_over_a_network_in_the_clear() {
    let Some(address) = own_address() else {
        eprintln!("not done: this host has no route, and so no address but loopback");
        return;
    };
    let (port, told) = Script::answering(&[OFFERS, ("AUTH", "235 welcome")]).start_on(address).await;
    let mut relay = at(port, Tls::None);
    relay.host = address.to_string();
    let (outcome, _) = hand_over(signed_in(settings(vec![relay.clone()]))).await;
    assert_later(&outcome, Scope::Destination, &["password is not sent over an unencrypted connection"]);
    assert_told_nothing(&told);
    // Without one it is as asked for.
    let (outcome, _) = hand_over(settings(vec![relay])).await;
    assert_delivered(&outcome, &["250 ok"]);
}

#[tokio::test]
async fn a_password_is_wrong_or_cannot_be_read() {
    let answers = &[OFFERS, ("AUTH PLAIN", "535 no, not AGt3AG9wZW5zZXNhbWU=")];
    let (port, told) = Script::answering(answers).start().await;
    let (outcome, heard) = hand_over(signed_in(settings(vec![at(port, Tls::None)]))).await;
    assert_later(&outcome, Scope::Destination, &["does not accept user and password: 535 no, not ***"]);
    assert!(commands(&told).contains(&"AUTH PLAIN AGt3AG9wZW5zZXNhbWU=".to_owned()));
    assert!(heard.text().contains("> AUTH PLAIN ***"), "{}", heard.text());
    assert!(!heard.text().contains("AGt3"), "{}", heard.text());
    assert!(!commands(&told).iter().any(|line| line.starts_with("MAIL")));

    // As it is, and encoded in another way than it was sent.
    let answers = &[OFFERS, ("AUTH PLAIN", "535 opensesame b3BlbnNlc2FtZQ== a3c6b3BlbnNlc2FtZQ==, or kw?")];
    let (port, _) = Script::answering(answers).start().await;
    let (outcome, heard) = hand_over(signed_in(settings(vec![at(port, Tls::None)]))).await;
    assert_later(&outcome, Scope::Destination, &["535 *** *** ***, or kw?"]);
    assert!(heard.text().contains("< 535 *** *** ***, or kw?"), "{}", heard.text());
    // Once it is right, it is as secret.
    let answers = &[OFFERS, ("AUTH PLAIN", "235 welcome"), ("MAIL", "550 opensesame sends no mails")];
    let (port, _) = Script::answering(answers).start().await;
    let (outcome, heard) = hand_over(signed_in(settings(vec![at(port, Tls::None)]))).await;
    assert!(format!("{outcome:?}").contains("550 *** sends no mails"), "{outcome:?}");
    assert!(!heard.text().contains("sesame"), "{}", heard.text());

    let sign_in = SignIn::with_password("kw", Secret::file("/nonexistent/smtp.password"));
    let unreadable = Settings { sign_in: Some(sign_in), ..settings(vec![at(port, Tls::None)]) };
    let (outcome, _) = hand_over(unreadable).await;
    assert_later(&outcome, Scope::Destination, &["/nonexistent/smtp.password", "No such file"]);
}

#[tokio::test]
async fn login_and_tokens() {
    const LOGIN: Answers = &[
        ("EHLO", "250-scripted\r\n250 AUTH LOGIN"),
        ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
        ("a3c=", "334 UGFzc3dvcmQ6"),
        ("b3BlbnNlc2FtZQ==", "235 welcome"),
        ("MAIL", "250 ok"),
    ];
    let (port, told) = Script::answering(LOGIN).start().await;
    let (outcome, heard) = hand_over(signed_in(settings(vec![at(port, Tls::None)]))).await;
    assert_delivered(&outcome, &["250 ok"]);
    assert!(commands(&told).contains(&"b3BlbnNlc2FtZQ==".to_owned()));
    assert!(!heard.text().contains("b3Blbn") && heard.text().contains("> ***"), "{}", heard.text());

    const TOKEN: Answers = &[
        OFFERS,
        ("AUTH XOAUTH2 dXNlcj1rdwFhdXRoPUJlYXJlciB0b2tlbgEB", "334 eyJzdGF0dXMiOiI0MDEifQ=="),
        ("", "535 expired"),
    ];
    let (port, _) = Script::answering(TOKEN).start().await;
    let sign_in = SignIn {
        mechanisms: vec![Mechanism::Xoauth2],
        ..SignIn::with_password("kw", Secret::given("token"))
    };
    let with_token = Settings { sign_in: Some(sign_in), ..settings(vec![at(port, Tls::None)]) };
    let (outcome, _) = hand_over(with_token).await;
    assert_later(&outcome, Scope::Destination, &["does not accept user and password: 535 expired"]);
}

#[tokio::test]
async fn a_server_that_asks_for_ever() {
    let answers = &[OFFERS, ("AUTH", "334 UGFzc3dvcmQ6"), ("", "334 UGFzc3dvcmQ6")];
    let (port, _) = Script::answering(answers).start().await;
    let mut settings = signed_in(settings(vec![at(port, Tls::None)]));
    settings.sign_in.as_mut().unwrap().mechanisms = vec![Mechanism::Login];
    let (outcome, _) = hand_over(settings).await;
    assert_later(&outcome, Scope::Destination, &["it asks and asks"]);
}

/// A server with TLS, and the settings that it suits.
async fn encrypted(
    authority: &Authority,
    name: &str,
    tls: Tls,
    clients: Option<&Authority>,
) -> (Settings, Told) {
    let script = Script {
        acceptor: Some(authority.acceptor(name, clients)),
        implicit: if tls == Tls::Implicit { Implicit::Tls } else { Implicit::Plain },
        ..Script::answering(&[OFFERS_TLS, ("STARTTLS", "220 go on"), ("AUTH", "235 welcome")])
    };
    let (port, told) = script.start().await;
    let settings = Settings { ca_file: Some(authority.path("ca.pem")), ..settings(vec![at(port, tls)]) };
    (signed_in(settings), told)
}

#[tokio::test]
async fn certificates_are_checked() {
    let (right, wrong) = (Authority::new("checked-right"), Authority::new("checked-wrong"));
    let old = Authority::of_old("checked-old");
    for tls in [Tls::StartTls, Tls::Implicit] {
        let (good, told) = encrypted(&right, "localhost", tls, None).await;
        let (outcome, heard) = hand_over(good.clone()).await;
        assert_delivered(&outcome, &["250 ok"]);
        assert!(heard.text().contains("with TLS"), "{}", heard.text());
        assert_eq!(commands(&told).iter().filter(|line| line.starts_with("AUTH PLAIN ")).count(), 1);
        told.lock().unwrap().clear();

        let stranger = Settings { ca_file: Some(wrong.path("ca.pem")), ..good.clone() };
        let system = Settings { ca_file: None, ..good };
        for unknown in [stranger, system] {
            let (outcome, _) = hand_over(unknown).await;
            assert_later(
                &outcome,
                Scope::Destination,
                &["its certificate is signed by nobody who is trusted"],
            );
            assert_told_nothing(&told);
        }
        let (other, told) = encrypted(&right, "www.example.com", tls, None).await;
        let (outcome, _) = hand_over(other).await;
        assert_later(&outcome, Scope::Destination, &["its certificate is for another name"]);
        assert_told_nothing(&told);
        let (expired, told) = encrypted(&old, "localhost", tls, None).await;
        let (outcome, _) = hand_over(expired).await;
        assert_later(&outcome, Scope::Destination, &["its certificate expired 24 hours ago"]);
        assert_told_nothing(&told);
        let (own, told) = encrypted(&right, OWN, tls, None).await;
        let (outcome, _) = hand_over(own).await;
        let text = "its certificate is a CA's own, not a server's, which is not accepted here; `openssl req -x509` makes \
                    a server's with `-addext basicConstraints=critical,CA:FALSE`";
        assert_later(&outcome, Scope::Destination, &[text]);
        assert_told_nothing(&told);
    }
}

const INJECTED: Answers =
    &[OFFERS_TLS, ("STARTTLS", "220 go on\r\n250-injected\r\n250 AUTH PLAIN"), ("AUTH", "235 welcome")];

/// Lines that somebody in between adds before TLS begins must not pass for answers under TLS.
#[tokio::test]
async fn answers_from_before_tls_do_not_count_after_it() {
    let authority = Authority::new("injected");
    let relay = async || {
        let acceptor = Some(authority.acceptor("localhost", None));
        let script = Script { acceptor, ..Script::answering(INJECTED) };
        at(script.start().await.0, Tls::StartTls)
    };
    let known = |relay| Settings { ca_file: Some(authority.path("ca.pem")), ..settings(vec![relay]) };
    let (outcome, _) = hand_over(signed_in(known(relay().await))).await;
    assert_later(&outcome, Scope::Destination, &["does not accept user and password: 250 scripted"]);
    let (outcome, _) = hand_over(known(relay().await)).await;
    assert_later(&outcome, Scope::Destination, &["it answers out of step: 250 ok"]);
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_it_is_asked_for() {
    let authority = Authority::new("client");
    for tls in [Tls::StartTls, Tls::Implicit] {
        let (without, told) = encrypted(&authority, "localhost", tls, Some(&authority)).await;
        authority.sign("h1.example.com");
        let (outcome, _) = hand_over(without.clone()).await;
        assert_later(&outcome, Scope::Destination, &[]);
        assert_told_nothing(&told);
        let identity = Identity {
            certificate: authority.path("h1.example.com.pem"),
            key: authority.path("h1.example.com.key"),
        };
        let (outcome, _) = hand_over(Settings { identity: Some(identity), ..without }).await;
        assert_delivered(&outcome, &["250 ok"]);
    }
}

#[tokio::test]
async fn files_that_hold_something_else() {
    let authority = Authority::new("files");
    let (good, _) = encrypted(&authority, "localhost", Tls::StartTls, None).await;
    std::fs::write(authority.path("empty.pem"), "nothing\n").unwrap();
    let no_ca = Settings { ca_file: Some(authority.path("empty.pem")), ..good.clone() };
    let (outcome, _) = hand_over(no_ca).await;
    assert_later(&outcome, Scope::Destination, &["empty.pem holds no certificate as PEM"]);
    let identity = Identity { certificate: authority.path("ca.pem"), key: authority.path("empty.pem") };
    let (outcome, _) = hand_over(Settings { identity: Some(identity), ..good }).await;
    assert_later(&outcome, Scope::Destination, &["empty.pem", "no private key"]);
}

#[tokio::test]
async fn a_server_without_tls_where_it_should_begin_at_once() {
    let (port, told) = Script::answering(&[OFFERS]).start().await;
    let (outcome, _) = hand_over(signed_in(settings(vec![at(port, Tls::Implicit)]))).await;
    assert_later(&outcome, Scope::Destination, &["no TLS"]);
    assert!(!told.lock().unwrap().iter().any(|line| line.contains("MAIL") || line.contains("AUTH")));
}
