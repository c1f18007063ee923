// Floor 1: hides the libraries that read images, videos and documents. It reads files on the local disk and writes new files
// beside them.
export { type EncodeProblem } from './encode-video.ts';
export { findFfmpeg } from './find-ffmpeg.ts';
export { MAX_UPLOAD_BYTES, type FileFacts, type MediaKind, type VideoFacts } from './media-file.ts';
export { MediaFileError } from './refusals.ts';
export {
  convertMediaFile,
  readMediaFile,
  remuxMediaFile,
  renderMediaFile,
  type ReadFile,
} from './read-media-file.ts';
export { type RenditionSize } from './render-jpeg.ts';
