// Payloads of exact sizes.

/** Around the borders of the 7-bit, 16-bit and 64-bit lengths of RFC 6455 §5.2, and one that no single read holds. */
export const SIZES = [0, 1, 125, 126, 65_535, 65_536, 16 << 20];

/** Bytes without a short period, so that a lost or doubled piece shows. */
export function bytes(size) {
  const bytes = new Uint8Array(size);
  let state = 0x2545f491;
  for (let i = 0; i < size; i += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** Text of exactly `size` bytes in UTF-8, with characters of one to four bytes at changing places. */
export function text(size) {
  const piece = 'aé€𝄞z';
  const pieceBytes = 11;
  const whole = Math.floor(size / pieceBytes);
  return piece.repeat(whole) + '.'.repeat(size - whole * pieceBytes);
}

/** Where two byte arrays differ first, or -1. */
export function firstDifference(a, b) {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) if (a[i] !== b[i]) return i;
  return a.length === b.length ? -1 : length;
}
