//! The table, its sets, its rules and the addresses in it, as messages.

use super::batch::{Attributes, Batch};
use super::expression::{Expressions, Field, Verdict};
use super::{DropTable, Dropped};

/// `NFTA_TABLE_NAME`, and the first attribute of whatever is in a table.
pub(super) const TABLE: u16 = 1;

/// ICMPv6 types of neighbour discovery: solicitation and advertisement, without which nobody finds an address. What
/// ARP is to IPv4 never comes by a table of this family.
const NEIGHBOUR_DISCOVERY: (u8, u8) = (135, 136);

/// So many addresses in one message: an attribute has no more than 65535 octets.
const AT_ONCE: usize = 1000;

const CREATE: i32 = libc::NLM_F_CREATE;

/// A set of addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Set {
    name: &'static str,
    /// Its number in the transaction that creates it.
    number: u32,
    /// What `nft` takes its keys for: in six bits each, the last one lowest.
    kind: u32,
    /// Octets of a key.
    length: u32,
    /// For `nft`, which byte order its keys have.
    notes: &'static [u8],
}

const VIPS: Set = Set { name: "vips", number: 1, kind: 7, length: 4, notes: &[0, 4, 2, 0, 0, 0] };
const VIPS6: Set = Set { name: "vips6", number: 2, kind: 8, length: 16, notes: &[0, 4, 2, 0, 0, 0] };
const LINK_LOCAL: Set = Set {
    name: "vips_link_local",
    number: 3,
    kind: 8 << 6 | 20,
    length: 20,
    notes: &[0, 4, 0, 0, 0, 0, 3, 8, 0, 4, 13, 0, 0, 0, 1, 0],
};

/// A chain, and where in a packet what it looks at is.
#[derive(Clone, Copy, Debug)]
struct Chain {
    name: &'static str,
    hook: i32,
    v4: Field,
    v6: Field,
    interface: i32,
}

/// Packets to the addresses.
const IN: Chain = Chain {
    name: "in",
    hook: libc::NF_INET_LOCAL_IN,
    v4: Field { offset: 16, length: 4 },
    v6: Field { offset: 24, length: 16 },
    interface: libc::NFT_META_IIF,
};
/// Packets from them, which somebody on this host sends all the same.
const OUT: Chain = Chain {
    name: "out",
    hook: libc::NF_INET_LOCAL_OUT,
    v4: Field { offset: 12, length: 4 },
    v6: Field { offset: 8, length: 16 },
    interface: libc::NFT_META_OIF,
};

/// Creates a table, with nothing in its sets.
pub(super) fn create(batch: &mut Batch, table: &DropTable) {
    ensure(batch, &table.name);
    for chain in [IN, OUT] {
        batch.message(libc::NFT_MSG_NEWCHAIN, CREATE, |message| {
            message.text(TABLE, &table.name);
            message.text(3, chain.name);
            message.text(7, "filter");
            message.number(5, libc::NF_ACCEPT as u32);
            message.nested(4, |hook| {
                hook.number(1, chain.hook as u32);
                hook.octets(2, &table.priority.to_be_bytes());
            });
        });
    }
    for set in [VIPS, VIPS6, LINK_LOCAL] {
        batch.message(libc::NFT_MSG_NEWSET, CREATE, |message| {
            message.text(TABLE, &table.name);
            message.text(2, set.name);
            message.number(3, 0);
            message.number(4, set.kind);
            message.number(5, set.length);
            message.number(10, set.number);
            message.octets(13, set.notes);
        });
    }
    for chain in [IN, OUT] {
        rule(batch, table, chain, Verdict::Accept, |packet| {
            packet.is_of_family(libc::NFPROTO_IPV6);
            packet.carries(libc::IPPROTO_ICMPV6);
            packet.begins_with(NEIGHBOUR_DISCOVERY.0, NEIGHBOUR_DISCOVERY.1);
        });
        rule(batch, table, chain, Verdict::Drop, |packet| {
            packet.is_of_family(libc::NFPROTO_IPV4);
            packet.take(chain.v4);
            packet.is_in(VIPS.name, VIPS.number);
        });
        rule(batch, table, chain, Verdict::Drop, |packet| {
            packet.is_of_family(libc::NFPROTO_IPV6);
            packet.take(chain.v6);
            packet.is_in(VIPS6.name, VIPS6.number);
        });
        rule(batch, table, chain, Verdict::Drop, |packet| {
            packet.is_of_family(libc::NFPROTO_IPV6);
            packet.take(chain.v6);
            packet.take_interface_too(chain.interface);
            packet.is_in(LINK_LOCAL.name, LINK_LOCAL.number);
        });
    }
}

