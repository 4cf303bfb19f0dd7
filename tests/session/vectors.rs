//! `vectors.json` against the codec: what each batch says, or how it breaks the contract. Other implementations run the same file.

use serde_json::{Value, json};
use websocket_channel::session::wire::{Frame, Frames, Head};
use websocket_channel::session::{Hello, Positions, SessionViolation, Terms, Welcome};

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The frames of a batch up to the first violation.
fn read(batch: &[u8]) -> (Vec<Frame<'_>>, Option<SessionViolation>) {
    let mut read = Vec::new();
    match Frames::new(batch) {
        Err(violation) => return (read, Some(violation)),
        Ok((slot, frames)) => {
            if slot != 0 {
                return (read, Some(SessionViolation::Slot));
            }
            for frame in frames {
                match frame {
                    Ok(frame) => read.push(frame),
                    Err(violation) => return (read, Some(violation)),
                }
            }
        }
    }
    (read, None)
}

#[test]
fn every_batch_reads_as_in_the_vectors() {
    let vectors = vectors();
    assert!(vectors.len() >= 100, "{}", vectors.len());
    for vector in &vectors {
        let name = vector["name"].as_str().unwrap();
        let batch = bytes(vector["batch"].as_str().unwrap());
        let (frames, violation) = read(&batch);
        let told: Vec<Value> = frames.iter().map(told).collect();
        assert_eq!(Value::Array(told), vector["frames"], "{name}");
        let violation = violation.map(|violation| violation.name());
        assert_eq!(violation, vector["violation"].as_str(), "{name}");
    }
}

#[test]
fn written_batches_equal_the_vectors() {
    for vector in vectors() {
        let batch = bytes(vector["batch"].as_str().unwrap());
        let (frames, violation) = read(&batch);
        if violation.is_some() || vector["rewritten"] == false {
            continue;
        }
        let mut again = vec![0];
        for frame in &frames {
            frame.put(&mut again);
        }
        assert_eq!(hex(&again), hex(&batch), "{}", vector["name"]);
    }
}

#[test]
fn a_batch_cut_anywhere_has_the_same_frames_up_to_there() {
    for vector in vectors() {
        let batch = bytes(vector["batch"].as_str().unwrap());
        let (whole, _) = read(&batch);
        for cut in 0..batch.len() {
            let (frames, violation) = read(&batch[..cut]);
            assert_eq!(
                frames[..],
                whole[..frames.len()],
                "{} at {cut}",
                vector["name"]
            );
            let ends = frames.len() < whole.len();
            let named = matches!(
                violation,
                Some(SessionViolation::Truncated | SessionViolation::EmptyBatch)
            );
            assert!(named || !ends || violation.is_none(), "{violation:?}");
        }
    }
}

/// Every violation that a batch alone can be is in the vectors.
#[test]
fn the_vectors_have_every_violation_of_the_codec() {
    let vectors = vectors();
    // Those of a state, or of a length that the machine knows, are tested in `rules`.
    let of_machines = [
        "text-message",
        "batch-too-long",
        "message-too-long",
        "utf8",
        "welcome",
        "order",
        "unconfirmed",
        "ack-behind",
        "ack-ahead",
        "credit-behind",
        "credit-exceeded",
        "reference",
        "unfinished",
        "after-bye",
        "pong",
    ];
    for (_, name) in SessionViolation::ALL {
        let found = vectors.iter().any(|vector| vector["violation"] == *name);
        assert_eq!(found, !of_machines.contains(name), "{name}");
    }
}

/// `WIRE.md` names every violation, with its code.
#[test]
fn the_contract_has_every_violation() {
    let contract = include_str!("../../src/session/WIRE.md");
    let table = contract.split("## Violations").nth(1).unwrap();
    for (violation, name) in SessionViolation::ALL {
        let row = table
            .lines()
            .find(|line| line.contains(&format!("`{name}`")))
            .unwrap_or_else(|| panic!("{name} is not in WIRE.md"));
        assert!(
            row.starts_with(&format!("| {} |", violation.close_code())),
            "{row}"
        );
    }
    // Taken, in IANA's registry of close codes.
    for taken in [3000, 3003, 3008] {
        let row = format!("\n| {taken}");
        assert!(!table.contains(&row), "{taken}");
    }
}

