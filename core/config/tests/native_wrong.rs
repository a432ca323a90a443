//! What an administrator is told of what a native file cannot have, be it a key that there is not or one thing twice; and of
//! files that are none.

mod common;

use keepwatch_config::{Style, load_site, load_text};

use common::read;

/// What is meant, and where it belongs.
#[test]
fn what_is_said_about_keys_that_are_not_there() {
    let web = "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.30\", \"fd00::30\"]\n";
    let table = [
        (format!("{web}prio = 101\n"), "prio = 101", "did you mean `priority`?"),
        (format!("{web}vip_lifetime = \"10s\"\n"), "vip_lifetime", "it belongs above all tables"),
        (format!("{web}include = \"a\"\n"), "include = \"a\"", "it belongs above all tables"),
        (format!("{web}xyzzy = 1\n"), "xyzzy = 1", "there is interface, virtual_router_id, "),
        (format!("interface = \"eth0\"\n{web}"), "^^^^^^^^^", "it belongs under a name: [instance.NAME]"),
        (format!("{web}[check.x]\nexec = [\"/bin/true\"]\n"), "exec = ", "did you mean `script`?"),
        (
            format!("[instance]\nvirtual_router_id = 5\n{web}"),
            "`virtual_router_id` stands in [instance] itself",
            "it belongs under a name: [instance.NAME]",
        ),
        (
            format!("{web}{}", web.replace("[instance.web]", "[instance.web-ipv6]")),
            "`web` has addresses of both families: its IPv6 half has that name",
            "give one of them another name",
        ),
        (
            format!("{web}{}", web.replace("[instance.web]", "[instance.www]")),
            "the first time",
            "give one of them another",
        ),
        (format!("{web}[plugin.\"a b\"]\nfile = \"a.rhai\"\n"), "`a b` is no name", "64 octets at most"),
        (format!("{web}[check.\"a\\nb\"]\ntcp = \"[::1]:80\"\n"), "is no name", "a name is one line"),
        (
            format!("{web}[check.\"a b\"]\nplugin = \"a.wasm\"\n"),
            "`a b` cannot be the name of a plugin's check",
            "64 octets at most",
        ),
        (
            web.replace("[instance.", "[instances."),
            "unknown key `instances`",
            "did you mean [instance.NAME]?",
        ),
        (
            web.replace("[instance.", "[vrrp_instance."),
            "unknown key `vrrp_instance`",
            "did you mean [instance.NAME]?",
        ),
        (format!("{web}[checks.x]\ntcp = \"[::1]:80\"\n"), "key `checks`", "did you mean [check.NAME]?"),
        // As a key, and not as tables, it is one of a destination.
        (format!("instances = [\"web\"]\n{web}"), "key `instances`", "under a name: [notify.NAME]"),
        (
            format!("{web}[check]\nhttp = \"http://[::1]/\"\nheaders = {{ Host = \"a\" }}\n"),
            "`headers` stands in [check] itself",
            "it belongs under a name: [check.NAME]",
        ),
    ];
    for (text, about, said) in table {
        let site = read("not-there", "", &text);
        let found = site.render(Style::Plain);
        let is_it = |finding: &str| finding.contains(about) && finding.contains(said);
        assert!(site.config.is_none() && found.split("\n\n").any(is_it), "{about}: {said}\n{found}");
        assert!(!found.contains("keepalived.conf"), "{found}");
        assert!(!found.contains("there are no instances") && !found.contains("check `headers`"), "{found}");
    }
    // As keepalived takes them: any of one line.
    let text = web.replace("[instance.web]", "[instance.\"we b\"]\ntrack = [\"ä:\\u0007\"]")
        + "[check.\"ä:\\u0007\"]\ntcp = \"[::1]:80\"\n[group.\"a/b\"]\nmembers = [\"we b\"]\n";
    let site = read("names", "", &text);
    assert_eq!(site.render(Style::Plain), "");
    let names = site.config.unwrap();
    assert_eq!((names.instances[0].name.as_str(), names.checks[0].name.as_str()), ("we b", "ä:\u{7}"));
    assert_eq!(names.groups[0].name, "a/b");
}

/// What is wrong with an instance itself does not hide what it and its group name that there is not.
#[test]
fn a_bad_virtual_router_id_hides_nothing() {
    let text = "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 512\n\
                virtual_addresses = [\"10.1.1.30\", \"fd00::30\", \"10.1.1.30\"]\ntrack = [\"htpp\"]\n\
                [group.g]\nmembers = [\"web\", \"web-ipv4\"]\ntrack = [\"dns\"]\n\
                [check.http]\ntcp = \"[::1]:80\"\n";
    let said = read("hides-nothing", "", text).render(Style::Plain);
    let expected = [
        "error: this number cannot be\n --> keepwatch.toml:3:21\n",
        "error: there is no check `htpp`",
        "did you mean `http`?",
        "error: there is no instance `web-ipv4`",
        "there is web\n",
        "error: there is no check `dns`",
        "error: this address is there already",
    ];
    for part in expected {
        assert!(said.contains(part), "{part}\n{said}");
    }
    // Nobody has written that.
    assert!(!said.contains("web-ipv6"), "{said}");
    let said = read("halves", "", &text.replace("512", "51")).render(Style::Plain);
    assert!(said.contains("there is web\n") && !said.contains("web-ipv6"), "{said}");
}

