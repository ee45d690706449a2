// What the page knows, in one place. It keeps the server's last word on everything and tells the panels when it changes.

import { Microphone } from "./microphone";
import { RefusedError, Net } from "./net";
import { Sound } from "./sound";
import type {
  BeatDot,
  Contact,
  Dream,
  Figures,
  Hello,
  Messages,
  MicLevel,
  MicReading,
  Poses,
  Rehearsal,
  Sentence,
  State,
  Touched,
  Work,
} from "./types";
import type { Room } from "./room/index";

export interface Note {
  text: string;
  kind: "plain" | "refused" | "good";
}
interface Topics {
  hello: Hello;
  lists: Hello;
  state: State;
  figures: Figures;
  contacts: number;
  sentence: Sentence;
  heard: Messages["heard"];
  rehearsal: Rehearsal;
  touched: Touched;
  dream: Dream | null;
  link: boolean;
  note: Note;
  sound: Sound;
  works: Work[];
  own: Microphone;
  microphone: MicReading;
  level: MicLevel;
  beat: BeatDot[];
  blind: string;
  room: Room;
  invite: Messages["invite"];
  focus: number;
}
type Listener = (value: never) => void;

const KEEP_BEATS = 2400; // ten minutes of the heart
const KEEP_CONTACTS = 6000;
const KEEP_WAVES_S = 8;

/** The pump's last seconds, put together from the messages. */
export interface Tape {
  t: number[];
  chamber: number[];
  artery: number[];
  flow: number[];
  happenings: [number, string][];
}

export class App {
  readonly net = new Net();
  readonly microphone = new Microphone(this, () => this.tell("own", this.microphone));
  readonly microphones = new Map<number, MicReading>(); // open on the bench, by number
  readonly sound = new Sound(this.net, () => this.tell("sound", this.sound));
  hello: Hello | null = null;
  state: State | null = null;
  dream: Dream | null = null;
  rehearsal: Rehearsal | null = null;
  touched: Touched | null = null;
  room: Room | null = null;
  works: Work[] = [];
  focus = 0;
  readonly blind = new Map<number, string>(); // own judgements of this page, by work
  refusals: string[] = [];
  private readonly poses = new Map<number, Poses>();
  readonly figures = new Map<number, Figures>();
  readonly trail = new Map<number, Figures[]>();
  readonly waves = new Map<number, Tape>();
  readonly beats = new Map<number, BeatDot[]>();
  readonly contacts = new Map<number, Contact[]>();
  readonly sentences = new Map<number, Sentence>();
  private readonly listeners = new Map<keyof Topics, Set<Listener>>();

  constructor() {
    this.net.on("hello", (m) => this.takeHello(m));
    this.net.on("state", (m) => this.takeState(m));
    this.net.on("figures", (m) => this.takeFigures(m));
    this.net.on("contacts", (m) => this.takeContacts(m.work, m.list));
    this.net.on("sentence", (m) => {
      this.sentences.set(m.work, m);
      this.tell("sentence", m);
    });
    this.net.on("heard", (m) => this.tell("heard", m));
    this.net.on("rehearsal", (m) => {
      this.rehearsal = m;
      this.tell("rehearsal", m);
    });
    this.net.on("touched", (m) => {
      this.touched = m;
      this.tell("touched", m);
    });
    this.net.on("dream", (m) => {
      this.dream = m;
      this.tell("dream", m);
    });
    this.net.on("microphone", (m) => this.takeMicrophone(m));
    this.net.on("level", (m) => this.tell("level", m));
    this.net.on("works", (m) => this.setWorks(m.works));
    this.net.on("lists", (m) => {
      if (this.hello) {
        Object.assign(this.hello, m);
        this.tell("lists", this.hello);
      }
    });
    this.net.on("refused", (m) => {
      if (m.id) return;
      if (this.hello) this.note(m.reason, "refused");
      else this.net.why = m.reason; // the status line says it
    });
    this.net.on("invite", (m) => this.tell("invite", m));
    this.net.onPoses((p) => {
      this.poses.set(p.work, p);
    });
    this.net.onLink((linked) => this.tell("link", linked));
  }

  on<K extends keyof Topics>(topic: K, listener: (value: Topics[K]) => void): void {
    const set = this.listeners.get(topic) ?? new Set<Listener>();
    set.add(listener as Listener);
    this.listeners.set(topic, set);
  }

  tell<K extends keyof Topics>(topic: K, value: Topics[K]): void {
    for (const listener of this.listeners.get(topic) ?? []) (listener as (v: Topics[K]) => void)(value);
  }

