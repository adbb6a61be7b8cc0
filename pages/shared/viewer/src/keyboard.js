// The viewer's keys: on all of a page that it is the only viewer of, else while it has the focus.

import { actionOf, isTyped } from './keys.js';

const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SLIDER_KEYS = [...Object.keys(WAYS), 'Home', 'End', 'PageUp', 'PageDown'];
const MEASURES = ['length', 'angle'];
const WIDER = 0.1;
const HIGHER = 0.05;
const TOGETHER = 1500; // ms between two presses that count from the same film

export class Keyboard {
  constructor(viewer) {
    this.viewer = viewer;
    this.wanted = null; // the place that arrows ask for, while they add up
    this.pressedAt = -Infinity;
    this.down = (event) => this.pressed(event);
    this.up = (event) => {
      if (event.key?.toLowerCase() === 'h') this.bare(false);
    };
    this.away = () => this.bare(false);
    // It may turn to another film: arrows count from that one.
    this.clicked = () => { this.wanted = null; };
    // Before the page's own keys, so that one that is the viewer's is nobody else's.
    document.addEventListener('keydown', this.down, true);
    document.addEventListener('keyup', this.up, true);
    document.addEventListener('click', this.clicked, true);
    window.addEventListener('blur', this.away);
  }

  destroy() {
    document.removeEventListener('keydown', this.down, true);
    document.removeEventListener('keyup', this.up, true);
    document.removeEventListener('click', this.clicked, true);
    window.removeEventListener('blur', this.away);
  }

  bare(isBare) {
    this.viewer.root.classList.toggle('bare', isBare);
  }

  pressed(event) {
    const { root, data, box } = this.viewer;
    // Before the page hears of another key, such as one that turns to the next film.
    if (!(event.key in WAYS) && event.key !== 'Shift') box.flush();
    if (!data || isTyped(event)) return;
    const isInside = event.composedPath().includes(root);
    if (!isInside && (data.keys !== 'page' || root.getClientRects().length === 0)) return;
    const isPlain = !(event.ctrlKey || event.metaKey || event.altKey);
    if (!(isPlain ? this.takes(event) : this.acts(event))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  // Returns whether the key was the viewer's.
  takes(event) {
    const { viewer } = this;
    const [target] = event.composedPath();
    if (target.type === 'range' && SLIDER_KEYS.includes(event.key)) return false;
    if (event.key === 'Escape' && document.fullscreenElement) {
      document.exitFullscreen();
      return true;
    }
    if (event.key === 'Escape' && viewer.toolbar.closesHelp()) return true;
    if (event.key in WAYS) return this.arrow(event);
    if (!viewer.isReady) return false;
    if (event.key === 'Enter' || event.key === 'Escape') return this.inHand(event.key, target);
    if (event.key.toLowerCase() === 'h') {
      this.bare(true);
      return true;
    }
    return this.acts(event);
  }

  acts(event) {
    const { viewer } = this;
    const action = actionOf(event);
    if (!action || !viewer.isReady || !viewer.toolbar.offers(action)) return false;
    viewer.act(action, { byKey: true });
    return true;
  }

  // Enter and Escape are those of the tool in the hand, unless something else has the focus.
  inHand(key, target) {
    const { viewer } = this;
    const { holds } = viewer.hand;
    const isElsewhere = target !== document.body && !viewer.stage.contains(target);
    if (isElsewhere || holds === 'window') return false;
    if (key === 'Enter' && !viewer.data.enters) return false;
    if (key === 'Escape') viewer.take('window');
    else if (MEASURES.includes(holds)) viewer.measuring.next(holds);
    else return false;
    return true;
  }

  arrow({ key, shiftKey, repeat }) {
    const { viewer } = this;
    const [across, down] = WAYS[key];
    const holds = viewer.hand?.holds ?? 'window';
    // Who goes through films does not wait for each of them.
    if (!viewer.isReady) return holds === 'window' && !shiftKey && !repeat && this.turn(across);
    if (holds === 'frame') viewer.box.nudge(key, shiftKey, repeat);
    else if (MEASURES.includes(holds) && viewer.measuring.move(WAYS[key], shiftKey)) return true;
    else if (shiftKey) viewer.view.adjust(WIDER * across, HIGHER * down);
    else if (holds === 'pan') viewer.view.move(WAYS[key]);
    else return !repeat && this.turn(across);
    return true;
  }

  // Asks for the film before or after by its place: of presses that come faster than the page, which
  // it may hear of in one, the last says all. From which one they count, and by what the page had
  // said then, lets the page count from a film that was clicked on and was not here yet.
  turn(across) {
    const { next, data } = this.viewer;
    const { turns, serial } = next ?? data;
    if (!turns || !across) return false;
    const now = performance.now();
    if (this.wanted === turns.place || now - this.pressedAt > TOGETHER) this.wanted = null;
    this.pressedAt = now;
    if (this.wanted === null) this.from = { start: turns.place, serial };
    this.wanted = ((this.wanted ?? turns.place) + across + turns.count) % turns.count;
    this.viewer.setTriggerValue('turned', { place: this.wanted, ...this.from });
    return true;
  }
}
