//! The codec by chance: what is written is read again, and no bytes make it panic or read beyond a batch.

use websocket_channel::session::wire::{Frame, Frames, Head};
use websocket_channel::session::{
    Hello, LaterReason, MAX_NUMBER, Positions, Refusal, Resume, Secret, SessionWelcome, Terms,
    Welcome,
};

/// SplitMix64, of a fixed seed.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A number of any length.
    fn number(&mut self) -> u64 {
        let bits = self.below(54);
        self.next() & ((1 << bits) - 1) & MAX_NUMBER
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        let len = self.below(most + 1);
        (0..len).map(|_| self.next() as u8).collect()
    }

    fn secret(&mut self) -> Secret {
        Secret(std::array::from_fn(|_| self.next() as u8))
    }

    fn terms(&mut self) -> Terms {
        Terms {
            credit: self.number(),
            max_message: 1024 + self.below((1 << 30) - 1024),
            max_batch: 32_768 + self.below((1 << 24) - 32_768),
            retention: self.number(),
            retention_ms: self.number(),
        }
    }

    fn positions(&mut self) -> Positions {
        let (received, next) = (self.number(), self.number());
        Positions {
            received,
            committed: self.below(received + 1),
            first: self.below(next + 1),
            next,
            parts: self.number(),
        }
    }

    fn hello(&mut self) -> Hello {
        let low = 1 + self.below(200) as u8;
        let forgot = self.below(3) == 0;
        Hello {
            versions: (low, low.saturating_add(self.below(9) as u8)),
            features: self.number(),
            instance: self.next(),
            attempt: self.number(),
            terms: self.terms(),
            resume: (self.below(2) == 0).then(|| Resume {
                id: self.secret(),
                token: self.secret(),
                incarnation: self.next(),
                forgot,
                positions: if forgot {
                    Positions::default()
                } else {
                    self.positions()
                },
            }),
        }
    }

    fn welcome(&mut self) -> Welcome {
        match self.below(6) {
            0 => Welcome::Later {
                after_ms: self.below(3_600_001),
                reason: LaterReason::Store,
            },
            1 => Welcome::Refused(Refusal::Damaged),
            2 => Welcome::Ended {
                code: 3000 + self.below(2000) as u16,
                committed: self.number(),
                next: self.number(),
            },
            _ => Welcome::Session(Box::new(SessionWelcome {
                version: 1 + self.below(255) as u8,
                features: self.number(),
                id: self.secret(),
                token: self.secret(),
                incarnation: self.next(),
                terms: self.terms(),
                heartbeat_ms: 100 + self.below(599_901),
                spread_ms: self.below(3_600_001),
                positions: (self.below(2) == 0).then(|| self.positions()),
            })),
        }
    }
}

/// One frame of every kind, by chance; `payload` is what it borrows.
fn frame<'a>(chance: &mut Chance, payload: &'a [u8]) -> Frame<'a> {
    let text = chance.below(2) == 0;
    match chance.below(18) {
        0 => Frame::Hello(Box::new(chance.hello())),
        1 => Frame::Welcome(chance.welcome()),
        2 => Frame::Ack(chance.number()),
        3 => Frame::Credit(chance.number()),
        4 => Frame::Ping(chance.number()),
        5 => Frame::Pong(chance.number()),
        6 => Frame::Flush,
        7 => Frame::Move {
            after_ms: chance.below(3_600_001),
        },
        8 if !payload.is_empty() => Frame::Part(payload),
        9 => Frame::Last(Head::Request { text }, payload),
        10 => Frame::Last(
            Head::Response {
                text,
                to: chance.number(),
            },
            payload,
        ),
        11 => Frame::Last(
            Head::Error {
                to: chance.number(),
                code: chance.number(),
            },
            payload,
        ),
        12 => Frame::Last(
            Head::Cancel {
                to: chance.number(),
            },
            &[],
        ),
        13 => Frame::Last(Head::Void, &[]),
        14 => Frame::Last(
            Head::Bye {
                code: 3000 + chance.below(2000) as u16,
            },
            &payload[..payload.len().min(123)],
        ),
        _ => Frame::Last(Head::Data { text }, payload),
    }
}

#[test]
fn written_frames_are_read_back() {
    let mut chance = Chance(1);
    for _ in 0..20_000 {
        let payloads: Vec<Vec<u8>> = (0..1 + chance.below(6))
            .map(|_| chance.bytes(300))
            .collect();
        let frames: Vec<Frame<'_>> = payloads
            .iter()
            .map(|payload| frame(&mut chance, payload))
            .collect();
        let mut batch = vec![0];
        for frame in &frames {
            frame.put(&mut batch);
        }
        let (slot, read) = Frames::new(&batch).unwrap();
        let read: Vec<Frame<'_>> = read.map(|frame| frame.unwrap()).collect();
        assert_eq!((slot, read), (0, frames));
    }
}

#[test]
fn no_bytes_make_it_panic_and_an_error_is_the_end() {
    let mut chance = Chance(2);
    for round in 0..100_000 {
        // Nonsense, or sense with one byte changed.
        let batch = if round % 2 == 0 {
            chance.bytes(80)
        } else {
            let payload = chance.bytes(40);
            let mut batch = vec![0];
            frame(&mut chance, &payload).put(&mut batch);
            frame(&mut chance, &payload).put(&mut batch);
            let at = chance.below(batch.len() as u64) as usize;
            batch[at] = chance.next() as u8;
            batch
        };
        if let Ok((_, mut frames)) = Frames::new(&batch) {
            while let Some(frame) = frames.next() {
                if frame.is_err() {
                    assert_eq!(frames.next(), None);
                }
            }
            assert_eq!(frames.next(), None);
        }
    }
}
