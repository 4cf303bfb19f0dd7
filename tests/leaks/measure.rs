//! What is measured, and when it has come to rest: one seam, two bodies.

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) use native::{Measure, alone, print, seconds, turn};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use web::{Measure, alone, print, seconds, turn};

/// Turns for what was scheduled to come to rest. A leak is what is still there then.
const TURNS: usize = 500;

impl Measure {
    /// What there is once it has come to rest, or is no more than `wanted`.
    pub(crate) async fn settled(wanted: Option<&Self>) -> Self {
        let mut now = Self::now();
        for _ in 0..TURNS {
            if wanted.is_some_and(|wanted| now.is_flat(wanted)) {
                break;
            }
            turn().await;
            now = Self::now();
        }
        now
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod web {
    use peak_alloc::PeakAlloc;
    use wasm_bindgen::JsCast;

    #[global_allocator]
    static ALLOCATOR: PeakAlloc = PeakAlloc;

    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub(crate) struct Measure {
        /// Live references to JavaScript's objects.
        references: u32,
        /// Bytes in use.
        allocated: usize,
        /// This instance's memory, in bytes. It never shrinks.
        memory: u32,
    }

    /// Bytes. Of a channel that leaves one box behind, 500 cycles leave sixteen times as many.
    const SLACK: usize = 1000;
    /// By which memory grows.
    const PAGE: u32 = 64 << 10;

    impl Measure {
        pub(super) fn now() -> Self {
            let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
            let bytes = js_sys::Reflect::get(&memory.buffer(), &"byteLength".into()).unwrap();
            let memory = bytes.as_f64().unwrap() as u32;
            Self {
                references: wasm_bindgen::externref_heap_live_count(),
                allocated: ALLOCATOR.current_usage(),
                memory,
            }
        }
    }

    impl Measure {
        /// Not a reference more; in use less than two bytes of each of 500 cycles, for an answer of the server that is longer than the last; no
        /// memory but one page for the allocator's fragments.
        pub(crate) fn is_flat(&self, warm: &Self) -> bool {
            self.references <= warm.references
                && self.allocated <= warm.allocated + SLACK
                && self.memory <= warm.memory + PAGE
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

    pub(crate) fn seconds() -> f64 {
        js_sys::Date::now() / 1000.0
    }

    pub(crate) fn print(line: &str) {
        wasm_bindgen_test::console_log!("{line}");
    }
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
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

    pub(crate) fn seconds() -> f64 {
        use std::time::{SystemTime, UNIX_EPOCH};
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        since.as_secs_f64()
    }

    pub(crate) fn print(line: &str) {
        println!("{line}");
    }
}
