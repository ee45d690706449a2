// What passes between the server and the page. Times are the work's own seconds unless a name says otherwise.

export type Role = "maker" | "critic" | "onlooker";

export interface Interval {
  value: number;
  low: number;
  high: number;
}

export interface Work {
  id: number;
  kind: "design" | "recording" | "standing";
  design: string;
  title: string;
  live: boolean;
  movement_kind: string;
  rotors: string[];
  extras: string[];
  lift_deg: number | null;
  nominal_bph: number | null;
  author?: string;
  date?: string;
  intent?: string;
  weakness?: string;
  status?: string;
  /** Of a standing work. */
  shelf?: string;
  along_m?: number;
  mass_kg?: number;
  deeds?: Deed[];
}

/** Something that may be done to a standing work. */
export interface Deed {
  name: string;
  title: string;
  says: string;
  amounts: Record<string, Span>;
}
/** A figure of a standing work; bounds where it has them. */
export interface Figure {
  value: number | null;
  unit: string;
  says: string;
  low?: number;
  high?: number;
}
/** A shelf: how long, what stands on it; and once it is known how it bears it. */
export interface ShelfBoard {
  name: string;
  length_m: number;
  /** Of its middle, to the right of the room's: it is drawn on the side where it is heard. */
  x_m: number;
  kinds: string[];
}
export interface ShelfState {
  name: string;
  load_kg: number;
  sag_mm: number;
  share: number; // of its strength
  moves_um_s: number;
  /** What the mixing desk adds to what stands there, in focus half as much [dB]. */
  mix_db: number;
  status: string;
  advice: string;
}
/** What a standing work is drawn by at one moment. */
export interface Seen {
  work: number;
  sent: number;
  t: number;
  speed: number;
  light: number;
  values: Float32Array;
}

export interface Span {
  low: number;
  high: number;
  default: number;
  unit: string;
}
export interface Fault {
  name: string;
  title: string;
  says?: string;
  kinds?: string[];
  span: Span;
  sign?: string;
  repairs: string[];
}
export interface Touch {
  name: string;
  title: string;
  says?: string;
  kinds?: string[];
  span: Span;
  amount: string;
  tool?: string;
}
export interface Named {
  name: string;
  title: string;
  says?: string;
  face?: string;
}
export interface Person {
  id: number | string;
  name: string;
  role: Role;
}
export interface EditLine {
  id: number | string;
  text: string;
  undoable: boolean;
}
export interface Compiling {
  on: boolean;
  text: string;
}
export interface RoomAir {
  tilt_deg: number;
  temperature_c: number;
  light: number;
  discord: number;
  wind?: number;
}

export interface Hello {
  role: Role;
  name: string;
  people: Person[];
  works: Work[];
  shelves: ShelfBoard[];
  focus: number;
  speed: number;
  sample_rate: number;
  block: number;
  compiling: Compiling | boolean;
  faults: Fault[];
  touches: Touch[];
  repairs: Named[];
  scenarios: Named[];
  critics: Named[];
  contests: Contest[];
  supports?: Named[];
  air?: Partial<Record<"wind" | "tilt_deg" | "temperature_c", Span>>;
  sliders: Partial<Record<Slider, Span>>;
  version: string;
}

export type Slider = "lock_deg" | "draw_deg" | "drop_deg";
export interface Contest {
  finding: string;
  title: string;
  claim: string;
}

export interface State {
  time_s: number;
  speed: number;
  halted: boolean;
  focus: number;
  status: string;
  advice: string;
  room: RoomAir;
  arousal: number;
  throat_open?: boolean;
  edits: EditLine[];
  people: Person[];
  compiling: Compiling;
  repairs?: Named[];
  works?: Work[];
  shelves?: ShelfState[];
}

export type BeatDot = [t_s: number, residual_ms: number, side: number, amplitude_deg: number | null];
export interface Waves {
  t0: number;
  dt: number;
  chamber_pa: number[];
  artery_pa: number[];
  flow_cm3_s: number[];
}
export interface Ledger {
  drive_j: number;
  spent: Record<string, number>;
  stored_j: number;
  residual_ratio: number;
}
export interface Figures {
  work: number;
  time_s: number;
  amplitude_deg: Interval | null;
  rate_s_per_day: Interval | null;
  beat_error_ms: Interval | null;
  beats: BeatDot[];
  waves?: Waves;
  happenings: [number, string][];
  ledger?: Ledger;
  more?: Record<string, Interval | number | null>;
  /** Of a standing work. */
  figures?: Record<string, Figure>;
  status?: string;
  advice?: string;
  light?: number;
  done?: string[];
}

export type Contact = [t_s: number, pair: string, tooth: number, impulse_ns: number];

