// Lengths and parts of a film, in its own pixels.

// Millimetres a pixel, [down, across]; [1, 1] where it is unknown, so that lengths are pixels.
export const spacingOf = (film) => film.spacing ?? [1, 1];

// All of the film, and all of its box where that reaches past the film.
export function whole(film) {
  const { left = 0, top = 0, width = film.width, height = film.height } = film.frame ?? {};
  const [x, y] = [Math.min(0, left), Math.min(0, top)];
  return {
    left: x,
    top: y,
    width: Math.max(film.width, left + width) - x,
    height: Math.max(film.height, top + height) - y,
  };
}

// Middle and height of a film, or of the box on it, as Cornerstone counts.
export function middleOf(film, isBox) {
  const all = { left: 0, top: 0, width: film.width, height: film.height };
  const { left, top, width, height } = isBox ? film.frame : all;
  const [down, across] = spacingOf(film);
  return {
    x: (left + width / 2 - 0.5) * across,
    y: (top + height / 2 - 0.5) * down,
    height: height * down,
  };
}

const AROUND = 0.08; // of the box, on each side of it

// The box and a little around it, as far as there is anything to see.
export function boxOf(film) {
  const all = whole(film);
  const { left, top, width, height } = film.frame ?? all;
  const [dx, dy] = [width * AROUND, height * AROUND];
  const [x, y] = [Math.max(all.left, left - dx), Math.max(all.top, top - dy)];
  return {
    left: x,
    top: y,
    width: Math.min(all.left + all.width, left + width + dx) - x,
    height: Math.min(all.top + all.height, top + height + dy) - y,
  };
}

// What is in view at first: all of a film, or of one that shows two knees the half of the graded one.
export const homeOf = (film) => film.home ?? whole(film);

// What Zoom goes through: first what is in view at first.
export const partsOf = (film) =>
  [...(film.home ? ['one knee'] : []), 'whole', 'left half', 'right half'];

export function part(film, name) {
  if (name === 'one knee') return film.home;
  if (name === 'whole') return whole(film);
  const frame = film.frame ?? { left: 0, top: 0, width: film.width, height: film.height };
  return {
    left: frame.left + (name === 'right half' ? frame.width / 2 : 0),
    top: frame.top + 0.3 * frame.height, // the joint line lies a little below the middle
    width: frame.width / 2,
    height: frame.height / 2,
  };
}

// A number between two ends, or the nearer end.
export const within = (value, [low, high]) => Math.max(low, Math.min(high, value));

// Numbers moved together, so far that they lie between two ends, the first before the last.
export function shifted(values, [low, high]) {
  const past = Math.min(0, high - Math.max(...values));
  const by = past + Math.max(0, low - Math.min(...values) - past);
  return values.map((value) => value + by);
}
