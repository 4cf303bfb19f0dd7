// The event of a message. It is most of what a short message costs here beyond the browser's own class, so it is made in the cheapest way there is:
// a document makes it for three quarters of what its constructor takes, which reads an object of options.

/** Gives back what it is given: what a class that extends this says of its fields happens to that. */
class Given {
  constructor(object) {
    return object;
  }
}

let origin;
/** Gives an event `origin` as a property of its own. Its constructor would parse it anew for each message, and `defineProperty` takes a tenth of all. */
class From extends Given {
  origin = origin;
}

let make;
/** How it is made here: workers and other runtimes have no document, and a document of another making may not know this event. */
const found = () => {
  const event = globalThis.document?.createEvent?.('MessageEvent');
  if (!(event instanceof MessageEvent && event.initMessageEvent)) return (data) => new MessageEvent('message', { data });
  return (data) => {
    const event = document.createEvent('MessageEvent');
    event.initMessageEvent('message', false, false, data);
    return event;
  };
};

/** A new event with what the platform's has. */
export const messageEvent = (platforms) => {
  origin = platforms.origin;
  return new From((make ??= found())(platforms.data));
};
