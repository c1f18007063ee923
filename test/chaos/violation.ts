export interface Violation {
  kind:
    | 'lost'
    | 'doubled'
    | 'early'
    /** Went out at a time that no longer stood. */
    | 'superseded'
    /** Went out with a text that no longer stood. */
    | 'stale'
    /** Went out after a cancel or a deletion that was granted. */
    | 'after-cancel'
    /** `published` here, and not there; or `failed` here, and there. */
    | 'untrue'
    | 'refused-but-done'
    | 'stuck'
    | 'ledger';
  /** The post's. */
  number: number;
  deliveryId?: string;
  what: string;
}
