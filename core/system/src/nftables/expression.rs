//! What a rule looks at and does: expressions, `NFTA_EXPR_*` of linux/netfilter/nf_tables.h, carried out in their order.
//!
//! Each writes to, or reads from, register 1; a rule ends where a comparison or a lookup fails.

use super::batch::Attributes;

/// `NFTA_LIST_ELEM`, `NFTA_EXPR_NAME`, `NFTA_EXPR_DATA`.
const ELEMENT: u16 = 1;
const NAME: u16 = 1;
const DATA: u16 = 2;
/// `NFTA_DATA_VALUE`, `NFTA_DATA_VERDICT`, `NFTA_VERDICT_CODE`.
const VALUE: u16 = 1;
const VERDICT: u16 = 2;
const CODE: u16 = 1;

const REGISTER: u32 = libc::NFT_REG_1 as u32;
/// Holds what follows an IPv6 address, which fills the first.
const NEXT_REGISTER: u32 = libc::NFT_REG_2 as u32;

/// What becomes of a packet.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verdict {
    Drop,
    /// This table lets it pass; another one may still drop it.
    Accept,
}

/// Which field of a packet's IP header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) offset: u32,
    pub(super) length: u32,
}

/// The expressions of a rule.
pub(super) struct Expressions<'a, 'b>(pub(super) &'a mut Attributes<'b>);

impl Expressions<'_, '_> {
    /// Goes on if the packet is of this family, `NFPROTO_*`.
    pub(super) fn is_of_family(&mut self, family: i32) {
        self.meta(libc::NFT_META_NFPROTO, REGISTER);
        self.compare(libc::NFT_CMP_EQ, family as u8);
    }

    /// Goes on if it carries this protocol, `IPPROTO_*`.
    pub(super) fn carries(&mut self, protocol: i32) {
        self.meta(libc::NFT_META_L4PROTO, REGISTER);
        self.compare(libc::NFT_CMP_EQ, protocol as u8);
    }

    /// Goes on if the first octet of what it carries is one of these.
    pub(super) fn begins_with(&mut self, first: u8, last: u8) {
        self.payload(libc::NFT_PAYLOAD_TRANSPORT_HEADER, Field { offset: 0, length: 1 });
        self.compare(libc::NFT_CMP_GTE, first);
        self.compare(libc::NFT_CMP_LTE, last);
    }

    /// Takes a field of its IP header.
    pub(super) fn take(&mut self, field: Field) {
        self.payload(libc::NFT_PAYLOAD_NETWORK_HEADER, field);
    }

    /// Takes the interface, `NFT_META_IIF` or `NFT_META_OIF`, beside an IPv6 address.
    pub(super) fn take_interface_too(&mut self, which: i32) {
        self.meta(which, NEXT_REGISTER);
    }

    /// Goes on if what was taken is in a set.
    pub(super) fn is_in(&mut self, name: &str, number: u32) {
        self.expression("lookup", |data| {
            data.number(2, REGISTER);
            data.text(1, name);
            data.number(4, number);
        });
    }

    /// Counts packets and octets.
    pub(super) fn count(&mut self) {
        self.expression("counter", |_| {});
    }

    pub(super) fn verdict(&mut self, verdict: Verdict) {
        let code = match verdict {
            Verdict::Drop => 0,
            Verdict::Accept => 1,
        };
        self.expression("immediate", |data| {
            data.number(1, libc::NFT_REG_VERDICT as u32);
            data.nested(2, |data| data.nested(VERDICT, |verdict| verdict.number(CODE, code)));
        });
    }

    fn meta(&mut self, which: i32, register: u32) {
        self.expression("meta", |data| {
            data.number(2, which as u32);
            data.number(1, register);
        });
    }

    fn compare(&mut self, how: i32, with: u8) {
        self.expression("cmp", |data| {
            data.number(1, REGISTER);
            data.number(2, how as u32);
            data.nested(3, |data| data.octets(VALUE, &[with]));
        });
    }

    fn payload(&mut self, base: i32, field: Field) {
        self.expression("payload", |data| {
            data.number(1, REGISTER);
            data.number(2, base as u32);
            data.number(3, field.offset);
            data.number(4, field.length);
        });
    }

    fn expression(&mut self, name: &str, data: impl FnOnce(&mut Attributes<'_>)) {
        self.0.nested(ELEMENT, |element| {
            element.text(NAME, name);
            element.nested(DATA, data);
        });
    }
}
