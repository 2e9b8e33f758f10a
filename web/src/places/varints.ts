/** Reads what `basemap/varints.mjs` and its users wrote: numbers one after another, then text. */
export class Varints {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Error("a file of the base map is cut short");
    return byte;
  }

  /** A zigzag varint. */
  next(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value & 1 ? -((value + 1) >>> 1) : value >>> 1;
    }
  }

  /** Two letters. */
  code(): string {
    return String.fromCharCode(this.byte(), this.byte());
  }

  /** All that is left. */
  text(): string {
    return new TextDecoder().decode(this.#bytes.subarray(this.#at));
  }
}
