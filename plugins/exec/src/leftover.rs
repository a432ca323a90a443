//! What a program has left behind and still writes.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// So many pipes are read on at once; a script that leaves something behind each time it runs would have ever more.
const MOST: usize = 64;
/// What is read at once, and how long until more is: a flood is held up, and costs next to no time.
const PIECE: usize = 8 << 10;
const PAUSE: Duration = Duration::from_millis(20);

/// Reads what nobody wants any more until nobody has the pipe, or the runtime ends. A server that a script has started
/// still writes there; with nobody who reads, SIGPIPE would be its end.
pub(crate) fn read_on(pipe: Option<impl AsyncRead + Unpin + Send + 'static>) {
    static PLACES: Semaphore = Semaphore::const_new(MOST);
    let (Some(mut pipe), Ok(place)) = (pipe, PLACES.try_acquire()) else { return };
    tokio::spawn(async move {
        let mut piece = [0; PIECE];
        while pipe.read(&mut piece).await.is_ok_and(|read| read > 0) {
            sleep(PAUSE).await;
        }
        drop(place);
    });
}
