//! What a native file says of the whole daemon, beside a keepalived.conf or alone.

mod common;

use std::time::Duration;

use keepwatch_config::model::Mail;
use keepwatch_config::{Config, Site, Style};

use common::read;

fn config(site: Site) -> Config {
    assert_eq!(site.render(Style::Plain), "");
    site.config.unwrap()
}

/// It is said once, and not of a keepalived.conf whose instances stand here.
#[test]
fn an_instance_may_be_missing_but_not_everything() {
    const WITHOUT: &str = "warning: there is no instance, and so no address\n --> keepwatch.toml:1:1";
    const WEB: &str =
        "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.30\"]\n";
    let conf = "global_defs {\n router_id lb1\n}\n";
    let said = |text: &str| {
        let site = read("without", conf, text);
        (site.render(Style::Plain), site.config.map(|config| config.instances.len()))
    };
    for text in ["keepalived = \"k.conf\"\n", "[plugin.a]\n", "node = \"lb1\"\n"] {
        let (rendered, instances) = said(text);
        assert!(rendered.starts_with(WITHOUT), "{text}: {rendered}");
        assert_eq!((rendered.matches("warning").count(), instances), (1, Some(0)), "{text}: {rendered}");
    }
    assert_eq!(said(&format!("keepalived = \"k.conf\"\n{WEB}")), (String::new(), Some(1)));
    // What is wrong with the instances that there are is all there is to say.
    let (rendered, instances) = said(&format!("{WEB}virtual_router = 7\n"));
    assert!(!rendered.contains("no instance"), "{rendered}");
    assert_eq!(instances, None);
}

/// Beside those of the keepalived.conf, which they take the place of.
#[test]
fn links_that_count_after_a_while() {
    let conf = "interface_up_down_delays {\n eth0 0.5\n eth1 0.4 9\n}\n\
                vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n 10.1.1.30\n }\n}\n";
    let keepalived = "keepalived = \"k.conf\"\n";
    let delays = |text: &str| -> Vec<String> {
        let delays = config(read("delays", conf, &format!("{keepalived}{text}"))).link_delays;
        delays.iter().map(|link| format!("{} {:?} {:?}", link.interface, link.down, link.up)).collect()
    };
    assert_eq!(delays(""), ["eth0 500ms 500ms", "eth1 400ms 9s"]);
    let table = "[interface_up_down_delays]\neth0 = \"2s\"\neth2 = { up = \"255s\" }\neth3 = \"0s\"\n";
    assert_eq!(delays(table), ["eth1 400ms 9s", "eth0 2s 2s", "eth2 0ns 255s", "eth3 0ns 0ns"]);

    let quick = "[instance.quick]\ninterface = \"eth1\"\nvirtual_router_id = 52\nadvert_interval = \"100ms\"\n\
                 virtual_addresses = [\"10.1.2.30\"]\n";
    let said = |text: &str| read("delays", conf, &format!("{keepalived}{text}{quick}"));
    let site = said("");
    let message = "warning: the keepalived.conf has eth1 go down 0.4 s later, which is too long for `quick`\n --> keepwatch.toml:3:13\n";
    assert!(site.render(Style::Plain).starts_with(message), "{}", site.render(Style::Plain));
    assert_eq!(site.config.unwrap().link_delays[1].down, Duration::from_millis(200));
    let rows = [
        ("eth1 = \"300ms\"", "error: a down delay of 0.3 s is too long for `quick`"),
        ("eth1 = { down = \"300ms\" }", "error: a down delay of 0.3 s is too long for `quick`"),
        ("eth1 = { down = \"256s\" }", "error: this is longer than a link can be waited for"),
        ("eth1 = { downs = \"1s\" }", "error: unknown key `downs` in the delays of an interface"),
        ("eth1 = 3", "error: a duration has a unit"),
        ("\"eth 1\" = \"1s\"", "error: `eth 1` cannot be the name of an interface"),
    ];
    for (line, expected) in rows {
        let said = said(&format!("[interface_up_down_delays]\n{line}\n")).render(Style::Plain);
        assert!(said.starts_with(expected), "{line}: {said}");
    }
}

