// The line to the server: one WebSocket for messages and poses. It comes back by itself; a command is a promise.

import { read } from "./read";
import type { Messages, Poses, Refused, Seen } from "./types";

export class RefusedError extends Error {
  constructor(readonly refused: Refused) {
    super(refused.reason);
  }
}

interface Waiting {
  resolve: (answer: Record<string, unknown>) => void;
  reject: (why: Error) => void;
  of: string;
}
type Listener = (message: never) => void;

const HEAD = 44; // bytes before the angles
const PATIENCE_MS = 120_000;

/** A binary frame of kind 1 as poses; null where it is none or is cut short. */
export function decodePoses(frame: ArrayBuffer): Poses | null {
  if (frame.byteLength < HEAD) return null;
  const v = new DataView(frame);
  if (v.getUint8(0) !== 1 || v.getUint8(1) !== 1) return null;
  const nSample = v.getUint16(4, true),
    nRotor = v.getUint16(6, true),
    nExtra = v.getUint16(8, true);
  const count = nSample * (nRotor + nExtra);
  if (frame.byteLength < HEAD + 4 * count) return null;
  return {
    work: v.getUint16(2, true),
    nSample,
    nRotor,
    nExtra,
    sent: v.getFloat64(12, true),
    t0: v.getFloat64(20, true),
    dt: v.getFloat64(28, true),
    speed: v.getFloat32(36, true),
    data: new Float32Array(frame, HEAD, count),
  };
}

const SEEN_HEAD = 40;
const RECEIPT_EVERY_MS = 50;

/** What tells the server how many pictures were taken up: it holds the rest back. */
export function receipt(count: number): ArrayBuffer {
  const frame = new ArrayBuffer(8);
  const v = new DataView(frame);
  v.setUint8(0, 4);
  v.setUint8(1, 1);
  v.setUint32(4, count, true);
  return frame;
}

const FULL = 32767; // of an i16

/** A binary frame of kind 2 as what a standing work is seen by; null where it is none or is cut short. */
export function decodeSeen(frame: ArrayBuffer): Seen | null {
  if (frame.byteLength < SEEN_HEAD) return null;
  const v = new DataView(frame);
  if (v.getUint8(0) !== 2 || v.getUint8(1) !== 1) return null;
  const coarse = v.getUint32(4, true);
  const fine = v.getUint32(8, true);
  if (frame.byteLength < SEEN_HEAD + 4 * fine + 2 * coarse) return null;
  const scale = v.getFloat32(36, true) / FULL;
  const values = new Float32Array(coarse + fine);
  const grains = new Int16Array(frame, SEEN_HEAD + 4 * fine, coarse);
  for (let i = 0; i < coarse; i++) values[i] = (grains[i] as number) * scale;
  values.set(new Float32Array(frame, SEEN_HEAD, fine), coarse);
  return {
    work: v.getUint16(2, true),
    light: v.getFloat32(12, true),
    sent: v.getFloat64(16, true),
    t: v.getFloat64(24, true),
    speed: v.getFloat32(32, true),
    values,
  };
}

export class Net {
  readonly token = new URLSearchParams(location.search).get("token") ?? "";
  linked = false;
  /** Why the server does not let this page in; empty where it does. */
  why = "";
  frames = 0;
  private socket: WebSocket | null = null;
  private pictures = 0; // taken up since the line opened
  private receiptDue = false;
  private next = 1;
  private pause_ms = 300;
  private readonly waiting = new Map<number, Waiting>();
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly poseListeners = new Set<(poses: Poses) => void>();
  private readonly seenListeners = new Set<(seen: Seen) => void>();
  private readonly linkListeners = new Set<(linked: boolean) => void>();

  /** A path of this server with the token of the page's address, if it has one. */
  path(path: string, query: Record<string, string> = {}): string {
    const url = new URL(path, location.origin);
    if (this.token) url.searchParams.set("token", this.token);
    for (const [k, v] of Object.entries(query)) url.searchParams.set(k, v);
    return url.pathname + url.search;
  }

