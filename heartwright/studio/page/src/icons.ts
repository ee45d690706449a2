// Small line drawings for the dock, on a 24-unit square.

import { s } from "./dom";

const PATHS: Record<string, string> = {
  instruments: "M3 18h18M4 14l3-4 3 5 4-9 3 7 3-2",
  time: "M12 3a9 9 0 1 0 .01 0M12 7v5l4 2",
  bench: "M14.5 5.5a4 4 0 0 0-5.3 5L3.5 16.2l2.8 2.8 5.7-5.7a4 4 0 0 0 5-5.3l-2.6 2.6-2.5-2.5z",
  touch:
    "M9 20c-2-2-4-5-5-7 1-1 2-.5 3 .5V5.5a1.5 1.5 0 0 1 3 0V11m0-2a1.5 1.5 0 0 1 3 0v2m0-1.5a1.5 1.5 0 0 1 3 0V12m0-1a1.5 1.5 0 0 1 3 0v3c0 3-1 5-2 6",
  questions: "M4 5h16v11h-8l-4 4v-4H4zM9.5 9a2.5 2.5 0 1 1 3 2.4c-.5.2-.5.6-.5 1.1M12 14.5v.01",
  route: "M5 19a2 2 0 1 0 .01 0M19 5a2 2 0 1 0 .01 0M7 20h6a4 4 0 0 0 0-8h-2a4 4 0 0 1 0-6h6",
  dream: "M19 14.5A8 8 0 1 1 10 4a6.5 6.5 0 0 0 9 10.5zM16 4v3M14.5 5.5h3",
  people: "M9 11a3.5 3.5 0 1 0-.01 0M3 20c0-4 3-6 6-6s6 2 6 6M16.5 11a2.5 2.5 0 1 0-.5-5M17 14c2.5.3 4 2.5 4 5",
  shelf: "M4 4v16M20 4v16M4 12h16M4 20h16M7 12V8h3v4M14 12a2.2 2.2 0 1 0-.01 0M8 20v-3.5h4V20M15 20v-5h2v5",
  microphone: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM6 11a6 6 0 0 0 12 0M12 17v4M8.5 21h7",
  warning: "M12 4l9 16H3zM12 10v4M12 17v.01",
  close: "M6 6l12 12M18 6L6 18",
  play: "M8 5l11 7-11 7z",
  halt: "M8 5v14M16 5v14",
  one: "M6 5l9 7-9 7zM18 5v14",
};

export function icon(name: string): SVGElement {
  return s("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, s("path", { d: PATHS[name] ?? "" }));
}
