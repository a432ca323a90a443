//! The daemon's end of the control socket.

use std::future::Future;
use std::os::unix::net::UnixListener as StdListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::answer::Answer;
use crate::backend::Backend;
use crate::bind::{BindError, Place, bind};
use crate::connection::Connection;
use crate::limits::Limits;
use crate::refusal::{Code, Refusal};
use crate::rights::Standing;

/// How long no connection is taken after the kernel has refused one, for want of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a client may take, beyond [`Limits::farewell`], to be told that this is the end.
const LAST_WORD: Duration = Duration::from_millis(500);

/// The daemon's end of the control socket. The socket is gone when it is dropped.
#[derive(Debug)]
pub struct Server {
    listener: StdListener,
    place: Place,
    limits: Limits,
}

impl Server {
    /// Listens on `path`, with mode 0660. The folder is made if it is missing, and a socket on which nobody answers is
    /// replaced.
    ///
    /// # Errors
    ///
    /// Another daemon answers there, or the socket cannot be made.
    pub fn bind(path: &Path) -> Result<Self, BindError> {
        let (listener, place) = bind(path)?;
        Ok(Self { listener, place, limits: Limits::default() })
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Serves until `stop` is ready. Then the socket goes and the backend is let go of; whoever listens to events hears
    /// those that are left, up to the end of the bus or [`Limits::farewell`].
    ///
    /// # Errors
    ///
    /// The kernel's, if the listening socket cannot be waited for.
    pub async fn serve(
        self,
        backend: Arc<dyn Backend>,
        stop: impl Future<Output = ()>,
    ) -> std::io::Result<()> {
        let Self { listener, place, limits } = self;
        let listener = UnixListener::from_std(listener)?;
        let (end, ending) = watch::channel(false);
        let own = rustix::process::geteuid().as_raw();
        let mut connections = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => continue,
                accepted = listener.accept() => accepted,
            };
            while connections.try_join_next().is_some() {}
            match accepted {
                Ok((stream, _)) => {
                    // Without credentials nobody is root; that cannot be for a Unix socket.
                    let Ok(client) = stream.peer_cred() else { continue };
                    let most = limits.connections_for(Standing::of(client.uid(), own));
                    if connections.len() >= most {
                        turn_away(&stream, most);
                        continue;
                    }
                    let connection = Connection {
                        stream,
                        client,
                        backend: Arc::clone(&backend),
                        limits,
                        own,
                        ending: ending.clone(),
                    };
                    connections.spawn(connection.serve());
                }
                // Try again: what is wrong may pass. Not at once: it need not have passed yet.
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
        drop((listener, place, backend));
        // Nobody may be there to hear it.
        let _ = end.send(true);
        let last = async { while connections.join_next().await.is_some() {} };
        // Those who need longer are cut off.
        let _ = tokio::time::timeout(limits.farewell + LAST_WORD, last).await;
        Ok(())
    }
}

/// Says that there are too many connections, without waiting for the client.
fn turn_away(stream: &UnixStream, most: usize) {
    let text = format!("{most} connections are open already; close one");
    let mut line = Vec::new();
    Answer::Error(Refusal::new(Code::Busy, text)).write(&mut line);
    // An empty socket takes a line; if the client has gone, nobody misses it.
    let _ = stream.try_write(&line);
}
