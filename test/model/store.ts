/** A set of encoded states of equal width, numbered in the order of their insertion. */
export class StateStore {
  bytes: Uint8Array;
  count = 0;
  readonly width: number;
  private table = new Int32Array(1 << 12);

  constructor(width: number) {
    this.width = width;
    this.bytes = new Uint8Array(width << 12);
  }

  /** Returns the state's number; for a new state, this is the old `count`. */
  add(state: Uint8Array): number {
    let slot = hash(state, 0, this.width) & (this.table.length - 1);
    for (;;) {
      const found = this.table[slot]! - 1;
      if (found < 0) break;
      if (this.isEqual(found, state)) return found;
      slot = (slot + 1) & (this.table.length - 1);
    }
    if ((this.count + 1) * this.width > this.bytes.length) this.growBytes();
    this.bytes.set(state, this.count * this.width);
    this.table[slot] = ++this.count;
    if (this.count * 2 > this.table.length) this.growTable();
    return this.count - 1;
  }

  private isEqual(index: number, state: Uint8Array): boolean {
    const from = index * this.width;
    for (let i = 0; i < this.width; i++) if (this.bytes[from + i] !== state[i]) return false;
    return true;
  }

  private growBytes(): void {
    const bytes = new Uint8Array(this.bytes.length * 2);
    bytes.set(this.bytes);
    this.bytes = bytes;
  }

  private growTable(): void {
    const table = new Int32Array(this.table.length * 2);
    for (let i = 0; i < this.count; i++) {
      let slot = hash(this.bytes, i * this.width, this.width) & (table.length - 1);
      while (table[slot] !== 0) slot = (slot + 1) & (table.length - 1);
      table[slot] = i + 1;
    }
    this.table = table;
  }
}

/** FNV-1a, its bits mixed once more. */
function hash(bytes: Uint8Array, from: number, width: number): number {
  let h = 0x811c9dc5;
  for (let i = from; i < from + width; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}
