import { describe, expect, it } from '@jest/globals';
import { Type } from 'typebox';
import { definePublisher } from '../src/publisher.ts';
import { publishers } from '../src/registry.ts';
import { checkSettings, readSettings } from '../src/settings.ts';
import { draftOf } from './answers.ts';

const schema = Type.Object(
  {
    visibility: Type.Enum(['public', 'private'], { default: 'public' }),
    languages: Type.Array(Type.String({ maxLength: 3 }), { default: [] }),
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
  it('say in words what each of them is', () => {
    for (const setting of Object.values(each.settings.properties)) {
      expect(setting).toMatchObject({ title: expect.any(String), description: expect.any(String) });
    }
  });
});
