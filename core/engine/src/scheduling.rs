//! How the engine's thread runs: before all others, as far as the kernel lets it.

use std::io;

use keepwatch_bus::Draft;
use keepwatch_event::{EventKind, Severity};
use keepwatch_system::{HIGHEST_NICE, LOWEST_REAL_TIME, ask_for_real_time, lock_memory, run_on, set_nice};

use crate::engine::Engine;

impl Engine {
    /// Asks the kernel for what the configuration says, for the calling thread, which is to run the engine. What was not
    /// asked for by anybody is refused in silence, without `CAP_SYS_NICE`: it serves as well, as long as the machine is not
    /// too busy.
    pub(crate) fn take_its_place(&self) {
        let wanted = &self.scheduling;
        if wanted.locks_memory {
            self.told("the memory lock", lock_memory(), "it may be swapped out");
        }
        if !wanted.processors.is_empty() {
            let numbers: Vec<String> = wanted.processors.iter().map(u16::to_string).collect();
            let what = format!("the engine to run on processor {} only", numbers.join(", "));
            self.told(&what, run_on(&wanted.processors), "it runs on any");
        }
        if let Some(nice) = wanted.nice {
            let what = format!("the engine's nice value to {nice}");
            self.told(&what, set_nice(nice.into()), "it stays as it was");
        }
        let priority = wanted.real_time.map_or(LOWEST_REAL_TIME, i32::from);
        let Err(error) = ask_for_real_time(priority) else { return };
        if wanted.nice.is_none() {
            let _ = set_nice(HIGHEST_NICE);
        }
        if wanted.real_time.is_some() {
            let what = format!("the engine's real-time priority to {priority}");
            self.told(&what, Err(error), "adverts may be late on a busy machine");
        }
    }

    fn told(&self, setting: &str, asked: io::Result<()>, consequence: &str) {
        let Err(error) = asked else { return };
        let kind = EventKind::SettingRefused {
            setting: setting.to_owned(),
            error: error.to_string(),
            consequence: consequence.to_owned(),
        };
        self.publish(Draft::general(Severity::Warning, kind));
    }
}
