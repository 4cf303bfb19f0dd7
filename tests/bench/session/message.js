// The typed message, as message.rs has it.

export const make = {
  bytes(number) {
    const bytes = new Uint8Array(64).fill(7);
    new Uint32Array(bytes.buffer, 0, 1)[0] = number;
    return bytes;
  },
  messagepack(number) {
    const half = number + 0.5;
    return {
      id: (0x8000_0000 | number) >>> 0,
      price: half,
      size: 0x8000 | (number & 0x7fff),
      bid: half - 0.25,
      ask: half + 0.25,
      open: true,
    };
  },
};

/** Of what was received, which needs every byte. Node's Buffers begin anywhere. */
export const sum = {
  bytes(message) {
    let total = 0;
    if (message instanceof ArrayBuffer || message.byteOffset % 4 === 0) {
      const words =
        message instanceof ArrayBuffer ? new Uint32Array(message) : new Uint32Array(message.buffer, message.byteOffset, message.length / 4);
      for (let at = 0; at < words.length; at++) total = (total + words[at]) | 0;
    } else {
      const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
      for (let at = 0; at < message.byteLength; at += 4) total = (total + view.getUint32(at, true)) | 0;
    }
    return total >>> 0;
  },
  messagepack: ({ id, price, size, bid, ask, open }) =>
    ((id ^ size) + Math.trunc(price) + Math.trunc(bid) + Math.trunc(ask) + (open ? 1 : 0)) >>> 0,
};

export function sumOf(codec, count) {
  let total = 0;
  for (let number = 0; number < count; number++) total = (total + sum[codec](make[codec](number))) >>> 0;
  return total;
}
