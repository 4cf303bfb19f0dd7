//! What the handles and the driver share: messages going down, messages coming up, and how it stands.
//!
//! Nobody holds the lock while calling anything of somebody else's: wakers are taken out and woken after it is released.

use super::offer::Offer;
use crate::error::{SendError, SendErrorKind};
use crate::lock::{Guard, Lock};
use crate::message::{By, Closed, Message, Opened};
use crate::socket::Socket;
use crate::transport::inbox::Inbox;
use crate::transport::{Dropped, Overflow};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

/// How a channel stands. It only ever goes forward.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Messages flow both ways.
    Open,
    /// The end has begun; nothing more can be sent.
    Closing,
    /// The end, and how it came.
    Closed(Closed),
}

/// Counts since the channel opened. Bytes are of payload.
///
/// ```
/// use websocket_channel::{Channel, Socket, Text, transport::Limits};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (ours, theirs) = Socket::pair(&Limits::default(), "");
/// # let channel: Channel<String, String> = Channel::from_socket(ours, Text);
/// # let mut peer: Channel<String, String> = Channel::from_socket(theirs, Text);
/// channel.send("12 bytes ...".into()).await?;
/// let stats = channel.control().stats();
/// assert_eq!((stats.sent_messages, stats.sent_bytes), (1, 12));
/// # drop(peer);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Messages handed over to the platform.
    pub sent_messages: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Messages that arrived, read or not; natively those fetched so far.
    pub received_messages: u64,
    /// Their bytes.
    pub received_bytes: u64,
    /// What waits to be read, in bytes as they count against the receive bound. Natively what was fetched ahead, 64 KiB and a message at most: the
    /// rest waits below.
    pub queued_bytes: usize,
    /// Messages that the overflow policy dropped.
    pub dropped_messages: u64,
    /// Messages that were taken without waiting (`try_send`, a `Permit`) and will never be handed over: the platform's own send refused them, or
    /// the end came first.
    pub unsent_messages: u64,
    /// Their bytes, which [`Closed::unsent`] counts too.
    pub unsent_bytes: usize,
    /// From the last [`Control::ping`](super::Control::ping) that was answered to its answer, what either side had queued before them included.
    /// None before the first, and in browsers, which give a page no pings.
    pub round_trip: Option<Duration>,
}

impl Stats {
    fn count_unsent(&mut self, message: &Message) {
        self.unsent_messages += 1;
        self.unsent_bytes += message.len();
    }
}

/// Called when there is something to read or the channel has ended.
pub(super) type Hook = Arc<dyn Fn() + Send + Sync>;

/// What the driver does for those who wait until everything is sent, or ping: as a function, so that a program in which nobody does has nothing
/// of it.
pub(super) type Look = fn(&Mailbox, &mut Socket, &mut Context<'_>);

pub(super) struct Mailbox {
    opened: Opened,
    /// Bytes that the driver fetches ahead of the receiver, or one message of any size, where the transport pushes back. Otherwise everything is
    /// fetched, and the bound is the inbox's.
    window: usize,
    state: Lock<State>,
}

struct State {
    status: Status,
    /// Sends that wait, in order.
    offers: VecDeque<Arc<Offer>>,
    /// Taken without waiting; handed over before any offer.
    accepted: VecDeque<Message>,
    /// Bytes that may be taken without waiting: at least so many, as the driver last saw it less what was taken and sent since.
    room: usize,
    /// Somebody found no room: the driver shall look for it.
    wants_room: bool,
    /// How far what was taken or sent has come, as the driver last saw it.
    progress: Progress,
    /// Set while somebody waits for it to come further, and once somebody has pinged.
    look: Option<Look>,
    wants_drained: bool,
    wants_ping: bool,
    /// Why what was taken could not be handed over, until somebody has been told.
    unsent: Option<SendErrorKind>,
    inbox: Inbox,
    /// What the transport dropped before the driver could fetch it.
    dropped: Dropped,
    stats: Stats,
    close: Option<(u16, String)>,
    /// Somebody wants the end without waiting for it.
    aborted: bool,
    /// The end is ours: what still arrives is let go, as in every browser.
    discards: bool,
    senders: usize,
    receiver: bool,
    driver: Option<Waker>,
    reader: Option<Waker>,
    hook: Option<Hook>,
    /// Tasks that wait for a change of status or for progress, each under the key its wait was given.
    watchers: Vec<(u64, Waker)>,
    next_watcher: u64,
}

/// How far everything that was to be sent has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Progress {
    /// Some of it is still ours.
    Underway,
    /// The platform has it.
    HandedOver,
    /// The platform has passed it on.
    Drained,
}

