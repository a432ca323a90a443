//! Leaving without losing a packet: stopped or outbid, beside every peer, with every timer.

mod faults;
mod many;
mod matrix;
mod peers;
mod refused;
mod repeated;
mod scene;
mod scripted;
mod tcp;

use libtest_mimic::Trial;

use crate::Case;

/// All tests of hand-overs.
pub(crate) fn trials() -> Vec<Trial> {
    let groups: [&'static [Case]; 7] = [
        many::CASES,
        peers::CASES,
        refused::CASES,
        faults::CASES,
        repeated::CASES,
        scripted::CASES,
        tcp::CASES,
    ];
    let others = groups.into_iter().flatten().map(crate::trial);
    matrix::trials().into_iter().chain(others).collect()
}
