//! Who takes part, when, and how strictly, beside keepalived.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use keepwatch_lab::Prober;
use libtest_mimic::Failed;

use crate::Case;
use crate::beside::{Both, Program, address, beside, instances, vrid};
use crate::one_way::NFT;
use crate::peers::{IP, KEEPALIVED};
use crate::reload::Reloaded;
use crate::site::{PATIENCE, Site, config, ensure, explain, ip, stop, vip, wait};

pub(crate) const CASES: &[Case] = &[
    Case { name: "taking_part::strictly", needs: &[KEEPALIVED, NFT], run: strictly },
    Case { name: "taking_part::what_strictness_refuses", needs: &[KEEPALIVED], run: what_strictness_refuses },
    Case { name: "taking_part::after_a_delay", needs: &[KEEPALIVED], run: after_a_delay },
    Case { name: "taking_part::by_its_source_address", needs: &[KEEPALIVED, IP], run: by_its_source_address },
    Case { name: "taking_part::without_its_link", needs: &[KEEPALIVED], run: without_its_link },
    Case { name: "taking_part::from_no_instance_on", needs: &[], run: from_no_instance_on },
    Case { name: "taking_part::interfaces_that_come_and_go", needs: &[KEEPALIVED, IP], run: come_and_go },
];

/// How long a client waits for somebody who does not answer.
const IN_VAIN: Duration = Duration::from_millis(600);

/// Whether anybody answers pings at an address.
fn answers(site: &Site, address: IpAddr) -> Result<bool, Failed> {
    let prober = Prober::start(&site.lan.client, address, Duration::from_millis(20))?;
    std::thread::sleep(IN_VAIN);
    Ok(prober.finish().answered() > 0)
}

/// What is seen of an instance: whether its adverts have a password, and its address answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    password: bool,
    answers: bool,
}

/// `vrrp_strict`, `strict_mode` and what they make of `accept`, a password, `state MASTER` and `preempt_delay`.
fn strictly() -> Result<(), Failed> {
    const PASSWORD: &str = "authentication {\n auth_type PASS\n auth_pass s3cret78\n }";
    const ROWS: [(&str, bool, bool); 7] = [
        ("version 3", false, false),
        ("version 3\n accept", false, true),
        ("accept", false, false),
        (PASSWORD, false, false),
        ("strict_mode off", false, true),
        ("strict_mode off\n authentication {\n auth_type PASS\n auth_pass s3cret78\n }", true, true),
        ("version 3\n preempt_delay 60\n accept", false, true),
    ];
    let addresses = (0..ROWS.len()).map(|row| format!("{}/24", address(row)));
    let text = instances("vrrp_strict", ROWS.iter().map(|(lines, ..)| *lines).zip(addresses));
    // Below 255 strictness knows no `state MASTER`.
    let text = text.replacen("state BACKUP", "state MASTER", 1);
    let both = beside(|program| {
        let site = Site::new(1)?;
        let capture = site.capture()?;
        let daemon = program.start(&site, 1, &text)?;
        let advert = |row: usize| capture.adverts().into_iter().find(|advert| advert.vrid == vrid(row));
        wait("adverts of all", || (0..ROWS.len()).all(|row| advert(row).is_some()))
            .map_err(|failed| explain(failed, &daemon.output().join("\n")))?;
        let mut seen = Vec::new();
        for row in 0..ROWS.len() {
            let password = advert(row).is_some_and(|advert| advert.simple_auth);
            seen.push(Seen { password, answers: answers(&site, address(row).into())? });
        }
        stop(daemon)?;
        Ok(seen)
    })?;
    for (number, (lines, password, answers)) in ROWS.into_iter().enumerate() {
        let seen = (both.keepalived[number], both.keepwatch[number]);
        let expected = Seen { password, answers };
        ensure(seen == (expected, expected), || format!("{lines:?}: {seen:?}, not {expected:?}"))?;
    }
    Ok(())
}

