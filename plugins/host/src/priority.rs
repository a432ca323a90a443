//! Plugins' threads step back behind the engine's.

/// How far: a thread with this gets a tenth of the processor that one without gets, if both want it.
const NICE: i32 = 10;

/// Lowers the priority of the calling thread, for good: whoever runs plugins calls this first on each of its threads,
/// so that no plugin makes an advert late by computing. On Linux it is about the calling thread, and those it starts.
pub fn step_back() {
    // Without it, it works as well as the machine is idle.
    let _ = rustix::process::setpriority_process(None, NICE);
}
