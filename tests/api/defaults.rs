//! The defaults of a connection, as the code has them and as every page that names one tells.

use websocket_channel::ConnectionOptions;

/// One default, in the words of each page.
pub(crate) struct Default {
    /// The name of the builder's method and of the field.
    pub(crate) rust: &'static str,
    /// With its unit: `20 s`, `1 MiB`.
    pub(crate) value: String,
    /// The name of JavaScript's option.
    pub(crate) js: &'static str,
    /// In that option's unit: `20,000`.
    pub(crate) number: String,
}

/// All of them, from the code.
pub(crate) fn all() -> Vec<Default> {
    let ConnectionOptions {
        connect_timeout,
        limits,
        ..
    } = ConnectionOptions::default();
    let seconds = |rust, js, limit: std::time::Duration| Default {
        rust,
        value: format!("{} s", limit.as_secs()),
        js,
        number: grouped(limit.as_millis() as usize),
    };
    let bytes = |rust, js, bytes: usize| Default {
        rust,
        value: format!("{} MiB", bytes >> 20),
        js,
        number: grouped(bytes),
    };
    vec![
        seconds("connect_timeout", "connectTimeoutMs", connect_timeout),
        seconds("close_timeout", "closeTimeoutMs", limits.close_timeout),
        bytes(
            "send_high_water_mark",
            "sendHighWaterMarkBytes",
            limits.send_high_water_mark,
        ),
        bytes(
            "receive_buffer",
            "receiveBufferBytes",
            limits.receive_buffer,
        ),
        bytes("max_message", "maxMessageBytes", limits.max_message),
    ]
}

/// With a comma between thousands.
fn grouped(mut number: usize) -> String {
    let mut groups = Vec::new();
    while number >= 1000 {
        groups.push(format!("{:03}", number % 1000));
        number /= 1000;
    }
    groups.push(number.to_string());
    groups.reverse();
    groups.join(",")
}

/// The comment above what begins with `item`, in one line.
pub(crate) fn comment_above(source: &str, item: &str) -> String {
    let above = source.split(item).next().unwrap();
    assert_ne!(above.len(), source.len(), "there is no {item}");
    let mut lines: Vec<&str> = above
        .lines()
        .rev()
        .skip_while(|line| line.trim().is_empty())
        .take_while(|line| line.trim_start().starts_with(['/', '*']))
        .map(|line| line.trim_start().trim_start_matches(['/', '*', ' ']))
        .collect();
    lines.reverse();
    lines.join(" ")
}
