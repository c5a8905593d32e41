//! A few sockets for many connections, as a machine with many people on it has them.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use chat_tui::client::{Network, RealNetwork};
use futures_util::future::BoxFuture;

/// Endpoints that are handed out in turn.
#[derive(Debug)]
pub(super) struct Sockets {
    endpoints: Vec<quinn::Endpoint>,
    next: AtomicUsize,
}

impl Sockets {
    pub(super) fn open() -> io::Result<Self> {
        let endpoints = (0..SOCKETS).map(|_| RealNetwork.endpoint()).collect::<io::Result<_>>()?;
        Ok(Self { endpoints, next: AtomicUsize::new(0) })
    }
}

impl Network for Sockets {
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        RealNetwork.resolve(host, port)
    }

    fn endpoint(&self) -> io::Result<quinn::Endpoint> {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.endpoints.len();
        self.endpoints.get(next).cloned().ok_or(io::ErrorKind::NotFound.into())
    }

    /// Others are on the same socket; it stays where it is.
    fn rebind(&self, _: &quinn::Endpoint) -> io::Result<()> {
        Ok(())
    }
}

/// Sockets that are shared; one alone would have its datagrams dropped before many connections.
const SOCKETS: usize = 8;
