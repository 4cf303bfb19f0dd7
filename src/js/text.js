// UTF-8, for environments without `TextEncoder` and `TextDecoder`, such as jsdom in Jest.

/** Replaces lone surrogates by U+FFFD, as the platform's encoder does. */
const latin1 = (text) => unescape(encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd')));

export const TextEncoder =
  globalThis.TextEncoder ??
  class {
    encode(text) {
      return Uint8Array.from(latin1(text), (unit) => unit.charCodeAt(0));
    }

    /** The caller provides three bytes for each UTF-16 unit. */
    encodeInto(text, into) {
      const bytes = this.encode(text);
      into.set(bytes);
      return { read: text.length, written: bytes.length };
    }
  };

/** Always throws for bytes that are not UTF-8, and keeps a byte order mark. */
export const TextDecoder =
  globalThis.TextDecoder ??
  class {
    decode(bytes = []) {
      let units = '';
      for (const byte of bytes) units += String.fromCharCode(byte);
      return decodeURIComponent(escape(units));
    }
  };
