//! The application's policy for connecting again.

use core::time::Duration;

/// How to connect again after a connection was lost. `Reconnect::default()` suits most applications.
///
/// The delay before an attempt is random, so that the clients of a restarting server do not all return at the same moment. The [AWS Architecture
/// Blog](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/) calls this "full jitter". The bound of the delay doubles with
/// each failure.
///
/// | attempt | delay, chosen at random |
/// | --- | --- |
/// | the first, after the server or the network ended the connection | 0 to [`spread`](Self::spread) |
/// | the first, after the page or the machine ended it | 0 to [`base_delay`](Self::base_delay) |
/// | number *n* from 2 on | between half and all of `base_delay` × 2ⁿ⁻¹, which is at most [`max_delay`](Self::max_delay) and at least `spread` |
///
/// A delay that the server asks for (`Retry-After`) is added, up to an hour. Counting starts again when a connection has been open for
/// [`stable_after`](Self::stable_after).
///
/// ```
/// use core::time::Duration;
/// use websocket_channel::Reconnect;
///
/// // A chat that gives up after ten minutes, and at once when the server says "logged out".
/// let policy = Reconnect::default()
///     .max_elapsed(Duration::from_secs(600))
///     .final_codes([4001]);
/// # let _ = policy;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconnect {
    // In milliseconds, as in the state machine: a `Duration` needs more wasm.
    pub(super) base: u64,
    pub(super) cap: u64,
    pub(super) spread: u64,
    pub(super) stable: u64,
    pub(super) max_attempts: u32,
    pub(super) max_elapsed: u64,
    pub(super) final_codes: Vec<u16>,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            base: 250,
            cap: 30_000,
            spread: 1000,
            stable: 5000,
            max_attempts: u32::MAX,
            max_elapsed: LONGEST_MS * 8,
            final_codes: Vec::new(),
        }
    }
}

impl Reconnect {
    /// The bound of the first delay, which doubles with each failure. Default 250 ms: people do not notice a shorter interruption. With 0 only
    /// [`spread`](Self::spread) delays.
    pub fn base_delay(mut self, delay: Duration) -> Self {
        self.base = millis(delay);
        self
    }

    /// The largest bound, however often it doubles. Default 30 s: a client finds a server that is back within half a minute. gRPC has two minutes,
    /// socket.io 5 s. With 0 the delay does not grow.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.cap = millis(delay);
        self
    }

    /// The time over which clients spread when all of them lose their connections at once. Default 1 s. With 0 the first attempt is made at once.
    ///
    /// A server that restarts with *n* clients and accepts *r* a second needs *n*/*r* for all of them. Set 1.2 times that: 60 s for a million clients
    /// and 20,000 a second. A client that loses a single connection then waits half of it, on average.
    pub fn spread(mut self, spread: Duration) -> Self {
        self.spread = millis(spread);
        self
    }

    /// How long a connection must stay open to be stable: then counting attempts starts again. Default 5 s: a proxy that accepts before it has asked
    /// its back end ends the connection sooner. With 0 every connection is stable.
    pub fn stable_after(mut self, time: Duration) -> Self {
        self.stable = millis(time);
        self
    }

    /// The largest number of failed attempts in a row. Then the channel ends with the reason of the lost connection. Default `None`: no limit. With 0
    /// it never connects again.
    pub fn max_attempts(mut self, attempts: impl Into<Option<u32>>) -> Self {
        self.max_attempts = attempts.into().unwrap_or(u32::MAX);
        self
    }

    /// How long after the loss attempts may begin. Default `None`: no limit. With 0 it never connects again. Time in which the machine sleeps may not
    /// count.
    pub fn max_elapsed(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.max_elapsed = time.into().map_or(LONGEST_MS * 8, millis);
        self
    }

    /// Close codes of the server that end the channel, for example "logged out" or "banned". Default none. No standard code is final, because servers
    /// and proxies restart with 1000, 1001, 1006, 1011 and 1012.
    pub fn final_codes(mut self, codes: impl IntoIterator<Item = u16>) -> Self {
        self.final_codes = codes.into_iter().collect();
        self
    }
}

/// Numbers as JavaScript has them.
#[cfg(any(feature = "__npm", feature = "__npm-session"))]
impl Reconnect {
    /// A policy of milliseconds and a number of attempts, `None` for each default. Infinity is no limit.
    pub(crate) fn of_numbers(
        [base, cap, spread, stable, attempts, elapsed]: [Option<f64>; 6],
    ) -> Self {
        let default = Self::default();
        // A cast to an integer ends at its largest.
        let or = |given: Option<f64>, default| given.map_or(default, |given| given as u64);
        let millis = |given, default| or(given, default).min(LONGEST_MS);
        Self {
            base: millis(base, default.base),
            cap: millis(cap, default.cap),
            spread: millis(spread, default.spread),
            stable: millis(stable, default.stable),
            max_attempts: attempts.map_or(u32::MAX, |given| given as u32),
            max_elapsed: or(elapsed, default.max_elapsed).min(default.max_elapsed),
            final_codes: Vec::new(),
        }
    }
}

/// Longer times are reduced to this, 17,000 years, so that sums do not overflow.
pub(super) const LONGEST_MS: u64 = 1 << 49;

/// Whole milliseconds.
pub(super) fn millis(time: Duration) -> u64 {
    let millis = time.as_secs().saturating_mul(1000);
    millis
        .saturating_add(u64::from(time.subsec_millis()))
        .min(LONGEST_MS)
}
