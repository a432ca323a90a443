//! What one call may take.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use keepwatch_host::Failure;
use wasmtime::Store;

use crate::crash;
use crate::instance::State;
use crate::machine::Machine;
use crate::meter::Meter;
use crate::ticker::Ticking;

/// What one call may take.
pub(crate) struct Budget {
    within: Duration,
    meter: Arc<Meter>,
    _ticking: Ticking,
}

/// The call did not end in time.
pub(crate) struct Late;

impl Budget {
    /// Arms a store for a call.
    pub(crate) fn arm(store: &mut Store<State>, machine: &Machine, meter: &Arc<Meter>) -> Self {
        meter.reset();
        // Counted from now: a deadline of an earlier call has long passed.
        store.set_epoch_deadline(1);
        let (within, ticking) = (store.data().host.remaining(), machine.tick());
        Self { within, meter: Arc::clone(meter), _ticking: ticking }
    }

    /// Does a call, metered, until it ends or is late. It is gone in either case.
    pub(crate) async fn spend<T>(&self, call: impl Future<Output = T>) -> Result<T, Late> {
        let mut call = pin!(call);
        let metered = poll_fn(|context| self.meter.turn(|| call.as_mut().poll(context)));
        tokio::time::timeout(self.within, metered).await.map_err(|_| Late)
    }

    /// What became of a call.
    pub(crate) fn judge<T>(
        &self,
        store: &Store<State>,
        ended: Result<wasmtime::Result<T>, Late>,
    ) -> Result<T, Failure> {
        match ended {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.failure(store.data(), &error)),
            Err(Late) => Err(Failure::Deadline(self.within)),
        }
    }

    fn failure(&self, state: &State, error: &wasmtime::Error) -> Failure {
        if self.meter.was_exceeded() {
            return Failure::Cpu(self.meter.limit());
        }
        match state.allowance.refused() {
            Some(wanted) => Failure::Memory(wanted.to_owned()),
            None => Failure::Crashed(crash::text(error)),
        }
    }
}
