import type { Images } from '../../world/images.ts';
import type { Answer } from '../platform.ts';
import { isItem, refused, type Content } from './content.ts';
import { fetchJpeg } from './image.ts';
import type { GraphParameters } from './parameters.ts';
import * as refuse from './refusals.ts';
import { fetchVideo, storyRules } from './video.ts';

/**
 * One image of any shape, or one video. Stories have no texts: a caption, which a real server may ignore silently, is refused
 * here, so that a test notices it.
 */
export async function readStory(
  images: Images,
  parameters: GraphParameters,
): Promise<Content | { refusal: Answer }> {
  if (isItem(parameters)) return refused(refuse.invalidParameter('media_type: a story is no carousel item'));
  for (const name of ['caption', 'alt_text']) {
    if (parameters[name] !== undefined) return refused(refuse.invalidParameter(`${name}: a story has none`));
  }
  const { image_url: imageUrl, video_url: videoUrl } = parameters;
  if ((imageUrl === undefined) === (videoUrl === undefined)) {
    return refused(refuse.invalidParameter('A story takes either image_url or video_url'));
  }
  const file =
    imageUrl === undefined
      ? await fetchVideo(images, videoUrl ?? '', storyRules)
      : await fetchJpeg(images, imageUrl);
  if ('refusal' in file) return file;
  return {
    kind: 'story',
    caption: '',
    media: [{ imageId: file.imageId }],
    isVideo: videoUrl !== undefined,
    settings: { media_type: 'STORIES' },
  };
}
