//! What the log has of what people say.
#![allow(clippy::unwrap_used, clippy::unwrap_in_result, clippy::wildcard_enum_match_arm)]

mod support;

use std::io;
use std::sync::{Arc, Mutex};

use support::{Device, RawClient, TestServer};
use tracing::Level;

/// All that was logged.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn b17_no_word_of_a_message_is_in_the_log() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_max_level(Level::DEBUG).with_writer(move || writer.clone()).init();
    let server = TestServer::start();
    let mut alice = RawClient::login(&server, &Device::new(), "alice").await;
    let mut bob = RawClient::login(&server, &Device::new(), "bob").await;
    let room = alice.join("marmalade-room").await.room;
    bob.join("marmalade-room").await;
    alice.post(room, "marmalade for breakfast").await;
    while bob.events(room).await.iter().all(|event| event.body.message().is_none()) {}
    server.stop().await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("logged in"), "{log}");
    assert!(!log.contains("marmalade"), "{log}");
}