  work(id = this.focus): Work | undefined {
    return this.works.find((w) => w.id === id);
  }
  get role(): Hello["role"] {
    return this.hello?.role ?? "onlooker";
  }
  get mayJudge(): boolean {
    return this.role !== "onlooker";
  }
  get mayTouch(): boolean {
    return this.role === "maker";
  }
  posesOf(id: number): Poses | undefined {
    return this.poses.get(id);
  }
  sentence(): Sentence | undefined {
    return this.sentences.get(this.focus);
  }

  note(text: string, kind: Note["kind"] = "plain"): void {
    if (kind === "refused") this.refusals = [...this.refusals.slice(-19), text];
    this.tell("note", { text, kind });
  }

  /** Ask the server for something; a refusal is shown in its own words and gives null. */
  async ask(command: string, args: Record<string, unknown> = {}): Promise<Record<string, unknown> | null> {
    try {
      return await this.net.send(command, args);
    } catch (error) {
      if (error instanceof RefusedError) {
        const { reason, allowed } = error.refused;
        const may = Array.isArray(allowed) ? allowed.join(", ") : allowed;
        this.note(may ? `${reason} Allowed: ${may}.` : reason, "refused");
      } else this.note(error instanceof Error ? error.message : String(error), "refused");
      return null;
    }
  }

  setBlind(text: string): void {
    this.blind.set(this.focus, text);
    this.tell("blind", text);
  }

  private takeHello(m: Hello): void {
    this.hello = m;
    this.microphones.clear();
    this.setWorks(m.works);
    this.setFocus(m.focus);
    this.tell("hello", m);
  }

  private takeMicrophone(m: MicReading): void {
    if (m.over) this.microphones.delete(m.mic);
    else this.microphones.set(m.mic, m);
    if (m.over && m.mic === this.microphone.mic) this.microphone.closedThere();
    this.tell("microphone", m);
  }

  private takeState(m: State): void {
    this.state = m;
    if (m.works) this.setWorks(m.works);
    this.setFocus(m.focus);
    this.tell("state", m);
  }

  private setWorks(works: Work[]): void {
    this.works = works;
    this.tell("works", works);
  }

  private setFocus(id: number): void {
    if (id === this.focus || typeof id !== "number") return;
    this.focus = id;
    this.tell("focus", id);
  }

  private takeFigures(m: Figures): void {
    const before = this.figures.get(m.work);
    if (before && m.time_s < before.time_s - 1) this.forget(m.work);
    this.figures.set(m.work, m);
    const trail = this.trail.get(m.work) ?? [];
    trail.push({ ...m, beats: [], waves: undefined });
    this.keepWaves(m);
    if (trail.length > 1200) trail.splice(0, 300);
    this.trail.set(m.work, trail);
    const beats = this.beats.get(m.work) ?? [];
    const again = m.beats.length ? beats.findIndex((b) => b[0] >= (m.beats[0]?.[0] ?? 0) - 1e-6) : -1; // told anew from here on
    if (again >= 0) beats.splice(again);
    beats.push(...m.beats);
    if (beats.length > KEEP_BEATS) beats.splice(0, beats.length - KEEP_BEATS);
    this.beats.set(m.work, beats);
    if (m.beats.length) this.tell("beat", m.beats);
    this.tell("figures", m);
  }

  private keepWaves(m: Figures): void {
    const tape = this.waves.get(m.work) ?? { t: [], chamber: [], artery: [], flow: [], happenings: [] };
    const w = m.waves;
    if (w) {
      tape.t.push(...w.chamber_pa.map((_, i) => w.t0 + i * w.dt));
      tape.chamber.push(...w.chamber_pa);
      tape.artery.push(...w.artery_pa);
      tape.flow.push(...w.flow_cm3_s);
      const extra = tape.t.findIndex((t) => t > m.time_s - KEEP_WAVES_S);
      for (const row of [tape.t, tape.chamber, tape.artery, tape.flow]) row.splice(0, Math.max(0, extra));
    }
    tape.happenings.push(...m.happenings);
    if (tape.happenings.length > 100) tape.happenings.splice(0, tape.happenings.length - 100);
    this.waves.set(m.work, tape);
  }

  private takeContacts(work: number, list: Contact[]): void {
    const all = this.contacts.get(work) ?? [];
    all.push(...list);
    if (all.length > KEEP_CONTACTS) all.splice(0, all.length - KEEP_CONTACTS);
    this.contacts.set(work, all);
    this.tell("contacts", work);
  }

  private forget(work: number): void {
    this.beats.delete(work);
    this.contacts.delete(work);
    this.trail.delete(work);
    this.waves.delete(work);
  }
}
