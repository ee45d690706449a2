/** What every standing work in the room can do, and the plain data that it is drawn from. */

import type * as THREE from "three";
import type { Between } from "./seen";

interface Common {
  version: number;
  standing: true;
  kind: string;
  title: string;
  notes: string[];
}

export interface GyroscopeScene extends Common {
  type: "gyroscope";
  /** Metres. */
  rotor_radius: number;
  rotor_thickness: number;
  pivot_to_centre: number;
  mount: "point" | "gimbals";
}

export interface OrbScene extends Common {
  type: "galaxy";
  n: number;
  radius: number;
  group: number[];
  brightness: number[];
}

export interface WebScene extends Common {
  type: "web";
  nodes: number;
  /** Flat: metres; unit vectors; pairs of nodes. */
  places: number[];
  normals: number[];
  threads: number[];
  names: string[];
  shown_scale: number;
  thoughts: number;
}

export type StandingScene = GyroscopeScene | OrbScene | WebScene;

/** A name in the room and where it is. */
export interface Named { text: string; at: () => THREE.Vector3 | null }

/** One standing work in the room. Its group stands at its place on a board; y = 0 is the board's top. */
export interface StandingView {
  readonly group: THREE.Group;
  /** Half its width on the board, and what to look at: height above the board and radius. */
  readonly half: number;
  readonly aim: { up: number; radius: number };
  /** Something that a ray can meet. */
  readonly solid: THREE.Object3D;
  show(now: Between, dt: number): void;
  /** It is looked at, or not any more. */
  attend(on: boolean): void;
  /** Names to be read at it: those of its own, and of what is nearest to a ray. */
  names(ray: THREE.Ray | null): Named[];
  dispose(): void;
  /** For tests: some numbers of what is shown now. */
  told(): number[];
}
