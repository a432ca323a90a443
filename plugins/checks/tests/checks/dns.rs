//! Name servers that do as they like.

use std::net::SocketAddr;

use keepwatch_checks::{Check, DnsCheck, Record};
use keepwatch_event::Health;
use simple_dns::rdata::{A, AAAA, CNAME, MX, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, RCODE, ResourceRecord};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

use crate::support::{HASTY, PATIENT, ask, assert_pass, assert_verdict};

const NAME: &str = "www.example.com";

/// Octets that answer a question.
type Answer = fn(Packet<'_>) -> Vec<Vec<u8>>;

/// A name server by UDP and TCP at the same port; `answer` gives what is sent for a question, by TCP the last only.
async fn server(udp: Answer, tcp: Answer) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let socket = UdpSocket::bind(address).await.unwrap();
    tokio::spawn(async move {
        let mut datagram = vec![0; 1000];
        while let Ok((length, from)) = socket.recv_from(&mut datagram).await {
            for answer in udp(Packet::parse(&datagram[..length]).unwrap()) {
                socket.send_to(&answer, from).await.unwrap();
            }
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut question = vec![0; usize::from(stream.read_u16().await.unwrap())];
            stream.read_exact(&mut question).await.unwrap();
            for answer in tcp(Packet::parse(&question).unwrap()) {
                stream.write_u16(u16::try_from(answer.len()).unwrap()).await.unwrap();
                stream.write_all(&answer).await.unwrap();
            }
        }
    });
    address
}

fn reply<'a>(question: &Packet<'a>) -> Packet<'a> {
    question.clone().into_reply()
}

