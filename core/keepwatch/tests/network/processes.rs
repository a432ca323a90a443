//! `vrrp_track_process`: which processes count, how many must run, and for how long they may be missed; by instances and by sync
//! groups. Without keepalived, to which the kernel tells nothing of processes outside of the first namespaces: not even those
//! that run when it starts count for it then.

use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, Instant};

use keepwatch_lab::{Capture, Daemon};
use libtest_mimic::Failed;

use crate::Case;
use crate::site::{Site, ensure, explain, stop, wait};
use crate::trackers::{priorities, text};

pub(crate) const CASES: &[Case] = &[
    Case { name: "processes::counted", needs: &[], run: counted },
    Case { name: "processes::delayed", needs: &[], run: delayed },
    Case { name: "processes::of_groups", needs: &[], run: of_groups },
];

/// A host with a program that no other process of the machine runs.
struct Stage {
    site: Site,
    name: String,
    program: String,
}

impl Stage {
    fn new(prefix: &str) -> Result<Self, Failed> {
        let site = Site::new(1)?;
        let name = format!("{prefix}{}", std::process::id());
        let path = site.folder().join(&name);
        symlink("/bin/sleep", &path)?;
        Ok(Self { site, name, program: path.display().to_string() })
    }

    /// Starts the program; it ends with what this gives.
    fn run(&self, arguments: &[&str]) -> Result<Daemon, Failed> {
        let mut command = Command::new(&self.program);
        Ok(Daemon::start(&self.site.host(1).namespace, command.args(arguments))?)
    }

    /// `NAME` is the program's name, `PATH` where it is.
    fn filled(&self, text: &str) -> String {
        text.replace("NAME", &self.name).replace("PATH", &self.program)
    }

    /// Starts keepwatch with these instances and what stands above them.
    fn play(self, above: &str, rows: &[&str]) -> Result<Scene, Failed> {
        let capture = self.site.capture()?;
        let daemon = self.site.keepwatch(1, &text(&self.filled(above), rows))?;
        Ok(Scene { stage: self, capture, daemon, count: rows.len() })
    }
}

/// A daemon on it.
struct Scene {
    stage: Stage,
    capture: Capture,
    daemon: Daemon,
    count: usize,
}

impl Scene {
    /// keepwatch with one instance for each block, which tracks what the block says.
    fn begin(prefix: &str, blocks: &[&str]) -> Result<Self, Failed> {
        let above: String = blocks
            .iter()
            .enumerate()
            .map(|(number, block)| format!("vrrp_track_process w{number} {{\n {block}\n}}\n"))
            .collect();
        let rows: Vec<String> =
            (0..blocks.len()).map(|number| format!("track_process {{\n w{number}\n }}")).collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        Stage::new(prefix)?.play(&above, &rows)
    }

    fn run(&self, arguments: &[&str]) -> Result<Daemon, Failed> {
        self.stage.run(arguments)
    }

    fn priorities(&self) -> Vec<Option<u8>> {
        priorities(&self.capture, self.count)
    }

    /// Waits until the instances advertise these priorities, or nothing.
    fn shows(&self, expected: &[Option<u8>]) -> Result<(), Failed> {
        wait(&format!("{expected:?}"), || self.priorities() == expected).map_err(|failed| {
            explain(failed, &format!("{:?}\n{}", self.priorities(), self.daemon.output().join("\n")))
        })
    }
}

const UP: Option<u8> = Some(210);
const DOWN: Option<u8> = Some(200);

/// `quorum`, `quorum_max`, `param_match` and `full_command`.
fn counted() -> Result<(), Failed> {
    let scene = Scene::begin(
        "kc",
        &[
            "process NAME\n weight 10",
            "process NAME\n quorum 2\n weight 10",
            "process NAME\n quorum 1\n quorum_max 2\n weight 10",
            "process NAME\n quorum_max 0\n weight 10",
            "process PATH 3600 7\n weight 10",
            "process PATH 3600\n param_match partial\n quorum 2\n weight 10",
            // Whatever begins like this.
            "process PATH 3600\n param_match initial\n quorum 3\n weight 10",
            "process PATH\n full_command\n weight 10",
            "process NAME",
        ],
    )?;
    scene.shows(&[DOWN, DOWN, DOWN, UP, DOWN, DOWN, DOWN, DOWN, None])?;
    let first = scene.run(&["3600"])?;
    scene.shows(&[UP, DOWN, UP, DOWN, DOWN, DOWN, DOWN, UP, DOWN])?;
    let second = scene.run(&["3600", "7"])?;
    scene.shows(&[UP, UP, UP, DOWN, UP, UP, DOWN, UP, DOWN])?;
    let third = scene.run(&["36000"])?;
    scene.shows(&[UP, UP, DOWN, DOWN, UP, UP, UP, UP, DOWN])?;
    drop(second);
    scene.shows(&[UP, UP, UP, DOWN, DOWN, DOWN, DOWN, UP, DOWN])?;
    drop((first, third));
    scene.shows(&[DOWN, DOWN, DOWN, UP, DOWN, DOWN, DOWN, DOWN, None])?;
    stop(scene.daemon)
}