/// What the handles want of the driver.
pub(super) enum Wanted {
    /// To go on.
    Nothing,
    /// To begin closing.
    Close(u16, String),
    /// To end, closing with this: nobody is left to send or to receive, or to wait for it.
    End(u16, String),
}

/// Why nothing was taken without waiting.
pub(super) enum Refused {
    Full,
    NotOpen,
}

impl State {
    /// Notes a task that waits for a change.
    fn watch(&mut self, key: &mut Option<u64>, cx: &mut Context<'_>) {
        let key = *key.get_or_insert_with(|| {
            self.next_watcher += 1;
            self.next_watcher
        });
        let waker = cx.waker().clone();
        match self.watchers.iter_mut().find(|(other, _)| *other == key) {
            Some((_, old)) => *old = waker,
            None => self.watchers.push((key, waker)),
        }
    }
}

impl Mailbox {
    pub(super) fn new(socket: &Socket) -> Self {
        let pushes_back = socket.pushes_back();
        // A transport that pushes back holds to the bound itself; the window is what is fetched ahead of it.
        let (bound, overflow) = match socket.limits() {
            Some(limits) if !pushes_back => (limits.receive_bound, limits.overflow),
            _ => (usize::MAX, Overflow::Close),
        };
        Self {
            opened: socket.opened().clone(),
            window: if pushes_back {
                socket.read_ahead().max(1)
            } else {
                usize::MAX
            },
            state: Lock::new(State {
                status: Status::Open,
                offers: VecDeque::new(),
                accepted: VecDeque::new(),
                room: socket.room(),
                wants_room: false,
                progress: Progress::Drained,
                look: None,
                wants_drained: false,
                wants_ping: false,
                unsent: None,
                inbox: Inbox::new(bound, overflow),
                dropped: Dropped::default(),
                stats: Stats::default(),
                close: None,
                aborted: false,
                discards: false,
                senders: 0,
                receiver: true,
                driver: None,
                reader: None,
                hook: None,
                watchers: Vec::new(),
                next_watcher: 0,
            }),
        }
    }

    pub(super) fn opened(&self) -> &Opened {
        &self.opened
    }

    pub(super) fn status(&self) -> Status {
        self.lock().status.clone()
    }

    pub(super) fn stats(&self) -> Stats {
        let state = self.lock();
        Stats {
            queued_bytes: state.inbox.bytes(),
            received_messages: state.stats.received_messages + state.dropped.messages,
            received_bytes: state.stats.received_bytes + state.dropped.bytes,
            dropped_messages: state.inbox.dropped().messages + state.dropped.messages,
            ..state.stats
        }
    }

    fn lock(&self) -> Guard<'_, State> {
        self.state.lock()
    }

    /// Changes the state and then wakes the driver.
    fn tell_driver<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state);
        wake_driver(state);
        result
    }
}

/// The sending handles' side.
impl Mailbox {
    pub(super) fn add_sender(&self) {
        self.lock().senders += 1;
    }

    pub(super) fn remove_sender(&self) {
        self.tell_driver(|state| state.senders -= 1);
    }

    pub(super) fn close(&self, code: u16, reason: &str) {
        let watchers = self.tell_driver(|state| {
            if state.status != Status::Open {
                return Vec::new();
            }
            state.status = Status::Closing;
            state.discards = true;
            state.close = Some((code, reason.into()));
            core::mem::take(&mut state.watchers)
        });
        wake(watchers);
    }

    pub(super) fn abort(&self) {
        self.tell_driver(|state| state.aborted = true);
    }

