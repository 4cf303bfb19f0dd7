//! Sessions over the WebSockets of other people's libraries: see `tests/`.
