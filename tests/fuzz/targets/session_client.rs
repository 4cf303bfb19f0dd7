//! A session's client, told anything by its server, at any time, among commands of its own.
#![no_main]

use core::time::Duration;
use libfuzzer_sys::fuzz_target;
use websocket_channel::session::wire::{Frame, Frames, Head};
use websocket_channel::session::{Blame, Client, Secret, SessionWelcome, Settings, Terms, Welcome};

const BATCH: usize = 32 * 1024;

fuzz_target!(|data: &[u8]| {
    let mut settings = Settings::default();
    settings.window = 300;
    settings.max_message = 2048;
    settings.batch = 256;
    settings.retention = 4096;
    let mut client = Client::new(settings, 7);
    let mut now = Duration::from_secs(1);
    let mut rest = data;
    let mut batch = Vec::new();
    while let [step, behind @ ..] = rest {
        rest = behind;
        now += Duration::from_millis(u64::from(step >> 4) * 700);
        match step & 15 {
            0 => client.connected(now),
            1 => client.disconnected(now, Blame::Suspicious),
            2 => client.handle_timeout(now),
            3 => {
                let _full = client.send(Head::Data { text: false }, &[0; 700]);
            }
            4 => {
                let _ended = client.close(now, 4000, "bye");
            }
            5 => {
                while let Some(message) = client.read() {
                    client.commit(now, message.index + 1);
                }
            }
            6 => client.flush(),
            // A `WELCOME` that fits.
            7 => {
                let mut batch = vec![0];
                Frame::Welcome(welcome()).put(&mut batch);
                client.handle_batch(now, &batch);
            }
            _ => {
                let len = usize::from(rest.first().copied().unwrap_or(0)).min(rest.len());
                let (bytes, behind) = rest.split_at(len);
                rest = behind;
                let mut batch = vec![0];
                batch.extend_from_slice(bytes.get(1..).unwrap_or_default());
                client.handle_batch(now, &batch);
            }
        }
        while client.poll_event().is_some() {}
        while client.poll_transmit(now, &mut batch) {
            assert!(batch.len() <= BATCH);
            let (slot, frames) = Frames::new(&batch).expect("a slot");
            assert_eq!(slot, 0);
            assert!(frames.into_iter().all(|frame| frame.is_ok()));
        }
        while client.poll_event().is_some() {}
        assert!(
            client.held() <= 300 + 2048 + BATCH as u64 + 32,
            "{}",
            client.held()
        );
        assert!(client.retained() <= 4096 + 2048, "{}", client.retained());
    }
});

fn welcome() -> Welcome {
    Welcome::Session(Box::new(SessionWelcome {
        version: 1,
        features: 0,
        id: Secret([1; 16]),
        token: Secret([2; 16]),
        incarnation: 3,
        terms: Terms {
            credit: 5000,
            max_message: 2048,
            max_batch: BATCH as u64,
            retention: 4096,
            retention_ms: 1000,
        },
        heartbeat_ms: 2000,
        spread_ms: 0,
        positions: None,
    }))
}
