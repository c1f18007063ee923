// Floor 1: every platform behind one contract (publisher.ts). Code outside this package names no platform.
export { isTaken, mendOf } from './draft-rules.ts';
export { type Mend } from './video-rules.ts';
export { type OAuthClient, type Connection, type ConsentConnection, type Issuer } from './connection.ts';
export {
  createHttpClient,
  NoAnswerError,
  RefusedAddressError,
  type ByteRange,
  type HttpClient,
  type HttpRequest,
  type HttpResponse,
} from './http.ts';
export { definePublisher } from './define-publisher.ts';
export {
  PublisherError,
  type AccountCall,
  type Actor,
  type ApiVersion,
  type Failed,
  type Failure,
  type FailureKind,
  type Identity,
  type PrepareOutcome,
  type Published,
  type PublishCall,
  type Publisher,
  type PublishMedia,
  type PublishOutcome,
  type Rate,
  type Rates,
  type Receipt,
  type LookUpCall,
  type LookUpOutcome,
  type Retry,
  type Uncertain,
  type WaitUntil,
  type Evidence,
} from './publisher.ts';
export { type Credentials } from './connection.ts';
export {
  type Draft,
  type DraftMedia,
  type MediaDetails,
  type MediaKind,
  type NotConverted,
  type Settings,
  type Violation,
} from './draft.ts';
export { fitsLimits, Limits, type ImageLimits, type MediaLimits } from './limits.ts';
export { checkSettings } from './settings.ts';
export { isReachableFromOutside } from './public-hosts.ts';
export { findPublisher, publishers } from './registry.ts';
