use super::*;

fn text(outgoing: &Outgoing, most: usize) -> Vec<u8> {
    let mut runs = vec![&[][..]; most];
    let filled = outgoing.runs(&mut runs);
    runs[..filled].concat()
}

/// Three moved payloads, two of them back to back, written in steps of every size: the order stays, nothing is lost.
#[test]
fn runs_keep_their_order_however_they_are_written() {
    let large = |byte| vec![byte; MIN_MOVED];
    for step in [
        1,
        2,
        3,
        5,
        MIN_MOVED - 1,
        MIN_MOVED,
        MIN_MOVED + 3,
        usize::MAX,
    ] {
        let mut outgoing = Outgoing {
            vectored: true,
            ..Outgoing::default()
        };
        assert!(outgoing.moves(MIN_MOVED) && !outgoing.moves(MIN_MOVED - 1));
        outgoing.append(0).extend(b"ab");
        outgoing.append_moved(large(b'X'));
        outgoing.append(0).extend(b"cde");
        outgoing.append_moved(large(b'Y'));
        outgoing.append_moved(large(b'Z'));
        outgoing.append(0).extend(b"f");
        let all = [
            &b"ab"[..],
            &large(b'X'),
            b"cde",
            &large(b'Y'),
            &large(b'Z'),
            b"f",
        ]
        .concat();
        assert_eq!(outgoing.unsent_payload(), 3 * MIN_MOVED);
        let mut written = 0;
        while outgoing.len() > 0 {
            let rest = &all[written..];
            assert_eq!(outgoing.len(), rest.len());
            assert!(rest.starts_with(outgoing.first()) && !outgoing.first().is_empty());
            if step > 5 || written % 1000 < 9 {
                assert_eq!(text(&outgoing, 9), rest, "behind {written}");
                assert!(rest.starts_with(&text(&outgoing, 2)));
            }
            let n = step.min(rest.len());
            outgoing.advance(n);
            written += n;
        }
        assert_eq!(written, all.len());
        assert!(outgoing.first().is_empty() && outgoing.unsent_payload() == 0);
    }
}

/// What is expected, as one stream of bytes, and the places in it where a control frame may go in.
#[derive(Default)]
struct Model {
    stream: Vec<u8>,
    written: usize,
    boundaries: Vec<usize>,
    /// Where the control frames end that wait between others.
    injected: usize,
}

impl Model {
    fn control(&mut self, frame: &[u8]) -> usize {
        let at = match self.injected > self.written {
            true => Some(self.injected),
            false => {
                let from = self.written + (16 << 10);
                self.boundaries.iter().copied().find(|at| *at >= from)
            }
        };
        let Some(at) = at else {
            self.stream.extend(frame);
            return self.stream.len();
        };
        self.stream.splice(at..at, frame.iter().copied());
        for boundary in &mut self.boundaries {
            if *boundary >= at {
                *boundary += frame.len();
            }
        }
        self.injected = at + frame.len();
        self.injected
    }
}

/// Appends a message of `len` bytes in frames of `most`, with a header of 4 bytes, and of 2 for a short last one.
fn append_cut(outgoing: &mut Outgoing, model: &mut Model, len: usize, most: usize) {
    let payload: Vec<u8> = (0..len).map(|index| (index % 249) as u8).collect();
    let start = outgoing.next_frame();
    let moves = outgoing.moves(most);
    let mut at = 0;
    for (index, piece) in payload.chunks(most).enumerate() {
        let header = vec![b'h'; if piece.len() < 126 { 2 } else { 4 }];
        model.boundaries.push(model.stream.len());
        model.stream.extend(header.iter().chain(piece));
        outgoing.append(0).extend(&header);
        if index == 0 {
            at = outgoing.append(0).len();
        }
        if !moves {
            outgoing.append(piece.len()).extend(piece);
        }
    }
    model.boundaries.push(model.stream.len());
    if moves {
        let pieces = Pieces {
            len: most,
            header: 4,
            last_header: if (len - 1) % most + 1 < 126 { 2 } else { 4 },
        };
        outgoing.append_pieces(at, payload, pieces);
    } else {
        outgoing.fragmented(start, 4 + most);
    }
}

