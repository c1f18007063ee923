import { parseUrl } from '@solospark/foundation';
import { findFacets, type Facet } from './facets.ts';

/** The text that readers see, and its marks. */
export interface RichText {
  text: string;
  facets: Facet[];
}

/**
 * The author's text as Bluesky's own app would post it: links are shown shortened, their targets are unchanged. The limits count
 * the shown text.
 */
export function richTextOf(text: string, dids: ReadonlyMap<string, string>): RichText {
  const bytes = Buffer.from(text);
  const facets: Facet[] = [];
  let shown = '';
  let shownBytes = 0;
  let position = 0;
  const show = (part: string) => {
    shown += part;
    shownBytes += Buffer.byteLength(part);
  };
  for (const { index, features } of findFacets(text, dids)) {
    show(bytes.toString('utf8', position, index.byteStart));
    const byteStart = shownBytes;
    show(shownAs(bytes.toString('utf8', index.byteStart, index.byteEnd), features));
    facets.push({ index: { byteStart, byteEnd: shownBytes }, features });
    position = index.byteEnd;
  }
  show(bytes.toString('utf8', position));
  return { text: shown, facets };
}

/** A longer path is cut to SHOWN_OF_PATH characters, as in Bluesky's own app. */
const LONGEST_PATH = 15;
const SHOWN_OF_PATH = 13;

function shownAs(written: string, features: Facet['features']): string {
  const link = features.find((feature) => feature.$type === 'app.bsky.richtext.facet#link');
  const url = link && parseUrl(link.uri);
  if (!url) return written;
  const path = (url.pathname === '/' ? '' : url.pathname) + url.search + url.hash;
  if (path.length > LONGEST_PATH) return `${url.host}${path.slice(0, SHOWN_OF_PATH)}...`;
  // A link without a scheme is shown as its author wrote it.
  return /^https?:/i.test(written) ? url.host + path : written;
}
