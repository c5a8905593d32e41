//! The transport settings of a connection: windows, buffers, timeouts.

use std::time::Duration;

use chat_proto::limits::{IDLE_TIMEOUT_MS, KEEP_ALIVE_MS, UNI_STREAMS_MAX};
use quinn::VarInt;

/// What a connection of ours takes and keeps.
pub(super) fn transport() -> quinn::TransportConfig {
    let mut transport = quinn::TransportConfig::default();
    let idle = VarInt::from_u32(u32::try_from(IDLE_TIMEOUT_MS).unwrap_or(u32::MAX));
    transport
        .max_idle_timeout(Some(idle.into()))
        .keep_alive_interval(Some(Duration::from_millis(KEEP_ALIVE_MS)))
        .initial_rtt(INITIAL_RTT)
        .max_concurrent_uni_streams(VarInt::from_u32(UNI_STREAMS_MAX))
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .stream_receive_window(VarInt::from_u32(STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(CONNECTION_WINDOW_BYTES))
        .send_window(SEND_WINDOW_BYTES)
        .datagram_receive_buffer_size(Some(DATAGRAM_BUFFER_BYTES))
        .datagram_send_buffer_size(DATAGRAM_BUFFER_BYTES);
    transport
}

/// Round-trip time assumed before one is measured: a lost first packet is sent again after three of them.
const INITIAL_RTT: Duration = Duration::from_millis(100);

/// What a server may send on one stream beyond what was read, bytes.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;

/// What a server may send on all streams beyond what was read, bytes.
const CONNECTION_WINDOW_BYTES: u32 = 2 * 1024 * 1024;

/// What is kept for sending again, bytes.
const SEND_WINDOW_BYTES: u64 = 1024 * 1024;

/// Datagrams kept unread or unsent, bytes each way.
const DATAGRAM_BUFFER_BYTES: usize = 64 * 1024;
