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
  it('may all be left out', () => expect(found({})).toEqual([]));
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
  it('are told what is unknown in them however much it is, and nothing else is asked then', () => {
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`unknown${index}`, index]));
    expect(found({ ...many, visibility: 'secret' }).map(({ code }) => code)).toEqual(
      Array(9).fill('unknown_setting'),
    );
    expect(found(JSON.parse('{"constructor":{"a\\u0000":1},"a/b~c":1}'))).toMatchObject([
      { field: 'settings/constructor', code: 'unknown_setting' },
      { field: 'settings/a~1b~0c', code: 'unknown_setting' },
    ]);
  });
  it('are refused at once where they are larger or deeper than the schema, whatever is in there', () => {
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
  it('are read with the defaults of what was left out', () => {
    expect(readSettings(schema, { settings: {} })).toEqual({ visibility: 'public', languages: [] });
    expect(readSettings(schema, { settings: { languages: ['deu'] } })).toEqual({
      visibility: 'public',
      languages: ['deu'],
    });
  });
  it('are read although a newer version has stored one more', () => {
    const settings = { visibility: 'private', colour: 'red' };
    expect(readSettings(schema, { settings })).toEqual({ visibility: 'private', languages: [] });
    expect(settings).toHaveProperty('colour');
  });
  it('are not read when they do not fit', () => {
    expect(() => readSettings(schema, { settings: { visibility: 1 } })).toThrow();
  });
});

describe.each(publishers.map((each) => [each.name, each] as const))('the settings of %s', (_name, each) => {
  it('may be empty, and take nothing unknown', () => {
    expect(checkSettings(each, {})).toEqual([]);
    expect(checkSettings(each, { nobodyKnows: 1 })).toMatchObject([{ code: 'unknown_setting' }]);
    // Whatever else is wrong with an empty post, it is not its settings.
    expect(each.check(draftOf()).filter(({ field }) => field.startsWith('settings'))).toEqual([]);
  });
  it('say of each list how long it may be', () => {
    for (const setting of Object.values(each.settings.properties)) {
      if (Type.IsArray(setting)) expect(setting).toHaveProperty('maxItems');
    }
  });
  it('say in words what each of them is', () => {
    for (const setting of Object.values(each.settings.properties)) {
      expect(setting).toMatchObject({ title: expect.any(String), description: expect.any(String) });
    }
  });
});
