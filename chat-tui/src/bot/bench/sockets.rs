//! A few sockets for many connections, as a machine with many people on it has them.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;

use crate::bot::{Exit, Failure};
use crate::client::{Network, RealNetwork};

/// Sockets that are shared; one alone would have its datagrams dropped before many connections.
const SOCKETS: usize = 8;

/// Endpoints that are handed out in turn.
#[derive(Debug)]
pub(super) struct Sockets {
    endpoints: Vec<quinn::Endpoint>,
    next: AtomicUsize,
}

impl Sockets {
    pub(super) fn open() -> Result<Self, Failure> {
        let endpoints = (0..SOCKETS).map(|_| RealNetwork.endpoint()).collect::<io::Result<_>>();
        let endpoints = endpoints.map_err(|e| Failure::new(Exit::Failed, format!("no socket: {e}")))?;
        Ok(Self { endpoints, next: AtomicUsize::new(0) })
    }
}

impl Network for Sockets {
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        RealNetwork.resolve(host, port)
    }

    fn endpoint(&self) -> io::Result<quinn::Endpoint> {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.endpoints.len();
        Ok(self.endpoints[next].clone())
    }

    fn rebind(&self, endpoint: &quinn::Endpoint) -> io::Result<()> {
        RealNetwork.rebind(endpoint)
    }
}
