//! What an administrator sees, to the letter.

use keepwatch_config::{Style, load_text};

fn rendered(text: &str) -> String {
    let loaded = load_text("keepalived.conf", text);
    loaded.findings.render(&loaded.source, Style::Plain)
}

#[test]
fn a_virtual_router_id_that_is_used_twice() {
    let text = "\
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    virtual_ipaddress { 10.1.1.30 }
}
vrrp_instance VI_2 {
    interface eth0
    virtual_router_id 51
    virtual_ipaddress { 10.1.1.31 }
}
";
    let expected = "\
error: virtual_router_id 51 is used twice on eth0
 --> keepalived.conf:8:23
  |
3 |     virtual_router_id 51
  |                       -- first use
...
8 |     virtual_router_id 51
  |                       ^^ second use
  |
  = note: keepalived refuses to start
  = help: give `VI_2` another virtual_router_id
";
    assert_eq!(rendered(text), expected);
}

#[test]
fn a_misspelt_keyword_a_bad_number_and_a_long_password() {
    let text = "\
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 300
    authentication {
        auth_type PASS
        auth_pass 123456789
    }
    virtual_ipadress {
        10.1.1.29
    }
    virtual_ipaddress {
        10.1.1.30
    }
}
";
    let expected = "\
warning: `priority` is out of range
 --> keepalived.conf:4:14
  |
4 |     priority 300
  |              ^^^ must be 1 to 255
  |
  = note: keepalived logs this and uses 100; keepwatch does the same

warning: the password is too long
 --> keepalived.conf:7:19
  |
7 |         auth_pass *********
  |                   ^^^^^^^^^ 9 octets, of which 8 are used
  |
  = note: keepalived logs this and uses its first 8 octets; keepwatch does the same

warning: unknown keyword `virtual_ipadress`
 --> keepalived.conf:9:5
  |
9 |     virtual_ipadress {
  |     ^^^^^^^^^^^^^^^^ did you mean `virtual_ipaddress`?
  |
  = note: keepalived logs this and reads on within the block; keepwatch skips all of it
";
    assert_eq!(rendered(text), expected);
}

#[test]
fn a_comment_that_ate_the_value() {
    let text = "vrrp_instance 1 {\n    interface #PLACEHOLDER#\n    virtual_router_id 51\n}\n";
    let expected = "\
error: `interface` needs a value
 --> keepalived.conf:2:5
  |
2 |     interface #PLACEHOLDER#
  |     ^^^^^^^^^ nothing follows
  |
  = note: keepalived refuses to start
  = help: `#` and `!` begin a comment: put a value that holds one in double quotes
";
    assert_eq!(rendered(text), expected);
}

#[test]
fn half_a_file() {
    let text = "\
vrrp_instance VI_1 {
    virtual_ipaddress {
        10.1.1.30
}

vrrp_script chk {
    script \"/bin/true\"
}
";
    let expected = "\
error: a block is not closed
 --> keepalived.conf:6:1
  |
1 | vrrp_instance VI_1 {
  | -------------------- this `vrrp_instance` is not closed
...
6 | vrrp_script chk {
  | ^^^^^^^^^^^ `vrrp_script` cannot stand in `vrrp_instance`: a `}` is missing before it
  |
  = help: add the missing `}`
";
    assert_eq!(rendered(text), expected);
}

/// A text made to have thousands of findings, each with a label at the first line, is told in bounded time.
#[test]
fn thousands_of_findings_are_cut() {
    let text = "vrrp_instance v {\n}\n".repeat(3_000);
    let loaded = load_text("many.conf", text);
    let rendered = loaded.findings.render(&loaded.source, Style::Plain);
    assert!(loaded.findings.len() > 1_000);
    assert!(rendered.ends_with("more: mend these first\n"), "{}", &rendered[rendered.len() - 200..]);
}
