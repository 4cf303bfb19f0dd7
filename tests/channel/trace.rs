//! Events of `tracing`: what is told, and that no secret is.

use crate::server::server;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};
use websocket_channel::{Text, connect};

/// Everything that is told, as text.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<String>>);

impl Visit for Told {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Told {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut self.clone());
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
        self.0.lock().unwrap().push('\n');
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn the_trace_of_a_connection_has_no_secrets() {
    let server = server().await;
    let told = Told::default();
    let _guard = tracing::subscriber::set_default(told.clone());
    let secret = server
        .url("/echo?token=s3cret")
        .replacen("ws://", "ws://ann:s3cret@", 1);
    let mut channel = connect(secret).codec(Text).await.unwrap();
    channel.send("s3cret".into()).await.unwrap();
    assert_eq!(channel.next().await.unwrap().unwrap(), "s3cret");
    channel.control().close(4000, "s3cret").await.unwrap();
    let failing = server.url("/status/404?token=s3cret");
    connect(failing).protocols(["s3cret"]).await.unwrap_err();
    let told = told.0.lock().unwrap().clone();
    for event in [
        "message=connecting url=\"ws://",
        "message=opened elapsed_ms=",
        "message=closing code=4000",
        "message=closed code=4000 was_clean=true by=\"local\"",
        "message=connecting failed code=\"CONNECT_FAILED\"",
    ] {
        assert!(told.contains(event), "{event} is not in\n{told}");
    }
    assert!(!told.contains("s3cret"), "{told}");
}
