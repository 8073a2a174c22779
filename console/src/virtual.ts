// Which rows of a long list are to be drawn.
export interface Window {
  first: number;
  /** One past the last. */
  end: number;
}

/** Return the rows that are in sight of a list that is scrolled to `top`, and a few around. */
export function rowsInSight(count: number, rowHeight: number, top: number, height: number, around = 8): Window {
  const first = Math.max(0, Math.min(count, Math.floor(top / rowHeight)) - around);
  const end = Math.min(count, Math.ceil((top + height) / rowHeight) + around);
  return { first: Math.min(first, end), end };
}

/** Whether a list is scrolled to its end, so that new rows may move it. */
export function isAtEnd(top: number, height: number, whole: number): boolean {
  return whole - top - height < 24;
}
