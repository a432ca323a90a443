//! `[static]`: addresses, routes and rules that are in place from start to end.

use toml::de::DeTable;

use super::keys::{STATIC, STATIC_ADDRESS};
use super::reader::{Reader, optional};
use super::routing;
use super::virtual_address::{self, At};
use crate::diagnostic::{Diagnostic, Findings};
use crate::model::{Routing, Statics, VirtualAddress};

/// What the table says.
#[derive(Default)]
pub(super) struct Static {
    addresses: Vec<At>,
    routing: Routing,
}

/// Reads the table, if it is there.
pub(super) fn read(reader: &mut Reader<'_>, root: &DeTable<'_>) -> Static {
    let found = root.get("static").and_then(|found| reader.table(found, "a table: write [static]"));
    let Some(table) = found else { return Static::default() };
    reader.only(table, &[STATIC], "[static]");
    let addresses =
        optional(table, "addresses", |value| virtual_address::read_list(reader, value, STATIC_ADDRESS));
    let addresses = addresses.unwrap_or_default();
    for at in addresses.iter().filter(|at| at.address.device.is_none()) {
        let label = "write { address = \"10.1.1.200/24\", dev = \"eth0\" }";
        reader.error(&at.span, "it is not said which interface has this address", label);
    }
    virtual_address::refuse_twice(reader, addresses.iter());
    Static { addresses, routing: routing::read(reader, table, "routes", "rules") }
}

impl Static {
    /// Adds them to those of the keepalived.conf.
    pub(super) fn add_to(self, statics: &mut Statics, findings: &mut Findings) {
        let key = |address: &VirtualAddress| (address.address, address.device.clone());
        let known: Vec<_> = statics.addresses.iter().map(key).collect();
        for at in self.addresses {
            if known.contains(&key(&at.address)) {
                let message = "the keepalived.conf has this address, too";
                findings.push(Diagnostic::error(&at.span, message, "remove one of them"));
            }
            statics.addresses.push(at.address);
        }
        statics.routing.routes.extend(self.routing.routes);
        statics.routing.rules.extend(self.routing.rules);
    }
}
