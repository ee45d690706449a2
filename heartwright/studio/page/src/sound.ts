// The beat made audible: Worker (own WebSocket) -> MessageChannel -> AudioWorklet. Clips and speech lower the live sound while they last.

import type { Net } from "./net";
import type { Heard } from "./worklet";

const BEFORE_S = 1; // a moment plays from so long before it
const MOMENT_S = 4;

export type SoundState = "silent" | "opening" | "playing" | "muted" | "impossible";

export class Sound {
  state: SoundState = "silent";
  why = "";
  private context: AudioContext | null = null;
  private player: AudioWorkletNode | null = null;
  private gain: GainNode | null = null;
  private clip: HTMLAudioElement | null = null;
  private asked = 0;
  private readonly answers = new Map<number, (heard: Heard) => void>();

  constructor(
    private readonly net: Net,
    private readonly changed: () => void,
  ) {}

  /** The first press opens the sound; later ones still it and let it be heard again. */
  async toggle(): Promise<void> {
    if (this.state === "playing" || this.state === "muted") {
      this.set(this.state === "playing" ? "muted" : "playing");
      this.duck(1);
      return;
    }
    if (this.state === "opening") return;
    this.set("opening");
    try {
      await this.open();
      this.set("playing");
    } catch (error) {
      this.why = error instanceof Error ? error.message : String(error);
      this.set("impossible");
    }
  }

  /** The live sound as a track for a recorder; null where it is not open. */
  track(): MediaStreamTrack | null {
    if (!this.context || !this.gain) return null;
    const out = this.context.createMediaStreamDestination();
    this.gain.connect(out);
    return out.stream.getAudioTracks()[0] ?? null;
  }

  /** What the worklet played: counts, and the last second of samples. Null before *Listen*. */
  heard(): Promise<Heard | null> {
    const player = this.player;
    if (!player) return Promise.resolve(null);
    const ask = ++this.asked;
    return new Promise((resolve) => {
      this.answers.set(ask, resolve);
      player.port.postMessage({ ask });
    });
  }

  /** Play a sound of the server's, or `seconds` of it from `from_s` on; the live beat steps back while it lasts. */
  async play(path: string, from_s = 0, seconds = Infinity): Promise<void> {
    this.stopClip();
    const clip = new Audio(this.net.path(path));
    this.clip = clip;
    const back = () => {
      clip.pause();
      if (this.clip === clip) {
        this.clip = null;
        this.duck(1);
      }
    };
    clip.onended = back;
    clip.onerror = back;
    if (from_s > 0)
      clip.onloadedmetadata = () => {
        clip.currentTime = from_s;
      };
    if (Number.isFinite(seconds))
      clip.ontimeupdate = () => {
        if (clip.currentTime > from_s + seconds) back();
      };
    this.duck(0.12);
    await clip.play();
  }

  /** What shows a moment of a take: from a little before it, for some beats. */
  moment(path: string, at_s: number): Promise<void> {
    return this.play(path, Math.max(0, at_s - BEFORE_S), MOMENT_S);
  }

  /** Be still while a microphone listens: it would hear the bench's own beat. True where there was something to still. */
  hush(): boolean {
    this.stopClip();
    if (this.state !== "playing") return false;
    this.set("muted");
    this.duck(1);
    return true;
  }

  stopClip(): void {
    this.clip?.pause();
    this.clip = null;
    this.duck(1);
  }

  /** Say a line aloud, quietly, if the browser can and sound is open; false where it is only written. */
  say(text: string): boolean {
    if (this.state !== "playing" || !("speechSynthesis" in window) || speechSynthesis.getVoices().length === 0) return false;
    const words = new SpeechSynthesisUtterance(text);
    words.rate = 0.82;
    words.pitch = 0.7;
    words.volume = 0.55;
    words.lang = "en";
    words.onstart = () => this.duck(0.55);
    words.onend = () => this.duck(1);
    speechSynthesis.speak(words);
    return true;
  }

  private async open(): Promise<void> {
    if (!window.isSecureContext || !("AudioWorkletNode" in window)) {
      throw new Error(
        "Over plain http a browser gives a page no sound, except on the machine itself. Open it there, or start the server with a certificate.",
      );
    }
    const context = new AudioContext({ sampleRate: 48_000, latencyHint: "interactive" });
    await context.audioWorklet.addModule("/static/worklet.js");
    const player = new AudioWorkletNode(context, "heartwright-player", { numberOfInputs: 0, outputChannelCount: [2] });
    const gain = new GainNode(context, { gain: 0 });
    player.connect(gain).connect(context.destination);
    player.port.onmessage = (event: MessageEvent<{ ask: number; heard: Heard }>) => {
      this.answers.get(event.data.ask)?.(event.data.heard);
      this.answers.delete(event.data.ask);
    };
    const channel = new MessageChannel();
    player.port.postMessage({ port: channel.port1 }, [channel.port1]);
    const worker = new Worker("/static/worker.js");
    worker.postMessage({ url: this.net.socketUrl("/sound"), port: channel.port2 }, [channel.port2]);
    await context.resume();
    this.context = context;
    this.player = player;
    this.gain = gain;
    gain.gain.linearRampToValueAtTime(1, context.currentTime + 0.4);
  }

  private duck(to: number): void {
    const level = this.state === "muted" ? 0 : to;
    if (this.gain && this.context) this.gain.gain.setTargetAtTime(level, this.context.currentTime, 0.06);
  }

  private set(state: SoundState): void {
    this.state = state;
    this.changed();
  }
}
