//! A running script: the interpreter with the script's functions, its state, and the calls that keepwatch makes.

use std::collections::VecDeque;
use std::sync::Arc;

use keepwatch_event::{Event, LogLevel, Snapshot};
use keepwatch_host::{Failure, Outcome, Verdict};
use rhai::{AST, CallFnOptions, Dynamic, Engine, EvalAltResult, Map, Module, Scope};

use crate::engine::language;
use crate::handler::Handler;
use crate::modules::Bundle;
use crate::natives::{self, Answer, health};
use crate::occurrence;
use crate::reach::Reach;
use crate::report::{Context, brief, failure};
use crate::script::Script;
use crate::settings::merged;
use crate::state::{self, Left};
use crate::values::{named, to_map};

/// Events whose handlers want them again, of which is remembered which handlers do not.
const UNFINISHED: usize = 64;
/// The state may take up this share of the plugin's memory.
const STATE_SHARE: usize = 4;

/// A running script.
pub(crate) struct Instance {
    engine: Engine,
    script: Arc<Script>,
    reach: Reach,
    /// What handlers know as `this`; always a map between calls.
    state: Dynamic,
    /// By event, the handlers that are done with it.
    unfinished: VecDeque<(String, Vec<String>)>,
}

impl Instance {
    pub(crate) fn new(script: Arc<Script>, reach: Reach) -> Self {
        let mut engine = language(reach.host.limits().memory);
        let budget = reach.budget.clone();
        engine.on_progress(move |_| budget.must_end().then_some(Dynamic::UNIT));
        natives::register(&mut engine, &reach, &Arc::from(script.source.name.as_str()));
        let mut globals = Module::new();
        let config = merged(script.defaults.as_ref(), reach.host.config());
        globals.set_var("config", to_map(config));
        // Functions see constants that are written out even while the script's own lines still run.
        for (name, _, value) in script.ast.iter_literal_variables(true, false) {
            globals.set_var(name, value);
        }
        engine.register_global_module(globals.into());
        Self { engine, script, reach, state: Map::new().into(), unfinished: VecDeque::new() }
    }

    /// Runs the script's own lines, outside of functions, once. Its constants become known to its functions, its
    /// variables their state.
    pub(crate) fn init(&mut self, left: Option<&[u8]>) -> Result<(), Failure> {
        self.begin();
        let Left { saved, state } = self.left(left);
        let mut globals = Module::new();
        globals.set_var("saved", saved);
        self.engine.register_global_module(globals.into());
        self.import()?;
        let mut scope = Scope::new();
        let result = self.engine.run_ast_with_scope(&mut scope, &self.script.ast);
        result.map_err(|error| self.failure(&error, Vec::new()))?;
        let (mut constants, mut variables) = (Module::new(), Map::new());
        for (name, is_constant, value) in scope.iter() {
            if is_constant {
                constants.set_var(name, value);
            } else {
                variables.insert(name.into(), value);
            }
        }
        self.engine.register_global_module(constants.into());
        self.state = state::first(variables, state).into();
        self.check_state()
    }

    /// What a former version has left, if it can be read: a script begins without it otherwise.
    fn left(&self, octets: Option<&[u8]>) -> Left {
        let Some(octets) = octets else { return Left::default() };
        state::read(octets).unwrap_or_else(|why| {
            let text =
                format!("what the former version has saved cannot be read: {why}; beginning without it");
            self.reach.host.log(LogLevel::Warning, &text);
            Left::default()
        })
    }

    /// Makes what the script imports: first what others need.
    fn import(&mut self) -> Result<(), Failure> {
        let bundle = Bundle::default();
        self.engine.set_module_resolver(bundle.clone());
        for imported in &self.script.modules {
            let module =
                Module::eval_ast_as_new(Scope::new(), &imported.ast, &self.engine).map_err(|error| {
                    let error =
                        EvalAltResult::ErrorInModule(imported.path.clone(), error, rhai::Position::NONE);
                    self.failure(&error, Vec::new())
                })?;
            let mut module = module;
            module.build_index();
            let module: rhai::Shared<Module> = module.into();
            bundle.insert(&imported.path, module.clone());
            // Functions do not see what the script's own lines import.
            for alias in &imported.aliases {
                self.engine.register_static_module(alias, module.clone());
            }
        }
        Ok(())
    }

    /// How things are.
    pub(crate) fn sync(&mut self, snapshot: &Snapshot) -> Result<(), Failure> {
        self.begin();
        let Some(takes) = self.script.functions.sync else { return Ok(()) };
        self.call("on_sync", takes.then(|| occurrence::snapshot(snapshot).into())).map(drop)
    }

    /// Something happened: each handler that hears it is called, the most specific first.
    pub(crate) fn handle(&mut self, event: &Event) -> Result<Outcome, Failure> {
        self.begin();
        // It would answer itself for ever.
        if event.kind.plugin() == Some(self.reach.host.plugin()) {
            return Ok(Outcome::Done);
        }
        let mut done = self.finished(&event.id);
        let script = self.script.clone();
        let wanted: Vec<&Handler> =
            script.handlers.iter().filter(|it| it.hears.matches(event) && !done.contains(&it.name)).collect();
        let map = occurrence::event(event);
        let (mut errors, mut retry, mut skipped, mut answered) = (Vec::new(), None, Vec::new(), false);
        for handler in wanted {
            match self.call(&handler.name, handler.takes.then(|| map.clone().into())) {
                Err(Failure::Reported(error)) => errors.push(error),
                Err(fatal) => return Err(fatal),
                Ok(value) => match value.try_cast::<Answer>() {
                    Some(Answer::Retry(after)) => {
                        retry = Some(retry.map_or(after, |sooner: std::time::Duration| sooner.min(after)));
                        continue;
                    }
                    Some(Answer::Skip(reason)) => skipped.push(reason),
                    None => answered = true,
                },
            }
            done.push(handler.name.clone());
        }
        if let Some(after) = retry {
            // The event comes again; an error would be the end of it.
            errors.iter().for_each(|error| self.reach.host.log(LogLevel::Error, &brief(error)));
            self.remember(&event.id, done);
            return Ok(Outcome::RetryAfter(after));
        }
        if !errors.is_empty() {
            return Err(Failure::Reported(errors.join("\n\n")));
        }
        if answered || skipped.is_empty() {
            return Ok(Outcome::Done);
        }
        skipped.retain(|reason| !reason.is_empty());
        Ok(Outcome::Skipped(skipped.join("; ")))
    }

