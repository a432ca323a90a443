//! Harm at each step of a hand-over: whatever happens to whoever leaves, and whenever, one host has each address
//! within its bound.

use keepwatch_sim::params::with_addresses;
use keepwatch_sim::{Fault, HostId, Leftovers, Simulation, WhileAsleep};

use super::*;

/// The ways to begin a hand-over, from a host to the other.
#[derive(Clone, Copy, Debug)]
enum Way {
    Stop,
    HandOver,
    /// The better one is back.
    Yield,
}

/// What is done to the leaver.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Killed,
    Asleep(WhileAsleep),
    Unplugged,
    /// One of its addresses is removed by hand.
    Deprived(usize),
}

/// A hand-over that has just begun.
struct HandOver {
    sim: Simulation,
    leaver: HostId,
    successor: HostId,
    addresses: usize,
}

impl HandOver {
    /// Lets a pair begin one, and stops where the MASTER has just begun to leave.
    fn begin(way: Way, kind: Kind, addresses: u8) -> Self {
        let params = |priority| with_addresses(addresses, kind(priority));
        let mut sim = Simulation::new(1);
        sim.start([vec![params(101)], vec![params(100)]]);
        sim.settle();
        let (leaver, successor) = match way {
            Way::Stop => {
                sim.apply(Fault::Stop(A));
                (A, B)
            }
            Way::HandOver => {
                sim.apply(HAND_OVER);
                (A, B)
            }
            Way::Yield => {
                sim.apply(Fault::StopNow(A));
                sim.settle();
                sim.apply(Fault::Restart(A));
                let late = sim.now() + seconds(5);
                while sim.departure(B, ROUTER).is_none() && sim.step(late) {}
                (B, A)
            }
        };
        assert!(sim.departure(leaver, ROUTER).is_some(), "{way:?}\n{}", sim.trace());
        Self { sim, leaver, successor, addresses: addresses.into() }
    }

    /// How many steps it takes when nothing interferes.
    fn steps(mut self) -> usize {
        let mut steps = 0;
        let late = self.sim.now() + seconds(5);
        while self.sim.departure(self.leaver, ROUTER).is_some() {
            assert!(self.sim.step(late), "{}", self.sim.trace());
            steps += 1;
        }
        self.expect_successor("unharmed");
        steps
    }

    /// Does so many steps.
    fn advance(&mut self, steps: usize) {
        let late = self.sim.now() + seconds(5);
        for _ in 0..steps {
            self.sim.step(late);
        }
    }

    /// Does harm to the leaver, and expects one holder in the end: its successor if it does not come back.
    fn harm(&mut self, harm: Harm, what: &str) {
        let host = self.leaver;
        match harm {
            Harm::Killed => {
                self.sim.apply(Fault::Kill { host, leftovers: Leftovers::Stay });
                // Nobody but the kernel takes its addresses away.
                self.sim.run_for(self.sim.gone_within(host, ROUTER));
                self.expect_successor(what);
                self.sim.apply(Fault::Restart(host));
            }
            Harm::Asleep(packets) => {
                self.sim.apply(Fault::Sleep { host, time: seconds(5), packets });
                self.sim.run_for(seconds(5));
            }
            Harm::Unplugged => {
                let bound = self.sim.settles_within(ROUTER);
                self.sim.apply(Fault::LinkDown(host));
                self.sim.run_for(bound);
                assert_eq!(self.sim.serving(ROUTER), [self.successor], "{what}\n{}", self.sim.trace());
                self.sim.apply(Fault::LinkUp(host));
            }
            Harm::Deprived(address) => {
                self.sim.apply(Fault::RemoveAddress { host, router: ROUTER, address });
            }
        }
        settled_master(&mut self.sim, self.addresses, what);
    }

    fn expect_successor(&mut self, what: &str) {
        expect_master(&mut self.sim, self.successor, self.addresses, what);
    }
}

/// Every harm at each step of each hand-over of this kind.
fn harm_at_each_step(way: Way) {
    // More addresses make more steps, and no other ones.
    for ((name, kind), several) in KINDS.into_iter().zip([20, 3, 3, 3, 20]) {
        for addresses in [1, several] {
            let steps = HandOver::begin(way, kind, addresses).steps();
            for step in 0..=steps {
                for harm in [
                    Harm::Killed,
                    Harm::Asleep(WhileAsleep::Queued),
                    Harm::Asleep(WhileAsleep::Lost),
                    Harm::Unplugged,
                    Harm::Deprived(0),
                    Harm::Deprived(usize::from(addresses) - 1),
                ] {
                    let what = format!("{name}, {addresses}: {way:?}, {harm:?} at step {step} of {steps}");
                    let mut hand_over = HandOver::begin(way, kind, addresses);
                    hand_over.advance(step);
                    hand_over.harm(harm, &what);
                }
            }
        }
    }
}

#[test]
fn whoever_stops_may_come_to_harm_at_each_step() {
    harm_at_each_step(Way::Stop);
}

#[test]
fn whoever_hands_over_may_come_to_harm_at_each_step() {
    harm_at_each_step(Way::HandOver);
}

#[test]
fn whoever_yields_may_come_to_harm_at_each_step() {
    harm_at_each_step(Way::Yield);
}
