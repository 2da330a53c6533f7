/** Compares ids of a Redis stream, such as 1764180000000-0. Negative if `a` is before `b`. */
export function compareStreamIds(a: string, b: string): number {
  const [aMs = 0, aPart = 0] = a.split('-').map(Number);
  const [bMs = 0, bPart = 0] = b.split('-').map(Number);
  return aMs - bMs || aPart - bPart;
}