/// The ending of a name decides, and what has none, as a pipe, is looked into.
#[test]
fn a_native_file_under_another_name() {
    let folder = std::env::temp_dir().join(format!("keepwatch-wrong-name-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let text = "# web\n[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.30\"]\n";
    let sites = ["63", "keepwatch.tml"].map(|name| {
        std::fs::write(folder.join(name), text).unwrap();
        load_site(&folder.join(name)).unwrap()
    });
    std::fs::remove_dir_all(&folder).unwrap();
    let [pipe, misnamed] = sites;
    assert_eq!((pipe.render(Style::Plain).as_str(), pipe.config.unwrap().instances[0].vrid.get()), ("", 51));
    let said = misnamed.render(Style::Plain);
    let expected = "remark: this looks like a keepwatch.toml, and is read as a keepalived.conf
 --> keepwatch.tml:2:1
  |
2 | [instance.web]
  | ^^^^^^^^^^^^^^
  |
  = note: the ending of the file's name decides
  = help: let the name end in `.toml`
";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn an_empty_file_is_told_of_in_its_own_words() {
    let folder = std::env::temp_dir().join(format!("keepwatch-wrong-empty-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let said = ["keepwatch.toml", "k.conf"].map(|name| {
        std::fs::write(folder.join(name), "\n").unwrap();
        load_site(&folder.join(name)).unwrap_err().to_string()
    });
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(said[0].ends_with("is empty; a virtual router is written [instance.NAME], with interface, virtual_router_id and virtual_addresses below it"), "{}", said[0]);
    assert!(
        said[1].ends_with("is empty; a virtual router is written `vrrp_instance NAME { ... }`"),
        "{}",
        said[1]
    );
}

/// In one file or in two: what both instances hold goes with either.
#[test]
fn a_virtual_address_of_two_instances_is_told_of() {
    let conf = |vrid: u8, address: &str| {
        format!(
            "vrrp_instance VI_{vrid} {{\ninterface eth0\nvirtual_router_id {vrid}\nvirtual_ipaddress {{\n{address}\n}}\n}}\n"
        )
    };
    let native = |vrid: u8, address: &str| {
        format!(
            "[instance.n{vrid}]\ninterface = \"eth0\"\nvirtual_router_id = {vrid}\nvirtual_addresses = [\"{address}\"]\n"
        )
    };
    let of_two = |one: &str, other: &str| {
        format!("warning: 10.1.1.30 is a virtual address of two instances, `{one}` and `{other}`\n")
    };
    let twice = conf(1, "10.1.1.30/24") + &conf(2, "10.1.1.30/24");
    let loaded = load_text("k.conf", twice.clone());
    let said = loaded.findings.render(&loaded.source, Style::Plain);
    assert!(said.contains(&of_two("VI_1", "VI_2")) && said.contains("k.conf:12:1"), "{said}");
    assert!(said.contains("the first time") && loaded.config.is_some(), "{said}");
    let loaded = load_text("k.conf", conf(1, "10.1.1.30 dev eth1") + &conf(2, "10.1.1.30 dev eth2"));
    assert_eq!(loaded.findings.render(&loaded.source, Style::Plain), "");

    // Together they are MASTER or not.
    let group = "vrrp_sync_group g {\ngroup {\nVI_1\nVI_2\n}\n}\n";
    let loaded = load_text("k.conf", twice.clone() + group);
    assert_eq!(loaded.findings.render(&loaded.source, Style::Plain), "");

    let site = read("both", "", &(native(3, "10.1.1.30") + &native(4, "10.1.1.30")));
    let said = site.render(Style::Plain);
    assert!(said.starts_with(&of_two("n3", "n4")) && said.contains("keepwatch.toml:8:22"), "{said}");
    let text = format!("keepalived = \"k.conf\"\n{}", native(3, "10.1.1.30"));
    let site = read("over-files", &twice, &text);
    let said = site.render(Style::Plain);
    assert!(said.starts_with(&of_two("VI_1", "n3")) && said.contains("keepwatch.toml:5:22"), "{said}");
    assert_eq!(said.matches(&of_two("VI_1", "VI_2")).count(), 1, "{said}");
}

#[test]
fn links_that_lead_nowhere_are_told_of() {
    let folder = std::env::temp_dir().join(format!("keepwatch-wrong-links-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let said = [("dangling", "/nowhere/k.conf"), ("loop", "loop")].map(|(name, target)| {
        std::os::unix::fs::symlink(target, folder.join(name)).unwrap();
        load_site(&folder.join(name)).unwrap_err().to_string()
    });
    std::fs::remove_dir_all(&folder).unwrap();
    let [dangling, circle] = said;
    assert!(
        dangling.ends_with(
            "; it is a link to /nowhere/k.conf, which is not there: correct the link, or write that file"
        ),
        "{dangling}"
    );
    assert!(circle.ends_with("; it is a link to loop: correct it"), "{circle}");
}
