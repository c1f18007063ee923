/**
 * True when a row could not be written because what it refers to by this constraint is not there: it was, when it was
 * looked up, and somebody has removed it since.
 */
export function breaksForeignKey(error: unknown, constraint: string): boolean {
  const { code, constraint: broken } = error as { code?: unknown; constraint?: unknown };
  return code === FOREIGN_KEY_VIOLATION && broken === constraint;
}

const FOREIGN_KEY_VIOLATION = '23503';