/// Beside those of the keepalived.conf, which they take the place of.
#[test]
fn announcements_that_leave_some_time_apart() {
    let conf = "global_defs {\n vrrp_garp_interval 0.5\n vrrp_gna_interval 0.25\n}\n\
                garp_group {\n garp_interval 0.001\n interfaces {\n eth0 eth1\n }\n}\n\
                vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n 10.1.1.30\n }\n}\n";
    let read = |text: &str| read("spacing", conf, &format!("keepalived = \"k.conf\"\n{text}"));
    let shown = |text: &str| -> Vec<String> {
        let spacing = config(read(text)).globals.spacing;
        let groups = spacing.groups.iter().map(|group| (format!("{:?}", group.interfaces), group.intervals));
        let all = std::iter::once(("each".to_owned(), spacing.each)).chain(groups);
        all.map(|(what, times)| format!("{what} {:?} {:?}", times.garp, times.gna))
            .map(|line| line.replace("InterfaceName(", "").replace([')', '"'], ""))
            .collect()
    };
    assert_eq!(shown(""), ["each 500ms 250ms", "[eth0, eth1] 1ms 0ns"]);
    let text = "vrrp_garp_interval = \"0s\"\n\
                garp_group = [{ interfaces = [\"eth1\", \"eth2\"], gna_interval = \"2us\" }, { interfaces = [\"eth3\"] }]\n";
    assert_eq!(shown(text), ["each 0ns 250ms", "[eth0] 1ms 0ns", "[eth1, eth2] 0ns 2µs", "[eth3] 0ns 0ns"]);
    let rows = [
        ("vrrp_gna_interval = \"4295s\"", "error: this is longer than announcements can be apart"),
        ("vrrp_gna_interval = \"2s\"", "remark: announcements are 2 s apart"),
        ("vrrp_gna_interval = 2", "error: a duration has a unit"),
        ("garp_group = { interfaces = [\"eth0\"] }", "error: this is a table, not a list of tables"),
        ("garp_group = [{ garp_interval = \"1ms\" }]", "error: this group has no interfaces"),
        ("garp_group = [{ interfaces = \"eth0\" }]", "error: this is a string, not a list of interfaces"),
        ("garp_group = [{ interfaces = [\"a/b\"] }]", "error: `a/b` cannot be the name of an interface"),
        ("garp_group = [{ interfaces = [\"eth0\", \"eth0\"] }]", "error: `eth0` is in a group already"),
        (
            "garp_group = [{ interfaces = [\"eth0\"], every = 1 }]",
            "error: unknown key `every` in a `garp_group`",
        ),
    ];
    for (line, expected) in rows {
        let said = read(&format!("{line}\n")).render(Style::Plain);
        assert!(said.starts_with(expected), "{line}: {said}");
    }
}

/// Beside that of the keepalived.conf.
#[test]
fn fifos_that_hear_of_transitions() {
    let instance =
        "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 52\nvirtual_addresses = [\"10.1.2.30\"]\n";
    let conf = "global_defs {\n notify_fifo /run/k.fifo\n}\nvrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n \
                virtual_ipaddress {\n 10.1.1.30\n }\n}\n";
    let read_with = |fifo: &str| {
        read("fifos", conf, &format!("keepalived = \"k.conf\"\nnotify_fifo = {fifo}\n{instance}"))
    };
    let paths = |fifo: &str| -> Vec<String> {
        config(read_with(fifo)).globals.notify_fifos.into_iter().map(|fifo| fifo.path).collect()
    };
    assert_eq!(paths("\"/run/w.fifo\""), ["/run/k.fifo", "/run/w.fifo"]);
    assert_eq!(
        paths("[\"/run/v.fifo\", { path = \"/run/w.fifo\" }]"),
        ["/run/k.fifo", "/run/v.fifo", "/run/w.fifo"]
    );
    for (fifo, expected) in [
        ("\"run\"", "error: `run` is no absolute path"),
        ("{ script = [\"/bin/a\"] }", "error: this FIFO has no path"),
        ("{ path = \"/f\", script = \"/bin/a\" }", "error: this is a string, not a list"),
        ("{ path = \"/f\", group = \"adm\" }", "error: a group without a user"),
        ("{ path = \"/f\", mode = 7 }", "error: unknown key `mode` in a FIFO"),
        ("\"/run/k.fifo\"", "warning: this FIFO gets each line twice"),
        ("[\"/run/w.fifo\", \"/run/w.fifo\"]", "warning: this FIFO gets each line twice"),
    ] {
        let said = read_with(fifo).render(Style::Plain);
        assert!(said.starts_with(expected), "{fifo}: {said}");
    }
}

