//! The simulated network on its own, and under quinn.

use std::net::SocketAddr;
use std::time::Duration;

use quinn::AsyncUdpSocket;
use quinn_udp::Transmit;
use tokio::time::{Instant, sleep};

use super::net::{Counts, FNV_START, Faults, Net, NetSocket};

fn address(host: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, host], 4433))
}

fn send(socket: &NetSocket, to: SocketAddr, bytes: &[u8]) {
    let transmit = Transmit { destination: to, ecn: None, contents: bytes, segment_size: None, src_ip: None };
    socket.try_send(&transmit).unwrap();
}

/// Everything that lies there for a socket, as the first byte of each datagram.
async fn receive(socket: &NetSocket) -> Vec<u8> {
    let mut got = Vec::new();
    loop {
        let mut bytes = [0; 2048];
        let mut buffers = [std::io::IoSliceMut::new(&mut bytes)];
        let mut meta = [quinn_udp::RecvMeta::default()];
        let poll = std::future::poll_fn(|cx| std::task::Poll::Ready(socket.poll_recv(cx, &mut buffers, &mut meta)));
        match poll.await {
            std::task::Poll::Ready(received) => assert_eq!(received.unwrap(), 1),
            std::task::Poll::Pending => return got,
        }
        got.push(bytes[0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_good_network_brings_everything_once_in_order_and_in_time() {
    let net = Net::new(1, Faults::NONE);
    let (one, other) = (net.socket(address(1)), net.socket(address(2)));
    (0..100).for_each(|byte| send(&one, address(2), &[byte]));
    sleep(Duration::from_millis(4)).await;
    assert!(receive(&other).await.is_empty());
    sleep(Duration::from_millis(3)).await;
    assert_eq!(receive(&other).await, (0..100).collect::<Vec<u8>>());
    assert!(receive(&one).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn loss_duplication_and_jitter_are_as_asked() {
    let faults = Faults { loss: 0.3, duplication: 0.1, jitter: Duration::from_millis(40), ..Faults::NONE };
    let net = Net::new(1, faults);
    let (one, other) = (net.socket(address(1)), net.socket(address(2)));
    for _ in 0..10_000 {
        send(&one, address(2), &[1]);
    }
    (0..100).for_each(|byte| send(&one, address(2), &[byte]));
    sleep(Duration::from_secs(1)).await;
    let got = receive(&other).await;
    let Counts { sent, lost, doubled, delivered, .. } = net.counts();
    assert_eq!((sent, delivered), (10_100, got.len() as u64));
    assert!((2_800..3_300).contains(&lost), "{lost}");
    assert!((550..850).contains(&doubled), "{doubled}");
    let counted: Vec<u8> = got.into_iter().filter(|byte| *byte != 1).collect();
    assert!(counted.len() > 50 && !counted.is_sorted(), "{counted:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cut_stops_one_direction_and_what_is_under_way() {
    let net = Net::new(1, Faults::NONE);
    let (one, other) = (net.socket(address(1)), net.socket(address(2)));
    send(&one, address(2), &[1]);
    net.cut(address(1).ip(), address(2).ip());
    net.cut(address(1).ip(), address(2).ip());
    send(&one, address(2), &[2]);
    send(&other, address(1), &[3]);
    sleep(Duration::from_millis(10)).await;
    assert_eq!((receive(&one).await, receive(&other).await), (vec![3], vec![]));
    net.heal(address(1).ip(), address(2).ip());
    send(&one, address(2), &[4]);
    net.heal(address(1).ip(), address(2).ip());
    send(&one, address(2), &[5]);
    sleep(Duration::from_millis(10)).await;
    assert_eq!(receive(&other).await, [5]);
    assert_eq!(net.counts().cut, 3);
}

#[tokio::test(start_paused = true)]
async fn an_address_belongs_to_its_newest_socket_and_to_nobody_once_unplugged() {
    let net = Net::new(1, Faults::NONE);
    let (one, old) = (net.socket(address(1)), net.socket(address(2)));
    let new = net.socket(address(2));
    send(&one, address(2), &[1]);
    send(&old, address(1), &[2]);
    drop(old);
    sleep(Duration::from_millis(10)).await;
    assert_eq!((receive(&one).await, receive(&new).await), (vec![], vec![1]));
    net.unplug(address(2).ip());
    send(&one, address(2), &[3]);
    send(&new, address(1), &[4]);
    sleep(Duration::from_millis(10)).await;
    assert_eq!((receive(&one).await, receive(&new).await), (vec![], vec![]));
    assert_eq!(net.counts().unwanted, 1);
}

/// A conversation between two of quinn's endpoints over a bad network.
async fn converse(seed: u64) -> (Counts, u64, Instant) {
    let faults = Faults { loss: 0.3, duplication: 0.05, jitter: Duration::from_millis(40), ..Faults::NONE };
    let net = Net::new(seed, faults);
    let tls = super::tls::server();
    let server = net.endpoint(address(1), quinn::EndpointConfig::default(), Some(tls)).unwrap();
    let echo = tokio::spawn(async move {
        while let Some(incoming) = server.accept().await {
            tokio::spawn(async move {
                let Ok(connection) = incoming.await else { return };
                let (mut tx, mut rx) = connection.accept_bi().await.unwrap();
                let heard = rx.read_to_end(1 << 20).await.unwrap();
                tx.write_all(&heard).await.unwrap();
                tx.finish().unwrap();
                connection.closed().await;
            });
        }
    });
    let client = net.endpoint(address(2), quinn::EndpointConfig::default(), None).unwrap();
    let connection = loop {
        if let Ok(connection) = client.connect_with(super::tls::client(), address(1), super::tls::HOST).unwrap().await {
            break connection;
        }
    };
    let (mut tx, mut rx) = connection.open_bi().await.unwrap();
    let said = vec![7; 200_000];
    tx.write_all(&said).await.unwrap();
    tx.finish().unwrap();
    let heard = rx.read_to_end(1 << 20).await.unwrap();
    assert_eq!(heard, said);
    echo.abort();
    (net.counts(), super::net::fnv(FNV_START, &heard), Instant::now())
}

#[test]
fn the_same_seed_is_the_same_conversation_down_to_the_packet() {
    let run = |seed: u64| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let begun = Instant::now();
            let (counts, hash, ended) = converse(seed).await;
            (counts, hash, ended - begun)
        })
    };
    let first = run(5);
    assert!(first.0.lost > 10, "{first:?}");
    assert_eq!(first, run(5));
    assert_ne!(first.0.trace, run(6).0.trace);
}
