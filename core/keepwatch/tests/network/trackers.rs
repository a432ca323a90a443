//! Files, scripts and interfaces that are tracked, by instances and by sync groups: the same priorities as with keepalived.

use std::time::{Duration, Instant, SystemTime};

use keepwatch_lab::Capture;
use libtest_mimic::Failed;

use crate::Case;
use crate::beside::{Program, address, beside, instances, vrid};
use crate::peers::{IP, KEEPALIVED};
use crate::site::{Site, ensure, stop};

pub(crate) const CASES: &[Case] = &[
    Case { name: "trackers::files", needs: &[KEEPALIVED], run: files },
    Case { name: "trackers::first_numbers", needs: &[KEEPALIVED], run: first_numbers },
    Case { name: "trackers::of_groups", needs: &[KEEPALIVED, IP], run: of_groups },
    Case { name: "trackers::of_groups_with_weights", needs: &[KEEPALIVED, IP], run: of_groups_with_weights },
    Case { name: "trackers::a_first_failure", needs: &[KEEPALIVED], run: a_first_failure },
];

/// How long a state may take to come about, and how old an advert of it may be: the interval is 200 ms.
const SETTLED: Duration = Duration::from_secs(20);
const FRESH: Duration = Duration::from_millis(900);

/// The priorities that instances advertise; `None` of one that does not.
type Priorities = &'static [Option<u8>];

/// Something that happens, files being in a folder of the host's.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Write(&'static str, &'static str),
    Remove(&'static str),
    /// These arguments of `ip`.
    Ip(&'static str),
    /// Time goes by.
    Nothing,
}

use Deed::{Ip, Nothing, Remove, Write};

impl Deed {
    fn perform(self, site: &Site) -> Result<(), Failed> {
        match self {
            // At once: it would be read while it is empty otherwise.
            Write(name, text) => {
                let new = site.folder().join("new");
                std::fs::write(&new, text)?;
                std::fs::rename(new, site.folder().join(name))?;
            }
            Remove(name) => std::fs::remove_file(site.folder().join(name))?,
            Ip(arguments) => drop(site.host(1).run("ip", arguments)?),
            Nothing => {}
        }
        Ok(())
    }
}

/// What happens, and what is to be seen of the instances then.
type Step = (Deed, Priorities);

/// An instance for each of these lines, with what comes before them all.
pub(crate) fn text(above: &str, rows: &[&str]) -> String {
    let lines: Vec<String> =
        rows.iter().map(|lines| format!("version 3\n advert_int 0.2\n {lines}")).collect();
    let addresses = (0..rows.len()).map(|row| format!("{}/24", address(row)));
    format!("{above}\n{}", instances("", lines.iter().map(String::as_str).zip(addresses)))
}

/// What the instances of the host advertise now.
pub(crate) fn priorities(capture: &Capture, count: usize) -> Vec<Option<u8>> {
    let adverts = capture.adverts();
    let now = SystemTime::now();
    let of = |row: usize| {
        let last = adverts.iter().rev().find(|advert| advert.vrid == vrid(row))?;
        let is_fresh = now.duration_since(last.at).unwrap_or_default() < FRESH;
        (is_fresh && last.priority != 0).then_some(last.priority)
    };
    (0..count).map(of).collect()
}

/// What is configured, and the story of it. `DIR` in a configuration is the folder of the files.
struct Story {
    above: &'static str,
    rows: &'static [&'static str],
    /// Files that are there before the start, and those that are there in the end.
    before: &'static [(&'static str, &'static str)],
    steps: &'static [Step],
    after: &'static [(&'static str, &'static str)],
}

impl Story {
    /// With both programs.
    fn play(&self) -> Result<(), Failed> {
        beside(|program| self.play_with(program)).map(drop)
    }

