//! Whether a keepwatch.toml means what the keepalived.conf did that it was made of.

use std::path::Path;

use super::mail;
use crate::diagnostic::{Findings, Severity, Source};
use crate::model::{
    Check, CheckKind, Command, Config, Deleted, Extensions, Mail, Meant, Notify, Password, Routing, User,
    VirtualAddress,
};
use crate::native;
use crate::similar::shown;
use crate::site::Purpose;

/// What the text means otherwise than the original, or why it means nothing, a sentence each.
pub(super) fn differences(text: &str, original: &Config) -> Vec<String> {
    let name = "keepwatch.toml";
    let site = native::load(Source::new(name, text), Path::new(name), "", Purpose::Look);
    let Some(native) = site.config else {
        let errors = |findings: &Findings| -> Vec<String> {
            let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
            errors.map(|error| error.message.clone()).collect()
        };
        return site.texts.iter().flat_map(|(_, findings)| errors(findings)).collect();
    };
    let (native, original) = (plain(&native), plain(original));
    let named = |what: &str, name: &str| format!("{what} {} would not be the same", shown(name));
    let mut found = Vec::new();
    for (what, is_same) in [
        ("what holds for everything", native.globals == original.globals),
        ("what is always there", native.statics == original.statics),
        ("the time that links have", native.link_delays == original.link_delays),
        ("the number of instances", native.instances.len() == original.instances.len()),
        ("the number of groups", native.groups.len() == original.groups.len()),
        ("the number of checks", native.checks.len() == original.checks.len()),
    ] {
        found.extend((!is_same).then(|| format!("{what} would not be the same")));
    }
    let instances = native.instances.iter().zip(&original.instances).filter(|(own, other)| own != other);
    found.extend(instances.map(|(_, other)| named("instance", &other.name)));
    let groups = native.groups.iter().zip(&original.groups).filter(|(own, other)| own != other);
    found.extend(groups.map(|(_, other)| named("group", &other.name)));
    let checks = native.checks.iter().zip(&original.checks).filter(|(own, other)| own != other);
    found.extend(checks.map(|(_, other)| named("check", &other.name)));
    found
}

/// What both formats say in different ways, said in one.
pub(super) fn plain(config: &Config) -> Config {
    let mut config = config.clone();
    if !mail::is_sent(&config) {
        config.globals.mail = Mail::default();
        config.instances.iter_mut().for_each(|instance| instance.mail_alert = false);
        config.groups.iter_mut().for_each(|group| group.mail_alert = false);
    }
    // It stands in the instances and groups that have taken it over.
    config.globals.mail.alert = false;
    let user = config.globals.script_user.take();
    let tracked: Vec<String> = config
        .instances
        .iter()
        .flat_map(|instance| instance.track_checks.iter().map(|track| track.check.clone()))
        .collect();
    // keepalived runs only what is tracked.
    config.checks.retain(|check| tracked.contains(&check.name));
    config.checks.iter_mut().for_each(|check| set_user(check, user.as_ref()));
    for fifo in &mut config.globals.notify_fifos {
        fifo.user = fifo.user.take().or_else(|| user.clone());
        let script = fifo.script.iter_mut();
        script.for_each(|script| script.user = script.user.take().or_else(|| user.clone()));
    }
    // Nothing depends on their interfaces.
    config.statics.addresses.iter_mut().for_each(|address| address.tracked = true);
    config.statics.addresses.iter_mut().for_each(plain_address);
    plain_ways(&mut config.statics.routing);
    for instance in &mut config.instances {
        instance.addresses.iter_mut().chain(&mut instance.excluded).for_each(plain_address);
        plain_ways(&mut instance.routing);
        // Moves nothing.
        instance.meant = Meant::Either;
        instance.password = instance.password.filter(is_said);
        set_users(&mut instance.notify, user.as_ref());
    }
    config.groups.iter_mut().for_each(|group| set_users(&mut group.notify, user.as_ref()));
    config.instances.sort_by(|one, other| one.name.cmp(&other.name));
    config.groups.sort_by(|one, other| one.name.cmp(&other.name));
    config.checks.sort_by(|one, other| one.name.cmp(&other.name));
    config.link_delays.sort_by(|one, other| one.interface.cmp(&other.interface));
    // Where plugins would lie, which no keepalived.conf has.
    config.extensions = Extensions::default();
    config
}

/// What does nothing for an address of its family does not count.
fn plain_address(address: &mut VirtualAddress) {
    if address.address.is_ipv4() {
        (address.duplicate_detection, address.home, address.manage_temporary) = (false, false, false);
    }
    address.label = address.label.take().filter(|label| !label.is_empty());
}

/// Another password is lost, which is said.
fn is_said(password: &Password) -> bool {
    let octets: Vec<u8> = password.0.iter().copied().take_while(|octet| *octet != 0).collect();
    std::str::from_utf8(&octets).is_ok()
}

