//! Promise 3: our memory is bounded, both ways, whatever the peer sends or does not take.
//!
//! The long variants, with a gibibyte and a clock, run by `npm test -- --long`.

use crate::line::{TRANSPORTS, TURNS, fill, open, stays_full, still, turn};
use crate::server::{server, unique};
use crate::{connect, options};
use futures::{FutureExt, SinkExt};
use websocket_channel::{Bytes, Message, Overflow, Socket};

const LONG: bool = option_env!("WEBSOCKET_CHANNEL_LONG").is_some();

const SIZE: usize = 64 << 10;
/// Messages of a flood: a gibibyte, or enough of it to pass every bound several times.
const FLOOD: usize = if LONG { 16 << 10 } else { 1 << 10 };
/// What may wait to be read.
const BOUND: usize = 4 << 20;
const WATERMARK: usize = 1 << 20;

/// What this instance has taken since a test began. Natively the server lives in the same process: no measure of ours.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[derive(Debug)]
struct Memory {
    /// Of the instance, in bytes: it never shrinks, so that what an earlier test has taken hides what this one takes.
    instance: usize,
    /// In use, in bytes.
    allocated: usize,
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[global_allocator]
static ALLOCATOR: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
impl Memory {
    fn now() -> Self {
        ALLOCATOR.reset_peak_usage();
        Self {
            instance: instance(),
            allocated: ALLOCATOR.current_usage(),
        }
    }