    /// Puts an offer in line. When nothing can be sent any more it is refused at once.
    pub(super) fn offer(&self, message: Option<Message>) -> Arc<Offer> {
        let offer = Offer::new(message);
        self.tell_driver(|state| {
            if state.status == Status::Open {
                state.offers.push_back(offer.clone());
            } else {
                offer.refuse();
            }
        });
        offer
    }

    /// Takes an offer out of the line; the driver may have it already.
    pub(super) fn withdraw(&self, offer: &Arc<Offer>) {
        let mut state = self.lock();
        let mut withdrawn = None;
        // Once round the line: smaller in wasm than `retain`, and what is withdrawn is not dropped under the lock.
        for _ in 0..state.offers.len() {
            match state.offers.pop_front() {
                Some(other) if Arc::ptr_eq(&other, offer) => withdrawn = Some(other),
                Some(other) => state.offers.push_back(other),
                None => break,
            }
        }
        drop(state);
        drop(withdrawn);
    }

    /// Whether a message would be taken without waiting now. If not for want of room, the driver is set to look for it.
    pub(super) fn has_room_to_send(&self) -> Result<(), Refused> {
        let mut state = self.lock();
        if state.status != Status::Open {
            return Err(Refused::NotOpen);
        }
        if state.offers.is_empty() && state.room > 0 {
            return Ok(());
        }
        state.wants_room = true;
        wake_driver(state);
        Err(Refused::Full)
    }

    /// Takes a message for the driver's next turn, or gives it back when nothing can be sent any more. The caller has seen room, or holds a permit.
    pub(super) fn accept(&self, message: Message) -> Result<(), Message> {
        self.tell_driver(|state| {
            if state.status != Status::Open {
                return Err(message);
            }
            state.room = state.room.saturating_sub(message.len().max(1));
            state.progress = Progress::Underway;
            state.accepted.push_back(message);
            Ok(())
        })
    }
}

/// For those who wait until everything is sent.
impl Mailbox {
    /// Ready when everything taken or sent so far has come this far. `key` is as in [`poll_status`](Self::poll_status).
    pub(super) fn poll_progress(
        &self,
        far: Progress,
        key: &mut Option<u64>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), SendErrorKind>> {
        let mut state = self.lock();
        if let Some(kind) = state.unsent.take() {
            return Poll::Ready(Err(kind));
        }
        if let Status::Closed(closed) = &state.status {
            let sent = closed.unsent == 0 && (closed.clean || far == Progress::HandedOver);
            return Poll::Ready(sent.then_some(()).ok_or(SendErrorKind::NotOpen));
        }
        if state.progress >= far {
            return Poll::Ready(Ok(()));
        }
        // Whoever pinged looks for this as well.
        state.look.get_or_insert(Self::look_for_progress);
        state.wants_drained |= far == Progress::Drained;
        state.watch(key, cx);
        wake_driver(state);
        Poll::Pending
    }

    /// For the driver at the end of its turn: how far everything has come.
    fn look_for_progress(&self, socket: &mut Socket, cx: &mut Context<'_>) {
        let mut state = self.lock();
        let wants_drained = state.wants_drained;
        if !state.accepted.is_empty() {
            return;
        }
        drop(state);
        if socket.poll_handed_over(cx) != Poll::Ready(Ok(())) {
            // What cannot be handed over is told by the end.
            return;
        }
        let drained = wants_drained && socket.poll_drained(cx) == Poll::Ready(Ok(()));
        state = self.lock();
        if drained || !wants_drained {
            state.look = None;
            state.wants_drained = false;
        }
        let far = if drained {
            Progress::Drained
        } else {
            Progress::HandedOver
        };
        // Woken without need, they would wake the driver in turn, and so on.
        if far <= state.progress {
            return;
        }
        state.progress = far;
        let watchers = core::mem::take(&mut state.watchers);
        drop(state);
        wake(watchers);
    }
}

/// For those who want to know how far away the peer is.
impl Mailbox {
    pub(super) fn ping(&self) {
        self.tell_driver(|state| {
            state.wants_ping = true;
            state.look = Some(Self::look_for_pong);
        });
    }

