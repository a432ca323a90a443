//! Statements to the model.
//!
//! One pass over the root reads every block in its order, as keepalived does; what depends on the whole file
//! (groups, duplicates) follows after it. `global_defs` are read before: keepalived's first process has read the whole file
//! for their sake when the one that serves reads it again.

mod addresses;
mod announce;
mod authentication;
mod checks;
mod complete;
mod dumps;
mod duplicates;
mod firewall;
mod globals;
mod group_trackers;
mod instance;
mod ipvlan;
mod link_delays;
mod notify;
mod other_priorities;
mod reader;
mod remarks;
mod routing;
mod scheduling;
mod script;
mod served_in_part;
mod spacing;
mod sync_group;
mod track;
mod track_file;
mod track_process;
mod twice;
mod unicast;
mod vmac;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use self::checks::{CheckAt, Checks};
use self::globals::GlobalDefs;
use self::instance::Draft;
use self::reader::{Misspelt, Reader};
use self::routing::Priorities;
pub(crate) use self::routing::phrase;
use self::sync_group::{GroupDraft, Resolved};
use super::keywords::{Level, Status};
use super::parser::Statement;
use crate::diagnostic::{Diagnostic, Findings, Source};
use crate::lint;
use crate::model::{Config, Extensions, Instance, LinkDelay, Statics, SyncGroup};
use crate::similar::shown;

/// Something, and where the file says it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct At<T> {
    value: T,
    span: Range<usize>,
}

/// What the pass over the file has found so far.
#[derive(Default)]
struct File<'a> {
    globals: GlobalDefs,
    checks: Checks,
    link_delays: Vec<At<LinkDelay>>,
    garp_groups: Vec<spacing::Group>,
    statics: Statics,
    priorities: Priorities,
    instances: Vec<Draft<'a>>,
    groups: Vec<GroupDraft>,
    /// Names taken, by keyword and name.
    names: HashMap<(&'static str, String), Range<usize>>,
}

