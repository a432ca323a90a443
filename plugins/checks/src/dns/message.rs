//! Questions to name servers and their answers, as octets.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv4Addr, Ipv6Addr};

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, RCODE, TYPE};

use super::{DnsCheck, Record};
use crate::verdict::{Step, unknown};

/// A question, ready to be sent.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) octets: Vec<u8>,
    number: u16,
    name: Name<'static>,
    kind: TYPE,
}

/// What a name server has said.
#[derive(Debug)]
pub(super) enum Answer {
    /// What it knows of the name, each as text.
    Records(Vec<String>),
    /// Why it says nothing, by the name it is known by: `NXDOMAIN`.
    Refused(String),
    /// The answer is too long for a datagram.
    Truncated,
}

impl Question {
    pub(super) fn new(check: &DnsCheck) -> Step<Self> {
        let wrong = || unknown(format!("`{}` is no name to ask a name server for", check.name));
        // A dot at the end says that the name is whole; on the wire there is none.
        let name = check.name.strip_suffix('.').unwrap_or(&check.name);
        let name = Name::new(name).map_err(|_| wrong())?.into_owned();
        // The kernel chooses the port by chance: together they are hard to guess.
        let [one, two, ..] = RandomState::new().build_hasher().finish().to_ne_bytes();
        let (number, kind) = (u16::from_ne_bytes([one, two]), kind(check.record));
        let mut packet = Packet::new_query(number);
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
        let question = simple_dns::Question::new(name.clone(), QTYPE::TYPE(kind), CLASS::IN.into(), false);
        packet.questions.push(question);
        let octets = packet.build_bytes_vec().map_err(|_| wrong())?;
        Ok(Self { octets, number, name, kind })
    }

    /// The answer, if this is the one to this question.
    pub(super) fn answered_by(&self, octets: &[u8]) -> Option<Answer> {
        let packet = Packet::parse(octets).ok()?;
        if packet.id() != self.number || !packet.has_flags(PacketFlag::RESPONSE) {
            return None;
        }
        let is_ours = |question: &simple_dns::Question<'_>| {
            question.qname == self.name && question.qtype == QTYPE::TYPE(self.kind)
        };
        // Some servers leave the question out of a refusal.
        if !packet.questions.iter().all(is_ours) {
            return None;
        }
        if packet.has_flags(PacketFlag::TRUNCATION) {
            return Some(Answer::Truncated);
        }
        if packet.rcode() != RCODE::NoError {
            return Some(Answer::Refused(in_words(packet.rcode())));
        }
        if packet.questions.is_empty() {
            return None;
        }
        // Behind an alias the records stand under another name.
        let of_kind = packet.answers.iter().filter(|record| record.rdata.type_code() == self.kind);
        Some(Answer::Records(of_kind.map(|record| shown(&record.rdata)).collect()))
    }
}

fn kind(record: Record) -> TYPE {
    match record {
        Record::A => TYPE::A,
        Record::Aaaa => TYPE::AAAA,
        Record::Cname => TYPE::CNAME,
        Record::Mx => TYPE::MX,
        Record::Ns => TYPE::NS,
        Record::Ptr => TYPE::PTR,
        Record::Soa => TYPE::SOA,
        Record::Srv => TYPE::SRV,
        Record::Txt => TYPE::TXT,
    }
}

fn shown(data: &RData<'_>) -> String {
    match data {
        RData::A(a) => Ipv4Addr::from(a.address).to_string(),
        RData::AAAA(aaaa) => Ipv6Addr::from(aaaa.address).to_string(),
        RData::CNAME(name) => name.0.to_string(),
        RData::NS(name) => name.0.to_string(),
        RData::PTR(name) => name.0.to_string(),
        RData::MX(mx) => format!("{} {}", mx.preference, mx.exchange),
        RData::SRV(srv) => format!("{} {} {} {}", srv.priority, srv.weight, srv.port, srv.target),
        RData::SOA(soa) => format!("{} {}", soa.mname, soa.serial),
        _ => "there".to_owned(),
    }
}

/// The name that administrators know a refusal by.
fn in_words(code: RCODE) -> String {
    match code {
        RCODE::FormatError => "FORMERR".to_owned(),
        RCODE::ServerFailure => "SERVFAIL".to_owned(),
        RCODE::NameError => "NXDOMAIN".to_owned(),
        RCODE::NotImplemented => "NOTIMP".to_owned(),
        RCODE::Refused => "REFUSED".to_owned(),
        other => format!("{other:?}").to_uppercase(),
    }
}
