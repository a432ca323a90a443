//! A guest with its memory, and the calls to it.

use std::sync::Arc;
use std::time::Duration;

use keepwatch_host::{Failure, Host};
use wasmtime::{Store, UpdateDeadline};

use crate::allowance::Allowance;
use crate::bindings::{checker, handler, lifecycle, types};
use crate::budget::Budget;
use crate::machine::Machine;
use crate::meter::Meter;
use crate::template::Template;

/// What a guest may hand over in one call of a host function, or in one answer, in octets. Above all that a host
/// function accepts.
pub(crate) const HANDED_OVER: usize = 4 << 20;
/// Handles a guest may have. The contract has no resources; a guest can only make its own.
pub(crate) const HANDLES: usize = 1_000;

/// What host functions work on.
pub(crate) struct State {
    pub(crate) host: Host,
    pub(crate) allowance: Allowance,
}

/// A guest with its memory. To be dropped after a call that did not end by itself.
pub(crate) struct Instance {
    store: Store<State>,
    exports: Exports,
    machine: Arc<Machine>,
    meter: Arc<Meter>,
}

struct Exports {
    lifecycle: lifecycle::Guest,
    handler: Option<handler::Guest>,
    checker: Option<checker::Guest>,
}

/// What a guest answers where it may say that something went wrong.
type Answer<T> = Result<Result<T, String>, Failure>;

impl Template {
    /// Makes an instance. `host` is all it can reach.
    pub(crate) async fn instantiate(&self, host: Host) -> Result<Instance, Failure> {
        let meter = Arc::new(Meter::new(host.limits().cpu));
        let mut store = store(&self.machine, host, &meter);
        let budget = Budget::arm(&mut store, &self.machine, &meter);
        let ended = budget.spend(self.linked.instantiate_async(&mut store)).await;
        let instance = budget.judge(&store, ended)?;
        let exports = self.exports(&mut store, &instance);
        let exports = budget.judge(&store, Ok(exports))?;
        Ok(Instance { store, exports, machine: Arc::clone(&self.machine), meter })
    }

    fn exports(
        &self,
        store: &mut Store<State>,
        instance: &wasmtime::component::Instance,
    ) -> wasmtime::Result<Exports> {
        let lifecycle = self.lifecycle.load(&mut *store, instance)?;
        let handler = self.handler.as_ref().map(|role| role.load(&mut *store, instance)).transpose()?;
        let checker = self.checker.as_ref().map(|role| role.load(&mut *store, instance)).transpose()?;
        Ok(Exports { lifecycle, handler, checker })
    }
}

/// A store with all limits that hold for an instance as long as it lives.
fn store(machine: &Machine, host: Host, meter: &Arc<Meter>) -> Store<State> {
    let allowance = Allowance::new(host.limits().memory);
    let mut store = Store::new(machine.engine(), State { host, allowance });
    store.limiter(|state| &mut state.allowance);
    store.set_hostcall_fuel(HANDED_OVER);
    store.set_max_component_handles(HANDLES);
    let meter = Arc::clone(meter);
    store.epoch_deadline_callback(move |_| {
        // Yielding lets other tasks run, and the time-out see that it is due.
        Ok(if meter.is_over() { UpdateDeadline::Interrupt } else { UpdateDeadline::Yield(1) })
    });
    store
}

impl Instance {
    /// The memory it holds, in octets.
    pub(crate) fn memory(&self) -> usize {
        self.store.data().allowance.used()
    }

    /// A call begins: its budget, and what it needs.
    fn begin(&mut self) -> (Budget, &mut Store<State>, &Exports) {
        let Self { store, exports, machine, meter } = self;
        (Budget::arm(store, machine, meter), store, exports)
    }

    pub(crate) async fn describe(&mut self) -> Result<lifecycle::Manifest, Failure> {
        let (budget, store, exports) = self.begin();
        let ended = budget.spend(exports.lifecycle.call_describe(&mut *store)).await;
        budget.judge(store, ended)
    }