/// With these nothing is started at all. keepalived 2.2.7 looks for peers before it knows of any; later versions refuse them.
fn what_strictness_refuses() -> Result<(), Failed> {
    let refused = |program: Program, more: &str, addresses: &str| -> Result<(), Failed> {
        let text = format!("global_defs {{\n vrrp_strict\n}}\n{}", config(100, more, addresses));
        let site = Site::new(1)?;
        let mut daemon = program.start(&site, 1, &text)?;
        let status = daemon.wait(PATIENCE)?;
        let said = || format!("{program:?}: {status:?}\n{}", daemon.output().join("\n"));
        ensure(status.is_some_and(|status| !status.success()), said)
    };
    beside(|program| refused(program, "version 3", ""))?;
    // Later ones than 2.2 refuse that, too.
    let unicast = config(100, "unicast_src_ip 10.1.1.10\n unicast_peer {\n 10.1.1.20\n }", "10.1.1.30/24");
    let served = |program: Program| -> Result<(), Failed> {
        let site = Site::new(1)?;
        let daemon = program.start(&site, 1, &format!("global_defs {{\n vrrp_strict\n}}\n{unicast}"))?;
        site.wait_for_holder(1, vip()).map_err(|failed| explain(failed, &daemon.output().join("\n")))?;
        stop(daemon)
    };
    beside(served).map(drop)
}

/// `vrrp_startup_delay`: an owner asserts itself when it has passed, and not before.
fn after_a_delay() -> Result<(), Failed> {
    let owner = config(255, "", "10.1.1.30").replace("state BACKUP", "state MASTER");
    let text = format!("global_defs {{\n vrrp_startup_delay 3\n}}\n{owner}");
    let Both { keepalived, keepwatch } = beside(|program| {
        let site = Site::new(1)?;
        let began = Instant::now();
        let daemon = program.start(&site, 1, &text)?;
        site.wait_for_holder(1, vip()).map_err(|failed| explain(failed, &daemon.output().join("\n")))?;
        let took = began.elapsed();
        stop(daemon)?;
        Ok(took)
    })?;
    let expected = Duration::from_millis(2_990)..Duration::from_secs(6);
    ensure(expected.contains(&keepalived) && expected.contains(&keepwatch), || {
        format!("keepalived {keepalived:?}, keepwatch {keepwatch:?}")
    })
}

/// `track_src_ip`: without its source address an instance does not take part, if it is told so. keepalived, up to 2.4.3, takes
/// no notice: of an address that comes or goes it compares the wrong octets with the source's.
fn by_its_source_address() -> Result<(), Failed> {
    const ROWS: [&str; 4] = [
        "mcast_src_ip 10.1.1.77\n track_src_ip",
        "unicast_src_ip 10.1.1.77\n track_src_ip\n unicast_peer {\n 10.1.1.200\n }",
        "mcast_src_ip 10.1.1.10\n track_src_ip",
        "mcast_src_ip 10.1.1.77",
    ];
    let addresses = (0..ROWS.len()).map(|row| format!("{}/24", address(row)));
    let text = instances("", ROWS.into_iter().zip(addresses));
    let both = beside(|program| {
        let site = Site::new(1)?;
        let daemon = program.start(&site, 1, &text)?;
        // It cannot bind to the source of the second one.
        let theirs = [true, false, true, true];
        let as_is = |expected: [bool; 4]| if program == Program::Keepwatch { expected } else { theirs };
        let mut seen = Vec::new();
        let holding =
            || ROWS.iter().enumerate().map(|(row, _)| site.host(1).has(address(row).into())).collect();
        for (arguments, expected) in [
            ("addr show", [false, false, true, true]),
            ("addr add 10.1.1.77/24 dev eth0", [true; 4]),
            ("addr del 10.1.1.77/24 dev eth0", [false, false, true, true]),
        ] {
            let expected = as_is(expected);
            site.host(1).run("ip", arguments)?;
            // Of what does not change the most is waited for that anything takes.
            if program == Program::Keepalived {
                std::thread::sleep(Duration::from_secs(5));
            }
            let until = Instant::now() + Duration::from_secs(12);
            while holding() != expected.to_vec() && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(20));
            }
            let held: Vec<bool> = holding();
            seen.push((held == expected, held));
        }
        let log = daemon.output().join("\n");
        ensure(seen.iter().all(|(is_it, _)| *is_it), || format!("{program:?}: {seen:?}\n{log}"))?;
        stop(daemon)
    });
    both.map(drop)
}

