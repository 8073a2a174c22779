// Which rows of a long list are to be drawn.
export interface Window {
  first: number;
  /** One past the last. */
  end: number;
}

/** The part of a list that is in sight, in pixels. */
export interface Sight {
  top: number;
  height: number;
}

/** Rows that are drawn before and after those in sight. */
const AROUND = 8;

/** Return the rows that are in sight of a list that is scrolled to `top`, and a few around. */
export function rowsInSight(count: number, rowHeight: number, top: number, height: number, around = AROUND): Window {
  const first = Math.max(0, Math.min(count, Math.floor(top / rowHeight)) - around);
  const end = Math.min(count, Math.ceil((top + height) / rowHeight) + around);
  return { first: Math.min(first, end), end };
}

/** Whether what is in sight now, and half of the rows around it, is among the rows that were drawn for another sight. */
export function isDrawn(drawn: Sight, now: Sight, rowHeight: number): boolean {
  const more = (AROUND / 2) * rowHeight;
  return now.top >= drawn.top - more && now.top + now.height <= drawn.top + drawn.height + more;
}

/** Whether a list is scrolled to its end, so that new rows may move it. */
export function isAtEnd(top: number, height: number, whole: number): boolean {
  return whole - top - height < 24;
}