    /// For the driver at the end of its turn: sends the ping, and takes over what was measured, from now on in every turn.
    fn look_for_pong(&self, socket: &mut Socket, cx: &mut Context<'_>) {
        if core::mem::take(&mut self.lock().wants_ping) {
            socket.ping();
        }
        self.look_for_progress(socket, cx);
        let mut state = self.lock();
        state.stats.round_trip = socket.round_trip();
        state.look = Some(Self::look_for_pong);
    }
}

/// The receiving handle's side, and that of whoever watches.
impl Mailbox {
    pub(super) fn remove_receiver(&self) {
        // What was fetched for the receiver goes with it.
        let unread = self.tell_driver(|state| {
            state.receiver = false;
            state.hook = None;
            state.inbox.take()
        });
        drop(unread);
    }

    pub(super) fn set_hook(&self, hook: Hook) {
        let old = self.lock().hook.replace(hook);
        drop(old);
    }

    /// The next message if there is one; otherwise whether the end has come.
    pub(super) fn try_message(&self) -> Result<Message, bool> {
        match self.poll_message(None) {
            Poll::Ready(Some(message)) => Ok(message),
            Poll::Ready(None) => Err(true),
            Poll::Pending => Err(false),
        }
    }

    /// The next message, and `None` when all have been read and the end has come.
    pub(super) fn poll_message(&self, waker: Option<&Waker>) -> Poll<Option<Message>> {
        let mut state = self.lock();
        let was_full = state.inbox.bytes() >= self.window;
        if let Some(message) = state.inbox.pop() {
            // The driver stopped at a full window; below it, it goes on.
            let below = was_full && state.inbox.bytes() < self.window;
            if below {
                wake_driver(state);
            }
            return Poll::Ready(Some(message));
        }
        if matches!(state.status, Status::Closed(_)) {
            return Poll::Ready(None);
        }
        if let Some(waker) = waker {
            state.reader = Some(waker.clone());
        }
        Poll::Pending
    }

    /// The end. `key` is as for [`poll_status`](Self::poll_status).
    pub(super) fn poll_closed(&self, key: &mut Option<u64>, cx: &mut Context<'_>) -> Poll<Closed> {
        let mut state = self.lock();
        if let Status::Closed(closed) = &state.status {
            return Poll::Ready(closed.clone());
        }
        state.watch(key, cx);
        Poll::Pending
    }

    /// Nobody waits for a message any more.
    pub(super) fn forget_reader(&self) {
        let waker = self.lock().reader.take();
        drop(waker);
    }

    /// The status when it is another than `seen`. `key` is this wait's own; give it to [`unwatch`](Self::unwatch) when the wait is dropped.
    pub(super) fn poll_status(
        &self,
        seen: Option<&Status>,
        key: &mut Option<u64>,
        cx: &mut Context<'_>,
    ) -> Poll<Status> {
        let mut state = self.lock();
        if seen != Some(&state.status) {
            return Poll::Ready(state.status.clone());
        }
        state.watch(key, cx);
        Poll::Pending
    }

    pub(super) fn unwatch(&self, key: u64) {
        self.lock().watchers.retain(|(other, _)| *other != key);
    }
}

/// The driver's side.
impl Mailbox {
    /// Takes what the handles want, and remembers whom to wake when they want more.
    pub(super) fn wanted(&self, cx: &mut Context<'_>) -> Wanted {
        let mut state = self.lock();
        state.driver = Some(cx.waker().clone());
        if state.aborted || (state.senders == 0 && !state.receiver) {
            let (code, reason) = state.close.take().unwrap_or((1000, String::new()));
            return Wanted::End(code, reason);
        }
        match state.close.take() {
            Some((code, reason)) => Wanted::Close(code, reason),
            None => Wanted::Nothing,
        }
    }

    /// Whether the driver should fetch more. Always, where the transport does not push back: then the bound is the inbox's. And always when
    /// nobody reads: then messages are let go, and the end is still noticed.
    pub(super) fn has_room_to_receive(&self) -> bool {
        let state = self.lock();
        !state.receiver || state.discards || state.inbox.bytes() < self.window
    }

