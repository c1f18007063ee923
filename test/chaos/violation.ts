export interface Violation {
  kind:
    | 'lost'
    | 'doubled'
    | 'early'
    /** Published at a time that had been replaced. */
    | 'superseded'
    /** Published with a text that had been replaced. */
    | 'stale'
    /** Published after a cancel or a deletion was granted. */
    | 'after-cancel'
    /** `published` in the row but not public, or `failed` in the row but public. */
    | 'untrue'
    | 'refused-but-done'
    | 'stuck'
    | 'ledger';
  /** The number of the post. */
  number: number;
  deliveryId?: string;
  what: string;
}