  socketUrl(path: string): string {
    return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${this.path(path)}`;
  }

  async get<T>(path: string, query: Record<string, string> = {}): Promise<T> {
    const answer = await fetch(this.path(path, query));
    if (!answer.ok) throw new Error((await answer.text()).slice(0, 300) || `the server answered ${answer.status}`);
    return (await answer.json()) as T;
  }

  on<K extends keyof Messages>(kind: K, listener: (message: Messages[K]) => void): void {
    const set = this.listeners.get(kind) ?? new Set<Listener>();
    set.add(listener as Listener);
    this.listeners.set(kind, set);
  }

  onPoses(listener: (poses: Poses) => void): void {
    this.poseListeners.add(listener);
  }
  onSeen(listener: (seen: Seen) => void): void {
    this.seenListeners.add(listener);
  }
  onLink(listener: (linked: boolean) => void): void {
    this.linkListeners.add(listener);
  }

  connect(): void {
    const socket = new WebSocket(this.socketUrl("/live"));
    this.socket = socket;
    this.pictures = 0;
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event: MessageEvent<ArrayBuffer | string>) => this.take(event.data);
    socket.onopen = () => this.setLink(true);
    socket.onclose = () => this.lost();
  }

  /** Send a command; resolves when it is done, rejects with `RefusedError` when the server refuses. */
  send(command: string, args: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const id = this.next++;
    if (!this.linked || !this.socket) {
      return Promise.reject(
        new RefusedError({
          of: command,
          reason: "The connection is lost; this was not sent. It comes back by itself.",
          allowed: null,
        }),
      );
    }
    this.socket.send(JSON.stringify({ do: command, id, ...args }));
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, of: command });
      setTimeout(() => this.settle(id, (w) => w.reject(new Error(`No answer to “${w.of}” came.`))), PATIENCE_MS);
    });
  }

  /** Close the line as if it broke (tests); it comes back by itself. */
  drop(): void {
    this.socket?.close();
  }

  /** A socket does not say why it was refused; a plain request does. */
  private async askWhy(): Promise<void> {
    try {
      const answer = await fetch(this.path("/api/session"));
      this.why = answer.ok ? "" : (await answer.text()).slice(0, 300);
    } catch {
      this.why = "";
    }
    if (this.why) this.setLink(false);
  }

  private lost(): void {
    if (!this.linked) void this.askWhy();
    this.setLink(false);
    for (const id of [...this.waiting.keys()]) {
      this.settle(id, (w) =>
        w.reject(new Error(`The connection broke before “${w.of}” was answered; look whether it was done.`)),
      );
    }
    setTimeout(() => this.connect(), this.pause_ms);
    this.pause_ms = Math.min(5000, this.pause_ms * 1.7);
  }

  private setLink(linked: boolean): void {
    this.linked = linked;
    for (const listener of this.linkListeners) listener(linked);
  }

  private take(data: ArrayBuffer | string): void {
    if (typeof data !== "string") {
      const poses = decodePoses(data);
      if (!poses) {
        const seen = decodeSeen(data);
        if (!seen) return;
        this.took();
        for (const listener of this.seenListeners) listener(seen);
        return;
      }
      this.frames += 1;
      for (const listener of this.poseListeners) listener(poses);
      return;
    }
    let raw: Record<string, unknown>;
    try {
      raw = JSON.parse(data) as Record<string, unknown>;
    } catch {
      return;
    }
    this.answer(raw);
    const kind = String(raw["type"]) as keyof Messages;
    if (kind === "hello") this.welcome();
    const heard = this.listeners.get(kind);
    if (!heard) return;
    const message = read(kind, raw);
    for (const listener of heard) (listener as (m: unknown) => void)(message);
  }

  /** Count a picture, and tell the server of it with those that come soon after. */
  private took(): void {
    this.pictures += 1;
    if (this.receiptDue) return;
    this.receiptDue = true;
    setTimeout(() => {
      this.receiptDue = false;
      if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(receipt(this.pictures));
    }, RECEIPT_EVERY_MS);
  }

  private welcome(): void {
    this.pause_ms = 300;
    this.why = "";
  }

  private answer(raw: Record<string, unknown>): void {
    const id = raw["id"];
    if (typeof id !== "number" || !this.waiting.has(id)) return;
    if (raw["type"] === "refused") this.settle(id, (w) => w.reject(new RefusedError(raw as unknown as Refused)));
    else if (raw["type"] === "done" || raw["type"] === "invite") this.settle(id, (w) => w.resolve(raw));
  }

  private settle(id: number, act: (waiting: Waiting) => void): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (waiting) act(waiting);
  }
}
