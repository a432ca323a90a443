//! Netlink messages for nf_tables: headers, attributes, and a transaction of several.

/// `NFPROTO_INET`: IPv4 and IPv6 in one table.
const INET: u8 = 1;
/// Set in the type of an attribute that holds others (`NLA_F_NESTED`).
const NESTED: u16 = 1 << 15;
/// A message's header, and that of netfilter behind it (`nlmsghdr`, `nfgenmsg`).
const HEADERS: usize = 20;

const SUBSYSTEM: u16 = libc::NFNL_SUBSYS_NFTABLES as u16;
const REQUEST: u16 = libc::NLM_F_REQUEST as u16;
const ACK: u16 = libc::NLM_F_ACK as u16;

/// Messages of one transaction.
#[derive(Debug)]
pub(super) struct Batch {
    octets: Vec<u8>,
    sequence: u32,
    /// Where the last message begins.
    last: usize,
}

impl Batch {
    /// The beginning of a transaction. Whatever the kernel says of it bears this number.
    pub(super) fn begin(sequence: u32) -> Self {
        let mut batch = Self { octets: Vec::with_capacity(4096), sequence, last: 0 };
        batch.edge(libc::NFNL_MSG_BATCH_BEGIN as u16);
        batch
    }

    /// The whole of it. The kernel acknowledges its last message; of one that it refuses it says so anyway.
    pub(super) fn end(mut self) -> Vec<u8> {
        let at = self.last + 6;
        if let Some(flags) = self.octets.get_mut(at..at + 2) {
            flags.copy_from_slice(&(REQUEST | ACK | u16::from_ne_bytes([flags[0], flags[1]])).to_ne_bytes());
        }
        self.edge(libc::NFNL_MSG_BATCH_END as u16);
        self.octets
    }

    /// Adds a message, `NFT_MSG_*`, with flags beside `NLM_F_REQUEST`.
    pub(super) fn message(&mut self, kind: i32, flags: i32, attributes: impl FnOnce(&mut Attributes<'_>)) {
        self.last = self.octets.len();
        append(&mut self.octets, kind, flags, self.sequence, attributes);
    }

    /// Begin and end belong to no table, and say for whom the messages between are.
    fn edge(&mut self, kind: u16) {
        header(&mut self.octets, kind, REQUEST, self.sequence, [0, 0, 0, libc::NFNL_SUBSYS_NFTABLES as u8]);
        finish(&mut self.octets, HEADERS);
    }
}

/// A message by itself: a question.
pub(super) fn question(kind: i32, sequence: u32, attributes: impl FnOnce(&mut Attributes<'_>)) -> Vec<u8> {
    let mut octets = Vec::new();
    append(&mut octets, kind, 0, sequence, attributes);
    octets
}

fn append(
    octets: &mut Vec<u8>,
    kind: i32,
    flags: i32,
    sequence: u32,
    attributes: impl FnOnce(&mut Attributes<'_>),
) {
    let begins = octets.len();
    let (kind, flags) = (SUBSYSTEM << 8 | kind as u16, REQUEST | flags as u16);
    header(octets, kind, flags, sequence, [INET, 0, 0, 0]);
    attributes(&mut Attributes(octets));
    let length = octets.len() - begins;
    finish(octets, length);
}

/// Writes both headers; the length follows by [`finish`].
fn header(octets: &mut Vec<u8>, kind: u16, flags: u16, sequence: u32, netfilter: [u8; 4]) {
    octets.extend(0_u32.to_ne_bytes());
    octets.extend(kind.to_ne_bytes());
    octets.extend(flags.to_ne_bytes());
    octets.extend(sequence.to_ne_bytes());
    octets.extend(0_u32.to_ne_bytes());
    octets.extend(netfilter);
}

/// Writes the length of the last message.
fn finish(octets: &mut [u8], length: usize) {
    let begins = octets.len() - length;
    if let Some(field) = octets.get_mut(begins..begins + 4) {
        field.copy_from_slice(&(length as u32).to_ne_bytes());
    }
}

/// What a message says, attribute by attribute. Numbers are in network order, as nf_tables has them.
pub(super) struct Attributes<'a>(&'a mut Vec<u8>);

impl Attributes<'_> {
    /// A text, which ends with a zero octet.
    pub(super) fn text(&mut self, kind: u16, text: &str) {
        self.attribute(kind, |octets| {
            octets.extend(text.as_bytes());
            octets.push(0);
        });
    }

    pub(super) fn number(&mut self, kind: u16, number: u32) {
        self.octets(kind, &number.to_be_bytes());
    }

    pub(super) fn octets(&mut self, kind: u16, value: &[u8]) {
        self.attribute(kind, |octets| octets.extend(value));
    }

    /// An attribute that holds others.
    pub(super) fn nested(&mut self, kind: u16, attributes: impl FnOnce(&mut Attributes<'_>)) {
        self.attribute(kind | NESTED, |octets| attributes(&mut Attributes(octets)));
    }

    fn attribute(&mut self, kind: u16, value: impl FnOnce(&mut Vec<u8>)) {
        let begins = self.0.len();
        self.0.extend([0; 2]);
        self.0.extend(kind.to_ne_bytes());
        value(self.0);
        let length = (self.0.len() - begins) as u16;
        if let Some(field) = self.0.get_mut(begins..begins + 2) {
            field.copy_from_slice(&length.to_ne_bytes());
        }
        // Attributes begin at multiples of four.
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }
}
