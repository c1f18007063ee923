import { describe, expect, it } from '@jest/globals';
import { Type } from 'typebox';
import { definePublisher } from '../src/define-publisher.ts';
import { publishers } from '../src/registry.ts';
import { checkSettings, readSettings } from '../src/settings.ts';
import { draftOf } from './answers.ts';

const schema = Type.Object(
  {
    visibility: Type.Enum(['public', 'private'], { default: 'public' }),
    languages: Type.Array(Type.String({ maxLength: 3 }), { maxItems: 3, uniqueItems: true, default: [] }),
    card: Type.Optional(Type.Object({ url: Type.String() }, { additionalProperties: false })),
  },
  { additionalProperties: false },
);
const [any] = publishers;
const publisher = definePublisher({ ...any!, settings: schema });
const found = (settings: Record<string, unknown>) => checkSettings(publisher, settings);

describe('the settings of a platform', () => {
  it('are all optional', () => expect(found({})).toEqual([]));
  it.each([
    [{ visibility: 'secret' }, 'settings/visibility', 'enum', 'must be one of public, private'],
    [{ languages: ['deu', 'engl'] }, 'settings/languages/1', 'maxLength', '3 characters'],
    [{ languages: 'deu' }, 'settings/languages', 'type', 'must be array'],
    [{ card: {} }, 'settings/card', 'required', 'url'],
    [{ colour: 'red' }, 'settings/colour', 'unknown_setting', 'visibility, languages, card'],
    [{ card: { url: 'a', size: 1 } }, 'settings/card/size', 'unknown_setting', '"size"'],
  ])('of %j: %s breaks the rule %s', (settings, field, code, words) => {
    expect(found(settings)).toEqual([{ field, code, detail: expect.stringContaining(words) }]);
  });
  it('with unknown names get only violations for those names', () => {
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`unknown${index}`, index]));
    expect(found({ ...many, visibility: 'secret' }).map(({ code }) => code)).toEqual(
      Array(9).fill('unknown_setting'),
    );
    expect(found(JSON.parse('{"constructor":{"a\\u0000":1},"a/b~c":1}'))).toMatchObject([
      { field: 'settings/constructor', code: 'unknown_setting' },
      { field: 'settings/a~1b~0c', code: 'unknown_setting' },
    ]);
  });
  it('are refused in bounded time if they are larger or deeper than the schema', () => {
    let deep: unknown = 'x';
    for (let level = 0; level < 50_000; level += 1) deep = [deep];
    for (const settings of [
      { visibility: deep },
      { languages: [deep] },
      { card: { url: deep } },
      { languages: deep },
    ]) {
      expect(found(settings)).toMatchObject([{ code: 'type' }]);
    }
    expect(found({ languages: Array(100_000).fill(1) })).toMatchObject([{ code: 'maxItems' }]);
    expect(found({ card: [] })).toMatchObject([{ field: 'settings/card', code: 'type' }]);
    expect(found({ card: { url: 'half a \ud83d pair' } })).toMatchObject([{ code: 'characters' }]);
  });
  it('are read with defaults for missing fields', () => {
    expect(readSettings(schema, { settings: {} })).toEqual({ visibility: 'public', languages: [] });
    expect(readSettings(schema, { settings: { languages: ['deu'] } })).toEqual({
      visibility: 'public',
      languages: ['deu'],
    });
  });
  it('are read even if a newer version has stored another field', () => {
    const settings = { visibility: 'private', colour: 'red' };
    expect(readSettings(schema, { settings })).toEqual({ visibility: 'private', languages: [] });
    expect(settings).toHaveProperty('colour');
  });
  it('are not read if they do not fit the schema', () => {
    expect(() => readSettings(schema, { settings: { visibility: 1 } })).toThrow();
  });
});

describe.each(publishers.map((each) => [each.name, each] as const))('the settings of %s', (_name, each) => {
  it('may be empty, and allow no unknown fields', () => {
    expect(checkSettings(each, {})).toEqual([]);
    expect(checkSettings(each, { nobodyKnows: 1 })).toMatchObject([{ code: 'unknown_setting' }]);
    // An empty post may break other rules, but none about settings.
    expect(each.check(draftOf()).filter(({ field }) => field.startsWith('settings'))).toEqual([]);
  });
  it('have a maximum length for every list', () => {
    for (const setting of Object.values(each.settings.properties)) {
      if (Type.IsArray(setting)) expect(setting).toHaveProperty('maxItems');
    }
  });
  it('have a title and a description for every field', () => {
    for (const setting of Object.values(each.settings.properties)) {
      expect(setting).toMatchObject({ title: expect.any(String), description: expect.any(String) });
    }
  });
});
