//! A server that says what it is told to say.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]

use std::sync::Arc;

use chat_proto::limits::SERVER_FRAME_BYTES_MAX;
use chat_proto::{
    Epoch, FeedId, FeedState, FeedStatus, FrameBuffer, Ordinal, Reply, ReplyFrame, RequestFrame, Seq, codec,
};
use quinn::{Connection, Endpoint, ServerConfig};

/// Listens on loopback with a certificate of its own, for clients that speak this application protocol.
pub fn listen(alpn: &[u8]) -> Endpoint {
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    tls.alpn_protocols = vec![alpn.to_vec()];
    let config = ServerConfig::with_crypto(Arc::new(quinn::crypto::rustls::QuicServerConfig::try_from(tls).unwrap()));
    Endpoint::server(config, "127.0.0.1:0".parse().unwrap()).unwrap()
}

/// A server that speaks this application protocol, answers each login with `login`, and sends `background` on a stream of
/// its own. Its address, as a person writes it.
pub fn start(alpn: &[u8], login: Reply, background: Vec<Vec<u8>>) -> (Endpoint, String) {
    let endpoint = listen(alpn);
    let address = format!("127.0.0.1:{}", endpoint.local_addr().unwrap().port());
    let acceptor = endpoint.clone();
    tokio::spawn(async move {
        while let Some(incoming) = acceptor.accept().await {
            if let Ok(connection) = incoming.await {
                tokio::spawn(answer(connection, login.clone(), background.clone()));
            }
        }
    });
    (endpoint, address)
}

/// How an empty feed stands.
pub fn status(feed: FeedId, name: &str) -> FeedStatus {
    FeedStatus {
        feed,
        state: FeedState::Live,
        epoch: Epoch(1),
        name: name.to_owned(),
        member: true,
        head: Seq(0),
        head_ordinal: Ordinal(0),
        oldest: Seq(1),
        read: Seq(0),
        read_ordinal: Ordinal(0),
        mentions: vec![],
        next: Seq(1),
    }
}

pub fn frame<T: codec::Encode>(value: &T) -> Vec<u8> {
    codec::encode_frame(value, SERVER_FRAME_BYTES_MAX).unwrap()
}

async fn answer(connection: Connection, login: Reply, background: Vec<Vec<u8>>) {
    let (mut tx, mut rx) = connection.accept_bi().await.unwrap();
    let mut buffer = FrameBuffer::new(usize::MAX);
    let id = loop {
        if let Some(RequestFrame { id, .. }) = buffer.pop().unwrap() {
            break id;
        }
        let Ok(Some(chunk)) = rx.read_chunk(usize::MAX, true).await else { return };
        buffer.extend(&chunk.bytes);
    };
    if tx.write_all(&frame(&ReplyFrame { id, reply: login })).await.is_err() || background.is_empty() {
        connection.closed().await;
        return;
    }
    let mut stream = connection.open_uni().await.unwrap();
    for bytes in background {
        let _ = stream.write_all(&bytes).await;
    }
    connection.closed().await;
}
