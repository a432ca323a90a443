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
# always
# the way out
track = ["new", { interface = "eth1", weight = 0 }]

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
