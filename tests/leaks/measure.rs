//! What is measured, and when it has come to rest: one seam, two bodies.

#[cfg(not(target_family = "wasm"))]
pub(crate) use native::{Measure, alone, print, turn};
#[cfg(target_family = "wasm")]
pub(crate) use web::{Measure, alone, print, turn};

/// Turns for what was scheduled to come to rest. A leak is what is still there then.
const TURNS: usize = 500;

impl Measure {
    /// What there is once it does not go down any more, or is down to `wanted`.
    pub(crate) async fn settled(wanted: Option<&Self>) -> Self {
        let mut now = Self::now();
        for _ in 0..TURNS {
            if Some(&now) == wanted {
                break;
            }
            turn().await;
            now = Self::now();
        }
        now
    }
}

/// Tells what was measured, where that was asked for.
pub(crate) fn report(what: &str, cycles: usize, warm: &Measure, end: &Measure) {
    if crate::LONG {
        print(&format!(
            "{what}, {cycles} times: {warm:?} after warm-up, {end:?} at the end"
        ));
    }
}

#[cfg(target_family = "wasm")]
mod web {
    use wasm_bindgen::JsCast;

    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub(crate) struct Measure {
        /// Live references to JavaScript's objects.
        references: u32,
        /// This instance's memory, in bytes. It never shrinks.
        memory: u32,
    }

    /// By which memory grows.
    const PAGE: u32 = 64 << 10;

    impl Measure {
        pub(super) fn now() -> Self {
            let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
            let bytes = js_sys::Reflect::get(&memory.buffer(), &"byteLength".into()).unwrap();
            let memory = bytes.as_f64().unwrap() as u32;
            Self {
                references: wasm_bindgen::externref_heap_live_count(),
                memory,
            }
        }
    }

    impl Measure {
        /// Not a reference more, and no memory but one page for the allocator's fragments: of 500 cycles that leak, each could have 131 bytes.
        pub(crate) fn is_flat(&self, warm: &Self) -> bool {
            self.references <= warm.references && self.memory <= warm.memory + PAGE
        }
    }

    /// The tests of a page run one after the other.
    pub(crate) fn alone() {}

    /// A timer of no time: every event that waits comes first.
    pub(crate) async fn turn() {
        let (done, over) = futures::channel::oneshot::channel();
        let _timeout = gloo_timers::callback::Timeout::new(0, move || {
            let _ = done.send(());
        });
        over.await.unwrap();
    }

    pub(crate) fn print(line: &str) {
        wasm_bindgen_test::console_log!("{line}");
    }
}

#[cfg(not(target_family = "wasm"))]
mod native {
    use std::sync::{Mutex, MutexGuard, PoisonError};

    /// Of this process, the server's included.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub(crate) struct Measure {
        /// Open files, sockets among them.
        files: usize,
        /// Tasks of this test's runtime: the server's, and whatever ours left.
        tasks: usize,
    }

    impl Measure {
        pub(super) fn now() -> Self {
            // Not on every system there is such a folder; the tasks are counted on all of them.
            let files = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
            let tasks = tokio::runtime::Handle::current()
                .metrics()
                .num_alive_tasks();
            Self { files, tasks }
        }
    }

    impl Measure {
        /// Not a file and not a task more.
        pub(crate) fn is_flat(&self, warm: &Self) -> bool {
            self.files <= warm.files && self.tasks <= warm.tasks
        }
    }

    static ONE: Mutex<()> = Mutex::new(());

    /// Files are counted for the whole process: one test at a time.
    pub(crate) fn alone() -> MutexGuard<'static, ()> {
        ONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn turn() {
        tokio::task::yield_now().await;
    }

    pub(crate) fn print(line: &str) {
        println!("{line}");
    }
}
