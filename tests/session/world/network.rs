//! A network that delays, cuts at any byte, leaves connections half open, and delivers what a client has given up.

use super::rng::Rng;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use websocket_channel::session::Blame;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    Client,
    Server,
}

pub(crate) enum Event {
    Redial,
    Connected(usize),
    Deliver(Delivery),
    ClientReads,
    ServerReads,
    ClientSends,
    ServerSends,
    Chaos,
    Closes(Side),
}

impl Event {
    pub(crate) fn name(&self) -> String {
        match self {
            Event::Redial => "redial".into(),
            Event::Connected(conn) => format!("{conn} is open"),
            Event::Deliver(delivery) => match &delivery.batch {
                Some(batch) => {
                    let head = &batch[..batch.len().min(16)];
                    format!(
                        "{} to {:?}: {} bytes, {head:02x?}",
                        delivery.conn,
                        delivery.to,
                        batch.len()
                    )
                }
                None => format!("{} to {:?}: end", delivery.conn, delivery.to),
            },
            Event::ClientReads => "client reads".into(),
            Event::ServerReads => "server reads".into(),
            Event::ClientSends => "client sends".into(),
            Event::ServerSends => "server sends".into(),
            Event::Chaos => "chaos".into(),
            Event::Closes(side) => format!("{side:?} is to close, too"),
        }
    }
}

/// A batch that arrives; none is the end of the connection.
pub(crate) struct Delivery {
    pub(crate) conn: usize,
    pub(crate) to: Side,
    number: u32,
    pub(crate) batch: Option<Vec<u8>>,
}

/// One direction of a connection.
struct Pipe {
    /// The time before which nothing later arrives: it is in order.
    busy: u64,
    sent: u32,
    delivered: u32,
    /// Nothing arrives from this message on.
    lost_from: u32,
    delay: (u64, u64),
}

pub(crate) struct Conn {
    up: Pipe,
    down: Pipe,
    open: [bool; 2],
    blame: Blame,
    cut: bool,
}

impl Conn {
    fn pipe(&mut self, to: Side) -> &mut Pipe {
        match to {
            Side::Client => &mut self.down,
            Side::Server => &mut self.up,
        }
    }
}

pub(crate) struct Network {
    events: BinaryHeap<Reverse<(u64, u64, usize)>>,
    slots: Vec<Option<Event>>,
    free: Vec<usize>,
    order: u64,
    /// Of the event that was taken last.
    current: u64,
    conns: Vec<Conn>,
    delay: (u64, u64),
    healed: bool,
    /// What a cut says of the messages before it.
    pub(crate) cut: Blame,
}

impl Network {
    pub(crate) fn new(rng: &mut Rng) -> Self {
        Self {
            events: BinaryHeap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            order: 0,
            current: 0,
            conns: Vec::new(),
            delay: *rng.pick(&[(10, 100), (500, 5_000), (1_000, 40_000)]),
            healed: false,
            cut: Blame::Innocent,
        }
    }

    /// About a tenth of the time that a message is on its way.
    pub(crate) fn pace(&self) -> u64 {
        (self.delay.1 / 10).max(5)
    }

    pub(crate) fn heal(&mut self) {
        self.healed = true;
        for conn in &mut self.conns {
            // What was slow still is, for what is on its way.
            for pipe in [&mut conn.up, &mut conn.down] {
                pipe.delay = self.delay;
            }
        }
    }

    pub(crate) fn at(&mut self, time: u64, event: Event) {
        self.order += 1;
        self.insert(time, self.order, event);
    }

    /// Puts the event that was taken last off, until `time`. It stays before those that came later.
    pub(crate) fn put_off(&mut self, time: u64, event: Event) {
        self.insert(time, self.current, event);
    }

