//! What the master says of its processes: `show proc`.

use crate::unreadable::Unreadable;

const COMMAND: &str = "show proc";

/// The processes of a HAProxy that has a master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procs {
    /// The master process.
    pub master: u32,
    /// How often it was told to reload, since it was started.
    pub reloads: u32,
    /// How many of the latest reloads have failed, from 3.1 on 1 if the latest one has: whatever is more than 0 means that
    /// the latest one has. Before 2.5 HAProxy does not say so.
    pub failed: Option<u32>,
    /// The processes that do the work: one; before 2.5 more, with `nbproc`. From 3.1 on this is a new one while it loads its
    /// configuration, and none when that has failed.
    pub workers: Vec<u32>,
    /// Workers of before, the latest first. They end with their last connection, unless the worker that was to follow has
    /// failed.
    pub leaving: Vec<u32>,
}

/// The parts of the answer.
#[derive(Clone, Copy)]
enum Part {
    Master,
    Workers,
    Leaving,
    Other,
}

impl Procs {
    /// Reads an answer to `show proc`.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let mut columns = Columns::default();
        let mut part = Part::Other;
        let mut master = None;
        let (mut workers, mut leaving) = (Vec::new(), Vec::new());
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(title) = line.strip_prefix('#') {
                part = match title.trim() {
                    "workers" => Part::Workers,
                    "old workers" => Part::Leaving,
                    title if title.starts_with("<PID>") => {
                        columns = Columns::read(title);
                        Part::Master
                    }
                    // Programs, and what later versions may have.
                    _ => Part::Other,
                };
                continue;
            }
            let pid = line.split_whitespace().next().and_then(|pid| pid.parse::<u32>().ok());
            let Some(pid) = pid else { continue };
            match part {
                Part::Master => master = Some((pid, columns.reloads(line), failed(line))),
                Part::Workers => workers.push(pid),
                Part::Leaving => leaving.push((pid, columns.reloads(line))),
                Part::Other => {}
            }
        }
        let (master, reloads, failed) =
            master.ok_or_else(|| Unreadable::new(COMMAND, "it names no master process", text))?;
        let reloads = reloads
            .ok_or_else(|| Unreadable::new(COMMAND, "it does not say how often it was reloaded", text))?;
        leaving.sort_by_key(|(_, survived)| *survived);
        let leaving = leaving.into_iter().map(|(pid, _)| pid).collect();
        Ok(Self { master, reloads, failed, workers, leaving })
    }

    /// The worker that gets new connections, or is about to.
    pub fn serving(&self) -> Option<u32> {
        let kept = self.leaving.first().filter(|_| self.failed != Some(0));
        self.workers.first().or(kept).copied()
    }

    /// Whether the latest reload is known to have failed.
    pub fn has_failed(&self) -> bool {
        self.failed.is_some_and(|failed| failed > 0)
    }
}

/// Which column has what.
#[derive(Default)]
struct Columns {
    reloads: Option<usize>,
}

impl Columns {
    /// From `<PID> <type> <relative PID> <reloads> <uptime> <version>`, where 2.5 and later have no relative PID.
    fn read(title: &str) -> Self {
        let mut names = title.split('<').skip(1).filter_map(|name| name.split('>').next());
        Self { reloads: names.position(|name| name == "reloads") }
    }

    fn reloads(&self, line: &str) -> Option<u32> {
        line.split_whitespace().nth(self.reloads?)?.parse().ok()
    }
}

