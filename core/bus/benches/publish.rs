//! What a publish costs the publisher, by the number of subscribers that sleep until there is something.

use std::time::{Duration, SystemTime};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use keepwatch_bus::{Bus, Delivery, Draft};
use keepwatch_event::{EventKind, Reason, Severity, Snapshot, State, Timestamp};

fn transition() -> Draft {
    let kind = EventKind::Transition {
        from: State::Backup,
        to: State::Master,
        reason: Reason::Recovered,
        initial: false,
        priority: 100,
        steps: Vec::new(),
    };
    Draft { instance: Some("VI_1".into()), severity: Severity::Info, term: 1, kind }
}

fn publish(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("publish");
    for subscribers in [0, 1, 64] {
        let at = Timestamp { wall: SystemTime::UNIX_EPOCH, monotonic: Duration::ZERO };
        let bus = Bus::start(Snapshot::new("h1", at, Vec::new())).unwrap();
        let threads: Vec<_> = (0..subscribers)
            .map(|_| {
                let mut subscription = bus.subscribe("bench", Delivery::State, 1024);
                std::thread::spawn(move || while subscription.recv().is_some() {})
            })
            .collect();
        let draft = transition();
        group.bench_with_input(BenchmarkId::new("subscribers", subscribers), &bus, |bencher, bus| {
            bencher.iter_batched(
                || draft.clone(),
                |draft| bus.publish(draft),
                criterion::BatchSize::SmallInput,
            );
        });
        drop(bus);
        for thread in threads {
            thread.join().unwrap();
        }
    }
    group.finish();
}

criterion_group!(benches, publish);
criterion_main!(benches);
