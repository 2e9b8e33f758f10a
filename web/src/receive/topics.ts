/**
 * Topics by the numbers that the wire uses and by slots that the page uses.
 *
 * A number holds for one connection; a slot is given to a name once and holds as long as the page is open, so totals, colours
 * and hidden topics outlive a new connection and a restarted server.
 */
export class TopicTable {
  /** Names by slot. */
  readonly names: string[] = [];
  readonly #slots = new Map<string, number>();
  readonly #slotOfNumber = new Int32Array(65_536).fill(-1);

  /** Learns names of numbers; returns the slots that were named, new or not. */
  name(names: Readonly<Record<string, string>>): number[] {
    return Object.entries(names).map(([number, name]) => {
      const slot = this.#slotOf(name);
      this.#slotOfNumber[Number(number)] = slot;
      return slot;
    });
  }

  /** The slot of a number. One that was never named (the server should not) is still counted, under a name that says so. */
  slot(number: number): number {
    const slot = this.#slotOfNumber[number]!;
    if (slot >= 0) return slot;
    return this.name({ [number]: `unnamed-${number}` })[0]!;
  }

  /** A new connection: numbers are given anew, slots stay. */
  forgetNumbers(): void {
    this.#slotOfNumber.fill(-1);
  }

  /** Calls back with each number that has a slot. */
  eachNumber(visit: (number: number, slot: number) => void): void {
    this.#slotOfNumber.forEach((slot, number) => {
      if (slot >= 0) visit(number, slot);
    });
  }

  #slotOf(name: string): number {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    const slot = this.names.push(name) - 1;
    this.#slots.set(name, slot);
    return slot;
  }
}