fn rule(
    batch: &mut Batch,
    table: &DropTable,
    chain: Chain,
    verdict: Verdict,
    packet: impl FnOnce(&mut Expressions<'_, '_>),
) {
    batch.message(libc::NFT_MSG_NEWRULE, CREATE | libc::NLM_F_APPEND, |message| {
        message.text(TABLE, &table.name);
        message.text(2, chain.name);
        message.nested(4, |rule| {
            let mut rule = Expressions(rule);
            packet(&mut rule);
            if table.counters {
                rule.count();
            }
            rule.verdict(verdict);
        });
    });
}

/// Names a set that no other program's table has.
pub(super) fn name_own_set(message: &mut Attributes<'_>, table: &str) {
    message.text(TABLE, table);
    message.text(2, LINK_LOCAL.name);
}

/// Creates the bare table if there is none.
pub(super) fn ensure(batch: &mut Batch, name: &str) {
    batch.message(libc::NFT_MSG_NEWTABLE, 0, |message| {
        message.text(TABLE, name);
        message.number(2, 0);
    });
}

/// Removes a table with all that is in it.
pub(super) fn remove(batch: &mut Batch, name: &str) {
    batch.message(libc::NFT_MSG_DELTABLE, 0, |message| message.text(TABLE, name));
}

/// Drops packets of these addresses; of those that are there already, too.
pub(super) fn add_addresses(batch: &mut Batch, table: &str, addresses: &[Dropped]) {
    each_set(addresses, |set, keys| {
        batch.message(libc::NFT_MSG_NEWSETELEM, CREATE, |message| {
            message.text(TABLE, table);
            message.text(2, set.name);
            message.number(4, set.number);
            elements(message, keys);
        });
    });
}

/// Drops them no more. One that is not there is an error.
pub(super) fn remove_addresses(batch: &mut Batch, table: &str, addresses: &[Dropped]) {
    each_set(addresses, |set, keys| {
        batch.message(libc::NFT_MSG_DELSETELEM, 0, |message| name_elements(message, table, set, keys));
    });
}

/// Names elements of a set.
pub(super) fn name_elements(message: &mut Attributes<'_>, table: &str, set: Set, keys: &[Vec<u8>]) {
    message.text(TABLE, table);
    message.text(2, set.name);
    elements(message, keys);
}

fn elements(message: &mut Attributes<'_>, keys: &[Vec<u8>]) {
    message.nested(3, |list| {
        // `nft` numbers them.
        for (number, key) in (1..).zip(keys) {
            list.nested(number, |element| element.nested(1, |data| data.octets(1, key)));
        }
    });
}

/// Sorts addresses into sets.
pub(super) fn each_set(addresses: &[Dropped], mut each: impl FnMut(Set, &[Vec<u8>])) {
    for set in [VIPS, VIPS6, LINK_LOCAL] {
        let keys = addresses.iter().filter_map(|address| match (*address, set.number) {
            (Dropped::V4(address), 1) => Some(address.octets().to_vec()),
            (Dropped::V6(address), 2) => Some(address.octets().to_vec()),
            (Dropped::LinkLocal(address, interface), 3) => {
                Some([&address.octets()[..], &interface.to_ne_bytes()].concat())
            }
            _ => None,
        });
        let keys: Vec<Vec<u8>> = keys.collect();
        keys.chunks(AT_ONCE).for_each(|keys| each(set, keys));
    }
}