    /// The most that has been allocated since is not over `bound`, and the instance has grown by no more than that and as much in fragments.
    fn stays_under(&self, bound: usize, what: &str) {
        let allocated = ALLOCATOR.peak_usage() - self.allocated;
        let instance = instance();
        let grown = instance - self.instance;
        assert!(
            allocated <= bound && grown <= 2 * bound,
            "{what}: {allocated} bytes allocated, {grown} more of the page's"
        );
        if LONG {
            log(&format!(
                "{what}: {allocated} bytes allocated at most; the instance has {instance}, {grown} more; the bound is {bound}"
            ));
        }
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn instance() -> usize {
    use wasm_bindgen::JsCast;
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let buffer = js_sys::Reflect::get(&memory.buffer(), &"byteLength".into()).unwrap();
    buffer.as_f64().unwrap() as usize
}

/// A flood at a reader that takes a sixteenth of it, or 1 MiB a second for ten seconds: what is counted and what is allocated stays
/// under the bound, and every message is accounted for.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[crate::test]
async fn a_flood_stays_under_the_bound_with_every_policy() {
    if crate::PUSHES_BACK {
        return;
    }
    let server = server().await;
    for overflow in [
        Overflow::Close,
        Overflow::DropOldest,
        Overflow::DropNewest,
        Overflow::Latest,
    ] {
        let url = server.url(format_args!("/flood?count={FLOOD}&size={SIZE}&then=stay"));
        let before = Memory::now();
        let channel = connect(url)
            .codec(Bytes)
            .receive_buffer(BOUND, overflow)
            .await
            .unwrap();
        let control = channel.control();
        let (_tx, mut rx) = channel.split();
        use futures::StreamExt as _;
        let (arrived, mut arrivals) = futures::channel::mpsc::unbounded();
        rx.on_readable(move || drop(arrived.unbounded_send(())));
        let mut read = 0u64;
        let mut peak = 0;
        let mut read_next = |read: &mut u64| {
            if let Ok(message) = rx.try_recv() {
                assert_eq!(message.unwrap().len(), SIZE);
                *read += 1;
            }
        };
        let began = millis();
        while control.status() == websocket_channel::Status::Open
            && control.stats().received_messages < FLOOD as u64
        {
            arrivals.next().await.unwrap();
            let stats = control.stats();
            assert!(stats.queued_bytes <= BOUND, "{overflow:?}: {stats:?}");
            peak = peak.max(stats.queued_bytes);
            let due = if LONG {
                ((millis() - began) / 62.5) as u64
            } else {
                stats.received_messages / 16
            };
            if read < due {
                read_next(&mut read);
            }
        }
        // The clock's variant goes on until its ten seconds are over: the reader catches up meanwhile.
        while LONG && millis() - began < 10_000.0 {
            read_next(&mut read);
            turn().await;
        }
        // What waits, and messages on their way in and out.
        before.stays_under(BOUND + 4 * SIZE, &format!("{overflow:?}"));
        if overflow == Overflow::Close {
            let closed = control.closed().await;
            assert_eq!(
                (closed.code, closed.by),
                (3013, websocket_channel::ClosedBy::Local)
            );
        }
        while let Ok(message) = rx.try_recv() {
            match message {
                Ok(message) => assert_eq!(message.len(), SIZE),
                Err(error) => {
                    assert_eq!(
                        (overflow, error.code()),
                        (Overflow::Close, "RECEIVE_BUFFER_FULL")
                    );
                    continue;
                }
            }
            read += 1;
        }
        let stats = control.stats();
        if overflow == Overflow::Close {
            assert!(stats.received_messages >= read);
        } else {
            assert_eq!(
                (stats.received_messages, stats.queued_bytes),
                (FLOOD as u64, 0)
            );
            assert_eq!(read + stats.dropped_messages, FLOOD as u64, "{overflow:?}");
            assert!(stats.dropped_messages > 0, "{overflow:?}: no flood");
        }
        if LONG {
            log(&format!(
                "{overflow:?}: {peak} bytes waited at most, {read} read, {stats:?}"
            ));
        }
    }
}

/// The clock of the long variants.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn millis() -> f64 {
    js_sys::Date::now()
}

/// The clock of the long variants.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn millis() -> f64 {
    use std::time::{SystemTime, UNIX_EPOCH};
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs_f64() * 1000.0
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn log(line: &str) {
    wasm_bindgen_test::console_log!("{line}");
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn log(line: &str) {
    println!("{line}");
}

/// Bytes that the server has sent to the one connection of a tag.
async fn sent(steering: &mut crate::server::Steering, tag: &str) -> u64 {
    let live = steering.live(tag).await;
    live[0]["sent"].as_u64().unwrap()
}

/// Where the stream's flow control holds the sender back: seen from the server, its bytes stop; and nothing is lost.
#[crate::test]
async fn a_reader_that_stops_stops_the_server_and_loses_nothing() {
    if !crate::PUSHES_BACK {
        return;
    }
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("stall");
    let url = server.url(format_args!(
        "/flood?count={FLOOD}&size={SIZE}&then=stay&tag={tag}"
    ));
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    let before = Memory::now();
    let mut channel = connect(url)
        .codec(Bytes)
        .receive_buffer(BOUND, Overflow::DropOldest)
        .await
        .unwrap();
    let control = channel.control();
    // It stands still when it has not moved while it was asked this often, over a connection that does move.
    let (mut last, mut same) = (0, 0);
    while same < 200 {
        let now = sent(&mut steering, &tag).await;
        same = if now == last { same + 1 } else { 0 };
        last = now;
    }
    let total = (FLOOD * SIZE) as u64;
    // The bound, the driver's window, the server's own high-water mark, and the kernel's buffers on both sides.
    assert!(last < total / 2, "{last} of {total} bytes have been sent");
    let began = millis();
    let mut held = 0;
    for number in 0..FLOOD {
        // 1 MiB a second for ten seconds, and then as fast as it comes.
        while LONG && number < 160 && millis() - began < number as f64 * 62.5 {
            turn().await;
            let stats = control.stats();
            assert!(sent(&mut steering, &tag).await - stats.received_bytes < 32 << 20);
        }
        let message = channel.next().await.unwrap().unwrap();
        assert!(message.len() == SIZE && message.iter().all(|byte| *byte == number as u8));
        held = held.max(control.stats().queued_bytes);
    }
    // Fetched ahead: natively 64 KiB, over a stream all there is room for; and one message more, with what each of them counts itself.
    let ahead = if cfg!(all(target_family = "wasm", target_os = "unknown")) {
        BOUND
    } else {
        SIZE
    };
    assert!(held <= ahead + SIZE + 64, "{held} bytes waited");
    let stats = control.stats();
    assert_eq!(
        (stats.received_messages, stats.dropped_messages),
        (FLOOD as u64, 0)
    );
    // What waits, and messages on their way in and out.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    before.stays_under(BOUND + 4 * SIZE, "stalled");
    if LONG {
        log(&format!(
            "stood still at {last} of {total} bytes, {held} waited at most, {stats:?}"
        ));
    }
}

/// Whoever sends to a peer that takes nothing waits: what the platform counts, and we, stays under the high-water mark and one message.
#[crate::test]
async fn a_frozen_peer_holds_the_sender_at_the_watermark() {
    let server = server().await;
    let mut steering = server.steering().await;
    let tag = unique("watermark");
    let mut options = options();
    options.limits.send_high_water_mark = WATERMARK;
    let url = server.url(format_args!("/sink?tag={tag}"));
    let mut socket = Socket::connect(url, options).await.unwrap();
    steering.tell("freeze", &tag).await;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    let before = Memory::now();
    // Where the process next door takes whatever it is given, some watermarks' worth shows as much.
    let enough = if LONG || stays_full() {
        FLOOD
    } else {
        8 * WATERMARK / SIZE
    };
    let (mut sent, mut peak) = (0, 0);
    'sending: while sent < enough {
        let mut waited = 0;
        while futures::future::poll_fn(|cx| socket.poll_ready_unpin(cx))
            .now_or_never()
            .is_none()
        {
            waited += 1;
            if waited == TURNS && stays_full() {
                break 'sending;
            }
            turn().await;
        }
        assert!(socket.buffered_amount() < WATERMARK);
        socket
            .start_send_unpin(Message::Binary(vec![7; SIZE]))
            .unwrap();
        peak = peak.max(socket.buffered_amount());
        assert!(peak <= WATERMARK + SIZE);
        sent += 1;
        // Not without letting the platform take what it will.
        turn().await;
    }
    if stays_full() {
        assert!(sent < enough, "nothing holds the sender back");
        assert!(sent * SIZE >= WATERMARK);
        assert!(socket.buffered_amount() >= WATERMARK);
    }
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    before.stays_under(WATERMARK + SIZE, "frozen");
    if LONG {
        log(&format!(
            "frozen: {} of {} bytes handed over, {peak} counted at most",
            sent * SIZE,
            enough * SIZE
        ));
    }
    steering.tell("thaw", &tag).await;
    futures::future::poll_fn(|cx| socket.poll_ready_unpin(cx))
        .await
        .unwrap();
}

/// How often something that lies between us and the peer may take more than it seemed to.
const ATTEMPTS: u32 = 20;

/// The same through the channel, which has no queue of its own to hide it in.
#[crate::test]
async fn a_channel_hands_over_no_more_than_the_watermark_and_one_message() {
    for transport in TRANSPORTS {
        let (channel, mut peer) = open(transport, "handed-over", WATERMARK).await;
        peer.freeze().await;
        fill(&channel).await;
        let control = channel.control();
        // What lies between us and the peer may still take some: then the line was not full.
        let mut full = false;
        for _ in 0..ATTEMPTS {
            let before = control.stats();
            // Many at once, each holding its own value.
            let sends = (0..100).map(|_| channel.send(vec![1; SIZE]));
            let mut sends = futures::future::join_all(sends);
            for _ in 0..50 {
                assert!(futures::poll!(&mut sends).is_pending());
                still().await;
            }
            full = control.stats() == before;
            if full {
                break;
            }
        }
        assert!(full, "{transport:?}");
        let sent = control.stats().sent_messages;
        peer.thaw().await;
        channel.send(vec![2]).await.unwrap();
        assert_eq!(control.stats().sent_messages, sent + 1, "{transport:?}");
    }
}

/// One message that is announced and never ends costs nothing: the browser keeps it, or the core refuses it.
#[crate::test]
async fn a_gibibyte_announced_is_not_allocated() {
    let server = server().await;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    let before = Memory::now();
    let mut channel = connect(server.url("/fault/length-1-gib?after=client"))
        .max_message(1 << 20)
        .close_timeout(std::time::Duration::from_millis(300))
        .await
        .unwrap();
    channel.send("go on".into()).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap(), "hi".into());
    let closed = channel.control().close(4000, "").await.unwrap();
    assert!(!closed.was_clean, "{closed:?}");
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    before.stays_under(1 << 20, "announced");
}
