// Lines that the page draws on a film: what was measured on it, and where.

import { within } from './geometry.js';

const SVG = 'http://www.w3.org/2000/svg';
const END = 4; // CSS pixels of half the bar at each end of a measured line
const AWAY = 9; // CSS pixels between a line and its words
const HIGH = 16; // CSS pixels of the words
const EDGE = 4; // CSS pixels between words and the pane's edge

export const made = (tag, attributes) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

export class Marks {
  constructor(host) {
    this.element = made('svg', { class: 'marks', 'aria-hidden': 'true' });
    host.append(this.element);
  }

  // `marks` are lines in pixels of the film, each with what kind it is and its words.
  put(marks = []) {
    const told = JSON.stringify(marks);
    if (told === this.told) return;
    this.told = told;
    this.marks = marks;
    this.element.replaceChildren();
    this.drawn = marks.map(({ kind, label }) => {
      const line = made('polyline', { class: kind });
      const words = made('text', {});
      words.textContent = label;
      this.element.append(line, words);
      return { line, words };
    });
  }

  // Draws them where `at(x, y)` says that a point of the film is seen.
  place(at) {
    this.marks?.forEach(({ points, kind }, index) => {
      const seen = points.map(([x, y]) => at(x, y));
      const { line, words } = this.drawn[index];
      const drawn = kind === 'measured' ? withEnds(seen) : seen;
      line.setAttribute('points', drawn.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' '));
      if (!words.textContent) return;
      this.label(words, seen);
    });
  }

  // Puts words below their line, or above it where the pane ends: inside the pane, as long as there
  // is some of the line in it.
  label(words, seen) {
    const { clientWidth, clientHeight } = this.element.parentElement;
    const [[left, right], [top, bottom]] = [0, 1].map((axis) => {
      const along = seen.map((point) => point[axis]);
      return [Math.min(...along), Math.max(...along)];
    });
    const isSeen = right >= 0 && left <= clientWidth && bottom >= 0 && top <= clientHeight;
    words.setAttribute('visibility', isSeen ? 'visible' : 'hidden');
    if (!isSeen) return;
    const half = words.getComputedTextLength() / 2 + EDGE;
    const below = bottom + AWAY;
    const isBelow = below + HIGH + EDGE <= clientHeight;
    words.setAttribute('x', within((left + right) / 2, [half, clientWidth - half]));
    words.setAttribute('y', isBelow ? below : Math.max(EDGE, top - AWAY - HIGH));
  }
}

// A line from one edge to the other, with a short bar across it at both ends.
function withEnds([from, to]) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(dx, dy);
  const [u, v] = length > 0.5 ? [(-dy / length) * END, (dx / length) * END] : [END, 0];
  const bar = ([x, y]) => [[x - u, y - v], [x + u, y + v], [x, y]];
  return [...bar(from), ...bar(to)];
}
