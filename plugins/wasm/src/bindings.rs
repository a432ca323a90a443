//! Rust types and functions of the contract in `sdk/wit/1.0`, made from its text.
//!
//! One world for both roles: which exports a component really has is asked role by role. Functions that wait are
//! asynchronous, the others plain.

wasmtime::component::bindgen!({
    path: "../../sdk/wit/1.0",
    inline: "
        package keepwatch:runtime;

        world any-plugin {
            include keepwatch:plugin/host@1.0.0;
            export keepwatch:plugin/lifecycle@1.0.0;
            export keepwatch:plugin/handler@1.0.0;
            export keepwatch:plugin/checker@1.0.0;
        }
    ",
    imports: {
        "keepwatch:plugin/clock@1.0.0.sleep": async,
        "keepwatch:plugin/kv@1.0.0": async,
        "keepwatch:plugin/http@1.0.0": async,
        "keepwatch:plugin/actions@1.0.0": async,
        "keepwatch:plugin/probe@1.0.0": async,
        "keepwatch:plugin/notify@1.0.0": async,
    },
    exports: { default: async },
});

pub(crate) use exports::keepwatch::plugin::{checker, handler, lifecycle};
pub(crate) use keepwatch::plugin::{
    actions, clock, events, http, kv, log, metrics, notify, probe, settings, track, types,
};
