//! Events, until the client goes.

use std::io;
use std::time::Duration;

use keepwatch_bus::{Delivery, Subscription};
use keepwatch_event::Event;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::net::UnixStream;
use tokio::net::unix::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::answer::{Answer, Because, End, Missed, write_line};
use crate::connection::send;
use crate::events_request::{Beginning, EventsRequest};
use crate::limits::Limits;

/// How many bytes of events are written at once, about.
const BATCH: usize = 32 * 1024;

/// How often a client that has said all it wants to say is asked whether it is still there.
const PROBE: Duration = Duration::from_secs(1);

/// What a client that does not keep up misses. Whoever hears states shall know in the end how things are, whatever plugins
/// log meanwhile; of their lines alone the newest matter.
pub(crate) fn delivery(request: &EventsRequest) -> Delivery {
    if request.wants_only_telemetry() { Delivery::Telemetry } else { Delivery::State }
}

/// A connection on which events are told.
pub(crate) struct Stream<'a> {
    pub(crate) reader: ReadHalf<'a>,
    pub(crate) writer: WriteHalf<'a>,
    pub(crate) subscription: Subscription,
    pub(crate) request: EventsRequest,
    pub(crate) limits: Limits,
    pub(crate) ending: watch::Receiver<bool>,
}

impl Stream<'_> {
    /// Tells events until the client goes or leaves them unread, or the bus or the server ends.
    pub(crate) async fn serve(mut self) -> io::Result<()> {
        let mut told = self.subscription.snapshot().seq;
        let mut lines = Vec::new();
        if self.request.from == Beginning::Snapshot {
            Answer::Snapshot(Box::new(self.subscription.snapshot().clone())).write(&mut lines);
        }
        if !self.request.follow {
            Answer::End(End { because: Because::Complete }).write(&mut lines);
            return send(&mut self.writer, &lines, self.limits.write_time).await;
        }
        // At once, so that the client knows that it is heard.
        send(&mut self.writer, &lines, self.limits.write_time).await?;
        let mut gone = std::pin::pin!(gone(&self.reader));
        let mut late = std::pin::pin!(late(self.ending, self.limits.farewell));
        loop {
            lines.clear();
            let mut next = tokio::select! {
                event = self.subscription.next() => event,
                () = &mut gone => return Ok(()),
                () = &mut late => None,
            };
            let ended = next.is_none();
            while let Some(event) = next {
                tell(&event, &mut told, &self.request, &mut lines);
                next = if lines.len() < BATCH { self.subscription.try_next() } else { None };
            }
            if ended {
                Answer::End(End { because: Because::Stopped }).write(&mut lines);
            }
            send(&mut self.writer, &lines, self.limits.write_time).await?;
            if ended {
                return Ok(());
            }
        }
    }
}

/// Adds the lines for an event. Numbers have no gaps but where events were missed.
fn tell(event: &Event, told: &mut u64, request: &EventsRequest, lines: &mut Vec<u8>) {
    let missed = event.seq.saturating_sub(*told + 1);
    *told = event.seq;
    if missed > 0 {
        Answer::Missed(Missed { events: missed }).write(lines);
    }
    if request.wants(event) {
        write_line(event, lines);
    }
}

/// Waits until the server was told to stop, and a while more.
async fn late(mut ending: watch::Receiver<bool>, farewell: Duration) {
    // An error: there is no server any more.
    let _ = ending.wait_for(|ending| *ending).await;
    sleep(farewell).await;
}

/// Waits until the client has gone, or says something although all has been said. One that only closed its own
/// direction, as `nc` does, still listens.
async fn gone(reader: &ReadHalf<'_>) {
    loop {
        if reader.readable().await.is_err() {
            return;
        }
        match reader.try_read(&mut [0; 64]) {
            Ok(0) => break,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(_) | Err(_) => return,
        }
    }
    while !hung_up(reader.as_ref()) {
        sleep(PROBE).await;
    }
}

/// Whether both directions are closed.
fn hung_up(stream: &UnixStream) -> bool {
    let mut polled = [PollFd::new(stream, PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut polled, Some(&now)).is_err() || polled[0].revents().intersects(PollFlags::HUP | PollFlags::ERR)
}