    /// The transport has dropped so much, ever.
    pub(super) fn set_dropped(&self, dropped: Dropped) {
        self.lock().dropped = dropped;
    }

    /// A message came up. It is let go when the receiver is gone, and after our own close, as in every browser; one that came before the peer's
    /// close is not, though the connection is closing when it is fetched. False if it was one too many.
    #[must_use = "false means that the connection must close"]
    pub(super) fn deliver(&self, message: Message) -> bool {
        let mut state = self.lock();
        state.stats.received_messages += 1;
        state.stats.received_bytes += message.len() as u64;
        if !state.receiver || state.discards {
            return true;
        }
        let taken = state.inbox.push(message);
        state.discards = !taken;
        self.tell_reader(state);
        taken
    }

    fn tell_reader(&self, mut state: Guard<'_, State>) {
        let (reader, hook) = (state.reader.take(), state.hook.clone());
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        if let Some(hook) = hook {
            hook();
        }
    }

    /// What was taken without waiting, oldest first.
    pub(super) fn next_accepted(&self) -> Option<Message> {
        self.lock().accepted.pop_front()
    }

    pub(super) fn look(&self) -> Option<Look> {
        self.lock().look
    }

    pub(super) fn next_offer(&self) -> Option<Arc<Offer>> {
        self.lock().offers.pop_front()
    }

    /// Bytes that may be taken without waiting, at least.
    pub(super) fn room(&self) -> usize {
        self.lock().room
    }

    /// Whether somebody waits for room.
    pub(super) fn awaits_room(&self) -> bool {
        let state = self.lock();
        !state.offers.is_empty() || state.wants_room
    }

    /// How many bytes may be taken without waiting from now on.
    pub(super) fn set_room(&self, room: usize) {
        let mut state = self.lock();
        state.room = room;
        if room > 0 {
            state.wants_room = false;
        }
    }

    /// A message of this many bytes was handed over.
    pub(super) fn count_sent(&self, bytes: usize) {
        let mut state = self.lock();
        state.stats.sent_messages += 1;
        state.stats.sent_bytes += bytes as u64;
        // Twice, for what was taken before: then the driver looks the sooner.
        state.room = state.room.saturating_sub(bytes.max(1));
        state.progress = Progress::Underway;
    }

    /// A message that was taken is lost: the end came first, or the platform refused it.
    pub(super) fn count_unsent(&self, unsent: SendError<Option<Message>>) {
        let mut state = self.lock();
        if let Some(message) = &unsent.value {
            state.stats.count_unsent(message);
        }
        state.unsent = Some(unsent.kind);
    }

    /// The first sign of an end: what waits to be sent comes back.
    pub(super) fn stop_sending(&self) {
        let mut state = self.lock();
        let mut watchers = Vec::new();
        if state.status == Status::Open {
            state.status = Status::Closing;
            watchers = core::mem::take(&mut state.watchers);
        }
        drop(state);
        while let Some(offer) = self.next_offer() {
            offer.refuse();
        }
        wake(watchers);
    }

    /// The end. Everybody who waits hears of it.
    pub(super) fn end(&self, closed: Option<Closed>) {
        self.stop_sending();
        let mut state = self.lock();
        if matches!(state.status, Status::Closed(_)) {
            return;
        }
        let mut closed = closed.unwrap_or_else(|| Closed::lost(By::Failure));
        let accepted = core::mem::take(&mut state.accepted);
        for message in &accepted {
            state.stats.count_unsent(message);
        }
        closed.unsent += state.stats.unsent_bytes;
        state.status = Status::Closed(closed);
        let watchers = core::mem::take(&mut state.watchers);
        self.tell_reader(state);
        drop(accepted);
        wake(watchers);
    }
}

/// Lets go of the state, and has the driver look at it.
fn wake_driver(mut state: Guard<'_, State>) {
    let driver = state.driver.take();
    drop(state);
    if let Some(driver) = driver {
        driver.wake();
    }
}

fn wake(watchers: Vec<(u64, Waker)>) {
    for (_, waker) in watchers {
        waker.wake();
    }
}
