//! A simulated network segment: hosts with virtual routers, a virtual clock, and everything that goes wrong.
//!
//! What is here: [`Simulation`] runs several hosts, each with its own `keepwatch_vrrp::Routers`, carries out
//! their actions as the engine and a kernel do, and carries their adverts, as octets, and their announcements over
//! a [`Network`] that loses, delays, doubles and separates. [`Fault`] is everything that can be done to it; [`Rule`]
//! is everything that must hold whatever is done, and is checked at each step. [`run_seed`] makes a whole random run
//! out of one number. A neighbour on the segment tells whether a hand-over loses a packet
//! ([`Simulation::observe`]). What is absent: sockets, threads, and the real time. A run is the same for the same
//! seed, always.
//!
//! ```text
//!   seed --> hosts and faults --> Simulation --> the first Violation, with the last lines of the trace
//! ```
//!
//! For tests only: no crate of the project depends on this one.

mod checker;
mod convergence;
mod deeds;
mod faults;
mod grammar;
mod hearing;
mod host;
mod kernel;
mod leaves;
mod network;
mod observer;
pub mod params;
mod random_params;
mod record;
mod reload;
mod rng;
mod run;
mod sabotage;
mod simulation;
mod trace;

pub use checker::{Rule, Violation};
pub use faults::Fault;
pub use host::{HostId, Leftovers, WhileAsleep};
pub use network::Network;
pub use record::{Sent, Transition};
pub use rng::Rng;
pub use run::{Failure, Plan, Run, run_plan, run_seed};
pub use sabotage::Sabotage;
pub use simulation::Simulation;
