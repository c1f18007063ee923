/**
 * True when a write broke this foreign key: the row that it refers to was found before, and has been deleted since.
 */
export function breaksForeignKey(error: unknown, constraint: string): boolean {
  const { code, constraint: broken } = error as { code?: unknown; constraint?: unknown };
  return code === FOREIGN_KEY_VIOLATION && broken === constraint;
}

const FOREIGN_KEY_VIOLATION = '23503';
