//! Values that most connections of a program have in common, kept once for all of them.

use core::cell::Cell;
use std::sync::Arc;
use std::thread::LocalKey;

/// A value that others have, too.
pub(crate) type Shared<T> = Arc<T>;
/// The last value of a thread.
pub(crate) type Last<T> = Cell<Option<Shared<T>>>;

/// The value. If the last value on this thread was equal, it is shared with that one.
pub(crate) fn shared<T: PartialEq>(last: &'static LocalKey<Last<T>>, value: T) -> Shared<T> {
    let share = |last: &Last<T>| {
        let before = last.take().filter(|before| **before == value);
        before.inspect(|same| last.set(Some(same.clone())))
    };
    // A thread that ends has none any more.
    if let Ok(Some(same)) = last.try_with(share) {
        return same;
    }
    let new = Arc::new(value);
    let _ = last.try_with(|last| last.set(Some(new.clone())));
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_equal_values_are_shared() {
        thread_local! {
            static LAST: Last<String> = const { Cell::new(None) };
        }
        let [a, b, c, d] = ["a", "a", "b", "a"].map(|value| shared(&LAST, value.to_string()));
        assert!(Arc::ptr_eq(&a, &b) && !Arc::ptr_eq(&a, &d));
        assert_eq!((&**a, &**c, &**d), ("a", "b", "a"));
    }
}
