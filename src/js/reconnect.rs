//! The Rust half of the option `reconnect`: when to connect again. It is the policy and the state machine of Rust's own channel. JavaScript makes the
//! connections and reports them.

use crate::lifecycle::Lifecycle;
use crate::random::jitter;
use crate::reconnect::{Reconnect, RetryCause, State, Supervisor};
use crate::time::{Instant, elapsed_ms};
use crate::transport::web_socket::began;
use core::cell::{Cell, RefCell};
use wasm_bindgen::prelude::wasm_bindgen;

/// Decides when to connect. It begins with a first attempt under way. No borrow lasts over a call of the user's code.
#[wasm_bindgen]
pub struct ReconnectHandle {
    supervisor: RefCell<Supervisor>,
    /// The time from which all times count.
    origin: Instant,
    /// The time of the last loss.
    decided: Cell<u64>,
}

#[wasm_bindgen]
impl ReconnectHandle {
    /// The policy in milliseconds; `undefined` stands for each default, and infinity for no limit.
    #[wasm_bindgen(constructor)]
    pub fn new(
        base_delay: Option<f64>,
        max_delay: Option<f64>,
        spread: Option<f64>,
        stable_after: Option<f64>,
        max_attempts: Option<f64>,
        max_elapsed: Option<f64>,
    ) -> ReconnectHandle {
        let numbers = [
            base_delay,
            max_delay,
            spread,
            stable_after,
            max_attempts,
            max_elapsed,
        ];
        let policy = Reconnect::of_numbers(numbers);
        ReconnectHandle {
            supervisor: RefCell::new(Supervisor::connecting(policy)),
            origin: Instant::now(),
            decided: Cell::new(0),
        }
    }

    /// Adds a final code. One by one: without WebAssembly, memory that grows leaves the glue's view of an array behind.
    #[wasm_bindgen(js_name = addFinalCode)]
    pub fn add_final_code(&self, code: u16) {
        self.supervisor.borrow_mut().add_final_code(code);
    }

    /// The number of the next, current or last attempt since the last stable connection, from 1; 0 for a first connection.
    #[wasm_bindgen(getter)]
    pub fn attempt(&self) -> u32 {
        self.supervisor.borrow().attempt()
    }

    /// The milliseconds from the last loss to the next attempt: negative when none is due, and NaN when there will be none.
    #[wasm_bindgen(getter)]
    pub fn delay(&self) -> f64 {
        match self.supervisor.borrow().state() {
            State::Waiting { at } => at.saturating_sub(self.decided.get()) as f64,
            State::Ended(_) => f64::NAN,
            State::Open | State::Connecting | State::Suspended => -1.0,
        }
    }

    /// The milliseconds to sleep before asking [`due`](Self::due), while an attempt is waited for.
    #[wasm_bindgen(getter)]
    pub fn pause(&self) -> f64 {
        let supervisor = self.supervisor.borrow();
        match supervisor.state() {
            State::Waiting { at } => supervisor.pause(at, self.now()) as f64,
            _ => 0.0,
        }
    }

    /// Whether to connect now. Then an attempt is under way.
    pub fn due(&self) -> bool {
        let now = self.now();
        let mut supervisor = self.supervisor.borrow_mut();
        supervisor.look_for_network(Lifecycle::is_offline(), now);
        supervisor.due(now)
    }

    /// The attempt succeeded.
    pub fn opened(&self) {
        self.supervisor.borrow_mut().opened(self.now());
    }

    /// The connection ended with this code.
    pub fn closed(&self, code: u16, without_reason: bool, clean: bool) {
        let by = began(code, without_reason, clean);
        self.lost(RetryCause::closed(by, code));
    }

    /// The attempt failed.
    pub fn failed(&self) {
        self.lost(RetryCause::Failed(None));
    }

    /// The page returned from a freeze or from the back/forward cache: its connections are dead.
    pub fn restored(&self) {
        let mut supervisor = self.supervisor.borrow_mut();
        supervisor.restored(self.now(), jitter());
    }

    /// An attempt that is waited for is due now.
    pub fn hurry(&self) {
        self.supervisor.borrow_mut().seen(self.now());
    }

    /// The network changed, or the page was shown or hidden.
    pub fn changed(&self) {
        let now = self.now();
        let mut supervisor = self.supervisor.borrow_mut();
        if !supervisor.look_for_network(Lifecycle::is_offline(), now) && Lifecycle::is_visible() {
            supervisor.seen(now);
        }
    }
}

impl ReconnectHandle {
    fn now(&self) -> u64 {
        elapsed_ms(self.origin)
    }

    fn lost(&self, cause: RetryCause) {
        let now = self.now();
        let mut supervisor = self.supervisor.borrow_mut();
        // A platform can report one end twice.
        if !matches!(supervisor.state(), State::Waiting { .. }) {
            self.decided.set(now);
        }
        supervisor.look_for_network(Lifecycle::is_offline(), now);
        supervisor.lost(now, cause, 0, jitter());
    }
}
