//! Where the comments of a keepalived.conf stand in the native format.

use keepwatch_config::{convert, load_text, load_text_as};

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

/// What is left out stands where it was, with a word of what it is; comments of one block that has several tables are with the
/// keys that they are about.
#[test]
fn comments_of_what_is_left_out_stand_where_they_were() {
    let text = "# about it all\n\n# ours\nglobal_defs {\n router_id h1 # in mails\n smtp_server 10.1.1.25 # the relay\n \
                notification_email {\n  a@example.com # on duty\n }\n nftables vips # not for others\n lvs_id x # of old\n}\n\
                # the shop\nvirtual_server 10.1.1.30 80 {\n lb_algo rr # in turn\n}\n\
                # nobody asks\nvrrp_script \"old one\" {\n script /bin/true\n}\n# asked\nvrrp_script new {\n script /bin/true\n}\n\
                # first\nvrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n # the other has 99\n priority 100\n no_accept\n smtp_alert # told\n \
                virtual_ipaddress {\n  10.1.1.30\n }\n track_script {\n  new # always\n }\n track_interface {\n  eth1 # the way out\n \
                }\n # none left\n}\n# gone\nvirtual_server_group g {\n}\n# the end\n";
    let converted = convert(&load_text("k.conf", text).config.unwrap(), text);
    assert_eq!((converted.lost, converted.wrong), (vec![], vec![]));
    assert_eq!(
        converted.text,
        r#"# about it all

# ours
# of old
# in mails
node = "h1"

[nftables]
# not for others
table = "vips"

# first
# told
# none left
[instance.VI_1]
interface = "eth0"
virtual_router_id = 51
# the other has 99
priority = 100
version = 2
virtual_addresses = ["10.1.1.30"]
accept = false
track = [
    "new",  # always
    { interface = "eth1", weight = 0 },  # the way out
]

# Of virtual_server 10.1.1.30 80, which is left out:
# the shop
# in turn
# Of vrrp_script "old one", which is left out:
# nobody asks

# asked
[check.new]
script = ["/bin/true"]
interval = "1s"

[smtp_alert]
# the relay
smtp_server = "10.1.1.25"
# on duty
notification_email = ["a@example.com"]
instances = ["VI_1"]

# Of virtual_server_group g, which is left out:
# gone

# the end
"#
    );
}

/// Also behind lines that are put together from variables, and behind those of definitions.
#[test]
fn comments_behind_variables_are_kept() {
    let text =
        "$VIP=10.1.1.30 # the address\n$BLOCK=track_interface { \\ # several\n# lines\neth1 \\ ! in all\n}\n"
            .to_owned()
            + "vrrp_instance ${_INSTANCE} { # beside\ninterface eth0\nvirtual_router_id 51\n"
            + "virtual_ipaddress {\n${VIP}/24 dev eth0 # main one\n}\n$BLOCK\n@^nobody priority 99 # mine\n}\n";
    let loaded = load_text_as("t.conf", &text, "web");
    let converted = convert(&loaded.config.unwrap(), &loaded.source.text);
    for (comment, key) in [
        ("# the address", "[instance.web]"),
        ("# several", "[instance.web]"),
        ("# lines", "[instance.web]"),
        ("# in all", "[instance.web]"),
        ("# beside", "[instance.web]"),
        ("# main one", "virtual_addresses = "),
        ("# mine", "priority = 99"),
    ] {
        let at = |what: &str| converted.text.lines().position(|line| line.starts_with(what));
        let before = at(comment).zip(at(key)).is_some_and(|(comment, key)| comment < key);
        assert!(before, "{comment}\n{}", converted.text);
    }
}

