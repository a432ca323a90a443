//! How everything is, for programs: keepalived.json.

use std::time::Duration;

use keepwatch_config::model::{
    Check, CheckKind, Command, Deleted, Instance, JsonVersion, ProcessCheck, ProcessMatch,
};
use keepwatch_event::{Health, InstanceStatus};
use keepwatch_vrrp::{HigherAdverts, LinkTracking, LowerAdverts, Preemption, TrackWeight};
use serde::{Serialize, Serializer};

use crate::figures::Figures;
use crate::scene::{Scene, interface};
use crate::words;

/// How everything is, with keepalived's keys in keepalived's order, in the version that the configuration asks for.
///
/// # Errors
///
/// None that is known of: values are numbers and texts.
pub fn json(scene: Scene<'_>) -> serde_json::Result<String> {
    let vrrp: Vec<Entry> =
        scene.instances().map(|(instance, status)| entry(scene, instance, status)).collect();
    match scene.config.globals.dumps.json_version {
        JsonVersion::Instances => serde_json::to_string(&vrrp),
        JsonVersion::Object => {
            let track_process = scene.config.checks.iter().filter_map(|check| process(scene, check));
            serde_json::to_string(&Object { vrrp, track_process: track_process.collect() })
        }
    }
}

#[derive(Serialize)]
struct Object {
    vrrp: Vec<Entry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    track_process: Vec<Process>,
}

#[derive(Serialize)]
struct Entry {
    data: Data,
    stats: Figures,
}

/// keepalived writes some switches as numbers, some as words.
#[derive(Serialize)]
struct Data {
    iname: String,
    dont_track_primary: u8,
    skip_check_adv_addr: u8,
    strict_mode: u8,
    vmac_ifname: String,
    ifp_ifname: String,
    master_priority: u8,
    #[serde(serialize_with = "number")]
    last_transition: Duration,
    garp_delay: u64,
    garp_refresh: u64,
    garp_rep: u8,
    garp_refresh_rep: u8,
    garp_lower_prio_delay: u64,
    garp_lower_prio_rep: u8,
    lower_prio_no_advert: u8,
    higher_prio_send_advert: u8,
    vrid: u8,
    base_priority: u8,
    effective_priority: u8,
    vipset: bool,
    promote_secondaries: bool,
    #[serde(serialize_with = "number")]
    adver_int: Duration,
    #[serde(serialize_with = "number")]
    master_adver_int: Duration,
    accept: u8,
    nopreempt: bool,
    preempt_delay: u64,
    state: u8,
    wantstate: u8,
    version: u8,
    smtp_alert: bool,
    notify_deleted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    script_backup: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    script_master: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    script_fault: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    script_stop: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    script_deleted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    script_master_rx_lower_pri: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vips: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evips: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vroutes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vrules: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    track_ifp: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    track_script: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    track_process: Vec<String>,
    auth_type: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_data: Option<&'static str>,
}

/// What is tracked by `track_process`. How many processes run, which keepalived has as `current_processes`, is not known here.
#[derive(Serialize)]
struct Process {
    process: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<String>,
    param_match: &'static str,
    min_processes: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_processes: Option<u32>,
    have_quorum: bool,
    weight: i16,
    #[serde(serialize_with = "number")]
    terminate_delay: Duration,
    #[serde(serialize_with = "number")]
    fork_delay: Duration,
    full_command: bool,
}

/// Seconds, as a whole number where they are: so does keepalived, and some who read it want a whole number.
fn number<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    if time.subsec_nanos() == 0 {
        serializer.serialize_u64(time.as_secs())
    } else {
        serializer.serialize_f64(time.as_secs_f64())
    }
}