/// The words may be others.
fn plain_ways(Routing { routes, rules }: &mut Routing) {
    routes.iter_mut().for_each(|route| route.text.clear());
    rules.iter_mut().for_each(|rule| rule.text.clear());
}

fn set_user(check: &mut Check, user: Option<&User>) {
    if let CheckKind::Script(script) = &mut check.what {
        script.command.user = script.command.user.take().or_else(|| user.cloned());
    }
}

fn set_users(notify: &mut Notify, user: Option<&User>) {
    let Notify { master, backup, fault, stop, deleted, master_rx_lower_priority, any, priority_changes: _ } =
        notify;
    let mut none = None;
    let deleted = match deleted {
        Deleted::AsFault => &mut none,
        Deleted::AsDeleted(command) => command,
    };
    for Command { user: own, .. } in
        [master, backup, fault, stop, deleted, master_rx_lower_priority, any].into_iter().flatten()
    {
        *own = own.take().or_else(|| user.cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::convert;
    use crate::load_text;

    /// Of whatever table a line is taken away, something is not the same, or not there.
    #[test]
    fn a_line_that_is_missing_is_noticed() {
        let text = "global_defs {\n router_id h1\n script_user nobody\n enable_script_security\n vrrp_startup_delay 3\n notify_fifo /f\n \
                    nftables_counters\n vrrp_no_swap\n smtp_server m 26\n notification_email {\n  a@b\n }\n smtp_helo_name h\n \
                    no_email_faults\n smtp_alert\n json_version 2\n}\nnet_namespace n\nstatic_ipaddress {\n 10.0.0.7\n}\n\
                    static_routes {\n 10.2.0.0/16 via 10.0.0.1\n}\ninterface_up_down_delays {\n eth0 1\n}\n\
                    vrrp_script s {\n script /bin/s\n interval 3\n timeout 2\n rise 2\n fall 2\n weight 5\n init_fail\n}\n\
                    track_file f {\n file /f\n weight -3\n init_file 3\n}\nvrrp_track_process p {\n process p\n quorum 2\n \
                    quorum_max 4\n fork_delay 2\n}\nvrrp_instance a {\n interface eth0\n virtual_router_id 9\n priority 99\n \
                    advert_int 2\n nopreempt\n authentication {\n  auth_type PASS\n  auth_pass x\n }\n unicast_src_ip 10.0.0.1\n \
                    unicast_ttl 9\n check_unicast_src\n unicast_peer {\n  10.0.0.2\n }\n virtual_ipaddress {\n  10.0.0.9\n }\n \
                    virtual_ipaddress_excluded {\n  fd00::9\n }\n virtual_routes {\n  10.1.0.0/16 via 10.0.0.1\n }\n \
                    track_script {\n  s\n }\n track_file {\n  f\n }\n track_process {\n  p\n }\n garp_master_repeat 3\n garp_master_delay 7\n garp_master_refresh_repeat 2\n \
                    garp_master_refresh 9\n lower_prio_no_advert\n no_accept\n promote_secondaries\n notify_master /m\n \
                    notify_priority_changes\n}\nvrrp_sync_group g {\n group {\n  a\n }\n sync_group_tracking_weight\n notify /n\n}\n";
        let config = load_text("k.conf", text).config.unwrap();
        let whole = convert(&config, "").text;
        assert_eq!(differences(&whole, &config), [""; 0], "{whole}");
        let lines: Vec<&str> = whole.lines().collect();
        let mut taken = 0;
        for (number, line) in lines.iter().enumerate().filter(|(_, line)| line.contains(" = ")) {
            // What goes without saying.
            if matches!(*line, "interval = \"1s\"" | "match = \"name\"") {
                continue;
            }
            assert!(differs(&lines, number, &config), "{line}\n{whole}");
            taken += 1;
        }
        assert!(taken > 45, "{taken}");
    }

    fn differs(lines: &[&str], without: usize, config: &Config) -> bool {
        let (before, after) = lines.split_at(without);
        let text = [before, &after[1..]].concat().join("\n");
        !differences(&text, config).is_empty()
    }

    #[test]
    fn it_is_said_what_differs() {
        let config = |priority: u8| {
            let text = format!(
                "vrrp_instance a {{\n interface eth0\n virtual_router_id 9\n priority {priority}\n virtual_ipaddress {{\n  10.0.0.9\n }}\n}}\n"
            );
            load_text("k.conf", text).config.unwrap()
        };
        let text = convert(&config(7), "").text;
        assert_eq!(differences(&text, &config(8)), ["instance `a` would not be the same"]);
        assert_eq!(
            differences(&text.replace("eth0", "a/b"), &config(7)),
            ["`a/b` cannot be the name of an interface"]
        );
    }
}