    fn play_with(&self, program: Program) -> Result<(), Failed> {
        let site = Site::with_networks(1, 2)?;
        let capture = site.capture()?;
        for (name, number) in self.before {
            Write(name, number).perform(&site)?;
        }
        let text = text(self.above, self.rows).replace("DIR", &site.folder().display().to_string());
        let daemon = program.start(&site, 1, &text)?;
        for (deed, shows) in self.steps {
            deed.perform(&site)?;
            let until = Instant::now() + SETTLED;
            while priorities(&capture, self.rows.len()) != *shows {
                let seen = priorities(&capture, self.rows.len());
                ensure(Instant::now() < until, || {
                    let log = daemon.output().join("\n");
                    format!("{program:?} after {deed:?}:\n{seen:?}, not\n{shows:?}\n{log}")
                })?;
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        for (name, number) in self.after {
            let text = std::fs::read_to_string(site.folder().join(name))?;
            ensure(text.trim() == *number, || format!("{program:?}, {name}: {text:?}"))?;
        }
        stop(daemon)
    }
}

/// Shorter than `Some`, of an instance that advertises this.
const fn p(priority: u8) -> Option<u8> {
    Some(priority)
}

fn files() -> Result<(), Failed> {
    const ABOVE: &str = "track_file n {\n file DIR/n\n}\ntrack_file m {\n file DIR/n\n weight 2\n}\n\
                         track_file z {\n file DIR/n\n weight 0\n}";
    const ROWS: &[&str] = &[
        "track_file {\n n\n }",
        "track_file {\n m\n }",
        "track_file {\n n weight -1\n }",
        "track_file {\n n weight 1 reverse\n }",
        "track_file {\n z\n }",
        "track_file {\n n weight 0 reverse\n }",
        "track_file {\n n weight -5 reverse\n }",
    ];
    const ZERO: Priorities = &[p(200), p(200), p(200), p(200), p(200), None, p(200)];
    const TEN: Priorities = &[p(210), p(220), p(190), p(190), None, p(200), p(250)];
    const STEPS: &[Step] = &[
        (Nothing, ZERO),
        (Write("n", "10"), TEN),
        (Write("n", "-20"), &[p(180), p(160), p(220), p(220), None, p(200), p(100)]),
        (Write("n", "-300"), &[None, None, p(254), p(254), None, p(200), None]),
        (Write("n", "10\n"), TEN),
        (Remove("n"), ZERO),
        (Write("n", "10 oranges"), TEN),
    ];
    Story { above: ABOVE, rows: ROWS, before: &[("n", "0")], steps: STEPS, after: &[] }.play()
}

/// `init_file`: what is in the files afterwards, and what counts.
fn first_numbers() -> Result<(), Failed> {
    const ABOVE: &str = "track_file absent {\n file DIR/absent\n init_file 7\n}\n\
                         track_file there {\n file DIR/there\n init_file 7\n}\n\
                         track_file over {\n file DIR/over\n init_file overwrite 7\n}\n\
                         track_file bare {\n file DIR/bare\n init_file\n}\n\
                         track_file none {\n file DIR/none\n}";
    const ROWS: &[&str] = &[
        "track_file {\n absent\n }",
        "track_file {\n there\n }",
        "track_file {\n over weight 3\n }",
        "track_file {\n bare weight 0\n }",
        "track_file {\n none\n }",
    ];
    const STEPS: &[Step] = &[
        (Nothing, &[p(207), p(203), p(221), p(200), p(200)]),
        (Write("there", "5"), &[p(207), p(205), p(221), p(200), p(200)]),
        (Write("none", "3"), &[p(207), p(205), p(221), p(200), p(203)]),
    ];
    Story {
        above: ABOVE,
        rows: ROWS,
        before: &[("there", "3"), ("over", "3")],
        steps: STEPS,
        after: &[("absent", "7"), ("there", "5"), ("over", "7"), ("bare", "0")],
    }
    .play()
}

/// What a group tracks all its members do. Each is a pair.
fn of_groups() -> Result<(), Failed> {
    const ABOVE: &str = "vrrp_script s {\n script \"/usr/bin/test -e DIR/s\"\n interval 1\n fall 1\n rise 1\n}\n\
                         track_file f {\n file DIR/f\n weight 0\n}\n\
                         vrrp_sync_group S {\n group {\n VI_100\n VI_101\n }\n track_script {\n s\n }\n}\n\
                         vrrp_sync_group F {\n group {\n VI_102\n VI_103\n }\n track_file {\n f\n }\n}\n\
                         vrrp_sync_group I {\n group {\n VI_104\n VI_105\n }\n track_interface {\n eth1\n }\n}";
    const ROWS: &[&str] = &["", "", "", "", "", ""];
    const WELL: Priorities = &[p(200); 6];
    const STEPS: &[Step] = &[
        (Nothing, WELL),
        (Remove("s"), &[None, None, p(200), p(200), p(200), p(200)]),
        (Write("f", "1"), &[None, None, None, None, p(200), p(200)]),
        (Ip("link set eth1 down"), &[None; 6]),
        (Write("s", ""), &[p(200), p(200), None, None, None, None]),
        (Ip("link set eth1 up"), &[p(200), p(200), None, None, p(200), p(200)]),
        (Write("f", "0"), WELL),
    ];
    Story { above: ABOVE, rows: ROWS, before: &[("s", "")], steps: STEPS, after: &[] }.play()
}

/// Weights of a group's trackers count for all members; those of a member need `sync_group_tracking_weight`.
fn of_groups_with_weights() -> Result<(), Failed> {
    const ABOVE: &str = "vrrp_script s {\n script \"/usr/bin/test -e DIR/s\"\n interval 1\n fall 1\n rise 1\n}\n\
                         track_file f {\n file DIR/f\n weight 1\n}\n\
                         vrrp_sync_group S {\n group {\n VI_100\n VI_101\n }\n track_script {\n s weight -50\n }\n}\n\
                         vrrp_sync_group F {\n group {\n VI_102\n VI_103\n }\n track_file {\n f\n }\n}\n\
                         vrrp_sync_group I {\n group {\n VI_104\n VI_105\n }\n track_interface {\n eth1 weight -30\n }\n}\n\
                         vrrp_sync_group M {\n group {\n VI_106\n VI_107\n }\n sync_group_tracking_weight\n}\n\
                         vrrp_sync_group N {\n group {\n VI_108\n VI_109\n }\n}";
    const TRACKS: &str = "track_script {\n s weight -20\n }\n track_interface {\n eth1 weight 10\n }";
    const ROWS: &[&str] = &["", "", "", "", "", "", TRACKS, "", "track_file {\n f weight 3\n }", ""];
    const WELL: Priorities =
        &[p(200), p(200), p(200), p(200), p(200), p(200), p(210), p(200), p(200), p(200)];
    const STEPS: &[Step] = &[
        (Nothing, WELL),
        (Remove("s"), &[p(150), p(150), p(200), p(200), p(200), p(200), p(190), p(200), p(200), p(200)]),
        (Write("f", "-5"), &[p(150), p(150), p(195), p(195), p(200), p(200), p(190), p(200), p(200), p(200)]),
        (
            Ip("link set eth1 down"),
            &[p(150), p(150), p(195), p(195), p(170), p(170), p(180), p(200), p(200), p(200)],
        ),
        (
            Ip("link set eth1 up"),
            &[p(150), p(150), p(195), p(195), p(200), p(200), p(190), p(200), p(200), p(200)],
        ),
        (Write("s", ""), &[p(200), p(200), p(195), p(195), p(200), p(200), p(210), p(200), p(200), p(200)]),
        (Remove("f"), WELL),
    ];
    Story { above: ABOVE, rows: ROWS, before: &[("s", "")], steps: STEPS, after: &[] }.play()
}

/// `init_fail`, which does nothing in keepalived since 2.2.5: there all is well before the script has ended for the first time.
fn a_first_failure() -> Result<(), Failed> {
    const ABOVE: &str =
        "vrrp_script s {\n script \"/bin/sleep 4\"\n interval 5\n timeout 5\n fall 1\n rise 1\n init_fail\n}";
    const ROWS: &[&str] =
        &["track_script {\n s\n }", "track_script {\n s weight -50\n }", "track_script {\n s weight 50\n }"];
    const STEPS: &[Step] = &[(Nothing, &[None, p(150), p(200)]), (Nothing, &[p(200), p(200), p(250)])];
    const THEIRS: &[Step] = &[(Nothing, &[p(200), p(200), p(250)])];
    let story = Story { above: ABOVE, rows: ROWS, before: &[], steps: STEPS, after: &[] };
    story.play_with(Program::Keepwatch)?;
    Story { steps: THEIRS, ..story }.play_with(Program::Keepalived)
}