fn record(name: &str, data: RData<'static>) -> ResourceRecord<'static> {
    ResourceRecord::new(Name::new(name).unwrap().into_owned(), CLASS::IN, 60, data)
}

fn octets(packet: &Packet<'_>) -> Vec<Vec<u8>> {
    vec![packet.build_bytes_vec().unwrap()]
}

fn nothing(_: Packet<'_>) -> Vec<Vec<u8>> {
    Vec::new()
}

/// An alias, and two addresses of what it stands for.
fn addresses(question: Packet<'_>) -> Vec<Vec<u8>> {
    let mut packet = reply(&question);
    let alias = Name::new("host.example.com").unwrap();
    packet.answers.push(record(NAME, RData::CNAME(CNAME(alias))));
    for last in [7, 8] {
        packet.answers.push(record("host.example.com", RData::A(A { address: 0xc000_0200 + last })));
    }
    packet.answers.push(record(NAME, RData::AAAA(AAAA { address: 1 })));
    octets(&packet)
}

#[tokio::test]
async fn addresses_that_are_right_and_wrong() {
    let at = server(addresses, nothing).await;
    let check = DnsCheck::new(at, NAME);
    assert_eq!(Check::Dns(check.clone()).label(), format!("dns {at} {NAME} A"));
    let verdict = ask(&Check::Dns(check.clone()), PATIENT).await;
    assert_pass(&verdict, &format!("{at} says {NAME} A is 192.0.2.7 in "));
    let expecting = |address: &str| DnsCheck { expect: Some(address.parse().unwrap()), ..check.clone() };
    let verdict = ask(&Check::Dns(expecting("192.0.2.8")), PATIENT).await;
    assert_pass(&verdict, &format!("{at} says {NAME} A is 192.0.2.8 in "));
    let verdict = ask(&Check::Dns(expecting("192.0.2.9")), PATIENT).await;
    let text = format!("{at} says {NAME} A is 192.0.2.7, 192.0.2.8, expected 192.0.2.9");
    assert_verdict(&verdict, Health::Fail, &text);
    let six = DnsCheck { record: Record::Aaaa, name: format!("{NAME}."), ..expecting("::1") };
    assert_pass(&ask(&Check::Dns(six), PATIENT).await, &format!("{at} says {NAME}. AAAA is ::1 in "));
    let mail = DnsCheck { record: Record::Mx, ..check };
    let verdict = ask(&Check::Dns(mail), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{at} knows no MX of {NAME}"));
}

#[tokio::test]
async fn a_long_answer_comes_by_tcp() {
    let short: Answer = |question| {
        let mut packet = reply(&question);
        packet.set_flags(PacketFlag::TRUNCATION);
        octets(&packet)
    };
    let long: Answer = |question| {
        let mut packet = reply(&question);
        for number in 0..500 {
            let exchange = Name::new("mail.example.com").unwrap();
            packet.answers.push(record(NAME, RData::MX(MX { preference: number, exchange })));
        }
        octets(&packet)
    };
    let at = server(short, long).await;
    let check = Check::Dns(DnsCheck { record: Record::Mx, ..DnsCheck::new(at, NAME) });
    let verdict = ask(&check, PATIENT).await;
    assert_pass(&verdict, &format!("{at} says {NAME} MX is 0 mail.example.com in "));

    let at = server(short, short).await;
    let verdict = ask(&Check::Dns(DnsCheck::new(at, NAME)), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{at} cuts its answer short, by TCP too"));
}

#[tokio::test]
async fn refusals_have_their_names() {
    let refusing = |code: RCODE| -> Answer {
        match code {
            RCODE::NameError => |question| refusal(&question, RCODE::NameError),
            RCODE::ServerFailure => |question| refusal(&question, RCODE::ServerFailure),
            _ => |question| refusal(&question, RCODE::Refused),
        }
    };
    for (code, name) in
        [(RCODE::NameError, "NXDOMAIN"), (RCODE::ServerFailure, "SERVFAIL"), (RCODE::Refused, "REFUSED")]
    {
        let at = server(refusing(code), nothing).await;
        let verdict = ask(&Check::Dns(DnsCheck::new(at, NAME)), PATIENT).await;
        assert_verdict(&verdict, Health::Fail, &format!("{at} answers {NAME} A with {name}"));
    }
}

fn refusal(question: &Packet<'_>, code: RCODE) -> Vec<Vec<u8>> {
    let mut packet = reply(question);
    *packet.rcode_mut() = code;
    octets(&packet)
}

#[tokio::test]
async fn answers_to_other_questions_are_passed_over() {
    let mixed: Answer = |question| {
        let mut other = addresses(question.clone());
        // Another number, no message at all, another name; then the right one.
        other[0][0] ^= 0xff;
        other.push(b"nonsense".to_vec());
        let mut packet = refusal(&question, RCODE::ServerFailure);
        packet[0][13] ^= 0x20;
        packet[0][14] = b'x';
        other.append(&mut packet);
        other.append(&mut addresses(question));
        other
    };
    let at = server(mixed, nothing).await;
    let verdict = ask(&Check::Dns(DnsCheck::new(at, NAME)), PATIENT).await;
    assert_pass(&verdict, &format!("{at} says {NAME} A is 192.0.2.7 in "));
}

#[tokio::test]
async fn a_question_that_is_lost_is_said_again() {
    let listener = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let mut datagram = vec![0; 1000];
        listener.recv_from(&mut datagram).await.unwrap();
        let (length, from) = listener.recv_from(&mut datagram).await.unwrap();
        let answer = addresses(Packet::parse(&datagram[..length]).unwrap()).remove(0);
        listener.send_to(&answer, from).await.unwrap();
    });
    let verdict = ask(&Check::Dns(DnsCheck::new(at, NAME)), std::time::Duration::from_secs(3)).await;
    assert_pass(&verdict, &format!("{at} says {NAME} A is 192.0.2.7 in "));
    server.await.unwrap();
}

#[tokio::test]
async fn servers_that_are_not_there() {
    let at = server(nothing, nothing).await;
    let verdict = ask(&Check::Dns(DnsCheck::new(at, NAME)), HASTY).await;
    assert_verdict(&verdict, Health::Fail, &format!("{at} did not answer within 200 ms"));

    let gone = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = gone.local_addr().unwrap();
    drop(gone);
    let verdict = ask(&Check::Dns(DnsCheck::new(at, NAME)), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{at} refused the connection"));

    let verdict = ask(&Check::Dns(DnsCheck::new(at, "x".repeat(64))), PATIENT).await;
    let text = format!("`{}` is no name to ask a name server for", "x".repeat(64));
    assert_verdict(&verdict, Health::Unknown, &text);
}
