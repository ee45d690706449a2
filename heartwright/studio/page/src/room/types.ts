/**
 * What the room is given and what it gives back.
 *
 * Lengths are metres, angles radians, times seconds of the work unless a name says otherwise. A scene comes from
 * `heartwright.studio.scene` (Python) and is static; poses move it.
 */

/** Which surface a part has. */
export type Material =
  | "brass" | "gilt" | "steel" | "blued" | "ruby" | "copper" | "leather" | "glass" | "oil" | "dark" | "plate" | "enamel"
  | "wood" | "iron";

/** The pose that turns or moves a part: `value * ratio + offset` of a rotor's angle or an extra's value. */
export interface Drive {
  source: "rotor" | "extra";
  /** Name in `Scene.rotors` or `Scene.extras`. */
  name: string;
  /** Radians (or metres, or 1) per unit of the source. */
  ratio: number;
  offset: number;
  /** A periodic shape instead of the ratio: y (linear between its points) at the source's value modulo the period. */
  shape?: { period: number; x: number[]; y: number[] };
}

/** Flat x, y, x, y ... in metres, in the part's own frame. */
export type Outline = number[];

interface Placed {
  name: string;
  /** What people read; "" for a part without a name of its own. */
  label: string;
  material: Material;
  /** Where the part's own frame stands [m]. */
  x: number;
  y: number;
  z: number;
  /** Stands before the escapement: seen through when one looks there. */
  cover?: boolean;
  /** What turns it about its own z axis (absent: it stands still). */
  turn?: Drive;
  /** What moves it along x and y: the direction times the driven value [m]. */
  slide?: { x: number; y: number; drive: Drive };
}

/** Outlines drawn out along z from `z` to `z + depth`. */
export interface Extrusion extends Placed {
  type: "extrude";
  depth: number;
  bevel: number;
  shapes: { outer: Outline; holes: Outline[] }[];
}

/** A profile (radius, height along the axis) turned about an axis. */
export interface Turned extends Placed {
  type: "turned";
  axis: "x" | "y" | "z";
  profile: Outline;
  /** Where the turned body stands in the part's own frame, x and y (a pendulum's bob). */
  shift?: [number, number];
}

/** A round tube along a path (x, y, z ...). */
export interface Tube extends Placed {
  type: "tube";
  path: number[];
  radius: number;
}

/** A spiral spring: inner end turned by `turn` (the part's drive) about its outer end. */
export interface Spiral extends Placed {
  type: "spiral";
  inner: number;
  outer: number;
  turns: number;
  thickness: number;
  height: number;
  /** Angle of the outer end (fixed unless `outer_turn`). */
  outer_at: number;
  outer_turn?: Drive;
}

/** A wound mainspring: coils pack between arbor and drum as the wind goes. */
export interface Mainspring extends Placed {
  type: "mainspring";
  /** Share of the development still wound, 0..1. */
  wind: Drive;
  inner: number;
  outer: number;
  turns: number;
  thickness: number;
  height: number;
}

/** Pleated leather between two ends along y: the length is `rest - value` of its drive. */
export interface Bellows extends Placed {
  type: "bellows";
  radius: number;
  rest: number;
  pleats: number;
  squeeze: Drive;
}

/** A tongue clamped at its root that bends out of its slot along z: root at the frame, tip along `direction` in x, y. */
export interface Reed extends Placed {
  type: "reed";
  width: number;
  length: number;
  thickness: number;
  direction: number;
  /** Lift of the tip along z [m] for its drive; the ratio carries the factor it is drawn enlarged by. */
  lift: Drive;
}

/** A pierced ruby in its setting. */
export interface Jewel extends Placed {
  type: "jewel";
  radius: number;
}

/** A slotted screw seen from its head. */
export interface Screw extends Placed {
  type: "screw";
  radius: number;
  slot: number;
}

export type Part = Extrusion | Turned | Tube | Spiral | Mainspring | Bellows | Reed | Jewel | Screw;

/** A place in the work to look at: middle [m] and the radius to hold in view [m]. */
export interface View { x: number; y: number; z: number; radius: number }

/** Where a pair of parts meets: a fixed point, or one carried by a turning part. */
export interface ContactPlace {
  pair: string;
  x: number;
  y: number;
  z: number;
}

export interface Scene {
  version: number;
  design: string;
  title: string;
  kind: string;
  /** Order of the columns of a pose frame; take the server's where it says otherwise. */
  rotors: string[];
  extras: string[];
  /** Corners of everything [m]: low x, y, z, high x, y, z. */
  box: [number, number, number, number, number, number];
  parts: Part[];
  contacts: ContactPlace[];
  views: Record<string, View>;
  /** Whether the room gives it a stand, a case with a glass, or lets it hang. */
  mount: "heart" | "watch" | "clock";
  /** What is drawn larger than it is, by what factor (e.g. {"reed lift": 4}). */
  enlarged: Record<string, number>;
  /** Simplifications of the drawing, in plain words. */
  notes: string[];
}

/** A binary frame of poses, unpacked. Times of the work; data is row-major [nSample][nRotor + nExtra]. */
export interface PoseFrame {
  t0: number;
  dt: number;
  nSample: number;
  nRotor: number;
  nExtra: number;
  speed: number;
  data: Float32Array;
}

export interface ContactNote { t: number; pair: string; tooth: number; impulse: number }

/** One dense beat, as `GET /api/beat/{work}` gives it. */
export interface BeatRecord {
  t0: number;
  dt: number;
  rotors: string[];
  /** [n][k], radians. */
  angles: number[][];
  extras?: string[];
  /** [n][k], SI. */
  extra_values?: number[][];
  contacts: { t: number; pair: string; tooth: number; kind: string; impulse_ns: number; x_m: number; y_m: number }[];
  landmarks: { name: string; t: number; side: number }[];
}

export interface WarpWord { name: string; score: number }

export interface Mood {
  /** 0 dark .. 1 full light. */
  light: number;
  tiltDeg: number;
  /** 0 warm .. 1 a chill that mists the breath. */
  cold: number;
  /** The judge's words that hang in the air, with their scores 0..1. */
  warp: WarpWord[];
  /** 0 .. 1. */
  discord: number;
}

export interface CriticLook {
  visible: boolean;
  gazeWork: number | null;
  name: string;
  face: string;
}

export type ViewName = "whole" | "escapement" | "pump" | "train" | "reeds" | "barrel";

export interface LabelItem { text: string; work: number; part: string }

export interface RoomOptions {
  quality?: "low" | "high";
  reducedMotion?: boolean;
}

/** For tests: what the room shows just now. */
export interface RoomState {
  works: { id: number; design: string; meshes: number; framesReceived: number; lastAngles: Record<string, number> }[];
  /** Standing works, with some numbers of what is shown of each now. */
  standing: { id: number; kind: string; framesReceived: number; told: number[] }[];
  meshes: number;
  /** Triangles in the room, each counted once. */
  triangles: number;
  /** Triangles of the last picture, shadow and mirror passes counted too. */
  drawn: number;
  calls: number;
  frames: number;
  fps: number;
  quality: string;
  focus: { work: number | null; view: ViewName };
  camera: [number, number, number];
  scrub: { t: number; lit: string[]; named: string[] } | null;
  mood: Mood;
  critic: CriticLook;
  labels: string[];
}