/// Whose a comment is can be seen: each entry of such a list has a line. A list of one needs none.
#[test]
fn comments_of_entries_stand_beside_their_entries() {
    let text = "static_ipaddress {\n 10.1.1.200/24 dev eth0 # ours\n 10.1.1.201/24 dev eth0\n}\n\
                static_routes {\n 10.3.0.0/16 via 10.1.1.1 dev eth0\n 10.4.0.0/16   via 10.1.1.1 dev eth0 # the lab\n}\n\
                global_defs {\n smtp_server 10.1.1.25\n notification_email {\n  a@example.com\n  b@example.com # at night\n }\n smtp_alert\n}\n\
                vrrp_script chk {\n script /bin/true\n}\n\
                vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n \
                virtual_ipaddress { # all of the shop\n  10.1.1.100/24 # web of the shop\n  # db of the shop,\n  # since May\n  10.1.1.101/24 # moves soon\n\n  10.1.1.102/24\n  # 10.1.1.103/24\n }\n \
                virtual_ipaddress_excluded {\n  fd00:0::1/64 # spelt otherwise\n  fd00::2/64\n }\n \
                unicast_peer {\n  10.1.1.2 # h2\n  10.1.1.3 # h3\n }\n \
                virtual_routes {\n  default via 10.1.1.1 # out\n  10.2.0.0/16 via 10.1.1.9\n }\n \
                virtual_rules {\n  from 10.1.1.100 lookup 7 priority 100\n  from 10.1.1.101 lookup 7 priority 101 # db\n }\n \
                track_interface {\n  eth1 weight 5 # the way out\n }\n track_script {\n  chk\n }\n}\n\
                vrrp_instance VI_2 {\n interface eth0\n virtual_router_id 52\n virtual_ipaddress {\n  10.1.1.50 # alone\n }\n}\n\
                vrrp_sync_group g {\n group {\n  VI_1 # leads\n  VI_2\n }\n}\n";
    let converted = convert(&load_text("k.conf", text).config.unwrap(), text);
    assert_eq!((converted.lost, converted.wrong), (vec![], vec![]));
    assert_eq!(
        converted.text,
        r#"[static]
addresses = [
    { address = "10.1.1.200/24", dev = "eth0" },  # ours
    { address = "10.1.1.201/24", dev = "eth0" },
]
routes = [
    "10.3.0.0/16 via 10.1.1.1 dev eth0",
    "10.4.0.0/16 via 10.1.1.1 dev eth0",  # the lab
]

[instance.VI_1]
interface = "eth0"
virtual_router_id = 51
version = 2
# all of the shop
# 10.1.1.103/24
virtual_addresses = [
    "10.1.1.100/24",  # web of the shop
    # db of the shop,
    # since May
    "10.1.1.101/24",  # moves soon
    "10.1.1.102/24",
]
virtual_addresses_excluded = [
    "fd00::1/64",  # spelt otherwise
    "fd00::2/64",
]
virtual_routes = [
    "default via 10.1.1.1",  # out
    "10.2.0.0/16 via 10.1.1.9",
]
virtual_rules = [
    "from 10.1.1.100/32 priority 100 table 7",
    "from 10.1.1.101/32 priority 101 table 7",  # db
]
unicast_peer = [
    "10.1.1.2",  # h2
    "10.1.1.3",  # h3
]
track = [
    "chk",
    { interface = "eth1", weight = 0 },  # the way out
]

[instance.VI_2]
interface = "eth0"
virtual_router_id = 52
version = 2
# alone
virtual_addresses = ["10.1.1.50"]

[group.g]
members = [
    "VI_1",  # leads
    "VI_2",
]

[check.chk]
script = ["/bin/true"]
interval = "1s"

[smtp_alert]
smtp_server = "10.1.1.25"
notification_email = [
    "a@example.com",
    "b@example.com",  # at night
]
instances = ["VI_1", "VI_2"]
groups = ["g"]
"#
    );
}

/// 89 IPv6 addresses fit an advert; one that is moved takes its comment with it.
#[test]
fn a_comment_goes_with_its_address_to_another_list() {
    let addresses: String = (1..=90).map(|last| format!("  fe80::{last} # number {last}\n")).collect();
    let text = format!(
        "vrrp_instance VI_1 {{\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {{\n{addresses} }}\n \
         virtual_ipaddress_excluded {{\n  fd00::1\n }}\n}}\n"
    );
    let converted = convert(&load_text("k.conf", &text).config.unwrap(), &text).text;
    let expected = "    \"fe80::89\",  # number 89\n]\nvirtual_addresses_excluded = [\n    \"fd00::1\",\n    \"fe80::90\",  # number 90\n]\n";
    assert!(converted.contains(expected), "{converted}");
}

/// Where two entries look the same, it stays with the list.
#[test]
fn a_comment_that_two_entries_may_have_is_of_the_list() {
    let text = "vrrp_script eth1 {\n script /bin/true\n}\nvrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n \
                virtual_ipaddress {\n  10.1.1.30\n }\n track_interface {\n  eth1 # out\n }\n track_script {\n  eth1\n }\n}\n";
    let converted = convert(&load_text("k.conf", text).config.unwrap(), text).text;
    let expected = "# out\ntrack = [\"eth1\", { interface = \"eth1\", weight = 0 }]\n";
    assert!(converted.contains(expected), "{converted}");
}