    fn insert(&mut self, time: u64, order: u64, event: Event) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[slot] = Some(event);
        self.events.push(Reverse((time, order, slot)));
    }

    /// The next event, unless the timer comes before.
    pub(crate) fn next(&mut self, timer: Option<u64>) -> Option<(u64, Event)> {
        let Reverse((time, order, slot)) = *self.events.peek()?;
        if timer.is_some_and(|timer| timer < time) {
            return None;
        }
        self.events.pop();
        self.current = order;
        self.free.push(slot);
        Some((time, self.slots[slot].take()?))
    }

    pub(crate) fn dial(&mut self, rng: &mut Rng, now: u64, healed: bool) -> usize {
        let pipe = |rng: &mut Rng| {
            // Now and then a way is so slow that the client does not wait for it.
            let slow = !healed && rng.one_in(10);
            Pipe {
                busy: now,
                sent: 0,
                delivered: 0,
                lost_from: u32::MAX,
                delay: if slow { (30_000, 900_000) } else { self.delay },
            }
        };
        self.conns.push(Conn {
            up: pipe(rng),
            down: pipe(rng),
            open: [true; 2],
            blame: self.cut,
            cut: false,
        });
        let conn = self.conns.len() - 1;
        let at = now + rng.between(self.delay);
        self.at(at, Event::Connected(conn));
        conn
    }

    pub(crate) fn send(&mut self, rng: &mut Rng, now: u64, conn: usize, to: Side, batch: &[u8]) {
        if !self.conns[conn].open[1 - to as usize] {
            return;
        }
        self.push(rng, now, conn, to, Some(batch.to_vec()));
    }

    fn push(&mut self, rng: &mut Rng, now: u64, conn: usize, to: Side, batch: Option<Vec<u8>>) {
        let pipe = self.conns[conn].pipe(to);
        pipe.busy = pipe.busy.max(now + rng.between(pipe.delay));
        let (at, number) = (pipe.busy, pipe.sent);
        pipe.sent += 1;
        self.at(
            at,
            Event::Deliver(Delivery {
                conn,
                to,
                number,
                batch,
            }),
        );
    }

    /// Whether it was not lost.
    pub(crate) fn arrives(&mut self, delivery: &Delivery) -> bool {
        let pipe = self.conns[delivery.conn].pipe(delivery.to);
        pipe.delivered = delivery.number + 1;
        // An end has no number to lose.
        delivery.batch.is_none() || delivery.number < pipe.lost_from
    }

    /// One side closes: what it had sent arrives, and then the end.
    pub(crate) fn close(&mut self, rng: &mut Rng, now: u64, conn: usize, by: Side) {
        if !std::mem::replace(&mut self.conns[conn].open[by as usize], false) {
            return;
        }
        let to = match by {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        };
        // A FIN can be lost as well: the other side finds out by its heartbeat.
        if self.healed || !rng.one_in(6) {
            self.push(rng, now, conn, to, None);
        }
    }

    /// Cuts at any byte: of what is on its way a part arrives, whole messages only. Each side may or may not be told.
    pub(crate) fn cut(&mut self, rng: &mut Rng, now: u64, conn: usize) {
        if std::mem::replace(&mut self.conns[conn].cut, true) {
            return;
        }
        for to in [Side::Client, Side::Server] {
            let told = rng.below(8) != 0;
            let pipe = self.conns[conn].pipe(to);
            let under_way = u64::from(pipe.sent - pipe.delivered);
            let from = pipe.delivered + rng.below(under_way + 1) as u32;
            pipe.lost_from = pipe.lost_from.min(from);
            if told {
                self.push(rng, now, conn, to, None);
            }
        }
    }

    /// A message ends the connection: what is on its way is lost, and both sides are told.
    pub(crate) fn kill(&mut self, rng: &mut Rng, now: u64, conn: usize, blame: Blame) {
        self.conns[conn].blame = blame;
        self.conns[conn].cut = true;
        for to in [Side::Client, Side::Server] {
            let pipe = self.conns[conn].pipe(to);
            pipe.lost_from = pipe.lost_from.min(pipe.sent);
            self.push(rng, now, conn, to, None);
        }
    }

    pub(crate) fn is_cut(&self, conn: usize) -> bool {
        self.conns[conn].cut
    }

    pub(crate) fn blame(&self, conn: usize) -> Blame {
        self.conns[conn].blame
    }

    pub(crate) fn is_open_at_server(&self, conn: usize) -> bool {
        self.conns[conn].open[Side::Server as usize]
    }

    pub(crate) fn forget(&mut self, conn: usize) {
        self.conns[conn].open[Side::Server as usize] = false;
    }
}
