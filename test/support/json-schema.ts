import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

const folder = join(__dirname, '../fixtures/published');

// biome-ignore lint/suspicious/noExplicitAny: any part of a JSON schema
type Schema = any;

/** Opens a schema in test/fixtures/published. */
export function openPublished(file: string) {
  const { $schema: _, id: __, ...schema } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
  // Slack counts UTF-16 units, as JavaScript does.
  const ajv = new Ajv({ strict: false, allErrors: true, discriminator: true, unicode: false, logger: false });
  addFormats(ajv);
  ajv.addSchema(selectedByType(schema, schema.definitions), 'published');
  const compiled = new Map<string, ValidateFunction>();
  /** Why a value doesn't match a part of the schema (a JSON pointer), each with its place. */
  return (pointer: string, value: unknown): string[] => {
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `published#${pointer}` });
    compiled.set(pointer, validate);
    return validate(value) ? [] : [...new Set((validate.errors ?? []).map(toText))];
  };
}

/** Lets the type of a value select the member of a union, so that only this member reports errors. */
function selectedByType(schema: Schema, definitions: Schema): Schema {
  if (Array.isArray(schema)) return schema.map((one) => selectedByType(one, definitions));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { anyOf, ...rest } = schema;
  const own = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, selectedByType(value, definitions)]),
  );
  if (!anyOf) return own;
  const names: string[] | null = membersOf({ anyOf }, definitions);
  const types = names?.map((name) => typeOf(definitions[name]));
  if (!names || !types?.every(Boolean) || new Set(types).size < types.length) {
    const only = typeOf(schema);
    const tagged = only ? { properties: { type: { const: only } } } : {};
    return { ...own, ...tagged, anyOf: selectedByType(anyOf, definitions) };
  }
  return {
    ...own,
    type: 'object',
    required: ['type'],
    discriminator: { propertyName: 'type' },
    oneOf: names.map((name) => ({ $ref: `#/definitions/${name}` })),
  };
}

/** The names of a union's members, also of unions within; null if one has no name. */
function membersOf({ $ref, anyOf, allOf }: Schema, definitions: Schema): string[] | null {
  if (allOf?.length === 1) return membersOf(allOf[0], definitions);
  const name = /^#\/definitions\/(.+)$/.exec($ref ?? '')?.[1];
  if (name && typeOf(definitions[name])) return [name];
  if (name) return membersOf(definitions[name], definitions);
  const inner: (string[] | null)[] | undefined = anyOf?.map((one: Schema) => membersOf(one, definitions));
  if (!inner) return null;
  const names = inner.flatMap((one) => one ?? []);
  return inner.every(Boolean) ? [...new Set(names)] : null;
}

/** The value of `type` that a schema requires, or all of its variants. */
function typeOf(schema: Schema): string | undefined {
  const { const: only, enum: some } = schema?.properties?.type ?? {};
  if (only ?? some) return only ?? (some.length === 1 ? some[0] : undefined);
  const variants = new Set<string | undefined>((schema?.anyOf ?? []).map(typeOf));
  return variants.size === 1 ? [...variants][0] : undefined;
}

const toText = ({ instancePath, message, params }: ErrorObject) =>
  `${instancePath || '/'} ${message}${'additionalProperty' in params ? ` (${params.additionalProperty})` : ''}`;
