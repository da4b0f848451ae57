// Bodies against JSON Schemas: the words that plugins' schemas use. Others say something to people only.
import { Problem } from './problem.js';

const DEPTH_MAX = 64;

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const IS = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
};

/** Throws a problem that names the member at fault, as `items.0.quantity`. */
export function check(value, schema, schemas, path = '', depth = 0) {
  if (depth > DEPTH_MAX) throw Problem.invalid(path, 'is too deep');
  if (schema === true || !isObject(schema)) return;
  const at = (name) => (path ? `${path}.${name}` : String(name));
  const wrong = (detail, where = path) => {
    throw Problem.invalid(where, `${where || 'the body'} ${detail}`);
  };
  if (schema.$ref !== undefined) {
    check(value, schemas[schema.$ref.split('/').pop()], schemas, path, depth + 1);
  }
  if (schema.type !== undefined) {
    const types = [].concat(schema.type);
    if (!types.some((type) => IS[type]?.(value))) wrong(`has to be of type ${types.join(' or ')}`);
  }
  if (schema.enum && !schema.enum.includes(value)) wrong(`has to be one of ${schema.enum.join(', ')}`);
  if (typeof value === 'string') {
    const length = [...value].length;
    if (length < (schema.minLength ?? 0)) wrong(`needs at least ${schema.minLength} characters`);
    if (length > (schema.maxLength ?? Infinity)) wrong(`has more than ${schema.maxLength} characters`);
  }
  if (typeof value === 'number') {
    if (value < (schema.minimum ?? -Infinity)) wrong(`is less than ${schema.minimum}`);
    if (value > (schema.maximum ?? Infinity)) wrong(`is more than ${schema.maximum}`);
  }
  if (Array.isArray(value)) {
    if (value.length < (schema.minItems ?? 0)) wrong(`needs at least ${schema.minItems} items`);
    if (value.length > (schema.maxItems ?? Infinity)) wrong(`has more than ${schema.maxItems} items`);
    value.forEach((item, index) => check(item, schema.items, schemas, at(index), depth + 1));
  }
  if (isObject(value)) {
    for (const name of schema.required ?? []) {
      if (!Object.hasOwn(value, name)) wrong('is missing', at(name));
    }
    for (const [name, member] of Object.entries(value)) {
      const known = Object.hasOwn(schema.properties ?? {}, name);
      if (known) check(member, schema.properties[name], schemas, at(name), depth + 1);
      else if (schema.additionalProperties === false) wrong('is not known', at(name));
      else check(member, schema.additionalProperties, schemas, at(name), depth + 1);
    }
  }
}
