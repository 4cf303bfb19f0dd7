//! All sessions of a server, told anything by clients over several connections, with and without a session of their own.
#![no_main]

use core::time::Duration;
use libfuzzer_sys::fuzz_target;
use websocket_channel::session::wire::{Frames, Head};
use websocket_channel::session::{Blame, Client, Secret, Settings};
use websocket_channel::session::{ConnectionId, HelloOutcome, Registry, RegistryBounds};

const BATCH: usize = 32 * 1024;

fn hash(token: &[u8; 16]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(token);
    hash
}

fuzz_target!(|data: &[u8]| {
    let mut settings = Settings::default();
    settings.window = 300;
    settings.max_message = 2048;
    settings.batch = 256;
    settings.retention = 4096;
    let mut bounds = RegistryBounds::default();
    bounds.sessions = 4;
    bounds.ended = 2;
    let mut registry = Registry::new(settings.clone(), bounds, 9, hash);
    // An honest client for the `HELLO`s, whose bytes the input may bend.
    let mut client = Client::new(settings, 7);
    let mut now = Duration::from_secs(1);
    let mut seed = 0_u8;
    let mut connections = 0;
    let mut carried: Vec<(ConnectionId, Secret)> = Vec::new();
    let mut rest = data;
    let mut batch = Vec::new();
    while let [step, behind @ ..] = rest {
        rest = behind;
        now += Duration::from_millis(u64::from(step >> 4) * 700);
        let len = usize::from(rest.first().copied().unwrap_or(0)).min(rest.len());
        let one = carried
            .get(usize::from(step >> 4) % carried.len().max(1))
            .copied();
        match step & 15 {
            0..=2 => {
                client.disconnected(now, Blame::Suspicious);
                client.connected(now);
                let mut hello = Vec::new();
                if !client.poll_transmit(now, &mut hello) {
                    client = Client::new(Settings::default(), 8);
                    continue;
                }
                if step & 15 == 1
                    && let [at, value, ..] = rest
                {
                    let at = usize::from(*at) % hello.len();
                    hello[at] = *value;
                }
                connections += 1;
                let connection = ConnectionId(connections);
                let mut random = |bytes: &mut [u8]| {
                    seed = seed.wrapping_add(1);
                    bytes.fill(seed);
                };
                if let HelloOutcome::Session(id) =
                    registry.accept(now, connection, &hello, b"", &mut random)
                {
                    carried.push((connection, id));
                }
            }
            3 => registry.handle_timeout(now),
            4 => {
                if let Some((connection, id)) = one
                    && let Some(server) = registry.session(id)
                {
                    server.disconnected(now, connection, Blame::Suspicious);
                }
            }
            5 => {
                if let Some(server) = one.and_then(|(_, id)| registry.session(id)) {
                    server.handle_timeout(now);
                    while let Some(message) = server.read() {
                        server.commit(now, message.index + 1);
                    }
                }
            }
            6 => {
                if let Some(server) = one.and_then(|(_, id)| registry.session(id)) {
                    let _full = server.send(Head::Data { text: false }, &[0; 700]);
                }
            }
            7 => {
                if let Some(server) = one.and_then(|(_, id)| registry.session(id)) {
                    let _ended = server.close(now, 4000, "bye");
                }
            }
            8 => {
                // What the honest client has to say.
                let mut batch = Vec::new();
                if let Some((connection, id)) = one
                    && client.poll_transmit(now, &mut batch)
                    && let Some(server) = registry.session(id)
                {
                    server.handle_batch(now, connection, &batch);
                }
            }
            _ => {
                let (bytes, behind) = rest.split_at(len);
                rest = behind;
                let mut batch = vec![0];
                // Confirmed, or not.
                if step & 1 == 0 {
                    batch.extend_from_slice(&[3, 1, 0]);
                }
                batch.extend_from_slice(bytes.get(1..).unwrap_or_default());
                if let Some((connection, id)) = one
                    && let Some(server) = registry.session(id)
                {
                    server.handle_batch(now, connection, &batch);
                }
            }
        }
        let ids: Vec<Secret> = registry.ids().collect();
        assert!(ids.len() <= 4);
        for id in ids {
            let Some(server) = registry.session(id) else {
                continue;
            };
            while server.poll_transmit(now, &mut batch) {
                assert!(batch.len() <= BATCH);
                let (slot, frames) = Frames::new(&batch).expect("a slot");
                assert_eq!(slot, 0);
                assert!(frames.into_iter().all(|frame| frame.is_ok()));
                client.handle_batch(now, &batch);
                while client.poll_event().is_some() {}
            }
            while server.poll_event().is_some() {}
            assert!(server.held() <= 300 + 2048 + BATCH as u64 + 32);
            assert!(server.retained() <= 4096 + 2048);
            registry.settle(now, id);
        }
        while let Some(mut ended) = registry.poll_ended() {
            while ended.poll_event().is_some() {}
            ended.take_uncommitted();
        }
    }
});
