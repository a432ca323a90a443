//! Neighbours on a cable between two network namespaces of the test's own.

use std::process::Command;

use keepwatch_checks::{Check, NeighbourCheck};
use keepwatch_event::Health;

use crate::support::{HASTY, PATIENT, Privilege, ask, assert_pass, assert_verdict, give_up, in_namespace};

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status().unwrap();
    assert!(status.success(), "ip {arguments}");
}

/// A process in a network namespace of its own; both go with it.
struct Peer(std::process::Child);

impl Peer {
    fn start() -> Self {
        let mut child = Command::new("unshare")
            .args(["--net", "sh", "-c", "echo there; read line"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // It is in its namespace once it speaks.
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut [0; 6]).unwrap();
        Self(child)
    }

    fn ip(&self, arguments: &str) {
        let id = self.0.id().to_string();
        let status = Command::new("nsenter")
            .args(["--target", &id, "--net", "ip"])
            .args(arguments.split(' '))
            .status()
            .unwrap();
        assert!(status.success(), "ip {arguments}");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn check(address: &str) -> Check {
    Check::Neighbour(NeighbourCheck::new(address.parse().unwrap(), "near"))
}

#[test]
fn neighbours_answer_and_others_do_not() {
    if Privilege::is_missing("network namespaces, packet sockets") {
        return;
    }
    in_namespace(|| async {
        let peer = Peer::start();
        ip("link add near type veth peer name far");
        ip(&format!("link set far netns {}", peer.0.id()));
        ip("addr add 10.9.0.1/24 dev near");
        ip("addr add fd09::1/64 dev near nodad");
        ip("link set near up");
        peer.ip("link set far address 02:00:00:00:00:09");
        peer.ip("addr add 10.9.0.2/24 dev far");
        peer.ip("addr add fd09::2/64 dev far nodad");
        peer.ip("link set far up");

        assert_eq!(check("10.9.0.2").label(), "neighbour 10.9.0.2 on near");
        for address in ["10.9.0.2", "fd09::2"] {
            let verdict = ask(&check(address), PATIENT).await;
            assert_pass(&verdict, &format!("{address} on near is 02:00:00:00:00:09, answered in "));
        }
        for address in ["10.9.0.3", "fd09::3"] {
            let verdict = ask(&check(address), HASTY).await;
            let text = format!("{address} did not answer on near within 200 ms");
            assert_verdict(&verdict, Health::Fail, &text);
        }
        let allowed = caps::read(None, caps::CapSet::Effective).unwrap();
        give_up(caps::Capability::CAP_NET_RAW);
        for address in ["10.9.0.2", "fd09::2"] {
            let text = format!("{address} cannot be asked for on near: that needs CAP_NET_RAW");
            assert_verdict(&ask(&check(address), PATIENT).await, Health::Unknown, &text);
        }
        caps::set(None, caps::CapSet::Effective, &allowed).unwrap();
        // The cable is there, and nobody behind it speaks.
        peer.ip("link set far arp off");
        peer.ip("addr flush dev far");
        for address in ["10.9.0.2", "fd09::2"] {
            let verdict = ask(&check(address), HASTY).await;
            let text = format!("{address} did not answer on near within 200 ms");
            assert_verdict(&verdict, Health::Fail, &text);
        }
        ip("link set near down");
        assert_verdict(&ask(&check("10.9.0.2"), PATIENT).await, Health::Fail, "near is down");
    });
}

#[tokio::test]
async fn interfaces_that_have_no_neighbours() {
    let on = |interface: &str| Check::Neighbour(NeighbourCheck::new("192.0.2.1".parse().unwrap(), interface));
    let verdict = ask(&on("no-such-one"), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, "no-such-one does not exist");
    let verdict = ask(&on("lo"), PATIENT).await;
    assert_verdict(&verdict, Health::Unknown, "lo has no neighbours: it is no Ethernet");
}
