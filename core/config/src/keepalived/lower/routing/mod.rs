//! `virtual_routes` and `virtual_rules`, and their like that are static.

pub(super) mod iproute;
pub(crate) mod phrase;
mod route;
mod rule;
mod words;

use super::super::parser::Statement;
use super::addresses;
use super::reader::Reader;
use crate::model::{InterfaceName, Routing, Statics};

/// Priorities of rules that have none, as keepalived numbers them: downwards, for each family.
pub(super) struct Priorities {
    v4: u32,
    v6: u32,
}

impl Default for Priorities {
    fn default() -> Self {
        Self { v4: 16384, v6: 16384 }
    }
}

/// Reads a block of routes.
pub(super) fn read_routes(block: &Statement<'_>, routing: &mut Routing, reader: &mut Reader<'_>) {
    for entry in reader.entries(block) {
        routing.routes.extend(route::read(entry, reader));
    }
}

/// Reads a block of rules.
pub(super) fn read_rules(
    block: &Statement<'_>,
    routing: &mut Routing,
    priorities: &mut Priorities,
    reader: &mut Reader<'_>,
) {
    for entry in reader.entries(block) {
        routing.rules.extend(rule::read(entry, priorities, reader));
    }
}

/// Reads a `static_ipaddress` block; addresses without an interface go to `default`.
pub(super) fn read_addresses(
    block: &Statement<'_>,
    default: &InterfaceName,
    statics: &mut Statics,
    reader: &mut Reader<'_>,
) {
    for entry in reader.entries(block) {
        let Some(mut address) = addresses::read(entry, reader) else { continue };
        let device = address.device.get_or_insert_with(|| default.clone()).clone();
        let is_there = |known: &&crate::model::VirtualAddress| {
            known.address == address.address && known.device.as_ref() == Some(&device)
        };
        if statics.addresses.iter().any(|known| is_there(&known)) {
            let span = &entry.line.keyword.span;
            reader.survived(span, "this address is there already", "", "uses the first one");
            continue;
        }
        statics.addresses.push(address);
    }
}
