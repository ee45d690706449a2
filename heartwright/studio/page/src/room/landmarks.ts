/** The landmarks of a beat, and the part on which each is named while it passes. */

import type { BeatRecord } from "./types";

/** Shares of a beat: how long the last landmark's name stays, and how long one before it. */
const LAST_FOR = 0.1;
const OTHERS_FOR = 0.002;

const TEXTS: Record<string, string> = {
  unlock: "unlocking", impulse: "impulse", drop: "drop", lock: "lock", bank: "run to banking", draw: "draw",
};

export interface Passing { landmark: string; text: string; part: string }

/** The landmarks just passed at time t; `clock`: pallets of an anchor instead of a lever's stones. */
export function passingNames(beat: BeatRecord, t: number, clock: boolean): Passing[] {
  const span = beat.dt * Math.max(beat.angles.length - 1, 1);
  const past = beat.landmarks.filter((mark) => mark.name in TEXTS && t >= mark.t);
  const last = past.at(-1);
  return past
    .filter((mark) => t - mark.t < (mark === last ? LAST_FOR : OTHERS_FOR) * span)
    .map((mark) => ({ landmark: mark.name, text: TEXTS[mark.name] as string, part: partOf(mark.name, mark.side, clock) }));
}

function partOf(name: string, side: number, clock: boolean): string {
  if (name === "unlock") return clock ? "anchor" : "impulse jewel";
  if (name === "drop") return "escape wheel";
  if (name === "bank") return "banking";
  // a swing with rising angle (+1) frees the tooth from one stone and lets the next fall on the other
  const after = name === "lock" || name === "draw" ? side > 0 : side <= 0;
  return `${after ? "entry" : "exit"} ${clock ? "pallet" : "stone"}`;
}
