// The microphone's own thread: blocks from the worklet go to the server past the thread that draws. What was sent lately
// is kept: after a break the server says which sample it awaits, and everything from there on is sent again.

interface Start {
  url: string;
  port: MessagePort;
}
interface Kept {
  first: number;
  frame: ArrayBuffer;
}

const HEAD = 16;
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

function open(start: Start): void {
  const line = new WebSocket(start.url);
  socket = line;
  ready = false;
  line.onmessage = (event: MessageEvent<string>) => take(JSON.parse(event.data) as Record<string, unknown>);
  line.onclose = () => {
    if (socket !== line) return;
    ready = false;
    if (over) return;
    postMessage({ linked: false });
    setTimeout(() => open(start), pause_ms);
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

self.onmessage = (event: MessageEvent<Partial<Start> & { brokeOff?: boolean; drop?: boolean; end?: boolean }>) => {
  const { url, port, brokeOff: broke, drop, end } = event.data;
  if (port) port.onmessage = (block: MessageEvent<Float32Array>) => add(block.data);
  if (url && port) open({ url, port });
  if (broke) brokeOff = true;
  if (drop) socket?.close();
  if (end) {
    over = true;
    socket?.close();
    self.close();
  }
};

export {}; // a module, so that its names are its own
