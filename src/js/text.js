// UTF-8, for environments without `TextEncoder` and `TextDecoder`, such as Jest's jsdom.

/** Lone surrogates become U+FFFD, as in the platform's encoder. */
const latin1 = (text) => unescape(encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd')));

export const TextEncoder =
  globalThis.TextEncoder ??
  class {
    encode(text) {
      return Uint8Array.from(latin1(text), (unit) => unit.charCodeAt(0));
    }

    /** Whoever calls it has room for three bytes a UTF-16 unit. */
    encodeInto(text, into) {
      const bytes = this.encode(text);
      into.set(bytes);
      return { read: text.length, written: bytes.length };
    }
  };

/** It always throws for what is not UTF-8, and keeps a byte order mark. */
export const TextDecoder =
  globalThis.TextDecoder ??
  class {
    decode(bytes = []) {
      let units = '';
      for (const byte of bytes) units += String.fromCharCode(byte);
      return decodeURIComponent(escape(units));
    }
  };