/// `fork_delay`, `terminate_delay` and `delay`: a state counts when it has lasted so long.
fn delayed() -> Result<(), Failed> {
    const DELAY: Duration = Duration::from_secs(3);
    /// By which the moments that are compared may be apart.
    const NOISE: Duration = Duration::from_millis(300);
    let scene = Scene::begin(
        "kd",
        &[
            "process NAME\n weight 10",
            "process NAME\n weight 10\n fork_delay 3",
            "process NAME\n weight 10\n terminate_delay 3",
            "process NAME\n weight 10\n delay 3",
        ],
    )?;
    scene.shows(&[DOWN; 4])?;
    let began = Instant::now();
    let running = scene.run(&["3600"])?;
    scene.shows(&[UP, DOWN, UP, DOWN])?;
    scene.shows(&[UP; 4])?;
    let rose = began.elapsed();
    let began = Instant::now();
    drop(running);
    scene.shows(&[DOWN, DOWN, UP, UP])?;
    scene.shows(&[DOWN; 4])?;
    let fell = began.elapsed();
    ensure(rose + NOISE >= DELAY && fell + NOISE >= DELAY, || format!("rose {rose:?}, fell {fell:?}"))?;
    // One that is soon replaced is not missed, and one that soon ends does not count.
    let running = scene.run(&["3600"])?;
    scene.shows(&[UP; 4])?;
    drop(running);
    scene.shows(&[DOWN, DOWN, UP, UP])?;
    let running = scene.run(&["3600"])?;
    scene.shows(&[UP, DOWN, UP, UP])?;
    scene.shows(&[UP; 4])?;
    drop(running);
    stop(scene.daemon)
}

/// Pairs that track: S and F as groups, by weight and without; M, N and W by one member only; and Q as a group two processes
/// at least. N has `sync_group_tracking_weight` and W does not, which makes no difference: of all weights in a sync group
/// keepalived's code leaves those of processes alone.
const GROUPS: &str = "vrrp_track_process w {\n process NAME\n weight 10\n}\nvrrp_track_process f {\n process NAME\n}\n\
                      vrrp_track_process two {\n process NAME\n quorum 2\n}\n\
                      vrrp_sync_group S {\n group {\n VI_100\n VI_101\n }\n track_process {\n w\n }\n}\n\
                      vrrp_sync_group F {\n group {\n VI_102\n VI_103\n }\n track_process {\n f\n }\n}\n\
                      vrrp_sync_group M {\n group {\n VI_104\n VI_105\n }\n}\n\
                      vrrp_sync_group N {\n group {\n VI_106\n VI_107\n }\n sync_group_tracking_weight\n}\n\
                      vrrp_sync_group W {\n group {\n VI_108\n VI_109\n }\n}\n\
                      vrrp_sync_group Q {\n group {\n VI_110\n VI_111\n }\n track_process {\n two\n w weight -20\n }\n}\n";
const OF_MEMBERS: [&str; 12] = [
    "",
    "",
    "",
    "",
    "track_process {\n f\n }",
    "",
    "track_process {\n w\n }",
    "",
    "track_process {\n w\n }",
    "",
    "",
    "",
];

/// What they advertise while so many of the processes run.
const NONE: [Option<u8>; 12] = [DOWN, DOWN, None, None, None, None, DOWN, DOWN, DOWN, DOWN, None, None];
const ONE: [Option<u8>; 12] = [UP, UP, DOWN, DOWN, DOWN, DOWN, UP, DOWN, UP, DOWN, None, None];
const TWO: [Option<u8>; 12] = [UP, UP, DOWN, DOWN, DOWN, DOWN, UP, DOWN, UP, DOWN, DOWN, DOWN];

/// What a group tracks counts for all of its members, and what one member tracks takes the others with it.
fn of_groups() -> Result<(), Failed> {
    let scene = Stage::new("kg")?.play(GROUPS, &OF_MEMBERS)?;
    scene.shows(&NONE)?;
    let first = scene.run(&["3600"])?;
    scene.shows(&ONE)?;
    let second = scene.run(&["3600"])?;
    scene.shows(&TWO)?;
    drop(first);
    scene.shows(&ONE)?;
    drop(second);
    scene.shows(&NONE)?;
    // Those that run already when it starts.
    let Scene { stage, daemon, .. } = scene;
    stop(daemon)?;
    let both = [stage.run(&["3600"])?, stage.run(&["3600"])?];
    let scene = stage.play(GROUPS, &OF_MEMBERS)?;
    scene.shows(&TWO)?;
    drop(both);
    scene.shows(&NONE)?;
    stop(scene.daemon)
}
