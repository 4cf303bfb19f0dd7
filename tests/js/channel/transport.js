// The class under test, over the transport that the page was opened for: `?transport=websocket-stream`, or the default.

import { Channel as Any } from 'websocket-channel';

const transport = new URLSearchParams(location.search).get('transport');

export const BY_STREAM = transport === 'websocket-stream';

/** The largest message that is sent, in bytes. */
export const LARGEST = BY_STREAM ? 64 << 10 : Infinity;

export const Channel = transport
  ? class Channel extends Any {
      constructor(...args) {
        if (args.length === 0) super();
        else super(args[0], { transport, ...args[1] });
      }
    }
  : Any;
