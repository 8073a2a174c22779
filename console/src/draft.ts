// A script that is being written, with the request that it is meant for.
import { signal } from "@preact/signals";

export interface Draft {
  session: string;
  text: string;
  /** The number of a request that is to be sent again against it. */
  again: number | null;
}

export const draft = signal<Draft | null>(null);
