// Floor 1: each platform behind one contract (publisher.ts). Nothing outside names a platform.
export { type App, type Connection, type ConsentConnection } from './connection.ts';
export {
  createHttpClient,
  NoAnswerError,
  type HttpClient,
  type HttpRequest,
  type HttpResponse,
} from './http.ts';
export {
  definePublisher,
  PublisherError,
  type AccountCall,
  type Actor,
  type Credentials,
  type Draft,
  type DraftMedia,
  type Failed,
  type Failure,
  type FailureKind,
  type Identity,
  type Limits,
  type MediaLimits,
  type PrepareOutcome,
  type Published,
  type PublishCall,
  type Publisher,
  type PublishMedia,
  type PublishOutcome,
  type Rate,
  type Rates,
  type Receipt,
  type ReconcileCall,
  type ReconcileOutcome,
  type Retry,
  type Uncertain,
  type Violation,
  type WaitUntil,
  type Witness,
} from './publisher.ts';
export { fitsLimits } from './fits-limits.ts';
export { findPublisher, publishers } from './registry.ts';
