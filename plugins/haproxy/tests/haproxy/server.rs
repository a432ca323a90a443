//! A web server behind HAProxy.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

/// A web server. It can be made to keep its answers to itself for a while.
pub(crate) struct Server {
    port: u16,
    open: Arc<Semaphore>,
    serving: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let open = Arc::new(Semaphore::new(1));
        let serving = tokio::spawn(serve(listener, Arc::clone(&open)));
        Self { port, open, serving }
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// From now on requests wait for their answers until this is dropped.
    pub(crate) async fn hold(&self) -> impl Sized + use<> {
        Arc::clone(&self.open).acquire_owned().await.unwrap()
    }

    /// It goes away, and all its connections with it.
    pub(crate) async fn stop(&mut self) {
        self.serving.abort();
        let _ = (&mut self.serving).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, open: Arc<Semaphore>) {
    let mut connections = JoinSet::new();
    while let Ok((connection, _)) = listener.accept().await {
        connections.spawn(answer(connection, Arc::clone(&open)));
    }
}

async fn answer(mut connection: TcpStream, open: Arc<Semaphore>) -> std::io::Result<()> {
    let mut request = [0; 4096];
    // HAProxy's checks connect and say nothing.
    if connection.read(&mut request).await? == 0 {
        return Ok(());
    }
    let _open = open.acquire().await;
    let reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    connection.write_all(reply.as_bytes()).await
}

/// Sends a request and gives back all that comes.
pub(crate) async fn get(port: u16) -> String {
    let mut connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    connection.read_to_string(&mut reply).await.unwrap();
    reply
}
