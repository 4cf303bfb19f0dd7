// Which files of tests share a page. Each page is opened in a browser of its own: Firefox connects to one host at a time, has 200 sockets at the
// most, and may hold on for 20 s to what a test gave up while it connected.

// prettier-ignore
export const PAGES = [
  [
    'channel/exchange', 'channel/close', 'channel/errors', 'channel/flow', 'channel/status', 'channel/signal', 'channel/streams',
    'channel/schema', 'channel/garbage', 'channel/internal', 'channel/receive_backpressure', 'channel/machine',
  ],
  [
    'clauses/interface', 'clauses/constructor', 'clauses/send', 'clauses/close', 'clauses/binary_type', 'clauses/events', 'clauses/handlers',
    'clauses/listeners', 'clauses/subclass', 'clauses/reentry', 'clauses/close_event',
    'clauses/handshake', 'clauses/realms',
  ],
  ['reconnect/drops', 'reconnect/queue', 'reconnect/options', 'reconnect/coming_from'],
  ['blocked', 'refused', 'doubles', 'foreign', 'fuzz', 'exchange', 'timeout', 'installed', 'trap', 'leaks', 'readme_test'],
];

/** The page of the entry with sessions, which has a wasm of its own. */
export const SESSION = ['session/exchange', 'session/ends', 'session/requests', 'session/vectors', 'session/cuts'];

/** The page of the browsers that have `WebSocketStream`: the same tests over it, and what is its own. */
// prettier-ignore
export const OVER_STREAM = [
  'channel/exchange', 'channel/close', 'channel/errors', 'channel/flow', 'channel/status', 'channel/signal', 'channel/streams',
  'channel/garbage', 'channel/internal', 'channel/over_stream',
];
