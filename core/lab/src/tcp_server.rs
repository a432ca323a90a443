//! A TCP server on a host.

use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::host::Host;
use crate::namespace::Namespace;
use crate::tcp_stream::{read, write_all};
use crate::urgency::go_first;

/// A server that tells everybody who connects the host's name, on a line of its own, and then echoes what it is
/// sent. It ends, with all its connections, when dropped.
#[derive(Debug)]
pub struct TcpServer {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1024;

impl TcpServer {
    /// Listens on a port, at all addresses of a host, also those it gets later, of both families.
    ///
    /// # Errors
    ///
    /// The kernel's: the port is in use, and the like.
    pub fn start(host: &Host, port: u16) -> io::Result<Self> {
        Self::start_in(&host.namespace, &host.name, port)
    }

    /// The same in a namespace that is no host of the LAN, by any name.
    ///
    /// # Errors
    ///
    /// As [`TcpServer::start`].
    pub fn start_in(namespace: &Namespace, name: &str, port: u16) -> io::Result<Self> {
        // A socket belongs to the namespace in which it was made, whoever uses it.
        let socket = namespace.run(|| listen(port))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _context = runtime.enter();
            TcpListener::from_std(socket.into())?
        };
        let greeting = format!("{name}\n").into();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            go_first();
            runtime.block_on(serve(listener, greeting, stopped));
        });
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for TcpServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn listen(port: u16) -> io::Result<Socket> {
    let kind = Type::STREAM.nonblocking().cloexec();
    let socket = Socket::new(Domain::IPV6, kind, Some(Protocol::TCP))?;
    socket.set_only_v6(false)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)).into())?;
    socket.listen(BACKLOG)?;
    Ok(socket)
}

async fn serve(listener: TcpListener, greeting: Arc<str>, mut stopped: oneshot::Receiver<()>) {
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(tokio::spawn(answer(stream, Arc::clone(&greeting)))),
                // No descriptor is free: one will be.
                Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
            },
            _ = &mut stopped => return,
        }
    }
}

/// Serves a connection to its end, whichever it is.
async fn answer(stream: TcpStream, greeting: Arc<str>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    write_all(&stream, greeting.as_bytes()).await?;
    let mut buffer = [0; 4096];
    loop {
        let count = read(&stream, &mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        write_all(&stream, buffer.get(..count).unwrap_or(&[])).await?;
    }
}
