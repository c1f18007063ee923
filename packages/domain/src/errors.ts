import { AppError, type FieldError } from '@solospark/foundation';

/** The codes of all errors that a caller of the domain can cause. Stable: clients depend on them. */
export type DomainErrorCode =
  | 'post_not_found'
  | 'delivery_not_found'
  | 'channel_not_found'
  | 'media_not_found'
  | 'post_locked'
  | 'nothing_to_retry'
  | 'nothing_to_resolve'
  | 'being_sent'
  | 'revision_mismatch'
  | 'invalid_post'
  | 'invalid_schedule'
  | 'invalid_channel'
  | 'channel_exists'
  | 'invalid_connection'
  | 'connection_not_found'
  | 'cross_site_request'
  | 'invalid_answer'
  | 'foreign_answer'
  | 'platform_not_configured'
  | 'sandbox_unavailable'
  | 'platform_unavailable'
  | 'platform_refused'
  | 'media_in_use'
  | 'media_damaged'
  | 'storage_full'
  | 'storage_read_only'
  | 'storage_unavailable'
  | 'media_too_large'
  | 'unsupported_media'
  | 'invalid_media'
  | 'invalid_cursor'
  | 'invalid_link';

export class DomainError extends AppError<DomainErrorCode> {
  constructor(
    code: DomainErrorCode,
    message: string,
    options: { errors?: FieldError[]; cause?: unknown } = {},
  ) {
    super(code, message, options);
    this.name = 'DomainError';
  }
}
