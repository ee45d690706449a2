// The microphone of this page: consent, what the browser really gives, and the way of its sound to the server.

import type { App } from "./app";
import type { Processing, ToldOfWatch } from "./types";

export type MicrophoneState = "shut" | "asking" | "opening" | "open" | "unplugged" | "stopping";

/** What the browser gave: asked for or not, this is how the sound comes. */
export interface Given {
  device: string;
  deviceId: string;
  rate_hz: number;
  channels: number | null;
  kept: Processing[]; // would not be switched off
  unsaid: Processing[]; // the browser does not tell
}

/** Why there is no sound, and what helps. */
export interface Trouble {
  what: string;
  cure: string;
}

const WANTED: MediaTrackConstraints = {
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: false,
  channelCount: 1,
};
const STEPS: readonly [keyof MediaTrackSettings, Processing][] = [
  ["echoCancellation", "echo cancellation"],
  ["noiseSuppression", "noise suppression"],
  ["autoGainControl", "automatic gain"],
];
const LEAST_HZ = 32_000;
const BUFFERED = 500; // frames of 10 ms that may wait for the thread that takes them

/** Some sound of a track, with its time [microseconds] (AudioData of WebCodecs). */
export interface AudioFrame {
  readonly sampleRate: number;
  readonly numberOfFrames: number;
  readonly numberOfChannels: number;
  readonly timestamp: number;
  copyTo(into: Float32Array, options: { planeIndex: number; format: "f32-planar" }): void;
  close(): void;
}
interface FromWorker {
  rate?: number;
  changed?: boolean;
  busy?: number;
  linked?: boolean;
  refused?: string;
}
type Processor = new (given: { track: MediaStreamTrack; maxBufferSize: number }) => { readable: ReadableStream<AudioFrame> };

/** Where the browser gives a page the frames of a track; ?microphone=worklet leaves it out. */
const framesOf = ((): ((track: MediaStreamTrack) => ReadableStream<AudioFrame>) | null => {
  const Made = (window as unknown as { MediaStreamTrackProcessor?: Processor }).MediaStreamTrackProcessor;
  if (!Made || new URLSearchParams(location.search).get("microphone") === "worklet") return null;
  return (track) => new Made({ track, maxBufferSize: BUFFERED }).readable;
})();

/** Null where a page may have a microphone at all. */
export function insecure(): Trouble | null {
  if (window.isSecureContext && navigator.mediaDevices) return null;
  const { hostname, port } = location;
  const at = port || "80";
  return {
    what: `A browser gives a page a microphone only over https, or on the machine itself. This page came from ${location.origin}.`,
    cure: `Open it on that machine as http://localhost:${at}, or bring it here with  ssh -L ${at}:localhost:${at} ${hostname}  and open http://localhost:${at}, or start the bench with --tls-cert and --tls-key.`,
  };
}

/** What a refusal of the browser means. */
export function explain(error: unknown): Trouble {
  const name = error instanceof DOMException ? error.name : "";
  const says = error instanceof Error ? error.message : String(error);
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return {
        what: /system/i.test(says) ? "The system does not let this browser have a microphone." : "The microphone was denied.",
        cure: "Press the sign beside the page's address and allow the microphone, then listen again. If it is allowed there, allow it to the browser in the system's privacy settings.",
      };
    case "NotFoundError":
      return {
        what: "No microphone was found.",
        cure: "Plug one in (a contact microphone into the sound card, or a phone's headset), look that the system's sound settings show it, then listen again.",
      };
    case "OverconstrainedError":
      return {
        what: "The chosen microphone is not there any more.",
        cure: "Plug it in again, or choose another one from the list.",
      };
    case "NotReadableError":
    case "AbortError":
      return {
        what: "The microphone is there, but gives no sound to this page.",
        cure: "Close other programs that use it (calls, recorders), unplug it and plug it in again, then listen again.",
      };
    default:
      return { what: `The microphone could not be opened: ${says}`, cure: "Reload the page, or try another browser." };
  }
}

