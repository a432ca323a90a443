//! How long it takes until a plugin hears of an event, and until it can. `-- --test`: a few times only.

#[allow(dead_code)]
#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use keepwatch_host::{Host, Runtime};
use keepwatch_wasm::{Options, WasmRuntime};
use serde_json::json;

use support::{FLAPPING, HANDLER, Setup, failover, read};

fn main() {
    let few = std::env::args().any(|argument| argument == "--test");
    let (calls, starts, loads) = if few { (20, 5, 2) } else { (50_000, 5_000, 200) };
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio.block_on(async {
        let directory = std::env::temp_dir().join(format!("keepwatch-bench-{}", std::process::id()));
        load(&directory, loads).await;
        call(&directory, calls).await;
        start(&directory, starts).await;
        std::fs::remove_dir_all(&directory).unwrap();
    });
}

fn runtime(cache: &std::path::Path) -> WasmRuntime {
    WasmRuntime::new(Options { cache: Some(cache.to_owned()), ..Options::default() })
}

async fn load(cache: &std::path::Path, times: usize) {
    let (runtime, source) = (runtime(cache), read(FLAPPING));
    let begun = Instant::now();
    drop(runtime.compile(&source).await.unwrap());
    println!("{:<44}{:>10.1} us", "compile the first time, describe", micros(begun.elapsed()));
    let mut took = Vec::new();
    for _ in 0..times {
        let begun = Instant::now();
        drop(runtime.compile(&source).await.unwrap());
        took.push(begun.elapsed());
    }
    print("load from the cache, describe", took);
}

async fn start(cache: &std::path::Path, times: usize) {
    let program = runtime(cache).compile(&read(FLAPPING)).await.unwrap();
    let setup = Setup::new(json!({ "changes": 3, "window": 60 }));
    let (mut started, mut begun_too) = (Vec::new(), Vec::new());
    for _ in 0..times {
        let begun = Instant::now();
        let mut plugin = program.start(setup.host()).await.unwrap();
        started.push(begun.elapsed());
        plugin.init(None).await.unwrap();
        begun_too.push(begun.elapsed());
    }
    print("start", started);
    print("start and init", begun_too);
    let before = resident();
    let mut plugins = Vec::new();
    for _ in 0..50 {
        let mut plugin = program.start(setup.host()).await.unwrap();
        plugin.init(None).await.unwrap();
        plugins.push(plugin);
    }
    let each = resident().saturating_sub(before) / plugins.len();
    println!("{:<44}{each:>10} KiB", "resident memory of an instance");
}

async fn call(cache: &std::path::Path, times: usize) {
    let program = runtime(cache).compile(&read(HANDLER)).await.unwrap();
    let setup = Setup::new(json!({}));
    let host: Host = setup.host();
    let mut plugin = program.start(host.clone()).await.unwrap();
    plugin.init(None).await.unwrap();
    let (mut first, mut whole) = (Vec::new(), Vec::new());
    for seq in 0..times {
        let event = failover(u64::try_from(seq).unwrap());
        setup.recorder.take_first();
        host.begin_call(Duration::from_secs(10));
        let begun = Instant::now();
        plugin.handle(&event).await.unwrap();
        whole.push(begun.elapsed());
        first.push(setup.recorder.take_first().unwrap() - begun);
    }
    print("handle: to the guest's first host call", first);
    print("handle: whole call, with three host calls", whole);
}

fn print(what: &str, mut took: Vec<Duration>) {
    took.sort();
    let at = |percent: usize| micros(took[(took.len() - 1) * percent / 100]);
    let most = micros(took[took.len() - 1]);
    println!("{what:<44}{:>10.1} us p50{:>10.1} us p99{most:>10.1} us most", at(50), at(99));
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// In KiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
