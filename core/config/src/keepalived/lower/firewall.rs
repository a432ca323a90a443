//! `accept`, `no_accept` and what `vrrp_strict` makes of them; the table of the packet filter that follows from it.

use std::ops::Range;

use keepwatch_vrrp::{Priority, Version};

use super::super::number;
use super::super::parser::Statement;
use super::At;
use super::reader::Reader;
use crate::diagnostic::Diagnostic;
use crate::model::Firewall;
use crate::similar::shown;

/// Reads `nftables` and what goes with it.
pub(super) fn read(firewall: &mut Firewall, statement: &Statement<'_>, reader: &mut Reader<'_>) {
    match statement.keyword() {
        "nftables" => {
            // Without a name it is the default's.
            let Some(word) = statement.argument(0) else { return };
            if (1..=Firewall::TABLE_NAME).contains(&word.text.len()) {
                firewall.table = word.text.clone().into_owned();
                return;
            }
            let message = "this cannot be the name of a table";
            let label = format!("must have 1 to {} octets", Firewall::TABLE_NAME);
            reader.report(Diagnostic::error(&word.span, message, label));
        }
        "nftables_priority" => {
            let Some(word) = reader.value(statement) else { return };
            let number = number::whole(&word.text);
            match i32::try_from(number.value).ok().filter(|_| number.clean) {
                Some(priority) => firewall.priority = priority,
                None => {
                    let label = format!("must be {} to {}", i32::MIN, i32::MAX);
                    reader.out_of_range(statement, word, label, "ignores the line");
                }
            }
        }
        "nftables_counters" => firewall.counters = true,
        // keepalived says the same of them where its host has no iptables.
        keyword => {
            let message = format!("`{keyword}` is done by nftables");
            let finding = Diagnostic::remark(&statement.line.keyword.span, message, "write `nftables`");
            reader.report(finding.note("chains of iptables and ipsets are left alone"));
        }
    }
}

/// What decides whether an instance accepts packets to its addresses.
pub(super) struct Acceptance<'a> {
    /// `accept` or `no_accept`.
    pub(super) written: Option<At<bool>>,
    pub(super) is_strict: bool,
    pub(super) version: Version,
    pub(super) priority: Priority,
    pub(super) name: &'a str,
    /// The line that opens the block.
    pub(super) span: &'a Range<usize>,
}

impl Acceptance<'_> {
    /// Whether it does. An owner always does (RFC 9568 §6.1): the addresses are its host's own.
    pub(super) fn settle(self, reader: &mut Reader<'_>) -> bool {
        let Self { written, is_strict, version, priority, name, span } = self;
        let at = written.as_ref().map_or(span, |at| &at.span);
        match written.as_ref().map(|at| at.value) {
            Some(false) if priority.is_owner() => {
                let message = "`no_accept` does not go with priority 255";
                let finding = Diagnostic::warning(at, message, "");
                reader.report(finding.note("keepalived ignores it without a word; keepwatch does the same"));
                true
            }
            Some(_) | None if priority.is_owner() => true,
            // RFC 3768 §6.4.3: a MASTER that is no owner "MUST NOT accept packets addressed to the IP address(es)".
            Some(true) if is_strict && version == Version::V2 => {
                let message = "`vrrp_strict` forbids `accept` with VRRP version 2";
                let outcome = "drops packets to the virtual addresses";
                reader.survived(at, message, "remove `vrrp_strict`, or use version 3", outcome);
                false
            }
            Some(accepts) => accepts,
            None if is_strict => {
                let message = format!("the virtual addresses of {} will answer nobody", shown(name));
                let finding = Diagnostic::remark(at, message, "")
                    .note("keepalived drops packets to them under `vrrp_strict`; keepwatch does the same");
                reader.report(finding.help(match version {
                    Version::V2 => "remove `vrrp_strict` if they are to be reached",
                    Version::V3 => "add `accept` if they are to be reached, or remove `vrrp_strict`",
                }));
                false
            }
            None => true,
        }
    }
}
