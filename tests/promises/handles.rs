//! Promise 7: handles are `Send + Sync` when the message types allow; `Socket`, beneath, spawns nothing.

use crate::line::{TRANSPORTS, open};
use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Waker};
use websocket_channel::transport::Limits;
use websocket_channel::{
    Channel, Control, Message, Permit, Receiver, Sender, Socket, StatusStream,
};

fn is_send_and_sync<T: Send + Sync>() {}

/// Compiled, and with it shown: in wasm as natively, and with types that are not `Sync` themselves where none of their values is kept.
#[crate::test]
async fn handles_are_send_and_sync() {
    type Value = String;
    is_send_and_sync::<Sender<Value>>();
    is_send_and_sync::<Receiver<Value>>();
    is_send_and_sync::<Channel<Value, Value>>();
    is_send_and_sync::<Control>();
    is_send_and_sync::<StatusStream>();
    is_send_and_sync::<Permit<'_, Value>>();
    is_send_and_sync::<Sender<Cell<u8>>>();
}

/// A future that waits can be moved to another thread, with the value that it holds.
#[crate::test]
async fn futures_of_handles_are_send() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    for transport in TRANSPORTS {
        let (mut channel, _peer) = open(transport, "send-futures", 1 << 20).await;
        is_send(channel.send(vec![1])).await.unwrap();
        assert_eq!(is_send(channel.next()).await.unwrap().unwrap(), [1]);
        let control = channel.control();
        let closed = is_send(control.close(1000, "")).await.unwrap();
        assert_eq!(is_send(channel.closed()).await, closed);
    }
}

/// Without anybody who polls nothing happens, and no executor is needed to drop it.
#[crate::test]
async fn a_socket_spawns_nothing() {
    let (mut one, mut other) = Socket::pair(&Limits::default(), "");
    one.send_now(Message::from("hello")).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let received = futures::Stream::poll_next(Pin::new(&mut other), &mut cx);
    assert_eq!(received, std::task::Poll::Ready(Some("hello".into())));
}
