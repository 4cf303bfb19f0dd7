//! What an application chooses about connecting again.

use core::time::Duration;

/// How to connect again after a connection was lost. `Reconnect::default()` suits most applications.
///
/// The delay before an attempt is random, so that the clients of a server that restarts do not all come back in the same moment ("full jitter", as the
/// [AWS Architecture Blog](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/) calls it), and its bound doubles with each failure.
///
/// | attempt | delay, chosen at random |
/// | --- | --- |
/// | the first, after the server or the network ended the connection | 0 to [`spread`](Self::spread) |
/// | the first, after the page or the machine itself did | 0 to [`base_delay`](Self::base_delay) |
/// | number *n* from 2 on | half of to the whole of `base_delay` × 2ⁿ⁻¹, at most [`max_delay`](Self::max_delay), at least `spread` |
///
/// What a server asks for (`Retry-After`) is added in front, up to an hour. The count starts anew once a connection has stayed open for
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
    // In milliseconds, as all of the machine: a `Duration` weighs more in wasm.
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
    /// The bound of the delay, which each failure doubles. Default 250 ms, below which people notice no interruption. With 0 only
    /// [`spread`](Self::spread) delays.
    pub fn base_delay(mut self, delay: Duration) -> Self {
        self.base = millis(delay);
        self
    }

    /// The largest bound that doubling leads to. Default 30 s: a server that is back is found within half a minute. gRPC has two minutes,
    /// socket.io 5 s. At 0 there is no growth.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.cap = millis(delay);
        self
    }

    /// Over how long the clients spread when all of them lose their connections at once. Default 1 s. At 0 the first attempt is made at once.
    ///
    /// A server that restarts with *n* clients and accepts *r* a second needs *n*/*r* to bring them all back. Say 1.2 times that: with a million
    /// clients and 20,000 a second 60 s. A single lost connection then takes half of it, on average, to be replaced.
    pub fn spread(mut self, spread: Duration) -> Self {
        self.spread = millis(spread);
        self
    }

    /// How long a connection must stay open for the count of attempts to start anew. Default 5 s: a proxy that opens before it has asked its back end
    /// ends the connection sooner. At 0 every connection counts.
    pub fn stable_after(mut self, time: Duration) -> Self {
        self.stable = millis(time);
        self
    }

    /// How many attempts may fail in a row. Then the channel ends with the reason of the lost connection. Default `None`: no limit. At 0 it never connects again.
    pub fn max_attempts(mut self, attempts: impl Into<Option<u32>>) -> Self {
        self.max_attempts = attempts.into().unwrap_or(u32::MAX);
        self
    }

    /// How long after the drop attempts may begin. Default `None`: no limit. At 0 it never connects again. Time in which the machine slept may not count.
    pub fn max_elapsed(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.max_elapsed = time.into().map_or(LONGEST_MS * 8, millis);
        self
    }

    /// Close codes of the server that end the channel: "logged out", "banned". Default none. No code of a standard is final by itself, since servers
    /// and proxies restart with 1000, 1001, 1006, 1011 and 1012.
    pub fn final_codes(mut self, codes: impl IntoIterator<Item = u16>) -> Self {
        self.final_codes = codes.into_iter().collect();
        self
    }
}

/// No time is longer, which is 17,000 years: sums of some of them fit.
pub(super) const LONGEST_MS: u64 = 1 << 49;

/// Whole milliseconds.
pub(super) fn millis(time: Duration) -> u64 {
    let millis = time.as_secs().saturating_mul(1000);
    millis
        .saturating_add(u64::from(time.subsec_millis()))
        .min(LONGEST_MS)
}
