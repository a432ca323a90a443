//! From the verdicts on something to whether it counts as up: rise, fall, and how long a verdict holds.

use core::time::Duration;

use crate::time::Instant;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is well.
    Pass,
    /// It is not.
    Fail,
    /// Nobody can tell: neither of the two.
    Unknown,
}

/// Whether something that is tracked counts as up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is known yet. A router that must not serve while this is down waits for it.
    Pending,
    /// It is up.
    Up,
    /// It is down.
    Down,
    /// It is a number, which is multiplied by the weight; without weight any but zero is down. keepalived's `track_file`.
    Value(i32),
}

impl From<bool> for Standing {
    /// Up if it is true.
    fn from(up: bool) -> Self {
        if up { Self::Up } else { Self::Down }
    }
}

/// What verdicts are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackPolicy {
    /// Passes in a row before what was down counts as up; at least 1.
    pub rise: u32,
    /// Failures in a row before what was up counts as down; at least 1.
    pub fall: u32,
    /// How it begins.
    pub start: TrackStart,
    /// What it means when nobody can tell.
    pub unknown: Unknown,
}

impl Default for TrackPolicy {
    fn default() -> Self {
        Self { rise: 1, fall: 1, start: TrackStart::Pending, unknown: Unknown::Keep }
    }
}

/// How something that is tracked begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackStart {
    /// With nothing known: the first verdict counts at once, as under keepalived.
    Pending,
    /// Down until it has risen (keepalived's `init_fail`).
    Down,
}

/// What it means when nobody can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// It counts as what it was; as up if it never was anything. A check that breaks on both hosts takes the address from
    /// neither.
    Keep,
    /// It counts as a failure.
    Fail,
}

/// Something that is tracked.
#[derive(Clone, Copy, Debug)]
pub struct Track {
    policy: TrackPolicy,
    standing: Standing,
    /// Verdicts in a row against the standing.
    against: u32,
    /// Until when the last verdict holds.
    holds_until: Option<Instant>,
}

impl Track {
    /// Something of which nothing was heard. Whoever is to say how it is has until then to say it.
    #[must_use]
    pub const fn new(policy: TrackPolicy, until: Instant) -> Self {
        let standing = match policy.start {
            TrackStart::Pending => Standing::Pending,
            TrackStart::Down => Standing::Down,
        };
        Self { policy, standing, against: 0, holds_until: Some(until) }
    }

    /// Goes on under another policy. What it counts as stays what it is.
    pub const fn follow(&mut self, policy: TrackPolicy) {
        self.policy = policy;
    }

    /// Whether it counts as up.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// How many more verdicts against its standing, one after the other, make it another one; 1 while nothing is known.
    #[must_use]
    pub const fn verdicts_to_change(&self) -> u32 {
        let needed = match self.standing {
            Standing::Pending => 1,
            Standing::Up | Standing::Value(_) => self.policy.fall,
            Standing::Down => self.policy.rise,
        };
        // A reload may have lowered it below what has come together: one verdict settles it.
        match needed.saturating_sub(self.against) {
            0 => 1,
            more => more,
        }
    }

    /// What was found at `now`, and how long that holds. Gives the standing if it is another one now.
    pub fn verdict(&mut self, now: Instant, verdict: Verdict, holds: Duration) -> Option<Standing> {
        self.holds_until = Some(now + holds);
        self.count(verdict)
    }

    /// Somebody knows at `now` that the last verdict holds for this time yet. One that has ceased to hold stays what it is.
    pub fn prolong(&mut self, now: Instant, holds: Duration) {
        self.holds_until = self.holds_until.map(|until| until.max(now + holds));
    }

