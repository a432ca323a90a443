//! A call to a plugin that can neither last for ever nor take the host down.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use keepwatch_event::Event;

use crate::failure::Failure;
use crate::host::Host;
use crate::plugin::{Outcome, Plugin};

/// Runtimes end a call themselves when its time is over; one that does not, because a system call hangs, is left to
/// itself after this.
const GRACE: Duration = Duration::from_secs(1);

/// Calls a plugin: for so long at most, and a panic is a failure like any other.
///
/// # Errors
///
/// The plugin's, or that it took too long or panicked.
pub async fn guarded<T>(
    host: &Host,
    within: Duration,
    call: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    host.begin_call(within);
    caught(within, call).await
}

/// Lets a plugin handle an event, as [`guarded`] calls it. What it tells meanwhile is about that event.
///
/// # Errors
///
/// As [`guarded`].
pub async fn handled(
    host: &Host,
    within: Duration,
    plugin: &mut dyn Plugin,
    event: &Arc<Event>,
) -> Result<Outcome, Failure> {
    host.begin_handling(within, event);
    caught(within, plugin.handle(event)).await
}

async fn caught<T>(within: Duration, call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut call = pin!(call);
    let caught =
        poll_fn(move |context| match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context))) {
            Ok(Poll::Ready(answer)) => Poll::Ready(answer),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Err(Failure::Crashed(words(panic.as_ref())))),
        });
    tokio::time::timeout(within + GRACE, caught).await.unwrap_or(Err(Failure::Deadline(within)))
}

/// What a panic says.
fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("panicked").to_owned()
}