/// Fragmented messages between others, with control frames that come at any time, written in steps of every size: every byte goes out in its
/// place, and the reported places are right.
#[test]
fn control_frames_go_between_fragments_however_they_are_written() {
    const MOST: usize = 20_000;
    for vectored in [false, true] {
        for step in [1, 7, 999, MOST, MOST + 4, 33_333, usize::MAX] {
            let mut outgoing = Outgoing {
                vectored,
                ..Outgoing::default()
            };
            let mut model = Model::default();
            // The next to be queued, and after how many bytes.
            let mut messages = [
                (0, 5),
                (0, 3 * MOST),
                (10, 2 * MOST + 50),
                (40_000, MOST + 1),
                (110_000, 10),
                (150_000, 4 * MOST + 125),
            ]
            .into_iter()
            .peekable();
            let mut controls = 0;
            while model.written < model.stream.len() || messages.peek().is_some() {
                while let Some((_, len)) = messages.next_if(|(after, _)| {
                    *after <= model.written || model.written == model.stream.len()
                }) {
                    if len > MOST {
                        append_cut(&mut outgoing, &mut model, len, MOST);
                    } else {
                        outgoing.append(len).extend(vec![b'm'; len]);
                        model.stream.extend(vec![b'm'; len]);
                    }
                }
                // Three in a row, then none for a while.
                if controls * 4000 <= model.written {
                    for _ in 0..3 {
                        controls += 1;
                        let frame = vec![b'A' + (controls % 26) as u8; 2 + controls % 9];
                        let end = model.control(&frame);
                        let told = outgoing.append_control(|out| out.extend(&frame));
                        assert_eq!(told, (end - model.written, frame.len()));
                    }
                }
                let rest = &model.stream[model.written..];
                assert_eq!(outgoing.len(), rest.len());
                assert!(!outgoing.first().is_empty() && rest.starts_with(outgoing.first()));
                if outgoing.is_one_run() {
                    assert_eq!(outgoing.first().len(), rest.len());
                }
                if let Some(pair) = outgoing.pair() {
                    assert!(pair.concat() == rest);
                }
                if step > 7 || model.written % 1000 < 9 {
                    assert!(text(&outgoing, 99) == rest, "behind {}", model.written);
                    for most in 1..5 {
                        assert!(rest.starts_with(&text(&outgoing, most)));
                    }
                }
                let n = step.min(rest.len());
                outgoing.advance(n);
                model.written += n;
            }
            assert!(controls > 10 && outgoing.len() == 0 && outgoing.apart == 0);
            outgoing.rest();
            assert!(outgoing.injected.is_none());
        }
    }
}

/// Bookkeeping of a message is gone when nothing can go between its frames any more.
#[test]
fn marks_are_removed_behind_their_message() {
    let mut outgoing = Outgoing::default();
    for _ in 0..1000 {
        append_cut(&mut outgoing, &mut Model::default(), 50_000, 20_000);
        outgoing.advance(outgoing.len() - 1);
        assert!(outgoing.injected.is_none());
    }
}

#[test]
fn a_pair_is_one_payload_and_what_comes_before_it() {
    let mut outgoing = Outgoing {
        vectored: true,
        ..Outgoing::default()
    };
    outgoing.append(0).extend(b"abc");
    assert!(outgoing.is_one_run() && outgoing.pair().is_none());
    outgoing.append_moved(b"XYZ".to_vec());
    assert!(!outgoing.is_one_run());
    assert_eq!(outgoing.pair(), Some([&b"abc"[..], b"XYZ"]));
    outgoing.advance(1);
    assert_eq!(outgoing.pair(), Some([&b"bc"[..], b"XYZ"]));
    outgoing.advance(3);
    assert_eq!(outgoing.pair(), Some([&b""[..], b"YZ"]));
    outgoing.append(0).extend(b"d");
    assert_eq!(outgoing.pair(), None, "something is behind it");
    outgoing.append_moved(b"W".to_vec());
    assert_eq!(outgoing.pair(), None, "there are two");
    outgoing.advance(3);
    assert_eq!(outgoing.pair(), Some([&b""[..], b"W"]));
    outgoing.advance(1);
    assert!(outgoing.is_one_run() && outgoing.len() == 0);
}

#[test]
fn two_pairs_are_one_payload_in_two_pieces() {
    let appended = |len| {
        let mut outgoing = Outgoing {
            vectored: true,
            ..Outgoing::default()
        };
        append_cut(&mut outgoing, &mut Model::default(), len, MIN_MOVED);
        outgoing
    };
    let mut outgoing = appended(2 * MIN_MOVED);
    let all = text(&outgoing, 9);
    assert_eq!(all.len(), 2 * (4 + MIN_MOVED));
    let pairs = |outgoing: &Outgoing| outgoing.two_pairs().map(|runs| runs.concat());
    assert_eq!(pairs(&outgoing).as_deref(), Some(&all[..]));
    assert_eq!(outgoing.pair(), None);
    outgoing.advance(2);
    assert_eq!(pairs(&outgoing).as_deref(), Some(&all[2..]));
    outgoing.advance(9);
    assert_eq!(pairs(&outgoing).as_deref(), Some(&all[11..]));
    outgoing.append(0).extend(b"behind");
    assert_eq!(outgoing.two_pairs(), None, "something is behind it");
    outgoing.advance(MIN_MOVED);
    assert_eq!(outgoing.two_pairs(), None, "one piece is left");
    assert_eq!(
        appended(2 * MIN_MOVED + 1).two_pairs(),
        None,
        "three pieces"
    );
    let mut outgoing = appended(2 * MIN_MOVED);
    outgoing.append_control(|out| out.extend(b"ping"));
    assert_eq!(outgoing.two_pairs(), None, "something goes between them");
    assert!(text(&outgoing, 9).len() == all.len() + 4);
}
