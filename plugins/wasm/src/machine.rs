//! The engine all guests share, and how it is set up.

use std::num::NonZeroUsize;

use keepwatch_host::Refusal;
use wasmtime::{Config, Engine, OptLevel};

use crate::ticker::{Ticker, Ticking};

/// How deep a guest's own calls may go, in octets.
pub(crate) const GUEST_STACK: usize = 512 << 10;
/// What guest and host functions have together. It is mapped while a call is under way, and used page by page.
const CALL_STACK: usize = 2 << 20;
/// Address space kept for a memory. The default of 4 GiB does not fit under a limit of address space.
const RESERVATION: u64 = 64 << 20;
/// Address space kept beyond that when a memory has to move.
const RESERVATION_FOR_GROWTH: u64 = 16 << 20;
/// Functions of a crashed guest's stack that are looked up.
const FRAMES: usize = 32;

/// The engine all guests share, with the clock that interrupts them.
#[derive(Debug)]
pub(crate) struct Machine {
    engine: Engine,
    ticker: Ticker,
}

impl Machine {
    /// A machine that guests can run on.
    ///
    /// # Errors
    ///
    /// If wasmtime does not support this processor or the system gives no thread.
    pub(crate) fn start() -> Result<Self, Refusal> {
        let engine = engine()?;
        let ticker = Ticker::start(&engine);
        let ticker = ticker
            .map_err(|error| Refusal::plain(format!("no thread to interrupt WASM plugins with: {error}")))?;
        Ok(Self { engine, ticker })
    }

    /// The engine.
    pub(crate) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// A call begins: its limits are watched as long as the answer lives.
    pub(crate) fn tick(&self) -> Ticking {
        self.ticker.tick()
    }
}

/// An engine as all processes of this version have it: what one has compiled another one can load.
pub(crate) fn engine() -> Result<Engine, Refusal> {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        .max_wasm_stack(GUEST_STACK)
        .async_stack_size(CALL_STACK)
        .wasm_backtrace_max_frames(NonZeroUsize::new(FRAMES))
        .memory_reservation(RESERVATION)
        .memory_reservation_for_growth(RESERVATION_FOR_GROWTH)
        .cranelift_opt_level(OptLevel::Speed);
    Engine::new(&config).map_err(|error| Refusal::plain(format!("WASM plugins cannot run here: {error:#}")))
}