/** What a track says of itself, against what was asked. */
export function givenBy(track: MediaStreamTrack, rate_hz: number): Given {
  const set = track.getSettings();
  return {
    device: track.label || "a microphone without a name",
    deviceId: set.deviceId ?? "",
    rate_hz,
    channels: set.channelCount ?? null,
    kept: STEPS.filter(([key]) => set[key] === true).map(([, name]) => name),
    unsaid: STEPS.filter(([key]) => set[key] === undefined).map(([, name]) => name),
  };
}

export class Microphone {
  state: MicrophoneState = "shut";
  trouble: Trouble | null = insecure();
  given: Given | null = null;
  devices: MediaDeviceInfo[] = [];
  /** Number of this page's microphone on the server; 0 before the first. */
  mic = 0;
  linked = false;
  kept: number | null = null; // the work that the last take became
  private chosen = "";
  private stream: MediaStream | null = null;
  private context: AudioContext | null = null;
  private node: AudioWorkletNode | null = null;
  private source: MediaStreamAudioSourceNode | null = null;
  private worker: Worker | null = null;
  private lock: WakeLockSentinel | null = null;

  constructor(
    private readonly app: App,
    private readonly changed: () => void,
  ) {
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.deviceChanged());
  }

  get on(): boolean {
    return this.state === "open" || this.state === "unplugged";
  }

  /** The inputs there are; a browser names them once one was allowed. */
  async list(): Promise<void> {
    if (!navigator.mediaDevices) return;
    const all = await navigator.mediaDevices.enumerateDevices();
    this.devices = all.filter((d) => d.kind === "audioinput");
    this.changed();
  }

  /** Ask for consent, open the microphone (the default one where none is chosen), and let the server listen. */
  async start(deviceId: string, told: ToldOfWatch): Promise<void> {
    if (this.state !== "shut" || insecure()) return;
    this.trouble = null;
    this.kept = null;
    this.chosen = deviceId;
    this.set("asking");
    try {
      const track = await this.ask();
      this.set("opening");
      const given = givenBy(track, await this.capture(track));
      this.given = given;
      const answer = await this.app.net.send("listen", {
        rate_hz: given.rate_hz,
        device: given.device.slice(0, 200),
        processing: given.kept,
        ...told,
      });
      this.mic = Number(answer["mic"]);
      this.carry(String(answer["ticket"]));
      if (this.app.sound.hush()) this.app.note("The bench's own beat is still while your watch is heard.");
      this.set("open");
      void this.list();
      this.lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
    } catch (error) {
      this.release();
      this.trouble =
        error instanceof DOMException ? explain(error) : { what: error instanceof Error ? error.message : String(error), cure: "" };
      this.set("shut");
    }
  }

  /** End it; the take goes on the shelf, or nowhere. */
  async stop(keep: boolean, name: string): Promise<number | null> {
    if (!this.on) return null;
    this.set("stopping");
    this.release();
    const answer = await this.app.ask("enough", { mic: this.mic, keep, name });
    const work = answer?.["work"];
    this.kept = typeof work === "number" ? work : null;
    this.set("shut");
    return this.kept;
  }

  /** The server closed it (another page, a limit, a line that was away too long). */
  closedThere(): void {
    if (!this.on) return;
    this.release();
    this.set("shut");
  }

  /** Break the line as a bad network would (tests); it comes back by itself. */
  drop(): void {
    this.worker?.postMessage({ drop: true });
  }

  private async ask(): Promise<MediaStreamTrack> {
    const audio = { ...WANTED, ...(this.chosen ? { deviceId: { exact: this.chosen } } : {}) };
    this.stream = await navigator.mediaDevices.getUserMedia({ audio });
    const track = this.stream.getAudioTracks()[0];
    if (!track) throw new DOMException("no track", "NotFoundError");
    track.onended = () => this.unplugged();
    track.onmute = () => this.mute(true);
    track.onunmute = () => this.mute(false);
    return track;
  }

  /** Begin to take the track's sound; its rate [Hz]. */
  private capture(track: MediaStreamTrack): Promise<number> {
    this.worker = new Worker("/static/microphone-worker.js");
    const rate = new Promise<number>((resolve) => {
      this.worker!.onmessage = (event: MessageEvent<FromWorker>) => {
        if (event.data.rate) resolve(event.data.rate);
        this.fromWorker(event.data);
      };
    });
    if (!framesOf) return this.openContext(track);
    this.attach(track);
    return rate;
  }

  /** At the microphone's own rate where the browser tells it: nothing is resampled then. */
  private async openContext(track: MediaStreamTrack): Promise<number> {
    const own = track.getSettings().sampleRate;
    const context = new AudioContext({ latencyHint: "playback", ...(own && own >= LEAST_HZ ? { sampleRate: own } : {}) });
    this.context = context;
    await context.audioWorklet.addModule("/static/microphone-worklet.js");
    const node = new AudioWorkletNode(context, "heartwright-microphone", {
      numberOfInputs: 1,
      numberOfOutputs: 1,
      channelCount: 1,
      channelCountMode: "explicit",
    });
    node.connect(new GainNode(context, { gain: 0 })).connect(context.destination); // it runs, and is not heard
    this.node = node;
    const channel = new MessageChannel();
    node.port.postMessage({ port: channel.port1 }, [channel.port1]);
    this.worker?.postMessage({ port: channel.port2 }, [channel.port2]);
    this.attach(track);
    await context.resume();
    context.onstatechange = () => {
      if (context.state !== "closed") this.worker?.postMessage({ brokeOff: true });
    };
    return context.sampleRate;
  }

  /** Let the sound of this track be what is taken from now on. */
  private attach(track: MediaStreamTrack): void {
    if (framesOf) {
      const frames = framesOf(track);
      this.worker?.postMessage({ frames }, [frames]);
    } else if (this.context && this.node && this.stream) {
      this.source?.disconnect();
      this.source = this.context.createMediaStreamSource(this.stream);
      this.source.connect(this.node);
    }
  }

  /** Give the sound its line to the server. */
  private carry(ticket: string): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.worker?.postMessage({ url: `${scheme}://${location.host}${this.app.net.path("/microphone", { ticket })}` });
  }

  private fromWorker(said: FromWorker): void {
    if (said.linked !== undefined) this.linked = said.linked;
    if (said.busy)
      this.trouble = {
        what: `The sound came unsteadily ${said.busy === 1 ? "once" : `${said.busy} times in two minutes`}: this machine was too busy.`,
        cure: "Close other pages and programs, or choose another microphone; the count began anew.",
      };
    if (said.changed)
      this.trouble = { what: "The microphone changed its sample rate.", cure: "Stop, and listen again." };
    if (said.refused) {
      this.trouble = { what: said.refused, cure: "Listen again." };
      this.closedThere();
    }
    this.changed();
  }

  private unplugged(): void {
    if (!this.on) return;
    this.worker?.postMessage({ brokeOff: true });
    this.trouble = {
      what: `${this.given?.device ?? "The microphone"} was unplugged, or taken back from this page.`,
      cure: "Plug it in again: listening goes on by itself, and the count begins anew.",
    };
    this.set("unplugged");
  }

  private mute(muted: boolean): void {
    if (!this.on) return;
    this.worker?.postMessage({ brokeOff: true });
    this.trouble = muted
      ? { what: "The system muted the microphone.", cure: "Unmute it: a key of the keyboard, a switch on the headset, or the sound settings." }
      : null;
    this.changed();
  }

  /** Plugged in again, the same device goes on. */
  private async deviceChanged(): Promise<void> {
    await this.list();
    if (this.state !== "unplugged") return;
    if (this.given?.deviceId && !this.devices.some((d) => d.deviceId === this.given?.deviceId)) return;
    await this.again();
  }

  /** Ask for the microphone anew after it was gone; the take goes on. */
  async again(): Promise<void> {
    try {
      this.attach(await this.ask());
      this.trouble = null;
      this.set("open");
    } catch (error) {
      this.trouble = explain(error);
      this.changed();
    }
  }

  private release(): void {
    for (const track of this.stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    this.worker?.postMessage({ end: true });
    void this.context?.close().catch(() => null);
    void this.lock?.release().catch(() => null);
    this.stream = this.context = this.node = this.source = this.worker = this.lock = null;
    this.linked = false;
  }

  private set(state: MicrophoneState): void {
    this.state = state;
    if (this.app.room) this.app.room.resting = state !== "shut";
    this.changed();
  }
}