    /// Nothing was heard for longer than the last verdict holds: nobody can tell. Gives the standing if it is another one
    /// now.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Standing> {
        if self.holds_until.is_none_or(|until| until > now) {
            return None;
        }
        // Said once. It is one failure, and another one to come would have no time to come at.
        self.holds_until = None;
        if self.policy.unknown == Unknown::Fail {
            return self.become_if_other(Standing::Down);
        }
        self.count(Verdict::Unknown)
    }

    /// When the last verdict ceases to hold.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.holds_until
    }

    fn count(&mut self, verdict: Verdict) -> Option<Standing> {
        let (found, needed) = match (verdict, self.policy.unknown) {
            (Verdict::Pass, _) => (Standing::Up, self.policy.rise),
            (Verdict::Fail, _) | (Verdict::Unknown, Unknown::Fail) => (Standing::Down, self.policy.fall),
            (Verdict::Unknown, Unknown::Keep) => {
                let keeps = self.standing != Standing::Pending;
                return if keeps { None } else { self.become_if_other(Standing::Up) };
            }
        };
        if found == self.standing {
            self.against = 0;
            return None;
        }
        self.against += 1;
        // keepalived: at the start one verdict is enough, whatever `rise` and `fall`.
        if self.standing == Standing::Pending || self.against >= needed {
            return self.become_if_other(found);
        }
        None
    }

    fn become_if_other(&mut self, standing: Standing) -> Option<Standing> {
        self.against = 0;
        let changed = self.standing != standing;
        self.standing = standing;
        changed.then_some(standing)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    const HOLDS: Duration = Duration::from_secs(3);

    fn at(seconds: u64) -> Instant {
        Instant::from_nanos(seconds * 1_000_000_000)
    }

    fn policy(rise: u32, fall: u32) -> TrackPolicy {
        TrackPolicy { rise, fall, ..TrackPolicy::default() }
    }

    /// `p`, `f` and `u` are verdicts, one a second; gives the standing after each as `U`, `D` or `-`.
    fn course(policy: TrackPolicy, verdicts: &str) -> String {
        let mut track = Track::new(policy, at(100));
        let mut now = 0;
        let mut shown = String::new();
        for verdict in verdicts.chars() {
            now += 1;
            let verdict = match verdict {
                'p' => Verdict::Pass,
                'f' => Verdict::Fail,
                _ => Verdict::Unknown,
            };
            track.verdict(at(now), verdict, HOLDS);
            shown.push(match track.standing() {
                Standing::Pending => '-',
                Standing::Up => 'U',
                Standing::Down => 'D',
                Standing::Value(_) => 'V',
            });
        }
        shown
    }

    #[test]
    fn rises_and_falls_as_keepalived_counts() {
        let down = TrackPolicy { start: TrackStart::Down, ..policy(2, 2) };
        let fail = TrackPolicy { unknown: Unknown::Fail, ..policy(1, 2) };
        let table = [
            (policy(1, 1), "pfpf", "UDUD"),
            // The first verdict is enough; from then on the numbers count.
            (policy(3, 3), "pffpfff", "UUUUUUD"),
            (policy(3, 3), "fpppp", "DDDUU"),
            // A single failure begins the count anew.
            (policy(3, 1), "fppfppp", "DDDDDDU"),
            // `init_fail`: it has to rise.
            (down, "ppff", "DUUD"),
            // Nobody can tell: as before, and up if it was never anything. It breaks no row.
            (policy(1, 2), "upufuf", "UUUUUD"),
            (policy(2, 2), "fupup", "DDDDU"),
            // Or a failure.
            (fail, "puuup", "UUDDU"),
            (fail, "u", "D"),
        ];
        for (policy, verdicts, expected) in table {
            assert_eq!(course(policy, verdicts), expected, "{policy:?} {verdicts}");
        }
    }

    #[test]
    fn it_says_how_many_verdicts_are_missing() {
        let mut track = Track::new(policy(2, 3), at(5));
        assert_eq!(track.verdicts_to_change(), 1, "the first one counts at once");
        let table = [
            (Verdict::Pass, 3),
            (Verdict::Fail, 2),
            (Verdict::Unknown, 2),
            (Verdict::Fail, 1),
            (Verdict::Pass, 3),
            (Verdict::Fail, 2),
            (Verdict::Fail, 1),
            (Verdict::Fail, 2),
            (Verdict::Pass, 1),
        ];
        for (row, (verdict, expected)) in table.into_iter().enumerate() {
            track.verdict(at(1), verdict, HOLDS);
            assert_eq!(track.verdicts_to_change(), expected, "row {row}");
        }
        track.follow(policy(1, 1));
        assert_eq!(track.verdicts_to_change(), 1);
    }

    #[test]
    fn a_verdict_holds_for_a_while() {
        let mut track = Track::new(policy(1, 1), at(5));
        assert_eq!((track.standing(), track.poll_timeout()), (Standing::Pending, Some(at(5))));
        assert_eq!(track.handle_timeout(at(4)), None);
        assert_eq!(track.handle_timeout(at(5)), Some(Standing::Up), "nobody ever said anything");
        assert_eq!(track.poll_timeout(), None);
        assert_eq!(track.verdict(at(6), Verdict::Fail, HOLDS), Some(Standing::Down));
        assert_eq!(track.poll_timeout(), Some(at(9)));
        assert_eq!(track.handle_timeout(at(9)), None, "it stays what it was");

        assert_eq!(track.verdict(at(10), Verdict::Fail, HOLDS), None);
        track.prolong(at(11), HOLDS);
        assert_eq!(track.poll_timeout(), Some(at(14)));
        track.prolong(at(12), Duration::ZERO);
        assert_eq!(track.poll_timeout(), Some(at(14)), "never shorter");
        assert_eq!((track.handle_timeout(at(14)), track.poll_timeout()), (None, None));
        track.prolong(at(15), HOLDS);
        assert_eq!(track.poll_timeout(), None, "it does not hold any more");

        let fail = TrackPolicy { unknown: Unknown::Fail, ..policy(1, 3) };
        let mut track = Track::new(fail, at(5));
        assert_eq!(track.verdict(at(1), Verdict::Pass, HOLDS), Some(Standing::Up));
        assert_eq!(track.handle_timeout(at(4)), Some(Standing::Down), "it would not be asked three times");
        assert_eq!(track.handle_timeout(at(400)), None);
    }
}
