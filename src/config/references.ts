import { type Env, type ReadFile, readOne } from './variables';

const reference = /\$\{([^}]*)\}?/g;
const variableName = /^[A-Z][A-Z0-9_]{0,99}$/;
const maxReferences = 100;
/** Shorter values could not be told from ordinary words, and so not be redacted. */
const minLength = 6;
/** Enough for a chain of certificates, in characters. */
const maxLength = 16_384;
const maxDepth = 50;

/**
 * Replaces ${NAME} in all texts of a parsed RUNWATCH_CONFIG with that variable, or the content of the file that NAME_FILE
 * names; ${NAME_FILE} is always the file's. Keys stay as they are. Faults are collected, not thrown.
 * @param named collects the names, with the values that were put in
 */
export function resolveReferences(
  raw: unknown,
  { env, readFile }: { env: Env; readFile: ReadFile },
  faults: string[],
  named: Map<string, string>,
): unknown {
  let count = 0;

  const put = (whole: string, name: string, where: string): string => {
    count++;
    if (count > maxReferences) {
      if (count === maxReferences + 1)
        faults.push(`${where}: expected at most ${maxReferences} references in the file`);
      return '';
    }
    const read = readReference(whole, name, env, readFile);
    if ('fault' in read) faults.push(`${where}: ${read.fault}`);
    else named.set(name, read.value);
    return 'value' in read ? read.value : '';
  };

  const resolve = (value: unknown, path: readonly string[]): unknown => {
    const where = path.join('.') || 'the file';
    if (typeof value === 'string')
      return value.replace(reference, (whole, name: string) => put(whole, name, where));
    if (typeof value !== 'object' || value === null) return value;
    if (path.length > maxDepth) {
      faults.push(`${path.slice(0, 3).join('.')}: contains itself, or more than ${maxDepth} levels`);
      return null;
    }
    if (Array.isArray(value)) return value.map((item, index) => resolve(item, [...path, String(index)]));
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, resolve(inner, [...path, key])]),
    );
  };
  return resolve(raw, []);
}

function readReference(
  whole: string,
  name: string,
  env: Env,
  readFile: ReadFile,
): { value: string } | { fault: string } {
  if (!whole.endsWith('}') || !variableName.test(name))
    return { fault: `got ${whole.slice(0, 40)}, expected \${NAME} with the name of a variable in capitals` };
  const isFile = name.endsWith('_FILE');
  const faults: string[] = [];
  const value = isFile
    ? readOne(name.slice(0, -'_FILE'.length), { [name]: env[name] }, readFile, faults)
    : readOne(name, env, readFile, faults);
  if (faults[0] !== undefined) return { fault: faults[0] };
  if (value === undefined)
    return {
      fault: `${whole} is unset, expected ${isFile ? 'the path of a file' : `a value, or a file with it in ${name}_FILE`}`,
    };
  if (value.length < minLength || value.length > maxLength)
    return { fault: `${whole} has ${value.length} characters, expected ${minLength} to ${maxLength}` };
  return { value };
}
