//! Awaits promises one after another with the same two functions, so a message needs no closures of its own.

use super::bindings::Thenable;
use core::cell::RefCell;
use core::mem::replace;
use core::task::{Context, Poll, Waker};
use js_sys::Promise;
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// How a promise was settled: `Err` if it was rejected.
pub(super) type Settled = Result<JsValue, JsValue>;

/// Hears one promise at a time. Dropped while one is pending, it leaves the two functions behind until that one is settled, so that JavaScript
/// never calls what is gone.
pub(super) struct Hearing(Rc<Heard>);

struct Heard {
    state: RefCell<State>,
    /// They refer to this very object; taking them out breaks the cycle.
    functions: RefCell<Option<[Function; 2]>>,
}

type Function = Closure<dyn Fn(JsValue)>;

enum State {
    /// Nothing was asked, or its answer has been taken.
    Idle,
    Pending(Waker),
    Settled(Settled),
    /// Pending, and the wait was dropped.
    Abandoned,
}

impl Hearing {
    pub(super) fn new() -> Self {
        let heard = Rc::new(Heard {
            state: RefCell::new(State::Idle),
            functions: RefCell::new(None),
        });
        let function = |settled: fn(JsValue) -> Settled| {
            let heard = heard.clone();
            Function::new(move |value| heard.settle(settled(value)))
        };
        let functions = [function(Ok), function(Err)];
        *heard.functions.borrow_mut() = Some(functions);
        Self(heard)
    }

    /// How the promise was settled that `ask` gives. It is asked once for each answer: a poll that is dropped loses none.
    pub(super) fn poll(
        &self,
        cx: &mut Context<'_>,
        ask: impl FnOnce() -> Promise,
    ) -> Poll<Settled> {
        let pending = State::Pending(cx.waker().clone());
        let before = replace(&mut *self.0.state.borrow_mut(), pending);
        match before {
            State::Settled(settled) => {
                *self.0.state.borrow_mut() = State::Idle;
                return Poll::Ready(settled);
            }
            State::Idle => {
                let promise: Thenable = ask().unchecked_into();
                if let Some([kept, broken]) = &*self.0.functions.borrow() {
                    // Neither function throws, so the promise that this returns needs no handler.
                    let _ = promise.then(kept.as_ref(), broken.as_ref());
                }
            }
            State::Pending(_) | State::Abandoned => {}
        }
        Poll::Pending
    }
}

impl Heard {
    fn settle(&self, settled: Settled) {
        let before = replace(&mut *self.state.borrow_mut(), State::Settled(settled));
        match before {
            State::Pending(waker) => waker.wake(),
            // One of the two is running: wasm-bindgen frees it when it returns.
            State::Abandoned => drop(self.functions.take()),
            State::Idle | State::Settled(_) => {}
        }
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        let before = replace(&mut *self.0.state.borrow_mut(), State::Abandoned);
        if !matches!(before, State::Pending(_)) {
            drop(self.0.functions.take());
        }
    }
}
