//! When to check again how much a browser's `WebSocket` holds: there is no event for it.

use super::attributes::{get, set};
use crate::time::{Called, Instant, Sleep, called, sleep};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

/// The delay while nothing is known about the connection.
const PAUSE: Duration = Duration::from_millis(4);
/// The delay for a fast connection.
const SHORT: Duration = Duration::from_millis(1);
/// One in this many checks waits for a turn of the event loop. HTML §8.6: a timer that the fifth timer in a row sets takes at least 4 ms.
const ROW: u16 = 4;
/// A timer that took as long was slowed down by the browser.
const SLOWED: Duration = Duration::from_millis(50);

/// What a look waits for, cheapest first.
#[derive(Clone, Copy, Default, PartialEq)]
enum Pace {
    #[default]
    Timers,
    ShortTimers,
    Turns,
}

impl Pace {
    /// For a connection whose buffer drained within one timer.
    fn next(self) -> Self {
        match self {
            Self::Timers => Self::ShortTimers,
            Self::ShortTimers | Self::Turns => Self::Turns,
        }
    }

    /// Checks without a change after which the buffer counts as stalled: about 50 ms.
    fn patience(self) -> u16 {
        match self {
            Self::Timers => 0,
            Self::ShortTimers => 60,
            Self::Turns => 4000,
        }
    }
}

/// When to check the buffer again.
///
/// A timer costs least. If the buffer drains within one timer, timers are too slow. Either the connection is fast: then shorter timers come next. Or
/// browsers throttle the timers of a background tab to one per second or minute. There, and if the buffer drains within a short timer as well, every
/// turn of the event loop checks: browsers do not throttle those, but they keep a processor busy. That ends when the buffer stalls, so a peer that
/// reads nothing costs timers only.
#[derive(Default)]
pub(crate) struct Looks {
    /// What the browser held at the last check.
    held: usize,
    pace: Pace,
    /// Looks that may go by without a change.
    left: u16,
    /// Looks at a fast line since the last that was a turn.
    row: u16,
    /// Timers of this wait.
    timers: usize,
    /// When the newest timer was set.
    set: Option<Instant>,
}

impl Looks {
    /// The browser holds this much now, and the send buffer is full.
    pub(crate) fn see(&mut self, held: usize) {
        if self.held != held {
            self.left = self.pace.patience();
        }
        self.held = held;
    }

    /// How long to wait for the next look; nothing for one turn of the event loop.
    pub(crate) fn pause(&mut self) -> Duration {
        let mut pause = SHORT;
        if self.left == 0 {
            self.pace = Pace::Timers;
            pause = PAUSE;
        } else {
            self.left -= 1;
            self.row = (self.row + 1) % ROW;
            if self.pace == Pace::Turns || self.row == 0 {
                return Duration::ZERO;
            }
        }
        self.timers += 1;
        self.set = Some(Instant::now());
        pause
    }

    /// The send buffer has space again. `held` is what the browser still holds.
    pub(crate) fn rest(&mut self, held: usize) {
        if self.timers == 1 && held == 0 {
            let slowed = self.set.is_some_and(|set| set.elapsed() >= SLOWED);
            self.pace = if slowed {
                Pace::Turns
            } else {
                self.pace.next()
            };
            self.left = self.pace.patience();
        }
        self.timers = 0;
    }
}

/// The wait of a sender for the browser's buffer to drain.
#[derive(Default)]
pub(super) struct Drain {
    looks: Looks,
    /// Until the next look.
    wait: Option<Wait>,
}

impl Drain {
    /// Ready when it is time to look again. `held` is what the browser holds now.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, held: usize) -> Poll<()> {
        self.looks.see(held);
        let looks = &mut self.looks;
        let wait = self.wait.get_or_insert_with(|| match looks.pause() {
            Duration::ZERO => Turn::new().map_or_else(|_| Wait::Timer(sleep(PAUSE)), Wait::Turn),
            pause => Wait::Timer(sleep(pause)),
        });
        ready!(match wait {
            Wait::Timer(timer) => Pin::new(timer).poll(cx),
            Wait::Turn(turn) => turn.came.poll(cx),
        });
        self.wait = None;
        Poll::Ready(())
    }

    /// The send buffer has space again. `held` is what the browser still holds.
    pub(super) fn rest(&mut self, held: usize) {
        self.looks.rest(held);
        self.wait = None;
    }
}

enum Wait {
    Timer(Sleep),
    Turn(Turn),
}

/// A message to ourselves, which comes behind every event that waits. Dropping it closes both ports: Node would wait for an open one.
struct Turn {
    came: Called,
    /// A port has what it needs of a socket, `close` and `onmessage`.
    port: web_sys::WebSocket,
    _call: Closure<dyn Fn(JsValue)>,
}

#[wasm_bindgen]
extern "C" {
    /// HTML §9.4.2: two ports; a message posted to one arrives at the other.
    type MessageChannel;

    #[wasm_bindgen(constructor, catch)]
    fn new() -> Result<MessageChannel, JsValue>;

    type MessagePort;

    #[wasm_bindgen(method, js_name = postMessage)]
    fn post_message(this: &MessagePort, message: &JsValue);
}

impl Turn {
    fn new() -> Result<Self, JsValue> {
        let ports = MessageChannel::new()?;
        let port: web_sys::WebSocket = get(&ports, "port1")?.unchecked_into();
        let other: MessagePort = get(&ports, "port2")?.unchecked_into();
        let (came, call) = called();
        set(&port, "onmessage", call.as_ref());
        other.post_message(&JsValue::NULL);
        Ok(Self {
            came,
            port,
            _call: call,
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // The handler goes before the closure: an event in between would call a closure that has been dropped.
        set(&self.port, "onmessage", &JsValue::NULL);
        let _ = self.port.close();
    }
}
