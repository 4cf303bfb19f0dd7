//! Somebody else's application. Its test is what this crate is here for.
