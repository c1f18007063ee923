import { done, type Refusal, type Step } from '../answer.ts';
import { describe } from '../detail.ts';
import type { PublishCall, PublishMedia } from '../publisher.ts';
import { uploadSequentially } from '../uploads.ts';
import { makeContainer, waitForContainer } from './container.ts';
import { childrenLost, isContainerLost, readContainerFailure } from './errors.ts';
import { carouselParameters, itemParameters } from './parameters.ts';
import { children } from './evidence.ts';

interface Child {
  file: PublishMedia;
  id: string;
  createdAt: Date;
}

/**
 * Makes a container for each file and, when all of them are FINISHED, the container of the carousel. An account may make 400
 * containers in 24 hours, and each child counts. So good children are kept, and only failed or expired ones are made again. This
 * cannot double a post: a child is never published by itself.
 */
export async function makeCarousel(call: PublishCall): Promise<Step<string>> {
  const made = await uploadSequentially(call.media, (file) => childOnce(call, file));
  if (made.outcome !== 'done') return made;
  const ready = await waitForChildren(call, made.value);
  if (ready.outcome !== 'done') return ready;

  const parameters = carouselParameters(
    call,
    made.value.map(({ id }) => id),
  );
  const carousel = await makeContainer(call, parameters, (response) =>
    isContainerLost(response) ? { lost: describe(call, response) } : undefined,
  );
  if (carousel.outcome !== 'done') return carousel;
  if (typeof carousel.value === 'string') return done(carousel.value);
  // All children were FINISHED. They may belong to a carousel whose answer got lost; the documents do not say whether they can be
  // used again.
  await children.forget(call, call.media);
  return childrenLost(carousel.value.lost);
}

async function childOnce(call: PublishCall, file: PublishMedia): Promise<Step<Child>> {
  const known = children.find(call, file);
  if (known) return done({ file, id: known.containerId, createdAt: new Date(known.createdAt) });

  const made = await makeContainer(call, await itemParameters(file));
  if (made.outcome !== 'done') return made;
  const createdAt = call.now();
  await children.keep(call, file, { containerId: made.value, createdAt: createdAt.toISOString() });
  return done({ file, id: made.value, createdAt });
}

/**
 * Instagram processes all children in parallel, so waiting for one after the other is enough. Videos come first: the first child
 * in progress ends the loop, so a long wait does not ask about nine images each time.
 */
async function waitForChildren(call: PublishCall, made: Child[]): Promise<Step<true>> {
  let refusal: Refusal | undefined;
  const isVideo = ({ file }: Child) => file.kind === 'video';
  const slowestFirst = [...made.filter(isVideo), ...made.filter((child) => !isVideo(child))];
  for (const child of slowestFirst) {
    const waited = await waitForContainer(call, child);
    // Returns the refusal of an earlier child at once, without waiting for this one.
    if (waited.outcome !== 'done') return refusal ?? waited;
    if (waited.value.status_code === 'FINISHED') continue;
    await children.forget(call, [child.file]);
    // A child that Instagram will never take ends the delivery, whatever the others say.
    if (refusal?.outcome !== 'failed') refusal = readContainerFailure(waited.value.status, call.now());
  }
  return refusal ?? done(true);
}
