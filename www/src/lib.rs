//! The Rust half of the demo page: a typed channel drives its panel.

pub mod chat;
pub mod panel;