    /// The handlers that are done with an event that comes again.
    fn finished(&mut self, event: &str) -> Vec<String> {
        let at = self.unfinished.iter().position(|(id, _)| id == event);
        at.and_then(|at| self.unfinished.remove(at)).map(|(_, done)| done).unwrap_or_default()
    }

    fn remember(&mut self, event: &str, done: Vec<String>) {
        if self.unfinished.len() >= UNFINISHED {
            self.unfinished.pop_front();
        }
        self.unfinished.push_back((event.to_owned(), done));
    }

    /// Is it well?
    pub(crate) fn check(&mut self) -> Result<Verdict, Failure> {
        self.begin();
        let Some(takes) = self.script.functions.check else {
            return Err(Failure::Reported("has no `fn check(config)`".to_owned()));
        };
        let config =
            takes.then(|| to_map(merged(self.script.defaults.as_ref(), self.reach.host.config())).into());
        let value = self.call("check", config)?;
        health(&value).ok_or_else(|| {
            let found = named(value.type_name());
            let right = "return pass(text), fail(text), unknown(text), true or false";
            Failure::Reported(format!("`check` returned {found}, which is no verdict\n  = help: {right}"))
        })
    }

    /// What the next version should be given.
    pub(crate) fn save(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        self.begin();
        let most = self.reach.host.limits().state;
        if self.script.functions.save.is_some() {
            let saved = self.call("save", None)?;
            let written = state::written(&saved)
                .map_err(|why| Failure::Reported(format!("what `save` returned cannot be kept: {why}")))?;
            if written.len() > most {
                let length = written.len();
                let text = format!("what `save` returned has {length} octets as JSON, {most} are allowed");
                return Err(Failure::Reported(text));
            }
            return Ok(Some(written));
        }
        let Some(state) = self.state.read_lock::<Map>() else { return Ok(None) };
        if state.is_empty() {
            return Ok(None);
        }
        let (kept, lost) = state::kept(&state);
        let warn = |text: String| self.reach.host.log(LogLevel::Warning, &text);
        if !lost.is_empty() {
            warn(format!(
                "not kept for the next version, because JSON has no words for it: this.{}",
                lost.join(", this.")
            ));
        }
        if kept.len() > most {
            warn(format!(
                "`this` is not kept for the next version: it has {} octets as JSON, {most} are allowed",
                kept.len()
            ));
            return Ok(None);
        }
        Ok(Some(kept))
    }

    /// The end.
    pub(crate) fn stop(&mut self, reason: &str) -> Result<(), Failure> {
        self.begin();
        let Some(takes) = self.script.functions.shutdown else { return Ok(()) };
        self.call("on_shutdown", takes.then(|| reason.to_owned().into())).map(drop)
    }

    fn begin(&self) {
        self.reach.budget.begin(self.reach.host.remaining());
    }

    fn call(&mut self, function: &str, argument: Option<Dynamic>) -> Result<Dynamic, Failure> {
        let fields = argument.as_ref().and_then(keys);
        let arguments: Vec<Dynamic> = argument.into_iter().collect();
        let options = CallFnOptions::new().eval_ast(false).bind_this_ptr(&mut self.state);
        let ast: &AST = &self.script.ast;
        let result =
            self.engine.call_fn_with_options::<Dynamic>(options, &mut Scope::new(), ast, function, arguments);
        let value = result.map_err(|error| {
            let mut maps = Vec::new();
            let parameter = self.script.parameter(function);
            maps.extend(parameter.zip(fields));
            self.failure(&error, maps)
        })?;
        // A native that waited may have come back late, or a script may have caught what it could.
        if let Some(failure) = self.reach.budget.failure() {
            return Err(failure);
        }
        self.check_state()?;
        Ok(value)
    }

    /// `this` must stay a map, of moderate size.
    fn check_state(&mut self) -> Result<(), Failure> {
        if !self.state.is_map() {
            let found = named(self.state.type_name()).to_owned();
            self.state = Map::new().into();
            let text =
                format!("`this` is the plugin's state, a map, and was set to {found}; it is empty now");
            return Err(Failure::Reported(text));
        }
        let weight = state::weight(&self.state, self.engine.max_string_size());
        let most = self.reach.host.limits().memory / STATE_SHARE;
        if weight > most {
            return Err(Failure::Memory(format!(
                "`this` takes {} KiB, {} are allowed",
                weight >> 10,
                most >> 10
            )));
        }
        Ok(())
    }

    fn failure(&self, error: &EvalAltResult, mut maps: Vec<(String, Vec<String>)>) -> Failure {
        maps.extend(keys(&self.state).map(|fields| ("this".to_owned(), fields)));
        let config = merged(self.script.defaults.as_ref(), self.reach.host.config());
        maps.push(("config".to_owned(), config.keys().cloned().collect()));
        failure(error, &self.script, &Context { maps }, &self.reach.budget)
    }
}

fn keys(value: &Dynamic) -> Option<Vec<String>> {
    value.read_lock::<Map>().map(|map| map.keys().map(ToString::to_string).collect())
}
