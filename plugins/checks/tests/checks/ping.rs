//! Pings over loopback, in a network namespace of the test's own where the kernel's settings matter.

use std::time::Duration;

use keepwatch_checks::{Check, PingCheck};
use keepwatch_event::Health;

use crate::support::{HASTY, PATIENT, Privilege, ask, assert_pass, assert_verdict, give_up, in_namespace};

#[test]
fn both_kinds_of_sockets_and_both_families() {
    if Privilege::is_missing("network namespaces, raw sockets") {
        return;
    }
    // Nobody may ping without privilege, so that it is a raw socket; then everybody.
    for groups in ["1 0", "0 2147483647"] {
        in_namespace(move || async move {
            std::fs::write("/proc/sys/net/ipv4/ping_group_range", groups).unwrap();
            for host in ["127.0.0.1", "::1"] {
                let check = PingCheck { count: 5, needed: 3, ..PingCheck::new(host) };
                assert_eq!(Check::Ping(check.clone()).label(), format!("ping {host}"));
                let verdict = ask(&Check::Ping(check), PATIENT).await;
                assert_pass(&verdict, &format!("{host}: 3 of 3 pings came back in "));
            }
        });
    }
}

#[test]
fn who_does_not_answer() {
    if Privilege::is_missing("network namespaces, raw sockets") {
        return;
    }
    in_namespace(|| async {
        std::fs::write("/proc/sys/net/ipv4/icmp_echo_ignore_all", "1").unwrap();
        let check = PingCheck { count: 4, needed: 2, ..PingCheck::new("127.0.0.1") };
        let verdict = ask(&Check::Ping(check), HASTY).await;
        assert_verdict(&verdict, Health::Fail, "127.0.0.1: 0 of 4 pings came back within 200 ms, 2 needed");
        // This namespace has the loopback interface only.
        let verdict = ask(&Check::Ping(PingCheck::new("192.0.2.1")), PATIENT).await;
        assert_verdict(&verdict, Health::Fail, "192.0.2.1 cannot be reached: no route to its network");
        let check = PingCheck { source: Some("192.0.2.2".parse().unwrap()), ..PingCheck::new("127.0.0.1") };
        let verdict = ask(&Check::Ping(check), PATIENT).await;
        let text = "127.0.0.1 cannot be pinged: the source is no address of this host";
        assert_verdict(&verdict, Health::Unknown, text);
    });
}

#[tokio::test]
async fn settings_that_cannot_be() {
    let check = PingCheck { count: 1, needed: 2, ..PingCheck::new("127.0.0.1") };
    let verdict = ask(&Check::Ping(check), Duration::from_secs(1)).await;
    assert_verdict(&verdict, Health::Unknown, "127.0.0.1: 2 pings of 1 can never come back");
}

#[test]
fn without_permission_nothing_is_known() {
    if Privilege::is_missing("network namespaces") {
        return;
    }
    in_namespace(|| async {
        std::fs::write("/proc/sys/net/ipv4/ping_group_range", "1 0").unwrap();
        give_up(caps::Capability::CAP_NET_RAW);
        let verdict = ask(&Check::Ping(PingCheck::new("127.0.0.1")), PATIENT).await;
        let text = "127.0.0.1 cannot be pinged without permission: set the sysctl net.ipv4.ping_group_range so that it \
                    covers the daemon's group, or give it CAP_NET_RAW";
        assert_verdict(&verdict, Health::Unknown, text);
    });
}
