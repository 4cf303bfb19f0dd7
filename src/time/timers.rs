//! Native timers: those of the tokio runtime that this runs in. Without a runtime, or with one without timers, those of a thread of our own.

use core::future::{Future, pending};
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::collections::HashSet;
use std::panic::catch_unwind;
use std::sync::{Mutex, OnceLock, PoisonError};
use tokio::runtime::{Builder, Handle, Id};

/// `None` if not even a thread could be started: then the timer is due at once, so that nothing waits for ever.
pub(crate) struct Timer(Option<Pin<Box<tokio::time::Sleep>>>);

impl Timer {
    pub(crate) fn is_elapsed(&self) -> bool {
        self.0.as_ref().is_none_or(|sleep| sleep.is_elapsed())
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Some(sleep) => sleep.as_mut().poll(cx),
            None => Poll::Ready(()),
        }
    }
}

pub(crate) fn timer(after: Duration) -> Timer {
    if let Ok(runtime) = Handle::try_current()
        && !lacks_timers(runtime.id())
    {
        // A runtime cannot be asked whether it has timers: tokio panics, and we catch that, once for each such runtime. Its message ("timers are
        // disabled") goes to the panic hook, which by default prints it.
        match catch_unwind(move || Box::pin(tokio::time::sleep(after))) {
            Ok(sleep) => return Timer(Some(sleep)),
            Err(_) => remember(runtime.id()),
        }
    }
    Timer(own().map(|timers| {
        let _entered = timers.enter();
        Box::pin(tokio::time::sleep(after))
    }))
}

/// Programs have one runtime or a few. Programs with many are checked again from time to time.
const MAX_REMEMBERED: usize = 256;

/// The runtimes that have no timers. Usually there is none, and nothing is locked.
static LACKING: OnceLock<Mutex<HashSet<Id>>> = OnceLock::new();

fn lacks_timers(runtime: Id) -> bool {
    LACKING.get().is_some_and(|lacking| {
        let lacking = lacking.lock().unwrap_or_else(PoisonError::into_inner);
        lacking.contains(&runtime)
    })
}

fn remember(runtime: Id) {
    let lacking = LACKING.get_or_init(Mutex::default);
    let mut lacking = lacking.lock().unwrap_or_else(PoisonError::into_inner);
    if lacking.len() >= MAX_REMEMBERED {
        lacking.clear();
    }
    lacking.insert(runtime);
}

/// A runtime with nothing but timers, in a thread that lives as long as the program.
fn own() -> Option<&'static Handle> {
    static OWN: OnceLock<Option<Handle>> = OnceLock::new();
    let start = || {
        let runtime = Builder::new_current_thread().enable_time().build().ok()?;
        let handle = runtime.handle().clone();
        std::thread::Builder::new()
            .name("websocket-channel timers".into())
            .spawn(move || runtime.block_on(pending::<()>()))
            .ok()?;
        Some(handle)
    };
    OWN.get_or_init(start).as_ref()
}
