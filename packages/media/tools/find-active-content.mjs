// @ts-check
import { PDFArray, PDFDict, PDFDocument, PDFName, PDFRef, PDFStream } from '@cantoo/pdf-lib';

/** Active action types of a PDF (ISO 32000-1, 12.6.4), with their names in messages. A link to click (URI) is not one. */
const ACTIONS = new Map([
  ['JavaScript', 'JavaScript'],
  ['Launch', 'an action that starts a program'],
  ['SubmitForm', 'an action that sends a form'],
  ['ImportData', 'an action that reads another file'],
  ['GoToR', 'an action that opens another file'],
  ['GoToE', 'an action that opens another file'],
  ['Rendition', 'an action that plays media'],
  ['Movie', 'an action that plays media'],
  ['Sound', 'an action that plays media'],
  ['RichMediaExecute', 'an action that plays media'],
]);

const KEYS = new Map([
  ['JS', 'JavaScript'],
  ['JavaScript', 'JavaScript'],
  ['EmbeddedFiles', 'a file inside'],
  ['EF', 'a file inside'],
  ['XFA', 'a form with scripts (XFA)'],
]);

const ANNOTATIONS = new Map([
  ['FileAttachment', 'a file inside'],
  ['RichMedia', 'media that plays by itself'],
  ['Screen', 'media that plays by itself'],
  ['3D', 'a scene with scripts'],
]);

/**
 * The first active content of a PDF; undefined when there is none. Every object of the file is checked, including objects
 * that no page uses, and objects inside compressed ones.
 *
 * @param {Uint8Array} bytes
 * @returns {Promise<string | undefined>}
 */
export async function findActiveContent(bytes) {
  const document = await PDFDocument.load(bytes, { updateMetadata: false, throwOnInvalidObject: false });
  const { context } = document;
  /** @type {unknown[]} */
  const left = context.enumerateIndirectObjects().map(([, object]) => object);
  while (left.length > 0) {
    const object = left.pop();
    if (object instanceof PDFArray) left.push(...object.asArray());
    const dictionary = object instanceof PDFStream ? object.dict : object;
    if (!(dictionary instanceof PDFDict)) continue;
    for (const [key, value] of dictionary.entries()) {
      const name = key.decodeText();
      const found =
        KEYS.get(name) ??
        (name === 'S' ? ACTIONS.get(nameOf(value)) : undefined) ??
        (name === 'Subtype' ? ANNOTATIONS.get(nameOf(value)) : undefined) ??
        (name === 'OpenAction' || name === 'AA' ? opensByItself(value) : undefined);
      if (found) return found;
      left.push(value);
    }
  }
  return undefined;

  /** @param {unknown} value of an action, or of a table of them */
  function opensByItself(value) {
    const action = value instanceof PDFRef ? context.lookup(value) : value;
    if (!(action instanceof PDFDict)) return undefined;
    const actions = [
      action,
      ...action.values().map((each) => (each instanceof PDFRef ? context.lookup(each) : each)),
    ];
    const isExternal = actions.some(
      (each) => each instanceof PDFDict && nameOf(each.get(PDFName.of('S'))) === 'URI',
    );
    return isExternal ? 'an address that opens by itself' : undefined;
  }
}

/** @param {unknown} value */
function nameOf(value) {
  return value instanceof PDFName ? value.decodeText() : '';
}
