// A channel as Web Streams. Neither queues anything: unread messages stay in the channel, and a write waits for the send buffer.
import { ChannelClosedError } from './errors.js';

/** Cancelling it closes the channel. */
export function readableOf(channel) {
  const values = channel[Symbol.asyncIterator]();
  const source = {
    async pull(controller) {
      const { done, value } = await values.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    // It does not wait for the peer.
    cancel: () => void values.return(),
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

/** Closing and aborting it close the channel; it fails when the channel ends. */
export function writableOf(channel) {
  const sink = {
    start(controller) {
      this.fail = (closed) => controller.error(new ChannelClosedError('CHANNEL_CLOSED', closed));
      failAt(channel.closed, new WeakRef(this));
    },
    // Aborting the stream ends a write that waits.
    write: (value, { signal }) => channel.send(value, { signal }),
    close: () => channel.close(),
    abort: () => void channel.close(),
  };
  return new WritableStream(sink);
}

/** Weak, and in a scope of its own: the sink keeps the channel, and who waits for the end of a channel must not. */
function failAt(closed, sink) {
  closed.then((end) => sink.deref()?.fail(end));
}
