// The microphone's own thread: its sound goes to the server past the thread that draws. Where the browser can, it comes
// straight from the track, in frames that carry their time, by the clock of the microphone alone; else from the worklet,
// by the clock of the loudspeaker, with holes where the browser was too busy. What was sent lately is kept: after a break
// the server says which sample it awaits, and everything from there on is sent again.

import type { AudioFrame } from "./microphone";

interface Given {
  url?: string; // of the line to the server
  port?: MessagePort; // blocks of the worklet
  frames?: ReadableStream<AudioFrame>;
  brokeOff?: boolean;
  drop?: boolean;
  end?: boolean;
}
interface Kept {
  first: number;
  frame: ArrayBuffer;
}

const HEAD = 16;
const BLOCK = 2048; // samples
const LOST_S = 0.008; // frames that come so much later than the samples counted say that sound was lost
const WATCHED_S = 3; // ... for so long
const LOST_MOST = 5; // so often in a row it is believed; then the times themselves are not steady
const LOST_AGAIN_S = 120;
const KEEP_BYTES = 6_000_000; // half a minute at 48 kHz
const WAITING_MOST = 2_000_000; // bytes that a slow line may have before it; the rest waits here

let socket: WebSocket | null = null;
let ready = false;
let over = false;
let pause_ms = 250;
let next = 0; // number of the next sample
let brokeOff = false;
const kept: Kept[] = [];
let keptBytes = 0;
let sent = 0; // everything before this sample was given to the line

function open(url: string): void {
  const line = new WebSocket(url);
  socket = line;
  ready = false;
  line.onmessage = (event: MessageEvent<string>) => take(JSON.parse(event.data) as Record<string, unknown>);
  line.onclose = () => {
    if (socket !== line) return;
    ready = false;
    if (over) return;
    postMessage({ linked: false });
    setTimeout(() => open(url), pause_ms);
    pause_ms = Math.min(4000, pause_ms * 2);
  };
}

function take(message: Record<string, unknown>): void {
  if (message["type"] === "refused") {
    over = true;
    postMessage({ refused: String(message["reason"]) });
  } else if (message["type"] === "open") {
    sent = Number(message["next"]);
    pause_ms = 250;
    ready = true;
    postMessage({ linked: true });
    flush();
  }
}

function flush(): void {
  if (!ready || !socket) return;
  for (const block of kept) {
    if (block.first < sent) continue;
    if (socket.bufferedAmount > WAITING_MOST) return;
    socket.send(block.frame);
    sent = block.first + (block.frame.byteLength - HEAD) / 4;
  }
}

/** A block: u8 kind 2, u8 version 1, u16 flags (1: the sound broke off before it), u32 count, f64 first sample, f32 samples. */
function add(samples: Float32Array): void {
  const frame = new ArrayBuffer(HEAD + 4 * samples.length);
  const head = new DataView(frame);
  head.setUint8(0, 2);
  head.setUint8(1, 1);
  head.setUint16(2, brokeOff ? 1 : 0, true);
  head.setUint32(4, samples.length, true);
  head.setFloat64(8, next, true);
  new Float32Array(frame, HEAD).set(samples);
  brokeOff = false;
  kept.push({ first: next, frame });
  next += samples.length;
  keptBytes += frame.byteLength;
  while (keptBytes > KEEP_BYTES) keptBytes -= kept.shift()?.frame.byteLength ?? keptBytes;
  flush();
}

/** All channels as one. */
function mono(frame: AudioFrame): Float32Array {
  const out = new Float32Array(frame.numberOfFrames);
  const one = new Float32Array(frame.numberOfFrames);
  for (let channel = 0; channel < frame.numberOfChannels; channel++) {
    frame.copyTo(one, { planeIndex: channel, format: "f32-planar" });
    for (let i = 0; i < out.length; i++) out[i]! += one[i]! / frame.numberOfChannels;
  }
  return out;
}

/** Frames of a track as blocks; says their rate first. Their times tell where sound was lost before it came here. */
async function pump(frames: ReadableStream<AudioFrame>): Promise<void> {
  const reader = frames.getReader();
  let block = new Float32Array(BLOCK),
    filled = 0,
    counted_s = 0,
    base = Infinity,
    least = Infinity,
    since = 0,
    rate = 0;
  const losses: number[] = [];
  for (;;) {
    const { value: frame, done } = await reader.read();
    if (done || !frame) return;
    if (!rate) postMessage({ rate: (rate = frame.sampleRate) });
    if (frame.sampleRate !== rate) {
      frame.close();
      postMessage({ changed: true });
      return;
    }
    const late = frame.timestamp / 1e6 - counted_s;
    least = Math.min(least, late);
    counted_s += frame.numberOfFrames / rate;
    if (counted_s - since > WATCHED_S) {
      if (least > base + LOST_S) {
        while (losses.length && (losses[0] ?? 0) < counted_s - LOST_AGAIN_S) losses.shift();
        losses.push(counted_s);
        if (losses.length <= LOST_MOST) brokeOff = true;
        postMessage({ busy: losses.length });
      }
      base = least;
      least = Infinity;
      since = counted_s;
    }
    for (const sample of mono(frame)) {
      block[filled++] = sample;
      if (filled === BLOCK) {
        add(block);
        block = new Float32Array(BLOCK);
        filled = 0;
      }
    }
    frame.close();
  }
}

self.onmessage = (event: MessageEvent<Given>) => {
  const { url, port, frames, brokeOff: broke, drop, end } = event.data;
  if (port) port.onmessage = (block: MessageEvent<Float32Array>) => add(block.data);
  if (url) open(url);
  if (broke) brokeOff = true;
  if (frames) void pump(frames);
  if (drop) socket?.close();
  if (end) {
    over = true;
    socket?.close();
    self.close();
  }
};

