// Floor 1: hides where files lie. A local folder today; an S3-compatible store has its place beside it.
export { FileMissingError, openFileStore, type FileStore } from './file-store.ts';
