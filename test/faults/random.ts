export interface Random {
  /** From 0, below 1. */
  next: () => number;
  pick: <T>(list: readonly T[]) => T;
}

/** Numbers that a seed determines. */
export function createRandom(seed: number): Random {
  let state = seed;
  const next = () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
  for (let i = 0; i < 10; i++) next();
  return { next, pick: <T>(list: readonly T[]) => list[Math.floor(next() * list.length)] as T };
}
