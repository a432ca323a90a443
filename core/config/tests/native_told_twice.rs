//! What has one name and comes from two places.

mod common;

use keepwatch_config::Style;

use common::read;

const CONF: &str = "vrrp_script chk_local {\n    script /bin/true\n    weight 7\n}\nvrrp_instance VI_1 {\n    interface eth0\n    \
                    virtual_router_id 51\n    virtual_ipaddress { 10.1.1.30 }\n}\n";

#[test]
fn what_a_check_finds_out_no_plugin_sets() {
    let tcp = "[check.chk]\ntcp = \"127.0.0.1:80\"\n[instance.VI_1]\ntrack = [\"chk\", \"chk_local\"]\n";
    let said = |text: &str| {
        let site = read("set-and-found-out", CONF, &format!("keepalived = \"k.conf\"\n{tcp}{text}"));
        (site.config.is_some(), site.render(Style::Plain))
    };
    let expected = "\
error: the check `chk` and what a plugin sets have one name
 --> keepwatch.toml:7:18
  |
2 | [check.chk]
  |        --- found out by a check
...
7 | grants = [\"log\", \"track:chk\"]
  |                  ^^^^^^^^^^^ set by a plugin
  |
  = help: give one of them another name: an instance can track both
";
    let plugin = "[plugin.p]\ngrants = [\"log\", \"track:chk\"]\n";
    assert_eq!(said(plugin), (false, expected.to_owned()));
    let itself = "[check.own]\nplugin = \"own.rhai\"\ngrants = [\"track:own\"]\n";
    let (is_read, text) = said(itself);
    assert!(!is_read && text.contains("the check `own` and what a plugin sets have one name"), "{text}");
    let (is_read, text) = said(&plugin.replace("track:chk", "track:chk_local"));
    assert!(!is_read && text.contains("= note: the check is in the keepalived.conf"), "{text}");
    assert_eq!(said(&plugin.replace("track:chk", "track:other")), (true, String::new()));
}
