//! Who is woken when, polled by hand. The stream here wakes nobody of itself: what one task finds out, the other must be told.

use crate::support::{limits, upgraded};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use websocket_channel::proto::Role;
use websocket_channel::transport::framed::IoTransport;
use websocket_channel::transport::{ConnectionLost, Transport};
use websocket_channel::{Event, Message};

/// What the stream will give and take at its next poll.
#[derive(Clone, Default)]
struct Stream(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    to_read: Vec<u8>,
    room: usize,
    ended: bool,
    fails: bool,
    /// As a socket does, it remembers one task for each direction: the last that it had nothing for.
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.0.lock().unwrap();
        let bytes = std::mem::take(&mut state.to_read);
        if bytes.is_empty() && !state.ended {
            state.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        buffer.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.lock().unwrap();
        if state.fails {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let taken = bytes.len().min(state.room);
        state.room -= taken;
        if taken == 0 {
            state.writer = Some(cx.waker().clone());
            Poll::Pending
        } else {
            Poll::Ready(Ok(taken))
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A task that counts how often it is woken.
#[derive(Default)]
struct Task(AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Task {
    fn woken(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

struct Scene {
    socket: IoTransport<Stream>,
    stream: Stream,
    reader: Arc<Task>,
    writer: Arc<Task>,
}

impl Scene {
    fn new() -> Self {
        let stream = Stream::default();
        let bounds = limits(|limits| limits.send_high_water_mark = 10);
        let socket = upgraded(stream.clone(), Role::Client, &bounds);
        Self {
            socket,
            stream,
            reader: Arc::default(),
            writer: Arc::default(),
        }
    }

    fn read(&mut self) -> Poll<Event> {
        let waker = Waker::from(self.reader.clone());
        self.socket.poll_event(&mut Context::from_waker(&waker))
    }

    fn ready(&mut self) -> Poll<()> {
        let waker = Waker::from(self.writer.clone());
        self.socket.poll_ready(&mut Context::from_waker(&waker))
    }

    /// Wakes whomever the stream remembers, for each direction, and says how often reader and writer were.
    fn wake(&self) -> [(usize, usize); 2] {
        let (reader, writer) = {
            let mut state = self.stream.0.lock().unwrap();
            (state.reader.take(), state.writer.take())
        };
        [reader, writer].map(|waker| {
            if let Some(waker) = waker {
                waker.wake();
            }
            (self.reader.woken(), self.writer.woken())
        })
    }

    fn flush(&mut self) -> Poll<Result<(), ConnectionLost>> {
        let waker = Waker::from(self.writer.clone());
        self.socket.poll_flush(&mut Context::from_waker(&waker))
    }
}

#[tokio::test]
async fn capacity_that_the_reader_frees_wakes_the_writer() {
    let mut scene = Scene::new();
    scene.socket.send(Message::Binary(vec![0; 100])).unwrap();
    assert!(scene.ready().is_pending());
    scene.stream.0.lock().unwrap().room = 1000;
    assert!(scene.read().is_pending());
    assert_eq!(scene.writer.woken(), 1);
    assert!(scene.ready().is_ready());
}

#[tokio::test]
async fn a_message_that_the_writer_reads_wakes_the_reader() {
    let mut scene = Scene::new();
    scene.socket.send(Message::Binary(vec![0; 100])).unwrap();
    assert!(scene.read().is_pending());
    scene.stream.0.lock().unwrap().to_read = b"\x81\x02Hi".to_vec();
    assert!(scene.flush().is_pending());
    assert_eq!(scene.reader.woken(), 1);
    assert_eq!(
        scene.read(),
        Poll::Ready(Event::Message(Message::from("Hi")))
    );
}

#[tokio::test]
async fn a_close_that_the_reader_reads_wakes_the_writer() {
    let mut scene = Scene::new();
    scene.socket.send(Message::Binary(vec![0; 100])).unwrap();
    assert!(scene.ready().is_pending());
    scene.stream.0.lock().unwrap().to_read = b"\x88\x00".to_vec();
    assert!(scene.read().is_pending());
    assert_eq!(scene.writer.woken(), 1);
    assert!(scene.ready().is_ready() && !scene.socket.is_open());
}

#[tokio::test]
async fn close_wakes_every_waiting_task() {
    let mut scene = Scene::new();
    scene.socket.send(Message::Binary(vec![0; 100])).unwrap();
    assert!(scene.read().is_pending());
    assert!(scene.ready().is_pending());
    scene.socket.close(1000, "");
    assert_eq!((scene.reader.woken(), scene.writer.woken()), (1, 1));
    assert!(scene.ready().is_ready());
}

#[tokio::test]
async fn send_wakes_a_reader_that_waits_and_no_other() {
    let mut scene = Scene::new();
    scene.socket.send(Message::from("a")).unwrap();
    assert_eq!(scene.reader.woken(), 0, "nobody has polled yet");
    assert!(scene.read().is_pending());
    scene.socket.send(Message::from("b")).unwrap();
    scene.socket.send(Message::from("c")).unwrap();
    assert_eq!(scene.reader.woken(), 1, "once is enough");
    scene.stream.0.lock().unwrap().to_read = b"\x81\x01x".to_vec();
    assert!(scene.read().is_ready());
    scene.socket.send(Message::from("d")).unwrap();
    assert_eq!(scene.reader.woken(), 0, "it is at work");
}

#[tokio::test]
async fn the_stream_wakes_both_waiting_tasks_in_any_order() {
    for reader_first in [true, false] {
        let mut scene = Scene::new();
        scene.socket.send(Message::Binary(vec![0; 100])).unwrap();
        for reads in [reader_first, !reader_first] {
            if reads {
                assert!(scene.read().is_pending());
            } else {
                assert!(scene.ready().is_pending());
            }
        }
        assert_eq!(
            scene.wake(),
            [(1, 1), (1, 1)],
            "reader first: {reader_first}"
        );
    }
}

#[tokio::test]
async fn the_stream_wakes_a_task_that_does_both_once() {
    let mut scene = Scene::new();
    scene.writer = scene.reader.clone();
    scene.socket.send(Message::Binary(vec![0; 100])).unwrap();
    assert!(scene.read().is_pending());
    assert!(scene.ready().is_pending());
    assert_eq!(scene.wake(), [(1, 0), (1, 0)]);
}

#[tokio::test]
async fn the_stream_wakes_only_the_task_that_waits() {
    let mut scene = Scene::new();
    scene.socket.send(Message::Binary(vec![0; 100])).unwrap();
    assert!(scene.ready().is_pending());
    scene.stream.0.lock().unwrap().room = 1000;
    assert!(scene.ready().is_ready());
    assert!(scene.read().is_pending());
    assert_eq!(scene.wake()[0], (1, 0));
}

#[tokio::test]
async fn a_write_that_fails_in_the_reader_wakes_the_writer() {
    let mut scene = Scene::new();
    scene.socket.send(Message::Binary(vec![0; 100])).unwrap();
    assert!(scene.ready().is_pending());
    scene.stream.0.lock().unwrap().fails = true;
    assert!(scene.read().is_pending());
    assert_eq!(scene.writer.woken(), 1);
    assert!(scene.ready().is_ready() && !scene.socket.is_open());
}

#[tokio::test]
async fn a_write_that_fails_at_the_end_is_the_end() {
    let mut scene = Scene::new();
    {
        let mut state = scene.stream.0.lock().unwrap();
        state.to_read = b"\x88\x00".to_vec();
        state.ended = true;
    }
    assert!(scene.read().is_pending(), "our Close frame is not written");
    scene.stream.0.lock().unwrap().fails = true;
    let Poll::Ready(Event::Closed(closed)) = scene.read() else {
        panic!("it waits for a stream that takes nothing");
    };
    assert_eq!(closed.code, 1005);
}

/// Keepalive has no timer where there is no runtime; everything else works.
#[test]
fn it_can_be_polled_by_hand_without_a_runtime() {
    let mut scene = Scene::new();
    assert!(scene.read().is_pending());
    scene.socket.send(Message::from("a")).unwrap();
    scene.stream.0.lock().unwrap().room = 1000;
    assert_eq!(scene.flush(), Poll::Ready(Ok(())));
    scene.stream.0.lock().unwrap().to_read = b"\x81\x02Hi".to_vec();
    assert!(scene.read().is_ready());
}
