// How the first film is looked at and what was measured on it: told to the page, and brought back.

import { annotation } from '@cornerstonejs/tools';
import { put } from './drawing.js';
import { spacingOf } from './geometry.js';
import { Angle, Ruler } from './measure.js';

const REST = 900; // ms after the last change
const KINDS = { [Ruler.toolName]: 'ruler', [Angle.toolName]: 'angle' };
const NAMES = { ruler: Ruler.toolName, angle: Angle.toolName };

let serial = 0;

export class Seen {
  constructor(viewer) {
    this.viewer = viewer;
  }

  // Begins with a film: what it is like now is no news. It stands as it was seen when it was saved,
  // where this window has not seen it yet.
  meet(film, imageId) {
    clearTimeout(this.later);
    this.told = null;
    this.later = setTimeout(() => this.changed(), 100);
    if (!film.seen) return;
    this.viewer.view.remember(film.id, film.seen.view);
    if (this.annotations(imageId).length) return;
    const [down, across] = spacingOf(film);
    const { element } = this.viewer.panes[0];
    film.seen.measured.forEach(({ kind, points }) => put(element, {
      uid: `kept-${(serial += 1)}-${imageId}`,
      toolName: NAMES[kind],
      imageId,
      points: points.map(([x, y]) => [x * across, y * down, 0]),
    }));
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

  annotations(imageId) {
    return annotation.state.getAllAnnotations().filter(({ metadata }) =>
      metadata.FrameOfReferenceUID === imageId && metadata.toolName in KINDS);
  }

  // In pixels of the film, from the middle of its first one.
  measured() {
    const { film, imageId } = this.viewer.panes[0];
    const [down, across] = spacingOf(film);
    return this.annotations(imageId).map(({ metadata, data }) => {
      const [stats = {}] = Object.values(data.cachedStats);
      return {
        kind: KINDS[metadata.toolName],
        points: data.handles.points.map(([x, y]) => [rounded(x / across), rounded(y / down)]),
        value: rounded(stats.length ?? stats.angle ?? 0),
        unit: stats.unit ?? 'degrees',
      };
    });
  }
}

const rounded = (value) => Math.round(1000 * value) / 1000;
