//! What the fuzz targets share: how an input is read, how a connection is driven, and what has to hold on the way.
//!
//! A target is a file in `targets/`. Each input begins with two bytes for the target itself (see [`Input`]), the rest is what a
//! peer sends. That nothing panics is the least; the targets hold the core against its own documentation, against itself in
//! other cuts of the same bytes, and against implementations that are not ours.

pub mod drive;
pub mod hixie;
pub mod input;
pub mod open;
pub mod wire;

pub use drive::{Outcome, same_in_any_pieces};
pub use input::Input;

/// Counts what is allocated, so that a target can say how much may be.
#[global_allocator]
pub static MEMORY: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;
