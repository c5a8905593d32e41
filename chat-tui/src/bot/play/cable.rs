//! A network that can be cut: from then on nothing leaves and nothing arrives, and neither side is told.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, Runtime, TokioRuntime, UdpPoller};

use crate::client::{Network, RealNetwork, bind};

/// The real network behind a cable.
#[derive(Clone, Debug, Default)]
pub(super) struct Cable {
    cut: Arc<AtomicBool>,
}

impl Cable {
    /// Cuts it, for good.
    pub(super) fn cut(&self) {
        self.cut.store(true, Ordering::Relaxed);
    }

    fn socket(&self) -> io::Result<Arc<Socket>> {
        let inner = TokioRuntime.wrap_udp_socket(bind()?)?;
        Ok(Arc::new(Socket { inner, cut: Arc::clone(&self.cut) }))
    }
}

impl Network for Cable {
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        RealNetwork.resolve(host, port)
    }

    fn endpoint(&self) -> io::Result<quinn::Endpoint> {
        let config = quinn::EndpointConfig::default();
        quinn::Endpoint::new_with_abstract_socket(config, None, self.socket()?, Arc::new(TokioRuntime))
    }

    fn rebind(&self, endpoint: &quinn::Endpoint) -> io::Result<()> {
        endpoint.rebind_abstract(self.socket()?)
    }
}

#[derive(Debug)]
struct Socket {
    inner: Arc<dyn AsyncUdpSocket>,
    cut: Arc<AtomicBool>,
}

impl AsyncUdpSocket for Socket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.inner).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        if self.cut.load(Ordering::Relaxed) { Ok(()) } else { self.inner.try_send(transmit) }
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            let received = self.inner.poll_recv(context, buffers, meta);
            if !(matches!(received, Poll::Ready(Ok(_))) && self.cut.load(Ordering::Relaxed)) {
                return received;
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.inner.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.inner.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.inner.may_fragment()
    }
}
