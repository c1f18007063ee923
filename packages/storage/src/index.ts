// Floor 1: hides where files are stored: during the upload (staging) and afterwards (a disk, or an S3 service).
export { openDiskProcess, type DiskProcess } from './disk-process.ts';
export { openDiskStore } from './disk-store.ts';
export {
  FileChangedError,
  FileMissingError,
  StoreUnavailableError,
  type ByteRange,
  type FileStore,
  type StoreState,
} from './file-store.ts';
export { openS3Store, type S3Settings } from './s3-store.ts';
export { openStaging, type ReceivedFile, type Staging, type Upload } from './staging.ts';
