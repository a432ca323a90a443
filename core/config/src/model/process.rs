//! Checks of processes.

use std::time::Duration;

/// Whether as many processes run as should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessCheck {
    /// The program: its name, or as it stands on its command line.
    pub program: String,
    /// Which of its processes count.
    pub matching: ProcessMatch,
    /// `quorum`: how many must run at least.
    pub quorum: u32,
    /// `quorum_max`: how many may run at most.
    pub quorum_max: Option<u32>,
    /// `fork_delay`: how long there must be enough before that counts.
    pub fork_delay: Duration,
    /// `terminate_delay`: how long there must be too few, or too many, before that counts.
    pub terminate_delay: Duration,
}

/// Which processes of a program count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProcessMatch {
    /// Those whose name, as the kernel has it, is the program's, of which the kernel keeps 15 octets.
    Name,
    /// Those whose command line begins with the program, whatever its arguments.
    Program,
    /// Those with just these arguments.
    Exactly(Vec<String>),
    /// `partial`: those whose first arguments are these.
    First(Vec<String>),
    /// `initial`: those whose arguments begin so; of the last one the beginning is enough.
    Beginning(Vec<String>),
}
