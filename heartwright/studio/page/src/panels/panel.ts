// A panel slides over the room: a title, a body built once, and a word when it opens and closes.

import type { App } from "../app";
import type { Stage } from "../stage";

export interface Bench {
  app: App;
  stage: Stage;
  open: (name: string) => void;
  close: () => void;
}

export interface Panel {
  readonly name: string;
  readonly title: string;
  readonly short: string;
  readonly icon: string;
  /** Who sees it; everybody where it is left out. */
  readonly allowed?: (app: App) => boolean;
  build(host: HTMLElement): void;
  opened?(): void;
  closed?(): void;
}
