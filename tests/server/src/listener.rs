//! Accepts connections, each into a task of its own, so that a slow one holds nobody up.

use std::future::Future;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// After a failed accept, such as too many open files: long enough for connections to end, short enough not to be noticed.
const RETRY: Duration = Duration::from_millis(50);

/// Runs until it is dropped; its connections end with it.
pub(crate) async fn run<F>(
    listener: TcpListener,
    max_connections: usize,
    serve: impl Fn(TcpStream) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < max_connections.max(1) => match accepted {
                Ok((io, _)) => {
                    connections.spawn(serve(io));
                }
                Err(_) => tokio::time::sleep(RETRY).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}
