//! What is allowed, but may not be what was meant.

use std::collections::HashSet;
use std::net::IpAddr;

use keepwatch_vrrp::{Destination, Family};

use super::checks::CheckAt;
use super::complete::{Completed, is_link_local};
use super::globals::GlobalDefs;
use super::reader::Reader;
use super::sync_group::Resolved;
use crate::diagnostic::Diagnostic;
use crate::lint::{self, Counts, Weighed};

/// Mail that nobody ever sends.
pub(super) fn mail(
    globals: &GlobalDefs,
    instances: &[Completed],
    groups: &[Resolved],
    reader: &mut Reader<'_>,
) {
    let asked = instances.iter().any(|completed| completed.instance.mail_alert)
        || groups.iter().any(|group| group.sends_mail(globals));
    let Some(span) = globals.mail_at.as_ref().filter(|_| globals.has_recipients()) else {
        let of_instances = instances.iter().filter_map(|completed| completed.alert_at.as_ref());
        let of_groups = groups.iter().filter_map(|group| Some(&group.alert.as_ref()?.span));
        let mut places = globals.alert_at.iter().chain(of_instances).chain(of_groups);
        // An empty `notification_email` has been told.
        if let (true, None, Some(span)) = (asked, &globals.mail_at, places.next()) {
            reader.report(
                Diagnostic::remark(
                    span,
                    "mail is asked for, but there is no `notification_email`",
                    "nobody would hear of it, as under keepalived",
                )
                .help("add `notification_email { admin@example.com }` to global_defs"),
            );
        }
        return;
    };
    if asked && !globals.names_server {
        reader.report(
            Diagnostic::remark(
                span,
                "mail is asked for, but there is no `smtp_server`",
                "none is sent to these admins, as under keepalived",
            )
            .help("add `smtp_server 127.0.0.1`, or where else mail is taken, to global_defs"),
        );
    }
    if !asked {
        reader.report(
            Diagnostic::remark(
                span,
                "mail is configured, but nothing here asks for mail on a VRRP transition",
                "these admins would hear nothing, as under keepalived",
            )
            .help("add `smtp_alert` to global_defs, or to the instance"),
        );
    }
}

/// Checks and weights that will hardly do what was meant.
pub(super) fn checks(checks: &[CheckAt], instances: &[Completed], reader: &mut Reader<'_>) {
    for at in checks {
        let span = at.timeout_at.as_ref().unwrap_or(&at.span);
        if let Some(finding) = lint::timeout(span, &at.check.name, at.check.interval, at.check.timeout) {
            reader.report(finding);
        }
    }
    let numbers: HashSet<&str> =
        checks.iter().filter(|at| at.check.is_number()).map(|at| at.check.name.as_str()).collect();
    for completed in instances {
        let Completed { instance, interfaces_at, checks_at, nopreempt_at, .. } = completed;
        let interfaces = instance.track_interfaces.iter().zip(interfaces_at).map(|(tracked, span)| Weighed {
            name: tracked.interface.as_str(),
            weight: tracked.weight,
            counts: Counts::Once,
            span: Some(span),
        });
        let checks = instance.track_checks.iter().zip(checks_at).map(|(tracked, span)| {
            let counts =
                if numbers.contains(tracked.check.as_str()) { Counts::ByNumber } else { Counts::Once };
            Weighed { name: &tracked.check, weight: tracked.weight, counts, span: Some(span) }
        });
        let weighed: Vec<Weighed<'_>> = interfaces.chain(checks).collect();
        for finding in lint::weights(instance, &weighed, nopreempt_at.as_ref()) {
            reader.report(finding);
        }
    }
}

/// IPv6 in a way that hurts.
pub(super) fn instance(completed: &Completed, reader: &mut Reader<'_>) {
    let instance = &completed.instance;
    let multicast = matches!(instance.destination, Destination::Multicast { .. });
    if let (true, Some(IpAddr::V6(first)), Some(span)) = (
        multicast && instance.family == Family::V6,
        instance.addresses.first().map(|address| address.address),
        completed.addresses_at.first(),
    ) && !is_link_local(&first)
    {
        reader.report(
            Diagnostic::remark(span, "the first IPv6 address should be link-local", "")
                .note(
                    "RFC 9568 asks for it, keepalived logs its absence, and some routers refuse such adverts",
                )
                .help("put one of fe80::/10 first, the same on all routers of the group"),
        );
    }
    for (address, span) in instance.addresses.iter().chain(&instance.excluded).zip(&completed.addresses_at) {
        if address.address.is_ipv6() && address.duplicate_detection {
            reader.report(
                Diagnostic::remark(span, "`-nodad` delays the take-over", "")
                    .note("the kernel looks for a duplicate for a second or more before it answers")
                    .help("leave `-nodad` out: the election itself lets one host have the address"),
            );
        }
    }
}
