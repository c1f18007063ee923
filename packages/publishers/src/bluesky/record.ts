import type { PublishCall } from '../publisher.ts';
import { POST_COLLECTION } from './api.ts';
import { embedOf } from './embed.ts';
import { richTextOf } from './rich-text.ts';
import { settingsOf } from './settings.ts';
import { evidenceOf } from './evidence.ts';

/**
 * The post as a record of the repository. It depends only on the draft and on what `prepare` remembered, so a delivery makes the
 * same record every time. Undefined while a file has no upload.
 */
export function recordOf(call: PublishCall): Record<string, unknown> | undefined {
  const { createdAt, mentions = {} } = evidenceOf(call);
  const { languages, linkCard, contentLabels } = settingsOf(call);
  const embed = embedOf(call, linkCard);
  if (embed === undefined) return undefined;
  const dids = new Map(Object.entries(mentions).flatMap(([handle, did]) => (did ? [[handle, did]] : [])));
  const { text, facets } = richTextOf(call.text, dids);
  return {
    $type: POST_COLLECTION,
    text,
    createdAt,
    ...(facets.length > 0 ? { facets } : {}),
    ...(embed ? { embed } : {}),
    ...(languages.length > 0 ? { langs: languages } : {}),
    ...(contentLabels.length > 0 ? { labels: selfLabels(contentLabels) } : {}),
  };
}

/** The author's own labels. A moderator's labels are not part of the record. */
function selfLabels(labels: string[]) {
  return { $type: 'com.atproto.label.defs#selfLabels', values: labels.map((val) => ({ val })) };
}
