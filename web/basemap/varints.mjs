/** Adds a whole number to bytes, as a zigzag varint: small ones of either sign take one byte (src/places/varints.ts reads them). */
export function putVarint(bytes, value) {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  bytes.push(rest);
}
