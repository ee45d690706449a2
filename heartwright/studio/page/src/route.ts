// The guided route: eight stops along the energy's way. Figures are read from the running model; each claim names the test
// that holds it, or says that it is a simplification. `tests/test_page.py` checks that the named tests exist.

import type { App } from "./app";
import { plain, scaled, spread } from "./dom";
import type { ViewName } from "./room/types";
import type { Slider, Span } from "./types";

export type Held = { test: string } | { simplification: string };
export type Control =
  | { kind: "slider"; key: Slider; label: string }
  | { kind: "place"; key: "wind" | "temperature_c" | "tilt_deg"; label: string; span: Span }
  | { kind: "command"; command: "beat" | "halt"; label: string }
  | { kind: "speed"; value: number; label: string }
  | { kind: "fault"; name: string; label: string }
  | { kind: "panel"; panel: string; label: string };

export interface Stop {
  title: string;
  view: ViewName;
  idea: string;
  figure: (app: App) => [string, string] | null;
  control: Control;
  held: Held;
}

/** The last value of an extra that comes with the poses (SI), e.g. "remontoire_torque". */
function extra(app: App, name: string): number | null {
  const work = app.work(),
    p = app.posesOf(app.focus);
  const column = work?.extras.indexOf(name) ?? -1;
  if (!p || column < 0 || column >= p.nExtra || !p.nSample) return null;
  return p.data[(p.nSample - 1) * (p.nRotor + p.nExtra) + p.nRotor + column] ?? null;
}

function share(app: App, ...names: string[]): string | null {
  const ledger = app.figures.get(app.focus)?.ledger;
  if (!ledger || !(ledger.drive_j > 0)) return null;
  const spent = Object.entries(ledger.spent)
    .filter(([k]) => names.some((n) => k.startsWith(n)))
    .reduce((sum, [, j]) => sum + j, 0);
  return `${plain((100 * spent) / ledger.drive_j, 1)} %`;
}

const asRow = (name: string, value: string | null): [string, string] | null => (value === null ? null : [name, value]);

function peak(app: App): string | null {
  const tape = app.waves.get(app.focus);
  return tape?.chamber.length ? `${plain(Math.max(...tape.chamber))} Pa` : null;
}

function strokeSpacing(app: App): string | null {
  const released = (app.waves.get(app.focus)?.happenings ?? []).filter(([, k]) => k === "release").map(([t]) => t);
  const last = released.at(-1),
    before = released.at(-2);
  return last === undefined || before === undefined ? null : `${plain(last - before, 3)} s`;
}

function firstImpulse(app: App): string | null {
  const contacts = app.contacts.get(app.focus) ?? [];
  const hit = contacts.findLast(([, pair]) => /notch|jewel/.test(pair));
  return hit ? scaled(hit[3], "N s") : null;
}

export const STOPS: readonly Stop[] = [
  {
    title: "The mainspring",
    view: "barrel",
    idea: "Everything begins with one wound spring. It pushes the barrel round; as it unwinds it pushes less.",
    figure: (app) =>
      asRow(
        "given since the room opened",
        app.figures.get(app.focus)?.ledger ? scaled(app.figures.get(app.focus)!.ledger!.drive_j, "J") : null,
      ),
    control: { kind: "place", key: "wind", label: "Wind", span: { low: 0.05, high: 1, default: 1, unit: "" } },
    held: { test: "tests/test_movement.py::test_wind_and_train" },
  },
  {
    title: "The train",
    view: "train",
    idea: "Wheel by wheel the push becomes weaker and faster, until a finger's breath could stop it.",
    figure: (app) => asRow("of it kept back by the arbors' pivots", share(app, "arbor pivots")),
    control: { kind: "speed", value: 0.2, label: "Slow it to a fifth" },
    held: {
      simplification:
        "The wheels are one inertia with one efficiency for each mesh; teeth of the train do not strike one another here.",
    },
  },
  {
    title: "The small spring",
    view: "train",
    idea: "Once a second the train rewinds a little spring, and that spring alone drives the escapement: four beats to each stroke of the pump.",
    figure: (app) =>
      asRow(
        "torque of the small spring now",
        extra(app, "remontoire_torque") === null ? null : scaled(extra(app, "remontoire_torque")!, "N m"),
      ),
    control: { kind: "command", command: "beat", label: "One beat, then halt" },
    held: { test: "tests/test_design.py::test_the_heart_counts_a_stroke_a_second" },
  },
  {
    title: "Lock and draw",
    view: "escapement",
    idea: "A tooth rests on the pallet's locking face, and the slant of that face draws the fork to its banking. The balance is free.",
    figure: (app) => asRow("lost in the bankings", share(app, "bankings")),
    control: { kind: "slider", key: "draw_deg", label: "Draw" },
    held: { test: "tests/test_geometry.py::test_draw_pulls_the_fork_to_its_banking" },
  },
  {
    title: "Unlock and impulse",
    view: "escapement",
    idea: "The balance comes back, its jewel knocks the fork free, the tooth slides over the slope and pays the balance for the beat: sounds one and two. Then it drops and locks: sound three.",
    figure: (app) => asRow("the last knock of jewel and fork", firstImpulse(app)),
    control: { kind: "panel", panel: "time", label: "Take a beat out and go through it" },
    held: { test: "tests/test_movement.py::test_landmarks_of_a_beat" },
  },
  {
    title: "The balance",
    view: "escapement",
    idea: "A wheel and a hairspring: they swing in their own time, and that time is the beat. What is paid in is lost again in air and spring.",
    figure: (app) =>
      asRow(
        "amplitude",
        app.figures.get(app.focus)?.amplitude_deg ? `${spread(app.figures.get(app.focus)!.amplitude_deg, 0)}°` : null,
      ),
    control: {
      kind: "place",
      key: "tilt_deg",
      label: "Tilt of the floor",
      span: { low: -90, high: 90, default: 0, unit: "deg" },
    },
    held: { test: "tests/test_physics.py::test_a_free_swing_loses_what_its_q_says" },
  },
  {
    title: "The stroke",
    view: "pump",
    idea: "At each release a cam presses the bellows, and oil is driven into the artery. In the cold the oil is thick, and the train comes late.",
    figure: (app) => asRow("highest pressure in the chamber", peak(app)),
    control: { kind: "place", key: "temperature_c", label: "Temperature", span: { low: -5, high: 45, default: 23, unit: "C" } },
    held: { test: "tests/test_live.py::test_cold_oil_stops_the_heart_and_warmth_lets_it_go_on" },
  },
  {
    title: "The valve",
    view: "reeds",
    idea: "Two reeds of brass let the oil go one way. Their closing is heard: lub and dub. A crack in one is heard there, and the tick stays perfect.",
    figure: (app) => asRow("from stroke to stroke", strokeSpacing(app)),
    control: { kind: "panel", panel: "bench", label: "Crack the outlet reed, on the bench" },
    held: { test: "tests/test_voices.py::test_the_simulated_heart_speaks_with_two_voices_and_a_cracked_reed_softens_one" },
  },
];
