import { mediaTypeOf, type MediaType } from '../../world/images.ts';
import type { World } from '../../world/world.ts';
import type { BoundedMap } from '../../world/bounded-map.ts';
import type { Answer, Call, Endpoint } from '../platform.ts';
import { parametersOf, textOf } from './parameters.ts';
import { fileInvalid, recordNotFound, unprocessable, validationFailed } from './refusals.ts';
import type { Rules } from './rules.ts';

/** A file that is not attached to a status yet. An attached one can be neither read nor attached again. */
export interface Attachment {
  id: string;
  ownerId: string;
  kind: AttachmentKind;
  imageId: string;
  description: string | null;
  /** How often its state was read. */
  polls: number;
  willFail: boolean;
  statusId: string | null;
}

/** A GIF becomes a video without sound. */
type AttachmentKind = 'image' | 'gifv' | 'video';
type AttachmentState = 'processing' | 'ready' | 'failed';
type MediaRules = Pick<
  Rules,
  'pollsUntilReady' | 'videoPollsUntilReady' | 'imageSizeLimit' | 'videoSizeLimit' | 'takesVideos'
>;

/** 1280 × 720; the instance calls do not tell it. */
const gifMatrixLimit = 921_600;
export const descriptionLimit = 1_500;

export function stateOf(attachment: Attachment, rules: MediaRules): AttachmentState {
  const polls = attachment.kind === 'image' ? rules.pollsUntilReady : rules.videoPollsUntilReady;
  if (attachment.polls < polls) return 'processing';
  return attachment.willFail ? 'failed' : 'ready';
}

export function mediaEndpoints(
  world: World,
  rules: MediaRules,
  attachments: BoundedMap<string, Attachment>,
  nextId: () => string,
): Endpoint[] {
  function upload({ request, account, origin, alteration }: Call): Answer {
    const parameters = parametersOf(request);
    const { file } = parameters as { file: unknown };
    if (!Buffer.isBuffer(file) || file.length === 0) return validationFailed("File can't be blank");
    const type = mediaTypeOf(file);
    const kind = type && kindOf(type);
    if (!kind || (kind !== 'image' && !rules.takesVideos)) return fileInvalid();
    const sizeLimit = kind === 'video' ? rules.videoSizeLimit : rules.imageSizeLimit;
    if (file.length > sizeLimit) return validationFailed(`File must be less than ${sizeLimit >> 20} MB`);
    if (kind === 'gifv') {
      const [width, height] = [file.readUInt16LE(6), file.readUInt16LE(8)];
      if (width * height > gifMatrixLimit)
        return unprocessable(`${width}x${height} images are not supported`);
    }
    const description = parameters['description'] === undefined ? null : textOf(parameters, 'description');
    if (isTooLong(description)) return descriptionTooLong();

    const attachment: Attachment = {
      id: nextId(),
      ownerId: account.id,
      kind,
      imageId: world.images.keep(file),
      description,
      polls: 0,
      willFail: alteration('processing-failed') !== undefined,
      statusId: null,
    };
    attachments.set(attachment.id, attachment);
    // A file that will fail is never ready at once: failures only show during processing.
    const isReady = stateOf(attachment, rules) === 'ready';
    return { status: isReady ? 200 : 202, body: presentAttachment(attachment, isReady, origin) };
  }

  function read({ request, account, origin }: Call): Answer {
    const attachment = findLoose(request, account.id);
    if (!attachment) return recordNotFound();
    const state = stateOf(attachment, rules);
    attachment.polls += 1;
    if (state === 'failed') return fileInvalid();
    const isReady = state === 'ready';
    return { status: isReady ? 200 : 206, body: presentAttachment(attachment, isReady, origin) };
  }

  function describe({ request, account, origin }: Call): Answer {
    const attachment = findLoose(request, account.id);
    if (!attachment) return recordNotFound();
    const description = textOf(parametersOf(request), 'description');
    if (isTooLong(description)) return descriptionTooLong();
    attachment.description = description;
    const isReady = stateOf(attachment, rules) === 'ready';
    return { status: 200, body: presentAttachment(attachment, isReady, origin) };
  }

  function findLoose(request: Call['request'], ownerId: string): Attachment | undefined {
    const attachment = attachments.get((request.params as { id: string }).id);
    return attachment?.ownerId === ownerId && attachment.statusId === null ? attachment : undefined;
  }

  return [
    { method: 'POST', url: '/api/v2/media', step: 'upload', answer: upload },
    { method: 'PUT', url: '/api/v1/media/:id', step: 'upload', answer: describe },
    { method: 'GET', url: '/api/v1/media/:id', step: 'status', answer: read },
  ];
}

/** `url` is null while the file is being processed. */
export function presentAttachment(attachment: Attachment, isReady: boolean, origin: string) {
  const url = `${origin}/_sandbox/media/${attachment.imageId}`;
  return {
    id: attachment.id,
    type: attachment.kind,
    url: isReady ? url : null,
    preview_url: url,
    remote_url: null,
    preview_remote_url: null,
    text_url: null,
    // Real servers tell the image sizes here; the sandbox does not decode images.
    meta: {},
    description: attachment.description,
    blurhash: null,
  };
}

const kindOf = (type: MediaType): AttachmentKind =>
  type === 'image/gif' ? 'gifv' : type.startsWith('video/') ? 'video' : 'image';

const isTooLong = (description: string | null) => [...(description ?? '')].length > descriptionLimit;
const descriptionTooLong = () =>
  validationFailed(`Description is too long (maximum is ${descriptionLimit} characters)`);