/// The number in `[failed: 1]`.
fn failed(line: &str) -> Option<u32> {
    let (_, rest) = line.split_once("[failed:")?;
    rest.split(']').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_of_all_versions_are_read() {
        for (version, text, expected) in [
            (
                "2.4, which counts its workers",
                "#<PID>          <type>          <relative PID>  <reloads>       <uptime>        <version>      \n\
                 1162            master          0               5               0d00h02m07s     2.4.22         \n\
                 # workers\n\
                 1271            worker          1               0               0d00h00m00s     2.4.22         \n\
                 1272            worker          2               0               0d00h00m00s     2.4.22         \n\
                 # old workers\n\
                 1233            worker          [was: 1]        3               0d00h00m43s     2.0-dev3-6019f6-289\n\
                 # programs\n\
                 1244            foo             -               0               0d00h00m00s     -\n\
                 # old programs\n\
                 1200            foo             -               1               0d00h00m00s     -\n\n",
                Procs {
                    master: 1162,
                    reloads: 5,
                    failed: None,
                    workers: vec![1271, 1272],
                    leaving: vec![1233],
                },
            ),
            (
                "2.6, just started",
                "#<PID>          <type>          <reloads>       <uptime>        <version>      \n\
                 15390           master          0 [failed: 0]   0d00h00m07s     2.6.12-1+deb12u4\n\
                 # workers\n\
                 15394           worker          0               0d00h00m07s     2.6.12-1+deb12u4\n\
                 # programs\n\n",
                Procs { master: 15390, reloads: 0, failed: Some(0), workers: vec![15394], leaving: vec![] },
            ),
            (
                "2.6, a reload has failed",
                "#<PID>          <type>          <reloads>       <uptime>        <version>      \n\
                 15390           master          2 [failed: 1]   0d00h00m32s     2.6.12-1+deb12u4\n\
                 # workers\n\
                 17622           worker          1               0d00h00m12s     2.6.12-1+deb12u4\n\
                 # programs\n\n",
                Procs { master: 15390, reloads: 2, failed: Some(1), workers: vec![17622], leaving: vec![] },
            ),
            (
                "2.6, an old worker has a connection",
                "#<PID>          <type>          <reloads>       <uptime>        <version>      \n\
                 28058           master          4 [failed: 0]   0d00h00m06s     2.6.12-1+deb12u4\n\
                 # workers\n\
                 28908           worker          0               0d00h00m01s     2.6.12-1+deb12u4\n\
                 # old workers\n\
                 28767           worker          1               0d00h00m02s     2.6.12-1+deb12u4\n\
                 # programs\n\n",
                Procs {
                    master: 28058,
                    reloads: 4,
                    failed: Some(0),
                    workers: vec![28908],
                    leaving: vec![28767],
                },
            ),
            (
                "3.0, a reload has failed",
                "#<PID>          <type>          <reloads>       <uptime>        <version>      \n\
                 18323           master          3 [failed: 1]   0d00h00m04s     3.0.0-5590ada47\n\
                 # workers\n\
                 18524           worker          1               0d00h00m01s     3.0.0-5590ada47\n\
                 # programs\n\n",
                Procs { master: 18323, reloads: 3, failed: Some(1), workers: vec![18524], leaving: vec![] },
            ),
            (
                "3.4, which shows a worker before it has loaded its configuration",
                "#<PID>          <type>          <reloads>       <uptime>        <version>      \n\
                 7822            master          2 [failed: 0]   0d00h00m04s     3.4.0-64a335366\n\
                 # workers\n\
                 8109            worker          0               0d00h00m00s     3.4.0-64a335366\n\
                 # old workers\n\
                 7801            worker          3               0d00h01m04s     3.4.0-64a335366\n\
                 7825            worker          2               0d00h00m04s     3.4.0-64a335366\n\n",
                Procs {
                    master: 7822,
                    reloads: 2,
                    failed: Some(0),
                    workers: vec![8109],
                    leaving: vec![7825, 7801],
                },
            ),
            (
                "3.4, which counts a worker as old also if none could follow",
                "#<PID>          <type>          <reloads>       <uptime>        <version>      \n\
                 7822            master          1 [failed: 1]   0d00h00m04s     3.4.0-64a335366\n\
                 # workers\n\
                 # old workers\n\
                 7825            worker          1               0d00h00m04s     3.4.0-64a335366\n\n",
                Procs { master: 7822, reloads: 1, failed: Some(1), workers: vec![], leaving: vec![7825] },
            ),
            (
                "no worker is left",
                "#<PID>          <type>          <reloads>       <uptime>        <version>      \n\
                 15390           master          2 [failed: 12]  1d00h00m32s     2.8.3-86e043a\n\
                 # workers\n\n",
                Procs { master: 15390, reloads: 2, failed: Some(12), workers: vec![], leaving: vec![] },
            ),
        ] {
            assert_eq!(Procs::parse(text), Ok(expected), "{version}");
        }
    }

    #[test]
    fn a_worker_that_could_not_be_followed_serves_on() {
        for (failed, workers, leaving, expected) in [
            (Some(0), vec![3], vec![2, 1], Some(3)),
            (Some(1), vec![3], vec![2], Some(3)),
            (Some(1), vec![], vec![2, 1], Some(2)),
            (Some(0), vec![], vec![2], None),
            (None, vec![], vec![2], Some(2)),
            (Some(2), vec![], vec![], None),
        ] {
            let procs = Procs { master: 9, reloads: 3, failed, workers, leaving };
            assert_eq!(procs.serving(), expected, "{procs:?}");
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for (text, expected) in [
            ("", "no answer to `show proc`: it names no master process; it begins with: (nothing)"),
            (
                "Unknown command: 'show proc', but maybe one of the following ones is a better match:\n  show pools\n",
                "no answer to `show proc`: it names no master process; it begins with: Unknown command: 'show proc', but \
                 maybe one of the following ones is a better match:",
            ),
            (
                "#<PID> <type> <uptime>\n12 master 0d\n",
                "no answer to `show proc`: it does not say how often it was reloaded; it begins with: #<PID> <type> <uptime>",
            ),
        ] {
            assert_eq!(Procs::parse(text).unwrap_err().to_string(), expected);
        }
    }
}