fn told(frame: &Frame<'_>) -> Value {
    match frame {
        Frame::Hello(hello) => told_hello(hello),
        Frame::Welcome(welcome) => told_welcome(welcome),
        Frame::Ack(below) => json!({"kind": "ack", "below": below}),
        Frame::Credit(total) => json!({"kind": "credit", "total": total}),
        Frame::Ping(number) => json!({"kind": "ping", "number": number}),
        Frame::Pong(number) => json!({"kind": "pong", "number": number}),
        Frame::Flush => json!({"kind": "flush"}),
        Frame::Move { after_ms } => json!({"kind": "move", "after_ms": after_ms}),
        Frame::Part(part) => json!({"kind": "part", "bytes": hex(part)}),
        Frame::Skipped(kind) => json!({"kind": "skipped", "number": kind}),
        Frame::Last(head, rest) => {
            let mut told = match head {
                Head::Data { .. } => json!({"kind": "data"}),
                Head::Request { .. } => json!({"kind": "request"}),
                Head::Response { to, .. } => json!({"kind": "response", "to": to}),
                Head::Error { to, code } => json!({"kind": "error", "to": to, "code": code}),
                Head::Cancel { to } => return json!({"kind": "cancel", "to": to}),
                Head::Void => return json!({"kind": "void"}),
                Head::Bye { code } => json!({"kind": "bye", "code": code}),
                other => panic!("no vector tells {other:?}"),
            };
            if !head.is_text() {
                told["binary"] = json!(hex(rest));
            } else if let Ok(text) = std::str::from_utf8(rest) {
                told["text"] = json!(text);
            } else {
                told["invalid_text"] = json!(hex(rest));
            }
            told
        }
        other => panic!("no vector tells {other:?}"),
    }
}

fn told_hello(hello: &Hello) -> Value {
    json!({
        "kind": "hello",
        "versions": [hello.versions.0, hello.versions.1],
        "features": hello.features,
        "instance": format!("{:016x}", hello.instance),
        "attempt": hello.attempt,
        "terms": told_terms(&hello.terms),
        "resume": hello.resume.as_ref().map(|resume| json!({
            "id": hex(&resume.id.0),
            "token": hex(&resume.token.0),
            "incarnation": format!("{:016x}", resume.incarnation),
            "forgot": resume.forgot,
            "positions": told_positions(&resume.positions),
        })),
    })
}

fn told_welcome(welcome: &Welcome) -> Value {
    match welcome {
        Welcome::Session(agreed) => json!({
            "kind": "welcome",
            "status": if agreed.positions.is_some() { "resumed" } else { "new" },
            "version": agreed.version,
            "features": agreed.features,
            "id": hex(&agreed.id.0),
            "token": hex(&agreed.token.0),
            "incarnation": format!("{:016x}", agreed.incarnation),
            "terms": told_terms(&agreed.terms),
            "heartbeat_ms": agreed.heartbeat_ms,
            "spread_ms": agreed.spread_ms,
            "positions": agreed.positions.as_ref().map(told_positions),
        }),
        Welcome::Later { after_ms, reason } => json!({
            "kind": "welcome",
            "status": "later",
            "after_ms": after_ms,
            "reason": format!("{reason:?}"),
        }),
        Welcome::Refused(refusal) => json!({
            "kind": "welcome",
            "status": "refused",
            "reason": format!("{refusal:?}"),
        }),
        Welcome::Ended {
            code,
            committed,
            next,
        } => json!({
            "kind": "welcome",
            "status": "ended",
            "code": code,
            "committed": committed,
            "next": next,
        }),
        other => panic!("no vector tells {other:?}"),
    }
}

fn told_terms(terms: &Terms) -> Value {
    json!({
        "credit": terms.credit,
        "max_message": terms.max_message,
        "max_batch": terms.max_batch,
        "retention": terms.retention,
        "retention_ms": terms.retention_ms,
    })
}

fn told_positions(positions: &Positions) -> Value {
    json!({
        "received": positions.received,
        "committed": positions.committed,
        "first": positions.first,
        "next": positions.next,
        "parts": positions.parts,
    })
}

/// The examples of `WIRE.md` are batches, and go through both machines' codec.
#[test]
fn the_examples_of_the_contract_are_batches() {
    let contract = include_str!("../../src/session/WIRE.md");
    let examples = contract.split("## Examples").nth(1).unwrap();
    let blocks = examples.split("```").skip(1).step_by(2);
    let lines = blocks.flat_map(|block| block.lines().skip(1));
    let mut batches: Vec<String> = Vec::new();
    for line in lines {
        match line.split_at(3) {
            ("   ", more) => batches.last_mut().unwrap().push_str(more),
            ("C  " | "S  ", first) => batches.push(first.into()),
            other => panic!("{other:?}"),
        }
        batches.last_mut().unwrap().push(' ');
    }
    assert!(batches.len() >= 12, "{}", batches.len());
    let mut messages = 0;
    for example in batches {
        let batch = bytes(&example.replace(' ', ""));
        let (frames, violation) = read(&batch);
        assert_eq!(violation, None, "{example}");
        let message = |frame: &&Frame<'_>| matches!(frame, Frame::Last(..));
        messages += frames.iter().filter(message).count();
        let mut again = vec![0];
        for frame in &frames {
            frame.put(&mut again);
        }
        assert_eq!(hex(&again), hex(&batch));
    }
    assert_eq!(messages, 7);
}
