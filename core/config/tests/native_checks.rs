//! `[check.NAME]`, `[action.NAME]` and `track` of the native format: what each key means, and each mistake.

use std::time::Duration;

use keepwatch_config::model::{
    ActionKind, Check, CheckKind, Command, DnsCheck, DnsRecord, FileAt, FileCheck, FileTest, GatewayCheck,
    HaproxyBackend, HaproxyCheck, HaproxySocket, Host, HttpCheck, IcmpCheck, InitFile, InterfaceName,
    Overwrite, Place, ProcessCheck, ProcessMatch, Reading, ReloadBy, ScriptCheck, ServerState, TcpCheck,
    TrackFile, UnixCheck, User, Verify,
};
use keepwatch_config::{Site, Style, load_site};
use keepwatch_vrrp::{TrackPolicy, TrackStart, TrackWeight, Unknown};

const CONF: &str = "vrrp_script chk_local {\n    script /bin/true\n    weight 7\n}\nvrrp_instance VI_1 {\n    interface eth0\n    \
                    virtual_router_id 51\n    virtual_ipaddress { 10.1.1.30 }\n}\n";

const FAULT: TrackWeight = TrackWeight::Fault { reverse: false };

const fn adjust(weight: i16) -> TrackWeight {
    TrackWeight::Adjust { weight, reverse: false }
}