/// The packet filter's table; what the native file says takes precedence.
#[test]
fn the_nftables_table() {
    let instance = "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\naccept = false\nvirtual_addresses = [\"10.1.1.30\"]\n";
    let table = "[nftables]\ntable = \"vips\"\npriority = -150\ncounters = true\n";
    let firewall = config(read("nftables", "", &format!("{table}{instance}"))).globals.firewall;
    assert_eq!((firewall.table.as_str(), firewall.priority, firewall.counters), ("vips", -150, true));
    let firewall = config(read("no-nftables", "", instance)).globals.firewall;
    assert_eq!((firewall.table.as_str(), firewall.priority, firewall.counters), ("keepwatch", -1, false));

    let wrong = "[nftables]\ntable = \"\"\nprority = 1\n".to_owned()
        + &instance.replace("accept", "priority = 255\naccept");
    let said = read("wrong-nftables", "", &wrong).render(Style::Plain);
    let expected = [
        "keepwatch.toml:2:9",
        "this cannot be the name of a table",
        "keepwatch.toml:3:1",
        "keepwatch.toml:8:10",
        "`accept = false` does not go with priority 255",
    ];
    for text in expected {
        assert!(said.contains(text), "{text}: {said}");
    }
}

#[test]
fn how_long_addresses_stay_that_nobody_renews() {
    let instance = "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\nadvert_interval = \"1s\"\nvirtual_addresses = [\"10.1.1.30\"]\n";
    let with = |lifetime: &str| format!("vip_lifetime = \"{lifetime}\"\n{instance}");
    let seconds = |text: &str, name| config(read(name, "", text)).globals.vip_lifetime;
    assert_eq!(seconds(instance, "no-lifetime"), None);
    assert_eq!(seconds(&with("10s"), "lifetime"), Some(Duration::from_secs(10)));
    assert_eq!(seconds(&with("5s"), "least-lifetime"), Some(Duration::from_secs(5)));
    for lifetime in ["1s", "2500ms"] {
        assert_eq!(
            read("wrong-lifetime", "", &with(lifetime)).render(Style::Plain).replace(lifetime, "..."),
            format!(
                "error: the kernel keeps no address for just so long
 --> keepwatch.toml:1:16
  |
1 | vip_lifetime = \"...\"
  |                {} whole seconds, at least \"2s\"
",
                "^".repeat(lifetime.len() + 2)
            )
        );
    }
    // The backups of this one wait for up to 4 s.
    let site = read("short-lifetime", "", &with("4s"));
    assert_eq!(site.config.as_ref().unwrap().globals.vip_lifetime, Some(Duration::from_secs(4)));
    let said = site.render(Style::Plain);
    let message = "remark: addresses that go after 4 s may be nowhere until a backup of `web` takes over, after up to 4 s";
    for text in [message, "keepwatch.toml:1:16", "help: write \"5s\" or more"] {
        assert!(said.contains(text), "{text}: {said}");
    }
}