/// `dont_track_primary`: what becomes of a MASTER whose link is lost, and is back.
fn without_its_link() -> Result<(), Failed> {
    for (line, is_fault) in [("", true), ("dont_track_primary", false)] {
        let both = beside(|program| {
            let site = Site::new(1)?;
            let capture = site.capture()?;
            let daemon = program.start(&site, 1, &config(100, line, "10.1.1.30/24"))?;
            site.wait_for_holder(1, vip())?;
            site.host(1).pull_cable()?;
            std::thread::sleep(Duration::from_secs(2));
            let (is_faulty, has_left) = (daemon.said("Entering FAULT STATE"), !site.host(1).has(vip()));
            let heard = capture.adverts().len();
            site.host(1).plug_cable()?;
            site.wait_for_holder(1, vip())?;
            wait("adverts", || capture.adverts().len() > heard + 1)?;
            stop(daemon)?;
            Ok((is_faulty, has_left))
        })?;
        let Both { keepalived, keepwatch } = both;
        ensure((keepalived, keepwatch) == ((is_fault, is_fault), (is_fault, is_fault)), || {
            format!("{line:?}: keepalived {keepalived:?}, keepwatch {keepwatch:?}")
        })?;
    }
    Ok(())
}

/// `dynamic_interfaces`: an interface that is not there at the start, comes, goes, and comes again.
fn come_and_go() -> Result<(), Failed> {
    let instance = config(100, "track_interface {\n eth0\n }", "10.9.9.30/24")
        .replace("interface eth0\n", "interface late0\n");
    let text = format!("global_defs {{\n dynamic_interfaces\n}}\n{instance}");
    let both = beside(|program| {
        let site = Site::new(1)?;
        let host = site.host(1);
        let daemon = program.start(&site, 1, &text)?;
        std::thread::sleep(Duration::from_secs(5));
        for _ in 0..2 {
            for arguments in [
                "link add late0 type veth peer name late1",
                "addr add 10.9.9.10/24 dev late0",
                "link set late1 up",
                "link set late0 up",
            ] {
                host.run("ip", arguments)?;
            }
            wait("the address", || host.has_on("late0", ip("10.9.9.30")))
                .map_err(|failed| explain(failed, &format!("{program:?}\n{}", daemon.output().join("\n"))))?;
            host.run("ip", "link del late0")?;
            std::thread::sleep(Duration::from_secs(1));
        }
        stop(daemon)
    });
    both.map(drop)
}

/// A daemon begins without an instance, with an address of its own and a folder that is still empty. One comes with a reload,
/// goes not with one, and does with a restart.
fn from_no_instance_on() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let folder = site.folder().join("conf.d");
    std::fs::create_dir(&folder)?;
    let include = format!("include {}/*.conf\n", folder.display());
    let (alone, own) = (site.keepwatch(1, &include)?, ip("10.1.1.77"));
    let status = || -> String {
        let output = site.asking(1).arg("status").output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
    };
    wait("status", || status().contains("Nothing is wrong."))?;
    ensure(alone.said("there is no instance, and so no address"), || alone.output().join("\n"))?;
    stop(alone)?;

    let text = format!("static_ipaddress {{\n 10.1.1.77/24 dev eth0\n}}\n{include}");
    let h1 = Reloaded::start(&site, 1, &text)?;
    wait("the static address", || site.host(1).has(own))?;
    wait("status", || status().contains("Nothing is wrong."))?;
    let file = folder.join("a.conf");
    std::fs::write(&file, config(150, "", "10.1.1.30"))?;
    h1.follow(&text, &["VI_1: added"])?;
    site.wait_for_holder(1, vip())?;

    std::fs::remove_file(&file)?;
    for arguments in [&["--dry-run"][..], &[]] {
        let (code, said) = h1.reload(arguments)?;
        ensure(code == Some(3) && said.contains("has no instance any more"), || format!("{code:?} {said}"))?;
    }
    ensure(site.host(1).has(vip()) && h1.term("VI_1")? == 2, || h1.daemon.output().join("\n"))?;
    let path = h1.path.clone();
    stop(h1.daemon)?;
    let h1 = site.keepwatch_at(1, &path, &[])?;
    wait("the static address", || site.host(1).has(own))?;
    ensure(!site.host(1).has(vip()), || h1.output().join("\n"))?;
    stop(h1)
}
