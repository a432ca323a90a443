//! `vrrp_track_process`: which processes count, how many must run, and for how long they may be missed. Without keepalived, to which
//! the kernel tells nothing of processes outside of the first namespaces.

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
];

/// A scene with a program that no other process of the machine runs, and one instance for each block.
struct Scene {
    site: Site,
    capture: Capture,
    daemon: Daemon,
    program: String,
    count: usize,
}

impl Scene {
    /// `NAME` in a block is the program's name, `PATH` where it is. `wN` stands for the block with the number N.
    fn begin(prefix: &str, blocks: &[&str]) -> Result<Self, Failed> {
        let site = Site::new(1)?;
        let name = format!("{prefix}{}", std::process::id());
        let path = site.folder().join(&name);
        symlink("/bin/sleep", &path)?;
        let program = path.display().to_string();
        let above: String = blocks
            .iter()
            .enumerate()
            .map(|(number, block)| format!("vrrp_track_process w{number} {{\n {block}\n}}\n"))
            .collect();
        let above = above.replace("NAME", &name).replace("PATH", &program);
        let rows: Vec<String> =
            (0..blocks.len()).map(|number| format!("track_process {{\n w{number}\n }}")).collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let capture = site.capture()?;
        let daemon = site.keepwatch(1, &text(&above, &rows))?;
        Ok(Self { site, capture, daemon, program, count: blocks.len() })
    }

    /// Starts the program; it ends with what this gives.
    fn run(&self, arguments: &[&str]) -> Result<Daemon, Failed> {
        let mut command = Command::new(&self.program);
        Ok(Daemon::start(&self.site.host(1).namespace, command.args(arguments))?)
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