/// This native file beside a keepalived.conf, read.
fn read_with(conf: &str, text: &str) -> Site {
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("keepwatch-checks-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("k.conf"), conf).unwrap();
    std::fs::write(folder.join("keepwatch.toml"), format!("keepalived = \"k.conf\"\n{text}\n")).unwrap();
    let site = load_site(&folder.join("keepwatch.toml")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    site
}

fn read(text: &str) -> Site {
    read_with(CONF, text)
}

/// The check with these keys, which an instance tracks with nothing but its name.
fn check(keys: &str) -> (Check, TrackWeight) {
    let site = read(&format!("[check.c]\n{keys}\n[instance.VI_1]\ntrack = [\"c\", \"chk_local\"]"));
    assert_eq!(site.render(Style::Plain), "", "{keys}");
    let mut config = site.config.unwrap();
    let weight = config.instances[0].track_checks[0].weight;
    (config.checks.pop().unwrap(), weight)
}

/// What is said first about a check with these keys.
fn wrong(keys: &str) -> String {
    let site = read(&format!("[check.c]\n{keys}\n[instance.VI_1]\ntrack = [\"c\", \"chk_local\"]"));
    assert!(site.config.is_none(), "{keys}");
    site.render(Style::Plain).lines().next().unwrap_or_default().to_owned()
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}

fn script(argv: &[&str]) -> ScriptCheck {
    ScriptCheck {
        command: Command { argv: strings(argv), user: None, place: Place::default() },
        reading: Reading::Status,
    }
}

#[test]
fn what_all_checks_have() {
    let tcp = "tcp = \"127.0.0.1:80\"\n";
    let of = |keys: &str| {
        let (check, weight) = check(&format!("{tcp}{keys}"));
        (check.interval, check.timeout, check.policy, weight)
    };
    let (second, policy) = (Duration::from_secs(1), TrackPolicy::default());
    let plain = (second, second, policy, FAULT);
    let table = [
        ("", plain),
        ("interval = \"250ms\"", (second / 4, second / 4, policy, FAULT)),
        ("interval = \"5s\"\ntimeout = \"2s\"", (5 * second, 2 * second, policy, FAULT)),
        ("rise = 2\nfall = 3", (second, second, TrackPolicy { rise: 2, fall: 3, ..policy }, FAULT)),
        ("init_fail = true", (second, second, TrackPolicy { start: TrackStart::Down, ..policy }, FAULT)),
        ("unknown = \"fail\"", (second, second, TrackPolicy { unknown: Unknown::Fail, ..policy }, FAULT)),
        ("weight = -20", (second, second, policy, adjust(-20))),
        (
            "weight = 20\nreverse = true",
            (second, second, policy, TrackWeight::Adjust { weight: 20, reverse: true }),
        ),
        ("reverse = true", (second, second, policy, TrackWeight::Fault { reverse: true })),
    ];
    for (keys, expected) in table {
        assert_eq!(of(keys), expected, "{keys}");
    }
    for (keys, expected) in [
        ("interval = \"0s\"", "error: this is no time at all"),
        ("timeout = \"500000000000years\"", "error: this is longer than a year"),
        ("weight = 255", "error: this number cannot be"),
        ("rise = 0", "error: this is no count"),
        ("unknown = \"down\"", "error: `down` cannot be here"),
        ("reverse = \"yes\"", "error: this is a string, not true or false"),
        ("intervall = \"1s\"", "error: unknown key `intervall` in a check with `tcp`"),
        ("nagios = true", "error: unknown key `nagios` in a check with `tcp`"),
        ("http = \"http://x/\"", "error: check `c` looks at `tcp` already"),
    ] {
        assert_eq!(wrong(&format!("{tcp}{keys}")), expected, "{keys}");
    }
}

#[test]
fn scripts() {
    let what = |keys: &str| check(keys).0.what;
    assert_eq!(what("script = [\"/bin/x\", \"a b\"]"), CheckKind::Script(script(&["/bin/x", "a b"])));
    let shell = CheckKind::Script(script(&["/bin/sh", "-c", "pidof x | wc -l"]));
    assert_eq!(what("script = \"pidof x | wc -l\""), shell);
    let user = User {
        name: "u".to_owned(),
        group: Some("g".to_owned()),
        supplementary_groups: false,
        place: Place::default(),
    };
    let command = Command { user: Some(user), ..script(&["/bin/x"]).command };
    assert_eq!(
        what("script = [\"/bin/x\"]\nuser = \"u\"\ngroup = \"g\"\nnagios = true"),
        CheckKind::Script(ScriptCheck { command, reading: Reading::Nagios })
    );
    // As in a keepalived.conf: looked for in PATH, counted from `/`, and read by a shell.
    for argv in [&["killall", "-0", "x"][..], &["./x.sh"], &["</dev/tcp/127.0.0.1/80"]] {
        let written = format!("script = {argv:?}");
        assert_eq!(what(&written), CheckKind::Script(script(argv)), "{written}");
    }
    for (keys, expected) in [
        ("script = \" \"", "error: the command is empty"),
        ("script = []", "error: the command is empty"),
        ("script = [\"\", \"x\"]", "error: the command is empty"),
        ("script = 1", "error: this is an integer, not a list: [\"/PATH/TO/PROGRAM\", \"ARGUMENT\"]"),
        ("script = [\"/bin/x\"]\ngroup = \"g\"", "error: a group without a user"),
    ] {
        assert_eq!(wrong(keys), expected, "{keys}");
    }
    let site = read(
        "[check.c]\nscript = [\"/bin/ss\", \"|\", \"wc\"]\n[instance.VI_1]\ntrack = [\"c\", \"chk_local\"]",
    );
    let expected = "\
warning: no shell reads this command: `|` is handed to `/bin/ss`
 --> keepwatch.toml:3:22
  |
3 | script = [\"/bin/ss\", \"|\", \"wc\"]
  |                      ^^^
  |
  = help: to have a shell read it, name one: [\"/bin/sh\", \"-c\", \"COMMAND | COMMAND\"]
";
    assert_eq!(site.render(Style::Plain), expected);
}

#[test]
fn the_network() {
    let to = |name: &str, port| Host { name: name.to_owned(), port };
    let http = || HttpCheck {
        url: "https://www.example.com/".to_owned(),
        method: "GET".to_owned(),
        headers: vec![],
        source: None,
        status: vec![200..=399],
        redirects: 0,
        contains: None,
        server_name: None,
        ca_file: None,
        verify: Verify::On,
        min_life: None,
    };
    let dns = |record, expect: Option<&str>| {
        CheckKind::Dns(DnsCheck {
            server: "10.1.1.53:53".parse().unwrap(),
            name: "www.example.com".to_owned(),
            record,
            expect: expect.map(|text| text.parse().unwrap()),
        })
    };
    let table = [
        (
            "tcp = \"[::1]:80\"\nsource = \"::1\"\nsend = \"PING\"\nexpect = \"PONG\"",
            CheckKind::Tcp(TcpCheck {
                to: to("::1", 80),
                source: Some("::1".parse().unwrap()),
                send: Some("PING".to_owned()),
                expect: Some("PONG".to_owned()),
            }),
        ),
        (
            "unix = \"/run/x.sock\"",
            CheckKind::Unix(UnixCheck { path: "/run/x.sock".into(), send: None, expect: None }),
        ),
        ("http = \"https://www.example.com/\"", CheckKind::Http(http())),
        (
            "http = \"https://www.example.com/\"\nmethod = \"HEAD\"\nheaders = { Host = \"a\" }\nstatus = [204, \"300-302\"]\n\
             redirects = 3\ncontains = \"ok\"\nserver_name = \"b\"\nca_file = \"/ca\"\nverify = false\nmin_life = \"14d\"\n\
             source = \"10.1.1.1\"",
            CheckKind::Http(HttpCheck {
                method: "HEAD".to_owned(),
                headers: vec![("Host".to_owned(), "a".to_owned())],
                source: Some("10.1.1.1".parse().unwrap()),
                status: vec![204..=204, 300..=302],
                redirects: 3,
                contains: Some("ok".to_owned()),
                server_name: Some("b".to_owned()),
                ca_file: Some(FileAt { path: "/ca".into(), place: Place::default() }),
                verify: Verify::Off,
                min_life: Some(Duration::from_secs(14 * 86_400)),
                ..http()
            }),
        ),
        ("dns = { server = \"10.1.1.53\", name = \"www.example.com\" }", dns(DnsRecord::A, None)),
        (
            "dns = { server = \"10.1.1.53:53\", name = \"www.example.com\", type = \"AAAA\", expect = \"fd00::1\" }",
            dns(DnsRecord::Aaaa, Some("fd00::1")),
        ),
        (
            "icmp = \"10.1.1.1\"\ncount = 3\nneed = 2",
            CheckKind::Icmp(IcmpCheck { host: "10.1.1.1".to_owned(), source: None, count: 3, need: 2 }),
        ),
        (
            "gateway = \"10.1.1.1\"\ninterface = \"eth0\"",
            CheckKind::Gateway(GatewayCheck {
                address: "10.1.1.1".parse().unwrap(),
                interface: InterfaceName::new("eth0").unwrap(),
            }),
        ),
        ("interface = \"eth0\"", CheckKind::Interface(InterfaceName::new("eth0").unwrap())),
    ];
    for (keys, expected) in table {
        assert_eq!(check(keys).0.what, expected, "{keys}");
    }
    for (keys, expected) in [
        ("tcp = \"localhost\"", "error: `localhost` is no host with a port"),
        ("unix = \"x.sock\"", "error: `x.sock` is no absolute path"),
        ("http = \"www.example.com\"", "error: `www.example.com` is no URL"),
        ("http = \"http:///x\"", "error: `http:///x` is no URL"),
        ("http = \"http://x/\"\nstatus = 99", "error: this is no HTTP status"),
        ("http = \"http://x/\"\nstatus = \"399-200\"", "error: this is no HTTP status"),
        ("http = \"http://x/\"\nmethod = \"get\"", "error: `get` is no method"),
        ("dns = { server = \"10.1.1.53\" }", "error: `dns` has no `name`"),
        ("dns = { server = \"ns\", name = \"x\" }", "error: `ns` is no IP address"),
        (
            "dns = { server = \"10.1.1.53\", name = \"x\", type = \"MX\", expect = \"10.1.1.1\" }",
            "error: only addresses can be expected",
        ),
        ("icmp = \"x\"\ncount = 2\nneed = 3", "error: this number cannot be"),
        ("gateway = \"10.1.1.1\"", "error: it is not said on which link the gateway is"),
        ("gateway = \"router\"\ninterface = \"eth0\"", "error: `router` is no IP address"),
        ("interface = \"a/b\"", "error: `a/b` cannot be the name of an interface"),
    ] {
        assert_eq!(wrong(keys), expected, "{keys}");
    }
}

#[test]
fn this_host() {
    let process = || ProcessCheck {
        program: "nginx".to_owned(),
        matching: ProcessMatch::Name,
        quorum: 1,
        quorum_max: None,
        fork_delay: Duration::ZERO,
        terminate_delay: Duration::ZERO,
    };
    let file = |test| CheckKind::File(FileCheck { path: "/run/x".into(), test });
    let second = Duration::from_secs(1);
    let table = [
        ("file = \"/run/x\"", file(FileTest::Zero)),
        ("file = \"/run/x\"\ntest = \"present_and_zero\"", file(FileTest::PresentAndZero)),
        ("file = \"/run/x\"\ntest = \"absent\"", file(FileTest::Absent)),
        ("file = \"/run/x\"\ntest = \"exists\"", file(FileTest::Exists)),
        ("process = \"nginx\"", CheckKind::Process(process())),
        (
            "process = \"nginx\"\narguments = [\"-g\"]\nquorum = 2\nquorum_max = 4",
            CheckKind::Process(ProcessCheck {
                matching: ProcessMatch::Exactly(strings(&["-g"])),
                quorum: 2,
                quorum_max: Some(4),
                ..process()
            }),
        ),
        (
            "process = \"nginx\"\nmatch = \"program\"\nfork_delay = \"1s\"\nterminate_delay = \"2s\"",
            CheckKind::Process(ProcessCheck {
                matching: ProcessMatch::Program,
                fork_delay: second,
                terminate_delay: 2 * second,
                ..process()
            }),
        ),
        (
            "process = \"nginx\"\nquorum_max = 0",
            CheckKind::Process(ProcessCheck { quorum: 0, quorum_max: Some(0), ..process() }),
        ),
        (
            "process = \"nginx\"\nquorum = 0\nquorum_max = 3",
            CheckKind::Process(ProcessCheck { quorum: 0, quorum_max: Some(3), ..process() }),
        ),
        ("systemd = \"nginx.service\"", CheckKind::Systemd("nginx.service".to_owned())),
        (
            "haproxy = \"/run/haproxy/admin.sock\"",
            CheckKind::Haproxy(HaproxyCheck {
                socket: HaproxySocket::Stats("/run/haproxy/admin.sock".to_owned()),
                frontends: vec![],
                backends: vec![],
            }),
        ),
        (
            "haproxy = \"127.0.0.1:9999\"\nmaster = true\nfrontends = [\"f\"]\nbackends = { web = 2 }",
            CheckKind::Haproxy(HaproxyCheck {
                socket: HaproxySocket::Master("127.0.0.1:9999".to_owned()),
                frontends: strings(&["f"]),
                backends: vec![HaproxyBackend { name: "web".to_owned(), up: 2 }],
            }),
        ),
    ];
    for (keys, expected) in table {
        assert_eq!(check(keys).0.what, expected, "{keys}");
    }
    for (keys, expected) in [
        ("file = \"x\"", "error: `x` is no absolute path"),
        ("file = \"/x\"\ntest = \"exist\"", "error: `exist` cannot be here"),
        ("process = \"x\"\nmatch = \"program\"\narguments = []", "error: with arguments this cannot be"),
        ("process = \"x\"\nquorum = 0", "error: any number of processes would do"),
        ("process = \"x\"\nquorum = 1\nquorum_max = 0", "error: this number cannot be"),
        ("http = \"http://x/\"\nheaders = { \"a b\" = \"x\" }", "error: `a b` is no name of a header"),
        (
            "http = \"http://x/\"\nheaders = { a = \"x\\r\\nb: y\" }",
            "error: a header's value is one line, without control characters",
        ),
        ("process = \"x\"\nquorum = 3\nquorum_max = 2", "error: this number cannot be"),
        ("systemd = \"a b\"", "error: `a b` is no unit"),
        ("haproxy = \"admin.sock\"", "error: `admin.sock` is no address of a HAProxy socket"),
        ("haproxy = \"/x\"\nbackends = { web = 0 }", "error: this is no count"),
    ] {
        assert_eq!(wrong(keys), expected, "{keys}");
    }
}

#[test]
fn numbers_in_files() {
    let file = |init| CheckKind::TrackFile(TrackFile { path: "/run/x".into(), init });
    let init = |value, overwrite| Some(InitFile { value, overwrite });
    for (keys, expected, weight) in [
        ("", file(None), adjust(1)),
        ("weight = -20", file(None), adjust(-20)),
        ("weight = -254\nreverse = true", file(None), TrackWeight::Adjust { weight: -254, reverse: true }),
        ("weight = 0", file(None), FAULT),
        ("init_file = 0", file(init(0, Overwrite::Never)), adjust(1)),
        ("init_file = { value = -3 }", file(init(-3, Overwrite::Never)), adjust(1)),
        ("init_file = { value = 7, overwrite = true }", file(init(7, Overwrite::AtStart)), adjust(1)),
    ] {
        let (check, tracked) = check(&format!("track_file = \"/run/x\"\n{keys}"));
        assert_eq!((check.what, check.weight, tracked), (expected, weight, weight), "{keys}");
    }
    for (keys, expected) in [
        ("track_file = \"x\"", "error: `x` is no absolute path"),
        ("track_file = \"/x\"\nweight = -255", "error: this number cannot be"),
        (
            "track_file = \"/x\"\ninit_file = \"1\"",
            "error: this is a string, not a number, or { value = NUMBER, overwrite = true }",
        ),
        ("track_file = \"/x\"\ninit_file = 2147483648", "error: this number cannot be"),
        ("track_file = \"/x\"\ninit_file = {}", "error: `init_file` has no number"),
        ("track_file = \"/x\"\nfall = 2", "error: a number has no `fall`: it is neither up nor down"),
        ("track_file = \"/x\"\ntest = \"zero\"", "error: unknown key `test` in a check with `track_file`"),
    ] {
        assert_eq!(wrong(keys), expected, "{keys}");
    }
}

#[test]
fn actions_of_haproxy() {
    let action = |keys: &str| {
        let site = read(&format!("[action.a]\n{keys}"));
        let rendered = site.render(Style::Plain);
        // The script of the keepalived.conf is not tracked here.
        let first = rendered.lines().find(|line| line.starts_with("error")).unwrap_or_default().to_owned();
        site.config.map(|mut config| config.extensions.actions.remove(0).does).ok_or(first)
    };
    let stats = || HaproxySocket::Stats("/run/s".to_owned());
    let reload =
        |by| ActionKind::HaproxyReload { program: "/usr/sbin/haproxy".into(), config: vec!["/h".into()], by };
    let server = |to| ActionKind::HaproxyServer { socket: stats(), server: "web/a".to_owned(), to };
    let base = "haproxy = \"reload\"\nsocket = \"/run/s\"\nconfig = \"/h\"";
    let drain = "haproxy = \"drain\"\nsocket = \"/run/s\"\nserver = \"web/a\"";
    let table = [
        (base.to_owned(), reload(ReloadBy::Master("/run/s".to_owned()))),
        (
            format!("{base}\npid_file = \"/p\""),
            reload(ReloadBy::Signal { pid_file: "/p".into(), watch: stats() }),
        ),
        (
            format!("{base}\nsystemd = \"haproxy\"\nmaster = true"),
            reload(ReloadBy::Systemd {
                unit: "haproxy".to_owned(),
                watch: HaproxySocket::Master("/run/s".to_owned()),
            }),
        ),
        (drain.to_owned(), server(ServerState::Drained)),
        (format!("{drain}\nwait = true"), server(ServerState::DrainedAndIdle)),
        (drain.replace("drain", "enable"), server(ServerState::Enabled)),
        (drain.replace("drain", "disable"), server(ServerState::Disabled)),
    ];
    for (keys, expected) in table {
        assert_eq!(action(&keys), Ok(expected), "{keys}");
    }
    for (keys, expected) in [
        ("haproxy = \"restart\"".to_owned(), "error: `restart` cannot be here"),
        ("haproxy = \"reload\"\nconfig = \"/h\"".to_owned(), "error: it is not said where HAProxy is asked"),
        (
            "haproxy = \"reload\"\nsocket = \"/s\"".to_owned(),
            "error: it is not said what HAProxy's configuration is",
        ),
        (format!("{base}\nserver = \"web/a\""), "error: `server` does not go with reload"),
        (
            format!("{base}\npid_file = \"/p\"\nsystemd = \"x\""),
            "error: HAProxy is told by its `pid_file` already",
        ),
        (drain.replace("web/a", "web"), "error: `web` names no server"),
        (drain.replace("drain", "enable") + "\nwait = true", "error: only drain can wait"),
        (format!("{drain}\nexec = [\"/bin/x\"]"), "error: action `a` does something else already"),
        ("exe = [\"/bin/x\"]".to_owned(), "error: action `a` runs nothing"),
    ] {
        assert_eq!(action(&keys), Err(expected.to_owned()), "{keys}");
    }
}

#[test]
fn what_an_instance_tracks_besides() {
    let tracked = |list: &str| {
        let site = read(&format!(
            "[check.c]\ntcp = \"127.0.0.1:80\"\nweight = 3\n[plugin.p]\ngrants = [\"track:set\"]\n[instance.VI_1]\n\
             track = {list}"
        ));
        let rendered = site.render(Style::Plain);
        let instance = site.config.unwrap_or_else(|| panic!("{rendered}")).instances.remove(0);
        let interfaces = instance.track_interfaces.iter().map(|at| (at.interface.to_string(), at.weight));
        interfaces
            .chain(instance.track_checks.iter().map(|at| (at.check.clone(), at.weight)))
            .collect::<Vec<_>>()
    };
    let one = |name: &str, weight| vec![(name.to_owned(), weight)];
    let reverse = |weight| TrackWeight::Adjust { weight, reverse: true };
    for (list, expected) in [
        ("[\"c\"]", one("c", adjust(3))),
        ("[{ check = \"c\" }]", one("c", adjust(3))),
        ("[{ check = \"c\", weight = 0 }]", one("c", FAULT)),
        ("[{ check = \"c\", reverse = true }]", one("c", reverse(3))),
        ("[\"chk_local\"]", one("chk_local", adjust(7))),
        ("[\"set\"]", one("set", FAULT)),
        ("[{ interface = \"eth1\", weight = 10, reverse = true }]", one("eth1", reverse(10))),
        ("[{ interface = \"eth1\" }, \"c\"]", [one("eth1", FAULT), one("c", adjust(3))].concat()),
    ] {
        assert_eq!(tracked(list), expected, "{list}");
    }
}

/// A script that only the native file tracks is kept.
#[test]
fn what_can_be_tracked() {
    let text = "[check.c]\ntcp = \"127.0.0.1:80\"\ntimeout = \"1s\"\n[plugin.p]\ngrants = [\"track:set\", \"track:other\"]\n\
                [instance.VI_1]\ntrack = [\"set\", \"chk_local\"]";
    let site = read(text);
    let expected = "\
remark: no instance tracks the check `c`
 --> keepwatch.toml:2:8
  |
2 | [check.c]
  |        ^ it is made and told of, and moves nothing
  |
  = help: under [instance.NAME]:  track = [\"c\"]
";
    assert_eq!(site.render(Style::Plain), expected);
    let found = site.config.unwrap().trackables().into_iter();
    let found: Vec<_> = found.map(|trackable| (trackable.name, trackable.first_within.as_secs())).collect();
    assert_eq!(found, [("chk_local".to_owned(), 6), ("c".to_owned(), 6), ("set".to_owned(), 5)]);
}

#[test]
fn mistakes_in_tracks_all_at_once() {
    let site = read(
        "[check.replication]\ntcp = \"127.0.0.1:80\"\n[check.chk_local]\nsystemd = \"x\"\n[instance.VI_2]\ntrack = []\n\
         [instance.VI_1]\ntrack = [\"replicaton\", \"nobody\", \"replication\", \"replication\", { interface = \"eth0\" },\n  \
         \"chk_local\"]",
    );
    assert!(site.config.is_none());
    let expected = "\
error: the keepalived.conf has a check `chk_local`, too
 --> keepwatch.toml:4:8
  |
4 | [check.chk_local]
  |        ^^^^^^^^^ give this one another name

error: there is no vrrp_instance `VI_2` in the keepalived.conf
 --> keepwatch.toml:6:11
  |
6 | [instance.VI_2]
  |           ^^^^ did you mean `VI_1`?

error: there is no check `replicaton`
 --> keepwatch.toml:9:10
  |
9 | track = [\"replicaton\", \"nobody\", \"replication\", \"replication\", { interface = \"eth0\" },
  |          ^^^^^^^^^^^^ did you mean `replication`?
  |
  = help: write [check.replicaton], or let a plugin set it: grants = [\"track:replicaton\"]

error: there is no check `nobody`
 --> keepwatch.toml:9:24
  |
9 | track = [\"replicaton\", \"nobody\", \"replication\", \"replication\", { interface = \"eth0\" },
  |                        ^^^^^^^^
  |
  = help: write [check.nobody], or let a plugin set it: grants = [\"track:nobody\"]

error: `VI_1` tracks `replication` already
 --> keepwatch.toml:9:49
  |
9 | track = [\"replicaton\", \"nobody\", \"replication\", \"replication\", { interface = \"eth0\" },
  |                                                 ^^^^^^^^^^^^^ remove this, or the other one

error: `VI_1` tracks its own interface anyway
 --> keepwatch.toml:9:64
  |
9 | track = [\"replicaton\", \"nobody\", \"replication\", \"replication\", { interface = \"eth0\" },
  |                                                                ^^^^^^^^^^^^^^^^^^^^^^ remove this
";
    assert_eq!(site.render(Style::Plain), expected);
    for (list, expected) in [
        ("\"c\"", "error: this is a string, not a list: [\"CHECK\", { check = \"CHECK\", weight = -50 }]"),
        ("[{ weight = 1 }]", "error: this entry of `track` names nothing"),
        ("[{ check = \"chk_local\", interface = \"eth1\" }]", "error: an entry of `track` names one thing"),
        ("[{ check = \"chk_local\", wait = 1 }]", "error: unknown key `wait` in an entry of `track`"),
        ("[{ check = \"chk_local\", weight = 300 }]", "error: this number cannot be"),
    ] {
        let site = read(&format!("[instance.VI_1]\ntrack = {list}"));
        let rendered = site.render(Style::Plain);
        let first = rendered.lines().find(|line| line.starts_with("error")).unwrap_or_default();
        assert!(site.config.is_none(), "{list}");
        assert_eq!(first, expected, "{list}");
    }
}

#[test]
fn weights_are_judged_with_those_of_the_other_file() {
    let text = "[instance.VI_1]\ntrack = [{ check = \"chk_local\", weight = -20 }]";
    let instance =
        |line: &str| CONF.replace("    interface eth0\n", &format!("    interface eth0\n    {line}\n"));
    let site = read_with(&instance("nopreempt"), text);
    let said = site.render(Style::Plain);
    assert!(said.starts_with("warning: `nopreempt` and weights: `VI_1` does not take over"), "{said}");
    assert!(said.contains("keepwatch.toml:3:10"), "{said}");
    let said = read_with(&instance("priority 255"), text).render(Style::Plain);
    assert!(
        said.starts_with("warning: the weight of `chk_local` is ignored: `VI_1` has priority 255\n"),
        "{said}"
    );
}

#[test]
fn a_small_weight_of_a_meant_master_is_told() {
    let text =
        "[check.web]\ntcp = \"127.0.0.1:80\"\n[instance.VI_1]\ntrack = [{ check = \"web\", weight = -2 }]";
    let said = |more: &str| {
        let conf = CONF.replace("    virtual_router_id", &format!("{more}    virtual_router_id"));
        read_with(&conf, text).render(Style::Plain)
    };
    let master = "    state MASTER\n    priority 101\n";
    let message =
        "`web` down moves the priority of `VI_1` from 101 to 99: a peer that has 99 or less never takes over";
    assert!(said(master).contains(message), "{}", said(master));
    // With what the other file says of it.
    let tracks = "    track_script { chk_local weight -3 }\n";
    let message = "`web` down moves";
    let both = said(&format!("{master}{tracks}"));
    assert!(
        both.contains("`chk_local` and `web` down move the priority of `VI_1` from 101 to 96:"),
        "{both}"
    );
    assert!(!both.contains(message), "{both}");
    let backup = said(&master.replace("MASTER", "BACKUP"));
    assert!(!backup.contains("never takes over"), "{backup}");
}
