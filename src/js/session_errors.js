// Errors of sessions.
import { ChannelError, ConnectError } from './errors.js';
import { named } from './named.js';

/** Why a session cannot continue, and the values that the peer has not committed. */
export class SessionLostError extends ChannelError {
  constructor({ reason, renewed, inDoubt, neverSent }) {
    super('SESSION_LOST', `the session was lost: ${WHY[reason] ?? reason}`);
    Object.assign(this, { reason, renewed, inDoubt, neverSent });
  }
}

/** A single message did not arrive and will not. The channel continues. */
export class DeliveryError extends ChannelError {
  constructor(code, message, value) {
    super(code, message);
    this.value = value;
  }
}

/** Why a request has no answer. */
export class RequestError extends ChannelError {
  constructor(code, { value, inDoubt = false, words = REQUESTS[code], cause } = {}) {
    super(code, words, cause && { cause });
    Object.assign(this, { value, inDoubt });
  }
}

const REQUESTS = {
  TOO_MANY: 'too many requests wait for an answer',
  NOT_SENT: 'the request was not sent',
  UNDELIVERED: 'the request could not be delivered',
  TIMED_OUT: 'the request was not answered in time',
  RESPONSE_LOST: 'the response could not be delivered',
  SESSION_LOST: 'the session ended before the answer came',
};

const WHY = {
  Unknown: 'the server refused it for a reason that is not known here',
  Expired: 'the server does not know it, or no longer',
  ServerRestarted: 'the server has restarted and does not know it',
  Behind: 'a side no longer has what the other one needs',
  Rewound: 'a side has lost its latest state',
  Identity: 'it belongs to another user',
  Fenced: 'another instance has taken it over',
  Damaged: 'the server has lost a part of it',
  Version: 'there is no version in common',
  Changed: 'its limits have changed',
  Broken: 'several connections in a row violated the protocol',
  GaveUp: 'there are no more attempts to connect',
  Ended: 'a side ended it before the other one had committed everything',
};

/** Why the first connection led to no session. */
export const noSession = (about) => new ConnectError('NO_SESSION', `the server did not answer as one of sessions does: ${about}`);
export const sessionLater = (afterMs) => new ConnectError('SESSION_LATER', `the server asks to retry in ${afterMs} ms or later`);
export const sessionRefused = (reason) => new ConnectError('SESSION_REFUSED', `the server refused the session: ${WHY[reason] ?? reason}`);

for (const [name, Class] of Object.entries(named({ SessionLostError, DeliveryError, RequestError }))) {
  Object.defineProperty(Class.prototype, 'name', { value: name, writable: true, configurable: true });
}
