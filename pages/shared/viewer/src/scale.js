// A bar of so many millimetres, on films that say how large their pixels are.

import { made } from './marks.js';

const LENGTHS = [1, 2, 5, 10, 20, 50, 100, 200, 500]; // mm
const AT_MOST = 130; // CSS pixels
const [LEFT, BELOW, BAR] = [12, 38, 4]; // CSS pixels to the pane's edges, and of half a bar's end

export class Scale {
  constructor(host) {
    this.element = made('svg', { class: 'scale', 'aria-hidden': 'true' });
    this.line = made('polyline', {});
    this.words = made('text', {});
    this.element.append(this.line, this.words);
    host.append(this.element);
  }

  // `millimetre` is as many CSS pixels; 0 where nobody knows. `where` says where it is one, if not in
  // the knee.
  place(millimetre, where = '') {
    const length = LENGTHS.findLast((mm) => mm * millimetre <= AT_MOST);
    const isKnown = millimetre > 0 && length !== undefined;
    this.element.toggleAttribute('hidden', !isKnown);
    if (!isKnown) return;
    const [right, y] = [LEFT + length * millimetre, this.element.parentElement.clientHeight - BELOW];
    const ends = [[LEFT, y - BAR], [LEFT, y], [right, y], [right, y - BAR]];
    this.line.setAttribute('points', ends.map((point) => point.join(',')).join(' '));
    this.words.textContent = `${length} mm${where}`;
    this.words.setAttribute('x', LEFT);
    this.words.setAttribute('y', y - 2 * BAR);
  }
}
