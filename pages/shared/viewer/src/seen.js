// How the first film is looked at and what was measured on films: told to the page, and brought back.

import { put, redraw } from './drawing.js';
import { spacingOf } from './geometry.js';
import { Angle, Ruler } from './measure.js';
import { measuredOn, remove } from './past.js';

const REST = 900; // ms after the last change
const KINDS = { [Ruler.toolName]: 'ruler', [Angle.toolName]: 'angle' };
const NAMES = { ruler: Ruler.toolName, angle: Angle.toolName };

let serial = 0;

// What was drawn on films, by key: the same in all panes that show one, and for who comes back to
// it; as long as the page stands.
const lines = new Map();
// What the page does not know of them. All of it goes with each message: of several that follow each
// other the page may get the last one alone.
const news = new Map();
// What the page knew of them when it spoke last.
const known = new Map();

// For who asks before the page is left (`at_stake.py`): what the page has heard of, it knows itself.
function tellDrawn() {
  const unheard = [...news.values()].filter(({ isHeard }) => !isHeard);
  document.documentElement.dataset.drawn = unheard.map(({ key }) => key).join(' ');
}

export class Seen {
  constructor(viewer) {
    Object.assign(this, { viewer, stood: [], viewed: null });
    news.forEach((told) => { told.isSent = false; });
    // Who goes on to something else, such as to the report, is to find there what she sees.
    for (const kind of ['pointerleave', 'focusout']) {
      viewer.root.addEventListener(kind, () => this.flush());
    }
  }

  // Of the panes, those whose films have their lines.
  get panes() {
    return this.viewer.panes.filter((pane) => pane.isShown && this.stood.includes(pane.imageId));
  }

  // Notes what was drawn or removed; of panes that show one film, the others get it, too.
  note() {
    const { panes } = this;
    for (const pane of panes) {
      const { film } = pane;
      const drawn = drawnOn(pane);
      if (same(drawn, lines.get(film.key))) continue;
      lines.set(film.key, drawn);
      panes.filter((other) => other.film.key === film.key && other.imageId !== pane.imageId)
        .forEach(draw);
      compare(film);
    }
  }

  // Notes what is drawn on films before others come; tells what is still to be told.
  keep() {
    this.note();
    this.flush();
  }

  leave() {
    this.note();
    clearTimeout(this.later);
  }

  // Draws on each film what was drawn on it: here, or when it was saved.
  bringBack() {
    this.note(); // on a film that stood already, what is not there was removed
    const panes = this.viewer.panes.filter(({ film }) => film);
    panes.forEach(({ film }) => hear(film));
    panes.forEach(draw);
    this.stood = panes.map(({ imageId }) => imageId);
    panes.forEach(({ film }) => compare(film));
  }

  // Begins with a film: how it is looked at now is no news. That is as when it was saved, where this
  // window has not seen it yet.
  meet() {
    clearTimeout(this.later);
    this.viewed = null;
    this.later = setTimeout(() => {
      this.later = null;
      this.changed();
    }, 100);
    const { film } = this.viewer.panes[0];
    if (film?.seen) this.viewer.view.remember(film.id, film.seen.view);
  }

  // Called when the page has spoken: it may listen from now on.
  answered() {
    news.forEach((told) => { told.isHeard ||= told.isSent; });
    tellDrawn();
    if (!this.later) this.changed();
  }

  changed() {
    const { viewer } = this;
    if (!viewer.data?.tells || !viewer.isReady) return;
    clearTimeout(this.later);
    this.later = setTimeout(() => this.tell(), this.viewed === null ? 0 : REST);
  }

  flush() {
    if (this.later && this.viewed !== null) this.tell();
  }

  tell() {
    clearTimeout(this.later);
    this.later = null;
    const { viewer, panes: [first] } = this;
    if (!viewer.data?.tells || viewer.isGone || !first || first !== viewer.panes[0]) return;
    const view = viewer.view.now();
    const before = this.viewed;
    this.viewed = JSON.stringify(view);
    const told = [...news.values()];
    if ((before ?? this.viewed) === this.viewed && told.every(({ isSent }) => isSent)) return;
    told.forEach((film) => { film.isSent = true; });
    viewer.setStateValue('seen', {
      film: first.film.id,
      view,
      drawn: told.map(({ key, measured }) => ({ key, measured })),
      at: Date.now(), // what was told once is told again where it was lost
    });
  }
}

// Notes what the page knows. What it has from a case was opened anew: that is what is to be seen, and
// what it has not heard of yet.
function hear({ key, seen }) {
  const drawn = plain(seen?.measured ?? []);
  const said = JSON.stringify([seen?.told, drawn]);
  if (known.get(key) === said) return;
  known.set(key, said);
  const own = news.has(key) ? lines.get(key) : [];
  if (seen && !seen.told) {
    lines.set(key, [...drawn, ...own.filter((line) => !drawn.some((other) => same(line, other)))]);
  } else if (!lines.has(key)) {
    lines.set(key, drawn);
  }
}

// Notes of a film whether the page knows what is drawn on it.
function compare(film) {
  const drawn = lines.get(film.key) ?? [];
  if (same(drawn, plain(film.seen?.measured ?? []))) {
    news.delete(film.key);
  } else {
    const told = { key: film.key, measured: drawn.map((line) => measured(line, film)) };
    if (!same(told.measured, news.get(film.key)?.measured)) news.set(film.key, told);
  }
  tellDrawn();
}

// Draws what belongs on a pane's film, where that is not there already.
function draw(pane) {
  const { film, imageId, element } = pane;
  const drawn = lines.get(film.key) ?? [];
  if (same(drawn, drawnOn(pane))) return;
  remove(measuredOn([pane]));
  const [down, across] = spacingOf(film);
  drawn.forEach(({ kind, points }) => put(element, {
    uid: `kept-${(serial += 1)}-${imageId}`,
    toolName: NAMES[kind],
    imageId,
    points: points.map(([x, y]) => [x * across, y * down, 0]),
  }));
  redraw([pane]);
}

// Rulers and angles in pixels of their film, from the middle of the first one.
function drawnOn(pane) {
  const [down, across] = spacingOf(pane.film);
  return measuredOn([pane]).map(({ metadata, data }) => ({
    kind: KINDS[metadata.toolName],
    points: data.handles.points.map(([x, y]) => [rounded(x / across), rounded(y / down)]),
  }));
}

// A ruler or angle with its figure: that on the film may be drawn a moment later.
function measured(line, film) {
  const [down, across] = spacingOf(film);
  const points = line.points.map(([x, y]) => [x * across, y * down]);
  const legs = points.slice(1).map(([x, y], index) => [x - points[index][0], y - points[index][1]]);
  if (line.kind === 'ruler') {
    return { ...line, value: rounded(Math.hypot(...legs[0])), unit: film.spacing ? 'mm' : 'px' };
  }
  const [[x, y], [u, v]] = legs;
  const angle = Math.abs(Math.atan2(y * u - x * v, -x * u - y * v));
  return { ...line, value: rounded((angle * 180) / Math.PI), unit: 'degrees' };
}

const plain = (drawn) => drawn.map(({ kind, points }) => ({ kind, points }));
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const rounded = (value) => Math.round(1000 * value) / 1000;
