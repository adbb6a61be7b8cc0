// How the first film is looked at and what was measured on it: told to the page, and brought back.

import { annotation } from '@cornerstonejs/tools';
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
    const corner = [0, 0, 0];
    const worldBoundingBox = {
      topLeft: corner, topRight: corner, bottomLeft: corner, bottomRight: corner,
    };
    film.seen.measured.forEach(({ kind, points }) => annotation.state.addAnnotation({
      annotationUID: `kept-${(serial += 1)}-${imageId}`,
      highlighted: false,
      invalidated: true,
      isLocked: false,
      isVisible: true,
      metadata: {
        toolName: NAMES[kind],
        FrameOfReferenceUID: imageId,
        referencedImageId: imageId,
        viewPlaneNormal: [0, 0, -1],
        viewUp: [0, -1, 0],
      },
      data: {
        label: '',
        cachedStats: {},
        handles: {
          points: points.map(([x, y]) => [x * across, y * down, 0]),
          activeHandleIndex: null,
          textBox: { hasMoved: false, worldPosition: corner, worldBoundingBox },
        },
      },
    }, this.viewer.panes[0].element));
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