/// How the kernel is to run the engine; what the native file says takes precedence.
#[test]
fn the_scheduling_table() {
    let instance =
        "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.30\"]\n";
    let conf = "global_defs {\nvrrp_rt_priority 50\nvrrp_no_swap\n}\n\
                vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 53\nvirtual_ipaddress {\n10.1.1.33\n}\n}\n";
    let table = "keepalived = \"k.conf\"\n[scheduling]\nreal_time_priority = 7\ncpu_affinity = [1]\n";
    let scheduling = config(read("scheduling", conf, &format!("{table}{instance}"))).globals.scheduling;
    assert_eq!((scheduling.real_time, scheduling.nice, scheduling.locks_memory), (Some(7), None, true));
    assert_eq!(scheduling.processors.into_iter().collect::<Vec<_>>(), [1]);
    let wrong = "[scheduling]\nreal_time_priority = 100\nnice = -21\ncpu_affinity = 1\nno_swapp = true\n";
    let said = read("wrong-scheduling", "", &format!("{wrong}{instance}")).render(Style::Plain);
    let messages: Vec<&str> = said.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(
        messages,
        [
            "error: this number cannot be",
            "error: this number cannot be",
            "error: this is an integer, not a list of processors: [0, 1]",
            "error: unknown key `no_swapp` in [scheduling]",
        ]
    );
}

/// keepalived's mails in its words, alone or in place of those of a keepalived.conf.
#[test]
fn mails_as_keepalived_sends_them() {
    let instance = "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.30\"]\n\
                    [group.site]\nmembers = [\"web\"]\n";
    let least = "[smtp_alert]\nsmtp_server = \"m\"\nnotification_email = \"a@example.com\"\n";
    let of = |conf: &str, text: &str| {
        let site = read("smtp-alert", conf, text);
        let said = site.render(Style::Plain);
        (site.config, said)
    };
    let all = "[smtp_alert]\nsmtp_server = \"fd00::25\"\nsmtp_port = 2525\nnotification_email = [\"a@example.com\", \"root\"]\n\
               notification_email_from = \"K <k@example.com>\"\nsmtp_helo_name = \"h1\"\nsmtp_connect_timeout = \"20s\"\n\
               no_email_faults = true\ninstances = [\"web\"]\ngroups = \"site\"\n";
    let (config, said) = of("", &format!("{instance}{all}"));
    let config = config.unwrap_or_else(|| panic!("{said}"));
    let expected = Mail {
        to: vec!["a@example.com".to_owned(), "root".to_owned()],
        from: Some("K <k@example.com>".to_owned()),
        server: Some(("fd00::25".to_owned(), 2525)),
        connect_timeout: Some(Duration::from_secs(20)),
        helo_name: Some("h1".to_owned()),
        alert: false,
        no_faults: true,
    };
    assert_eq!((config.globals.mail, said.as_str()), (expected, ""));
    assert!(config.instances[0].mail_alert && config.groups[0].mail_alert);

    let conf = "global_defs {\nsmtp_server other\nnotification_email {\nb@example.com\n}\nsmtp_alert\n}\n\
                vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 52\nvirtual_ipaddress { 10.1.1.31 }\n}\n";
    let (config, said) =
        of(conf, &format!("keepalived = \"k.conf\"\n{instance}{least}instances = \"web\"\n"));
    let config = config.unwrap_or_else(|| panic!("{said}"));
    let alerts: Vec<bool> = config.instances.iter().map(|instance| instance.mail_alert).collect();
    assert_eq!((config.globals.mail.server, alerts), (Some(("m".to_owned(), 25)), vec![false, true]));

    for (table, expected) in [
        ("[smtp_alert]\nsmtp_server = \"m\"\n", "error: [smtp_alert] has no `notification_email`\n"),
        (&format!("{least}instances = [\"wbe\"]\n"), "error: there is no instance `wbe`\n"),
        (&format!("{least}groups = [\"web\"]\n"), "error: there is no group `web`\n"),
        (&format!("{least}smtp = \"x\"\n"), "error: unknown key `smtp` in [smtp_alert]\n"),
    ] {
        let (config, said) = of("", &format!("{instance}{table}"));
        assert!(config.is_none() && said.contains(expected), "{table}\n{said}");
    }
    for (table, expected) in [
        (least.to_owned(), "warning: no mail is sent: it is not said what about\n"),
        (
            format!("{}instances = \"web\"\n", least.replace("a@", "a b@")),
            "warning: `a b@example.com` is no mail address\n",
        ),
    ] {
        let (config, said) = of("", &format!("{instance}{table}"));
        assert!(config.is_some() && said.contains(expected), "{table}\n{said}");
    }
}