fn entry(scene: Scene<'_>, instance: &Instance, status: &InstanceStatus) -> Entry {
    let addresses = |addresses: &[_]| -> Vec<String> {
        addresses.iter().map(|address| words::address(address, instance, status)).collect()
    };
    let script = |command: &Option<Command>| command.as_ref().map(words::command);
    let (notify, announce) = (&instance.notify, &instance.announce);
    let deleted = match &notify.deleted {
        Deleted::AsFault => None,
        Deleted::AsDeleted(command) => Some(command),
    };
    let (garp_delay, garp_rep) = words::bursts(&announce.entry);
    let (garp_lower_prio_delay, garp_lower_prio_rep) = words::bursts(&announce.on_lower);
    let of_kind = |wanted: fn(&Check) -> Option<String>| -> Vec<String> {
        let checks = instance.track_checks.iter().filter_map(|track| scene.check(&track.check));
        checks.filter_map(wanted).collect()
    };
    let data = Data {
        iname: instance.name.clone(),
        dont_track_primary: u8::from(instance.link_tracking == LinkTracking::Ignored),
        // keepwatch compares each list.
        skip_check_adv_addr: 0,
        strict_mode: 0,
        accept: u8::from(instance.accepts),
        vmac_ifname: instance.own_interface.as_ref().map_or_else(String::new, |own| own.name().to_string()),
        ifp_ifname: interface(instance).to_string(),
        master_priority: status.peer.as_ref().filter(|peer| peer.heard).map_or(0, |peer| peer.priority),
        last_transition: status.since.map_or(Duration::ZERO, |since| words::since_1970(since.wall)),
        garp_delay,
        garp_refresh: announce.refresh.map_or(0, |refresh| refresh.every.as_secs()),
        garp_rep,
        garp_refresh_rep: announce.refresh.map_or(1, |refresh| refresh.rounds),
        garp_lower_prio_delay,
        garp_lower_prio_rep,
        lower_prio_no_advert: u8::from(instance.lower_adverts == LowerAdverts::Ignore),
        higher_prio_send_advert: u8::from(instance.higher_adverts == HigherAdverts::AnswerAndYield),
        vrid: instance.vrid.get(),
        base_priority: instance.priority.get(),
        effective_priority: status.priority,
        vipset: !status.held.is_empty(),
        promote_secondaries: instance.promotes_secondaries,
        adver_int: instance.interval.duration(),
        master_adver_int: status.master_advert_interval.unwrap_or_else(|| instance.interval.duration()),
        nopreempt: instance.preemption == Preemption::Never,
        preempt_delay: match instance.preemption {
            Preemption::After(delay) => delay.as_secs(),
            Preemption::Immediate | Preemption::Never => 0,
        },
        state: words::state_number(status.state),
        wantstate: words::state_number(status.state),
        version: instance.version.number(),
        smtp_alert: instance.mail_alert,
        notify_deleted: deleted.is_some(),
        script_backup: script(&notify.backup),
        script_master: script(&notify.master),
        script_fault: script(&notify.fault),
        script_stop: script(&notify.stop),
        script_deleted: deleted.and_then(script),
        script: script(&notify.any),
        script_master_rx_lower_pri: script(&notify.master_rx_lower_priority),
        vips: addresses(&instance.addresses),
        evips: addresses(&instance.excluded),
        vroutes: instance.routing.routes.iter().map(|route| route.text.clone()).collect(),
        vrules: instance.routing.rules.iter().map(|rule| rule.text.clone()).collect(),
        track_ifp: instance.track_interfaces.iter().map(|track| track.interface.to_string()).collect(),
        track_script: of_kind(|check| match &check.what {
            CheckKind::Script(script) => Some(words::command(&script.command)),
            _ => None,
        }),
        track_process: of_kind(|check| {
            matches!(check.what, CheckKind::Process(_)).then(|| check.name.clone())
        }),
        auth_type: u8::from(instance.password.is_some()),
        auth_data: instance.password.map(|_| "********"),
    };
    Entry { data, stats: scene.figures(status) }
}

fn process(scene: Scene<'_>, check: &Check) -> Option<Process> {
    let CheckKind::Process(process) = &check.what else { return None };
    let ProcessCheck { matching, quorum, quorum_max, fork_delay, terminate_delay, .. } = process;
    let (param_match, parameters) = match matching {
        ProcessMatch::Name | ProcessMatch::Program => ("none", None),
        ProcessMatch::Exactly(words) => ("exact", Some(words.join(" "))),
        ProcessMatch::First(words) => ("partial", Some(words.join(" "))),
        ProcessMatch::Beginning(words) => ("initial", Some(words.join(" "))),
    };
    Some(Process {
        process: check.name.clone(),
        parameters,
        param_match,
        min_processes: *quorum,
        max_processes: *quorum_max,
        have_quorum: scene.health(&check.name) == Health::Pass,
        weight: match check.weight {
            TrackWeight::Fault { .. } => 0,
            TrackWeight::Adjust { weight, reverse: false } => weight,
            TrackWeight::Adjust { weight, reverse: true } => -weight,
        },
        terminate_delay: *terminate_delay,
        fork_delay: *fork_delay,
        full_command: !matches!(matching, ProcessMatch::Name),
    })
}
