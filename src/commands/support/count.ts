/** "1 alert", "2 alerts". */
export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;

/** "1 of 1 alert", "1 of 2 alerts". */
export const countOf = (some: number, all: number, one: string, many?: string): string =>
  `${some} of ${count(all, one, many)}`;
