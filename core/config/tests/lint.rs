//! What is said about checks and weights that will hardly do what was meant, to the letter.

use keepwatch_config::{Style, load_text};

/// A configuration with one script and one instance that tracks it.
fn rendered(script: &str, instance: &str) -> String {
    let text = format!(
        "vrrp_script chk {{\n{script}\n}}\nvrrp_instance VI_1 {{\n    interface eth0\n    virtual_router_id 51\n    \
         virtual_ipaddress {{ 10.1.1.30 }}\n{instance}\n}}\n"
    );
    let loaded = load_text("keepalived.conf", text);
    assert!(loaded.config.is_some());
    loaded.findings.render(&loaded.source, Style::Plain)
}

const RUN: &str = "    script /bin/true";

#[test]
fn a_small_weight_says_which_peer_it_is_for() {
    let expected = "\
remark: `chk` down moves the priority of `VI_1` from 101 to 99: a peer that has 99 or less never takes over
  --> keepalived.conf:10:20
   |
10 |     track_script { chk weight -2 }
   |                    ^^^^^^^^^^^^^
   |
   = note: the weights of the peer count, too
   = help: weigh more than the priorities of the routers are apart, or leave the weight out: then down means FAULT
";
    let master = "    state MASTER\n    priority 101\n    track_script { chk weight -2 }";
    assert_eq!(rendered(RUN, master), expected);
    let said = rendered(RUN, &master.replace("-2", "2"));
    let message = "remark: `chk` down moves the priority of `VI_1` from 103 to 101: a peer that has 101 or less never \
                   takes over\n";
    assert!(said.starts_with(message), "{said}");
    // Nobody knows who is meant to be the MASTER, or the weight is large, or a number.
    for quiet in [
        master.replace("MASTER", "BACKUP"),
        master.replace("-2", "-60"),
        master.replace("-2", "0"),
        master.replace("-2", "-2 reverse"),
    ] {
        assert_eq!(rendered(RUN, &quiet), "", "{quiet}");
    }
}

#[test]
fn small_weights_are_summed() {
    let body = |weight: i32| {
        format!(
            "    state MASTER\n    priority 101\n    track_script {{ chk weight {weight} }}\n    track_interface {{\n        \
             eth1 weight -3\n        eth2 weight -5 reverse\n    }}"
        )
    };
    let expected = "\
remark: `eth1` and `chk` down move the priority of `VI_1` from 101 to 96: a peer that has 96 or less never takes over
  --> keepalived.conf:12:9
   |
12 |         eth1 weight -3
   |         ^^^^^^^^^^^^^^ together
   |
   = note: the weights of the peer count, too
   = help: weigh more than the priorities of the routers are apart, or leave the weight out: then down means FAULT
";
    assert_eq!(rendered(RUN, &body(-2)), expected);
    assert_eq!(rendered(RUN, &body(-46)).lines().count(), expected.lines().count(), "49 together");
    assert_eq!(rendered(RUN, &body(-47)), "", "50 together");
}

#[test]
fn nopreempt_and_weights() {
    let expected = "\
warning: `nopreempt` and weights: `VI_1` does not take over when the MASTER's priority falls
 --> keepalived.conf:8:5
  |
8 |     nopreempt
  |     ^^^^^^^^^
  |
  = note: a backup with nopreempt takes over only when it hears no MASTER at all
  = help: leave `nopreempt` out, or the weights: then down means FAULT, and a MASTER in FAULT is silent
";
    let body = "    nopreempt\n    track_script { chk weight -20 }";
    assert_eq!(rendered(RUN, body), expected);
    assert_eq!(rendered(RUN, &body.replace("-20", "0")), "");
}

#[test]
fn a_timeout_beyond_the_interval() {
    let expected = "\
remark: the timeout of `chk`, 3 s, is longer than its interval, 0.5 s
 --> keepalived.conf:4:5
  |
4 |     timeout 3
  |     ^^^^^^^^^
  |
  = note: a run that takes longer than the interval lets the next one fall out, under keepalived and keepwatch
  = help: let the interval be 3 s or more, or the timeout 0.5 s or less
";
    let script = format!("{RUN}\n    interval 0.5\n    timeout 3");
    assert_eq!(rendered(&script, "    track_script { chk }"), expected);
    let equal = script.replace("0.5", "3");
    assert_eq!(rendered(&equal, "    track_script { chk }"), "");
}

#[test]
fn priorities_stop_at_their_ends() {
    let expected = "\
remark: the weights of `VI_1` can move its priority 250 to 270
 --> keepalived.conf:9:20
  |
9 |     track_script { chk weight 20 }
  |                    ^^^^^^^^^^^^^ it stops at 254
  |
  = note: where routers stop at the same priority, the one with the higher address serves
";
    let body = "    priority 250\n    track_script { chk weight 20 }";
    assert_eq!(rendered(RUN, body), expected);
    let said = rendered(RUN, "    priority 90\n    track_script { chk weight -100 }");
    assert!(said.contains("can move its priority 90 to -10\n") && said.contains("it stops at 1\n"), "{said}");
    assert_eq!(rendered(RUN, &body.replace("250", "234")), "");
    // So it is meant.
    assert_eq!(rendered(RUN, &body.replace("weight 20", "weight 253")), "");
}

#[test]
fn a_command_that_wants_a_shell() {
    let expected = "\
warning: no shell reads this command: `>` is handed to `/bin/pidof`
 --> keepalived.conf:2:32
  |
2 |     script \"/bin/pidof haproxy > /dev/null\"
  |                                ^
  |
  = note: keepalived runs programs without a shell; keepwatch does the same
  = help: put the command into a script file and name that, or write `/bin/sh -c '...'` around it
";
    let track = "    track_script { chk }";
    assert_eq!(rendered("    script \"/bin/pidof haproxy > /dev/null\"", track), expected);
    for quiet in ["script \"/bin/sh -c 'pidof x > /dev/null'\"", "script \"</dev/tcp/127.0.0.1/80\""] {
        assert_eq!(rendered(quiet, track), "", "{quiet}");
    }
    let odd = rendered("    script \"/bin/\\x61 b; c\"", track);
    assert!(odd.starts_with("warning: no shell reads this command: `;` is handed to `/bin/a`\n"), "{odd}");
}

#[test]
fn an_owner_has_no_weights() {
    let said = rendered(RUN, "    priority 255\n    track_script { chk weight -20 }");
    assert!(said.starts_with("warning: a weight does not go with priority 255\n"), "{said}");
}
