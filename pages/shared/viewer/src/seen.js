// How the first film is looked at and what was measured on it: told to the page, and brought back.

import { put } from './drawing.js';
import { spacingOf } from './geometry.js';
import { Angle, Ruler } from './measure.js';
import { measuredOn } from './past.js';

const REST = 900; // ms after the last change
const KINDS = { [Ruler.toolName]: 'ruler', [Angle.toolName]: 'angle' };
const NAMES = { ruler: Ruler.toolName, angle: Angle.toolName };

let serial = 0;

// What was drawn on films, by id, for who comes back to one; as long as the page stands.
const lines = new Map();

export class Seen {
  constructor(viewer) {
    Object.assign(this, { viewer, stood: [] });
  }

  // Notes what was drawn on films that are turned from, all but the `staying` ones.
  keep(staying = []) {
    const shown = this.viewer.panes.filter(({ isShown }) => isShown);
    this.stood = shown.map(({ imageId }) => imageId);
    const left = new Map();
    for (const { film, imageId } of shown) {
      if (!staying.includes(imageId)) left.set(imageId, film);
    }
    for (const id of new Set([...left.values()].map((film) => film.id))) lines.delete(id);
    // Two knees of one film stand beside each other as two.
    left.forEach((film, imageId) => {
      const drawn = measuredOn([{ imageId }]).map((line) => lineOf(line, film));
      lines.set(film.id, [...(lines.get(film.id) ?? []), ...drawn]);
    });
  }

  // Draws it again on films that have come; or what was on a film when it was saved, where this window
  // has not seen it yet.
  bringBack() {
    for (const { film, imageId, element } of this.viewer.panes) {
      // On a film that stood already, what is not there was removed.
      if (this.stood.includes(imageId) || measuredOn([{ imageId }]).length) continue;
      const [down, across] = spacingOf(film);
      (lines.get(film.id) ?? film.seen?.measured ?? []).forEach(({ kind, points }) => put(element, {
        uid: `kept-${(serial += 1)}-${imageId}`,
        toolName: NAMES[kind],
        imageId,
        points: points.map(([x, y]) => [x * across, y * down, 0]),
      }));
    }
  }

  // Begins with a film: what it is like now is no news. It is looked at as when it was saved, where
  // this window has not seen it yet.
  meet() {
    clearTimeout(this.later);
    this.told = null;
    this.later = setTimeout(() => this.changed(), 100);
    const { film } = this.viewer.panes[0];
    if (film.seen) this.viewer.view.remember(film.id, film.seen.view);
  }

  changed() {
    const { viewer } = this;
    if (!viewer.data?.tells || !viewer.isReady) return;
    clearTimeout(this.later);
    this.later = setTimeout(() => this.tell(), this.told === null ? 0 : REST);
  }

  tell() {
    const { viewer } = this;
    if (!viewer.isReady || !viewer.panes[0]?.isShown) return;
    const said = {
      film: viewer.filmOf(0).id,
      view: viewer.view.now(),
      measured: this.measured(),
    };
    const text = JSON.stringify(said);
    if (this.told !== null && text !== this.told) viewer.setStateValue('seen', said);
    this.told = text;
  }

  measured() {
    const { film, imageId } = this.viewer.panes[0];
    return measuredOn([{ imageId }]).map((line) => {
      const [stats = {}] = Object.values(line.data.cachedStats);
      return {
        ...lineOf(line, film),
        value: rounded(stats.length ?? stats.angle ?? 0),
        unit: stats.unit ?? 'degrees',
      };
    });
  }
}

// A ruler or angle in pixels of its film, from the middle of the first one.
function lineOf({ metadata, data }, film) {
  const [down, across] = spacingOf(film);
  return {
    kind: KINDS[metadata.toolName],
    points: data.handles.points.map(([x, y]) => [rounded(x / across), rounded(y / down)]),
  };
}

const rounded = (value) => Math.round(1000 * value) / 1000;
