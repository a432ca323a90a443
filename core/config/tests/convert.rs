//! A converted keepalived.conf means the same, over the whole corpus.

use std::path::{Path, PathBuf};

use keepwatch_config::model::{Check, CheckKind, Command, Deleted, Globals, Meant, Notify, User};
use keepwatch_config::{Config, Site, Style, convert, load, load_site, load_text};

fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "conf"));
    files.sort();
    files
}

fn read_native(name: &str, text: &str) -> Site {
    let folder = std::env::temp_dir().join(format!("keepwatch-convert-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("keepwatch.toml");
    std::fs::write(&path, text).unwrap();
    let site = load_site(&path).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    site
}

/// What both formats say in different ways, said in one.
fn plain(config: &Config) -> Config {
    let mut config = config.clone();
    let user = config.globals.script_user.take();
    let tracked: Vec<String> = config
        .instances
        .iter()
        .flat_map(|instance| instance.track_checks.iter().map(|track| track.check.clone()))
        .collect();
    // keepalived runs only what is tracked.
    config.checks.retain(|check| tracked.contains(&check.name));
    config.checks.iter_mut().for_each(|check| set_user(check, user.as_ref()));
    for instance in &mut config.instances {
        instance.meant = Meant::Either;
        instance.mail_alert = false;
        set_users(&mut instance.notify, user.as_ref());
    }
    for group in &mut config.groups {
        group.mail_alert = false;
        set_users(&mut group.notify, user.as_ref());
    }
    config.instances.sort_by(|one, other| one.name.cmp(&other.name));
    config.groups.sort_by(|one, other| one.name.cmp(&other.name));
    config.checks.sort_by(|one, other| one.name.cmp(&other.name));
    let Globals { router_id, net_namespace, startup_delay, delay_after_boot, firewall, scheduling, .. } =
        config.globals;
    config.globals = Globals {
        router_id,
        net_namespace,
        startup_delay,
        delay_after_boot,
        firewall,
        scheduling,
        ..Globals::default()
    };
    config.extensions = keepwatch_config::model::Extensions::default();
    config
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

#[test]
fn the_corpus_means_the_same_in_both_formats() {
    let (mut same, mut lossy) = (0, Vec::new());
    for path in corpus() {
        let Ok(loaded) = load(&path) else { continue };
        let Some(config) = loaded.config else { continue };
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let converted = convert(&config, &loaded.source.text);
        // Mails are sent by destinations, which nothing of this compares.
        if converted.lost.iter().any(|lost| !lost.starts_with("mail: ")) {
            lossy.push(format!("{name}: {}", converted.lost.join("; ")));
            continue;
        }
        if config.instances.is_empty() {
            continue;
        }
        let site = read_native(&name, &converted.text);
        let shown = format!("{name}\n{}\n{}", converted.text, site.render(Style::Plain));
        let native = site.config.unwrap_or_else(|| panic!("{shown}"));
        assert_eq!(plain(&native), plain(&config), "{shown}");
        same += 1;
    }
    println!("{}", lossy.join("\n"));
    assert!(same >= 20, "only {same} files of the corpus can be converted wholly");
}

#[test]
fn comments_stand_where_they_belong() {
    let text = "# The web pair.\n! Ask ops before you change this.\n\nglobal_defs {\n    router_id h1   # in mails\n}\n\n\
                # HAProxy lives.\nvrrp_script chk {\n    script \"/usr/bin/pgrep haproxy\"\n    interval 2   # often enough\n    \
                weight 4\n}\n\nvrrp_instance VI_1 {\n    state MASTER\n    interface eth0\n    # ours, in all offices\n    \
                virtual_router_id 51\n    priority 101\n    authentication {\n        auth_type PASS\n        auth_pass 42   \
                # not a secret\n    }\n    virtual_ipaddress {\n        10.1.1.30   # web\n    }\n    track_script {\n        \
                chk\n    }\n}\n\n# That is all.\n";
    let loaded = load_text("k.conf", text);
    let converted = convert(&loaded.config.unwrap(), text);
    assert_eq!(converted.lost, [""; 0]);
    assert_eq!(
        converted.text,
        r#"# The web pair.
# Ask ops before you change this.
# in mails
node = "h1"

[instance.VI_1]
interface = "eth0"
# ours, in all offices
virtual_router_id = 51
priority = 101
version = 2
# web
virtual_addresses = ["10.1.1.30"]
# not a secret
auth_pass = "42"
track = ["chk"]

# HAProxy lives.
[check.chk]
script = ["/usr/bin/pgrep", "haproxy"]
# often enough
interval = "2s"
weight = 4

# That is all.
"#
    );
}

#[test]
fn what_has_no_equivalent_is_said() {
    let text = "global_defs {\n notification_email {\n  a@example.com\n }\n enable_script_security\n script_user root\n}\n\
                vrrp_track_file f {\n file /tmp/f\n weight 2\n}\n\
                vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n  10.1.1.30/24 brd +\n }\n \
                track_file {\n  f\n }\n}\n";
    let loaded = load_text("k.conf", text);
    let converted = convert(&loaded.config.unwrap(), text);
    let lost: Vec<&str> = converted.lost.iter().map(|lost| lost.split(':').next().unwrap()).collect();
    assert_eq!(lost, ["mail", "`enable_script_security` has no key", "10.1.1.30/24", "`f`"]);
    assert!(read_native("lossy", &converted.text).config.is_some(), "{}", converted.text);
}

#[test]
fn a_table_of_the_packet_filter_is_one_of_its_own() {
    let text = "# Ours.\nglobal_defs {\n router_id h1\n nftables vips # not for others\n nftables_counters\n}\n\
                vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n # a router alone\n no_accept\n \
                virtual_ipaddress {\n  10.1.1.30\n }\n}\n";
    let loaded = load_text("k.conf", text);
    let config = loaded.config.unwrap();
    let converted = convert(&config, text);
    assert_eq!(converted.lost, [""; 0]);
    assert_eq!(
        converted.text,
        r#"# Ours.
# not for others
node = "h1"

[nftables]
table = "vips"
counters = true

[instance.VI_1]
interface = "eth0"
virtual_router_id = 51
version = 2
virtual_addresses = ["10.1.1.30"]
# a router alone
accept = false
"#
    );
    let native = read_native("nftables", &converted.text).config.unwrap();
    assert_eq!(plain(&native), plain(&config));
}

/// How the kernel runs the engine is a table, and reads back as the same.
#[test]
fn scheduling_is_a_table_of_its_own() {
    let text = "global_defs {\n vrrp_rt_priority 50\n vrrp_priority -5\n vrrp_cpu_affinity 2 0\n vrrp_no_swap\n}\n\
                vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n \
                virtual_ipaddress {\n  10.1.1.30\n }\n}\n";
    let config = load_text("k.conf", text).config.unwrap();
    let converted = convert(&config, text);
    assert_eq!(converted.lost, [""; 0]);
    let table = "[scheduling]\nreal_time_priority = 50\nnice = -5\ncpu_affinity = [0, 2]\nno_swap = true\n";
    assert!(converted.text.contains(table), "{}", converted.text);
    let read = read_native("scheduling", &converted.text).config.unwrap();
    assert_eq!(read.globals.scheduling, config.globals.scheduling);
}
