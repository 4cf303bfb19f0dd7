// A channel as Web Streams. They have no queues of their own: unread messages stay in the channel, and a write waits for the send buffer.
import { ChannelClosedError } from './errors.js';

/** The readable side. Cancelling it closes the channel. */
export function readableOf(channel) {
  const values = channel[Symbol.asyncIterator]();
  const source = {
    async pull(controller) {
      const { done, value } = await values.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    // Without waiting for the peer.
    cancel: () => void values.return(),
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

/** The writable side. Closing or aborting it closes the channel. It fails when the channel ends. */
export function writableOf(channel) {
  const sink = {
    start(controller) {
      this.fail = (closed) => controller.error(new ChannelClosedError('CHANNEL_CLOSED', closed));
      failAt(channel.closed, new WeakRef(this));
    },
    // Aborting the stream cancels a pending write.
    write: (value, { signal }) => channel.send(value, { signal }),
    close: () => channel.close(),
    abort: () => void channel.close(),
  };
  return new WritableStream(sink);
}

/** Weak, and in a scope of its own: the sink keeps the channel alive, and a promise for the channel's end must not. */
function failAt(closed, sink) {
  closed.then((end) => sink.deref()?.fail(end));
}