/// The model, unless something forbids it. It may be without instances: see [`is_content`].
pub(super) fn lower(
    statements: &[Statement<'_>],
    source: &Source,
    tracked_elsewhere: &HashSet<String>,
    findings: &mut Findings,
) -> Option<Config> {
    let mut reader = Reader::new(findings);
    let mut file = File::default();
    let (globals, others): (Vec<_>, Vec<_>) =
        statements.iter().partition(|statement| statement.keyword() == "global_defs");
    for statement in globals.into_iter().chain(others) {
        if reader.accepts(Level::Root, statement) {
            file.read(statement, &mut reader);
        }
    }
    reader.finish();
    let misspelt = reader.misspelt_blocks("vrrp_instance").next();
    if file.instances.is_empty() && (misspelt.is_some() || !is_content(statements, source)) {
        let finding = no_instance(statements, misspelt);
        reader.report(finding);
        return None;
    }
    Some(file.finish(tracked_elsewhere, &mut reader))
}

impl<'a> File<'a> {
    fn read(&mut self, statement: &'a Statement<'a>, reader: &mut Reader<'_>) {
        match statement.keyword() {
            "global_defs" => globals::read(&mut self.globals, statement, reader),
            "vrrp_script" => {
                let found = script::read(statement, &mut self.checks, reader);
                self.add(found, statement, reader);
            }
            "track_file" | "vrrp_track_file" => {
                let found = track_file::read(statement, &mut self.checks, reader);
                self.add(found, statement, reader);
            }
            "vrrp_track_process" => {
                let found = track_process::read(statement, &mut self.checks, reader);
                self.add(found, statement, reader);
            }
            "garp_group" => spacing::read(statement, &mut self.garp_groups, reader),
            "interface_up_down_delays" => link_delays::read(statement, &mut self.link_delays, reader),
            "net_namespace" => self.net_namespace(statement, reader),
            "static_ipaddress" => {
                let default = self.globals.default_interface();
                routing::read_addresses(statement, &default, &mut self.statics, reader);
            }
            "static_routes" => routing::read_routes(statement, &mut self.statics.routing, reader),
            "static_rules" => {
                routing::read_rules(statement, &mut self.statics.routing, &mut self.priorities, reader);
            }
            "vrrp_instance" => {
                if let Some(name) = reader.name(statement)
                    && self.is_new("vrrp_instance", &name.text, statement, reader)
                {
                    let Self { checks, priorities, .. } = self;
                    let draft = Draft::read(name, statement, checks, priorities, reader);
                    self.instances.push(draft);
                }
            }
            "vrrp_sync_group" => {
                if let Some(name) = reader.name(statement)
                    && self.is_new("vrrp_sync_group", &name.text, statement, reader)
                {
                    self.groups.extend(GroupDraft::read(name, statement, &self.checks, reader));
                }
            }
            _ => {}
        }
    }

    fn net_namespace(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let Some(word) = reader.value(statement) else { return };
        if self.globals.net_namespace.is_some() {
            return reader.there_already(statement, "net_namespace");
        }
        let name = word.text.as_ref();
        if name.contains('/') || matches!(name, "." | "..") {
            let message = format!("{} cannot be the name of a network namespace", shown(name));
            reader.report(Diagnostic::error(&word.span, message, "`ip netns list` shows names"));
            return;
        }
        self.globals.net_namespace = Some(name.to_owned());
    }

    fn add(&mut self, found: Option<CheckAt>, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        // keepalived does not look for a second one of the name; it always finds the first.
        if let Some(found) = found
            && self.is_new(found.kind.block(), &found.written, statement, reader)
        {
            self.checks.add(found, reader);
        }
    }

    /// Whether nothing of this kind has the name yet; reports it otherwise.
    fn is_new(
        &mut self,
        kind: &'static str,
        name: &str,
        statement: &Statement<'_>,
        reader: &mut Reader<'_>,
    ) -> bool {
        let span = &statement.line.span;
        let Some(first) = self.names.insert((kind, name.to_owned()), span.clone()) else { return true };
        reader.report(
            Diagnostic::warning(span, format!("there is a {kind} {} already", shown(name)), "the second one")
                .and(&first, "the first one")
                .note("keepalived uses the first one only; keepwatch does the same"),
        );
        self.names.insert((kind, name.to_owned()), first);
        false
    }

    fn finish(mut self, tracked_elsewhere: &HashSet<String>, reader: &mut Reader<'_>) -> Config {
        let prefix = self.globals.vmac_prefix.as_deref();
        let mut names = vmac::Names::new(prefix, &mut self.instances, reader);
        let mut groups = sync_group::resolve(self.groups, &self.instances, reader);
        let group_of: HashMap<&str, &Resolved> = groups
            .iter()
            .flat_map(|group| group.members.iter().map(move |member| (member.as_str(), group)))
            .collect();
        let mut instances = Vec::new();
        for draft in self.instances {
            let group = group_of.get(draft.name.text.as_ref()).copied();
            instances.extend(draft.complete(&self.globals, group, &mut names, reader));
        }
        group_trackers::spread(&mut groups, &mut instances, reader);
        duplicates::check(&instances, reader);
        duplicates::check_macs(&instances, reader);
        duplicates::check_ipvlans(&instances, reader);
        let tracked = instances.iter().flat_map(|completed| &completed.instance.track_checks);
        let tracked = tracked.map(|tracked| tracked.check.as_str());
        let tracked = tracked.chain(tracked_elsewhere.iter().map(String::as_str)).collect();
        let checks = self.checks.used(&tracked, reader);
        remarks::mail(&self.globals, &instances, &groups, reader);
        instances.iter().for_each(|instance| remarks::instance(instance, reader));
        remarks::checks(&checks, &instances, reader);
        let link_delays = link_delays::complete(self.link_delays, &instances, reader);
        let garp_groups = spacing::complete(self.garp_groups, &instances, reader);
        let groups: Vec<SyncGroup> =
            groups.into_iter().map(|group| group.into_model(&self.globals)).collect();
        let instances: Vec<Instance> = instances.into_iter().map(|completed| completed.instance).collect();
        lint::held_twice(&instances, &groups).into_iter().for_each(|(_, finding)| reader.report(finding));
        let checks = checks.into_iter().map(|at| at.check).collect();
        let extensions = Extensions::default();
        let (globals, statics) = (self.globals.model(garp_groups), self.statics);
        Config { globals, instances, checks, groups, link_delays, statics, extensions }
    }
}

/// Whether a file without instances is one that somebody may want. What it includes may be empty for now, and what has
/// variables or conditions for another host; but not one whose instances cannot be read, nor one that has nothing which is
/// done here.
fn is_content(statements: &[Statement<'_>], source: &Source) -> bool {
    let is_served = |statement: &Statement<'_>| {
        matches!(Level::Root.status(statement.keyword()), Some(Status::Supported | Status::Partly(_)))
    };
    let has_instance = statements.iter().any(|statement| statement.keyword() == "vrrp_instance");
    !has_instance && (statements.iter().any(is_served) || (statements.is_empty() && !source.is_one_file()))
}

/// Said where its keyword is misspelt, if it is.
fn no_instance(statements: &[Statement<'_>], misspelt: Option<&Misspelt>) -> Diagnostic {
    let first = || statements.first().map_or(0..0, |statement| statement.line.span.clone());
    let span = misspelt.map_or_else(first, |misspelt| misspelt.span.clone());
    let message =
        if statements.is_empty() { "there is nothing in this file" } else { "there is no vrrp_instance" };
    Diagnostic::error(&span, message, "").help("a virtual router is written `vrrp_instance NAME { ... }`")
}
