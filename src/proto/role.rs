//! The two sides of a connection.

/// Which side of the connection this is (RFC 6455 §1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The side that connects.
    Client,
    /// The side that accepts.
    Server,
}
