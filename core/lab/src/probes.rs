//! What became of a prober's requests.

use std::time::{Duration, Instant};

/// One echo request. Small, for all are copied whenever somebody looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    pub(crate) sent: Instant,
    pub(crate) answers: u32,
}

/// What became of a prober's requests.
#[derive(Clone, Debug)]
pub struct Probes {
    pub(crate) probes: Vec<Probe>,
    pub(crate) period: Duration,
    /// Requests sent later than this may still be answered. `None`: no more answers will come.
    pub(crate) undecided_from: Option<Instant>,
}

/// A time without answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Requests in a row that nobody answered.
    pub lost: usize,
    /// From the first of them to the next that was answered; to one period after the last of them, if none was.
    pub duration: Duration,
    /// When the first of them was sent.
    pub began: Instant,
}

impl Probes {
    /// How many were sent.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.probes.len()
    }

    /// How many were answered at least once.
    #[must_use]
    pub fn answered(&self) -> usize {
        self.probes.iter().filter(|probe| probe.answers > 0).count()
    }

    /// How many were answered more than once: two hosts had the address.
    #[must_use]
    pub fn duplicated(&self) -> usize {
        self.probes.iter().filter(|probe| probe.answers > 1).count()
    }

    /// How many were never answered. Those sent within the last 50 ms are not counted, unless
    /// [`Prober::finish`](crate::Prober::finish) waited for their answers.
    #[must_use]
    pub fn lost(&self) -> usize {
        self.decided().filter(|probe| probe.answers == 0).count()
    }

    /// Of those sent between two moments, how many were never answered; otherwise as [`Probes::lost`].
    #[must_use]
    pub fn lost_between(&self, from: Instant, to: Instant) -> usize {
        let within = self.decided().filter(|probe| probe.sent >= from && probe.sent < to);
        within.filter(|probe| probe.answers == 0).count()
    }

    /// Every run of requests in a row that were never answered, in order; a single one is a run, too. Which count
    /// as lost is as for [`Probes::lost`].
    #[must_use]
    pub fn lost_runs(&self) -> Vec<Outage> {
        runs(self.decided(), self.period)
    }

    /// When the first and the last were sent.
    #[must_use]
    pub fn first_and_last(&self) -> Option<(Instant, Instant)> {
        Some((self.probes.first()?.sent, self.probes.last()?.sent))
    }

    /// Of the requests sent between two moments, how many were sent and how many answered.
    #[must_use]
    pub fn between(&self, from: Instant, to: Instant) -> (usize, usize) {
        let within = self.probes.iter().filter(|probe| probe.sent >= from && probe.sent < to);
        within.fold((0, 0), |(sent, answered), probe| (sent + 1, answered + usize::from(probe.answers > 0)))
    }

    /// The longest time without answers since `since`: that in which most requests were lost. Requests of the last
    /// moments count as lost.
    #[must_use]
    pub fn longest_outage(&self, since: Instant) -> Outage {
        let runs = runs(self.probes.iter().filter(|probe| probe.sent >= since), self.period);
        let none = Outage { lost: 0, duration: Duration::ZERO, began: since };
        // Of equals the first.
        runs.into_iter().rev().max_by_key(|outage| outage.lost).unwrap_or(none)
    }

    /// The requests of which it is known whether they were answered.
    fn decided(&self) -> impl Iterator<Item = &Probe> {
        self.probes.iter().filter(|probe| self.undecided_from.is_none_or(|from| probe.sent < from))
    }
}

fn runs<'a>(probes: impl Iterator<Item = &'a Probe>, period: Duration) -> Vec<Outage> {
    let (mut runs, mut current) = (Vec::new(), None::<Outage>);
    for probe in probes {
        let until = |began| probe.sent.duration_since(began);
        current = match (current, probe.answers) {
            (None, 1..) => None,
            (None, 0) => Some(Outage { lost: 1, duration: period, began: probe.sent }),
            (Some(Outage { lost, began, .. }), 0) => {
                Some(Outage { lost: lost + 1, duration: until(began) + period, began })
            }
            (Some(outage), 1..) => {
                runs.push(Outage { duration: until(outage.began), ..outage });
                None
            }
        };
    }
    runs.extend(current);
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// One request each millisecond: `.` answered, `x` not.
    fn probes(began: Instant, fates: &str) -> Probes {
        let probe = |(number, fate)| Probe { sent: began + ms(number), answers: u32::from(fate == '.') };
        Probes { probes: (0..).zip(fates.chars()).map(probe).collect(), period: ms(1), undecided_from: None }
    }

    #[test]
    fn each_run_of_lost_requests() {
        let began = Instant::now();
        let run = |at, lost| Outage { lost, duration: ms(lost as u64), began: began + ms(at) };
        assert_eq!(probes(began, "").lost_runs(), []);
        assert_eq!(probes(began, "...").lost_runs(), []);
        assert_eq!(probes(began, "x..xx.x").lost_runs(), [run(0, 1), run(3, 2), run(6, 1)]);
        assert_eq!(probes(began, "x..xx.x").lost(), 4);
        assert_eq!(probes(began, "x..xx.x").lost_between(began + ms(1), began + ms(4)), 1);
        assert_eq!(probes(began, "x..xx.xx").longest_outage(began), run(3, 2));
        assert_eq!(probes(began, "x..xx.x").longest_outage(began + ms(4)), run(4, 1));
        assert_eq!(probes(began, ".").longest_outage(began).lost, 0);
    }

    #[test]
    fn a_run_lasts_until_the_next_answered() {
        let began = Instant::now();
        let mut probes = probes(began, "xx.");
        // The prober could not run.
        probes.probes[2].sent = began + ms(9);
        assert_eq!(probes.lost_runs(), [Outage { lost: 2, duration: ms(9), began }]);
    }

    #[test]
    fn what_may_still_be_answered_is_not_lost() {
        let began = Instant::now();
        let probes = Probes { undecided_from: Some(began + ms(2)), ..probes(began, "x.xx") };
        assert_eq!((probes.lost(), probes.lost_runs().len()), (1, 1));
        assert_eq!(probes.lost_between(began, began + ms(9)), 1);
        assert_eq!(probes.longest_outage(began).lost, 2);
    }
}
