//! A TCP listener that accepts a limited number of connections at a time, encrypted if it is told how.

use crate::tls::Tls;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

/// Whoever comes when all places are taken waits in the kernel's queue.
pub(crate) struct LimitedListener {
    listener: TcpListener,
    places: Arc<Semaphore>,
    tls: Option<Arc<Tls>>,
    /// They go on beside each other: one that is slow keeps nobody else waiting. Each has its place already.
    handshakes: JoinSet<Option<(Connection, SocketAddr)>>,
}

impl LimitedListener {
    pub(crate) fn new(listener: TcpListener, connections_max: usize, tls: Option<Arc<Tls>>) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(connections_max)), tls, handshakes: JoinSet::new() }
    }
}

/// Who is at the other end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

impl Connected<IncomingStream<'_, LimitedListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, LimitedListener>) -> Self {
        Self(*stream.remote_addr())
    }
}

impl Listener for LimitedListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let Self { listener, places, tls, handshakes } = self;
        loop {
            let (stream, address, place) = tokio::select! {
                biased;
                Some(done) = handshakes.join_next() => match done {
                    Ok(Some(connected)) => return connected,
                    _ => continue,
                },
                arrived = arrive(listener, places) => arrived,
            };
            let Some(tls) = tls.clone() else {
                return (Connection { stream: Box::new(stream), _place: place }, address);
            };
            handshakes.spawn(async move {
                match tls.accept(stream).await {
                    Ok(stream) => Some((Connection { stream: Box::new(stream), _place: place }, address)),
                    Err(problem) => {
                        tracing::debug!(%address, %problem, "no encrypted connection came about");
                        None
                    }
                }
            });
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Whoever connects next, and its place.
async fn arrive(
    listener: &mut TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so a place comes free sooner or later.
    let place = Arc::clone(places).acquire_owned().await.ok();
    let (stream, address) = Listener::accept(listener).await;
    stream.set_nodelay(true).ok();
    (stream, address, place)
}

/// Bytes both ways, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection and the place that it takes.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    _place: Option<OwnedSemaphorePermit>,
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