export interface Word {
  score: number | null;
  low: number | null;
  high: number | null;
  holds: boolean | null;
  reason: string;
  evidence_s?: number[];
}
export interface Line {
  text: string;
  figures: Record<string, number>;
  evidence_s: number[];
}
export interface Cause {
  sound_class: string;
  members?: string[];
  probability: number;
}
export interface Fold {
  t_ms: number[];
  envelope: number[][];
  marks: [string, number][];
}
export interface Reading {
  status?: string;
  advice?: string[];
  duration_s?: number;
  beats?: number;
  snr_db?: number | null;
  beat_rate_bph?: Interval | null;
  rate_s_per_day?: Interval | null;
  amplitude_deg?: Interval | null;
  beat_error_ms?: Interval | null;
  beat_scatter_ms?: Interval | null;
  fold?: Fold | null;
  beats_table?: BeatDot[];
  voice?: { period_s: Interval | number; sounds: [string, number, number][] } | null;
}
export interface Sentence extends Line {
  work: number;
  sound: string | null;
  changed_since?: boolean;
  words: Record<string, Word>;
  causes: Cause[];
  conviction: boolean | null;
  more: Line[];
  reading?: Reading | null;
  blind?: string;
  next_measurement?: string;
  finding?: Record<string, unknown>;
}

export type Fate = "better" | "unchanged" | "worse" | "ruined";
export const FATES: readonly Fate[] = ["better", "unchanged", "worse", "ruined"];
export type Shares = Partial<Record<Fate, Interval>>;
export interface Odds {
  shares: Shares;
  expected: Record<string, Interval | null>;
  dots: Trial[];
}
export interface Trial {
  outcome: Fate;
  figures: Record<string, number | null>;
  force_n?: number | null;
  slip?: string;
}
export interface Rehearsal extends Odds {
  done: number;
  total: number;
  alone: Odds;
  aloneDone: number;
  aloneTotal: number;
  finished: boolean;
  cancelled: boolean;
}

export interface Touched {
  text: string;
  force_n: number | null;
  slip: string;
  edits: string[];
}

export interface Ending {
  name: string;
  text: string;
  composure: number | null;
  record: unknown;
  better?: string;
  figures?: Partial<Record<"first" | "low" | "last", Record<string, number>>>;
}
export interface DreamLine {
  who: string;
  text: string;
  spoken: boolean;
}
export interface Dream {
  phase: string;
  time_s: number;
  lines: DreamLine[];
  words: { name: string; score: number; low: number; high: number }[];
  gaze: { work: number | null; dwell: number };
  arousal: number;
  throat_open: boolean;
  choices: Named[];
  ending: Ending | null;
  critic: { name: string; face: string; visible?: boolean };
  senses?: Record<string, string>;
}

export interface Refused {
  id?: number;
  of: string;
  reason: string;
  allowed: string[] | string | null;
}

export interface Landmark {
  name: string;
  t: number;
  side: number;
}
export interface BeatContact {
  t: number;
  pair: string;
  tooth: number;
  kind: string;
  impulse_ns: number;
  x_m: number;
  y_m: number;
}

/** Poses of one work: `data` is [n_sample][n_rotor + n_extra], angles in radians. */
export interface Poses {
  work: number;
  nSample: number;
  nRotor: number;
  nExtra: number;
  sent: number;
  t0: number;
  dt: number;
  speed: number;
  data: Float32Array;
}

export type Processing = "echo cancellation" | "noise suppression" | "automatic gain";

/** What is told of the watch under a microphone. */
export interface ToldOfWatch {
  bph: number | null;
  movement_bph: number | null;
  lifts_deg: number[];
  movement: string;
  clock_ppm: [number, number]; // of the sound card: how fast it runs, and one sigma
}

/** A row of the table of movements; several values where the sources differ. */
export interface Movement {
  name: string;
  rates_bph: number[];
  lifts_deg: number[];
}

/** How early a beat came on the trace's paper: time [s], early [ms], side. */
export type TraceDot = [number, number, number];

/** What is heard of a microphone, once a second. */
export interface MicReading {
  mic: number;
  person: number;
  name: string;
  device: string;
  rate_hz: number;
  seconds: number;
  take_s: number;
  linked: boolean;
  over: boolean;
  dropped: number;
  lost_s: number;
  told: ToldOfWatch;
  status: string;
  settled: boolean;
  beats: number;
  heard_s: number;
  snr_db: number | null;
  nominal_bph: number | null;
  lift_deg: number | null;
  advice: string[];
  troubles: string[];
  trace: { beat_ms: number; nominal: boolean; dots: TraceDot[] } | null;
  beat_rate_bph: Interval | null;
  rate_s_per_day: Interval | null;
  beat_error_ms: Interval | null;
  amplitude_deg: Interval | null;
  rate_low_repeat: number | null; // of the rate with the sound card's clock left out
  rate_high_repeat: number | null;
}

export interface MicLevel {
  mic: number;
  peak_db: number;
  rms_db: number;
  clipped: number;
}

export interface Messages {
  hello: Hello;
  state: State;
  figures: Figures;
  contacts: { work: number; list: Contact[] };
  sentence: Sentence;
  heard: { work: number; what: string; share?: number };
  rehearsal: Rehearsal;
  touched: Touched;
  dream: Dream;
  refused: Refused;
  invite: { role: Role; url: string };
  works: { works: Work[] };
  lists: Partial<Hello>;
  microphone: MicReading;
  level: MicLevel;
  contested: { text: string; upheld: boolean | null };
}
