/** Files worked on at one time: an image may hold 67 million pixels, and a document 400 MB of its process. */
const PLACES = 2;
let free = PLACES;
const line: (() => void)[] = [];

/** Waits for its turn, so that twenty uploads at once take longer and not twenty times the memory. */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (free > 0) free -= 1;
  else await new Promise<void>((go) => line.push(go));
  try {
    return await work();
  } finally {
    const next = line.shift();
    if (next) next();
    else free += 1;
  }
}