    pub(crate) async fn init(&mut self, state: Option<&[u8]>) -> Answer<()> {
        let (budget, store, exports) = self.begin();
        let config = store.data().host.config().to_string();
        let call = exports.lifecycle.call_init(&mut *store, &config, state);
        let ended = budget.spend(call).await;
        budget.judge(store, ended)
    }

    pub(crate) async fn sync(&mut self, snapshot: &types::Snapshot) -> Result<(), Failure> {
        let (budget, store, exports) = self.begin();
        let ended = budget.spend(exports.lifecycle.call_sync(&mut *store, snapshot)).await;
        budget.judge(store, ended)
    }

    pub(crate) async fn handle(&mut self, event: &types::Event) -> Answer<handler::Outcome> {
        let (budget, store, exports) = self.begin();
        let Some(handler) = &exports.handler else { return Ok(Err("it handles no events".to_owned())) };
        let ended = budget.spend(handler.call_handle(&mut *store, event)).await;
        budget.judge(store, ended)
    }

    pub(crate) async fn check(&mut self, name: &str, within: Duration) -> Answer<types::Verdict> {
        let (budget, store, exports) = self.begin();
        let Some(checker) = &exports.checker else { return Ok(Err("it answers no checks".to_owned())) };
        let deadline_ms = u32::try_from(within.as_millis()).unwrap_or(u32::MAX);
        let request = checker::Request { name: name.to_owned(), deadline_ms };
        let ended = budget.spend(checker.call_check(&mut *store, &request)).await;
        budget.judge(store, ended)
    }

    /// What it saves; an error if that is more than it may.
    pub(crate) async fn save(&mut self) -> Answer<Option<Vec<u8>>> {
        let (budget, store, exports) = self.begin();
        let ended = budget.spend(exports.lifecycle.call_save(&mut *store)).await;
        let saved = budget.judge(store, ended)?;
        let most = store.data().host.limits().state;
        Ok(match saved {
            Some(state) if state.len() > most => {
                Err(format!("it has {} octets, {most} are allowed", state.len()))
            }
            saved => Ok(saved),
        })
    }

    pub(crate) async fn stop(&mut self, reason: &str) -> Result<(), Failure> {
        let (budget, store, exports) = self.begin();
        let ended = budget.spend(exports.lifecycle.call_stop(&mut *store, reason)).await;
        budget.judge(store, ended)
    }
}

#[cfg(test)]
mod tests {
    use keepwatch_host::PluginSpec;
    use wasmtime::component::{Component, Linker};

    use super::*;
    use crate::describe::Log;

    /// Makes resources of its own and gives none back.
    const LEAK: &str = r#"
        (component
            (type $thing (resource (rep i32)))
            (core func $new (canon resource.new $thing))
            (core module $module
                (import "" "new" (func $new (param i32) (result i32)))
                (func (export "leak") (loop $again (drop (call $new (i32.const 1))) (br $again))))
            (core instance $guest (instantiate $module (with "" (instance (export "new" (func $new))))))
            (func (export "leak") (canon lift (core func $guest "leak"))))
    "#;

    #[tokio::test]
    async fn handles_that_are_not_given_back_end_an_instance() {
        let machine = Machine::start().unwrap();
        let component = Component::from_binary(machine.engine(), &wat::parse_str(LEAK).unwrap()).unwrap();
        let host = Host::new(&PluginSpec::plain("leak", "leak.wasm".into()), Arc::<Log>::default());
        let meter = Arc::new(Meter::new(Duration::from_secs(10)));
        let mut store = store(&machine, host, &meter);
        let budget = Budget::arm(&mut store, &machine, &meter);
        let instance = Linker::new(machine.engine()).instantiate_async(&mut store, &component).await.unwrap();
        let leak = instance.get_typed_func::<(), ()>(&mut store, "leak").unwrap();
        let ended = budget.spend(leak.call_async(&mut store, ())).await;
        let failure = budget.judge(&store, ended).unwrap_err();
        assert!(
            matches!(&failure, Failure::Crashed(text) if text.starts_with("it made more than 1000 handles")),
            "{failure:?}"
        );
    }
}
