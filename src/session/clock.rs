//! Times in the machines. A `Duration` takes several times the wasm of a number.

use core::time::Duration;

/// Nanoseconds since any fixed moment, or from one moment to another.
pub(crate) type Time = u64;

/// Later than every other time.
pub(crate) const NEVER: Time = Time::MAX;

/// A millisecond.
pub(crate) const MS: Time = 1_000_000;

/// As a number. What is longer than 272 years counts as that.
#[inline(never)]
pub(crate) fn time(duration: Duration) -> Time {
    duration.as_secs().min(1 << 33) * 1_000_000_000 + Time::from(duration.subsec_nanos())
}

/// As a duration, unless it never comes.
pub(crate) fn duration(time: Time) -> Option<Duration> {
    (time != NEVER).then(|| Duration::from_nanos(time))
}
