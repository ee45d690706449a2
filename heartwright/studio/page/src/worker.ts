// The sound's own thread: a WebSocket whose blocks go straight to the worklet, past the thread that draws.

interface Start {
  url: string;
  port: MessagePort;
}

let socket: WebSocket | null = null;
let pause_ms = 250;

/** Open the socket; when it closes, try again a little later, at most every 4 s. */
function open(start: Start): void {
  socket = new WebSocket(start.url);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    pause_ms = 250;
    postMessage({ connected: true });
  };
  socket.onmessage = (event: MessageEvent<ArrayBuffer | string>) => {
    if (event.data instanceof ArrayBuffer) start.port.postMessage(event.data, [event.data]);
  };
  socket.onclose = () => {
    postMessage({ connected: false });
    setTimeout(() => open(start), pause_ms);
    pause_ms = Math.min(4000, pause_ms * 2);
  };
}

self.onmessage = (event: MessageEvent<Start>) => open(event.data);
