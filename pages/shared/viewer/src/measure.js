// Ruler and angle, whose figures are always those of the line that is drawn, on the film.

import { cache, getEnabledElement } from '@cornerstonejs/core';
import { AngleTool, LengthTool } from '@cornerstonejs/tools';
import { nextNumber } from './drawing.js';
import { shifted, within } from './geometry.js';

// Where a film begins and ends, across and down: a pixel reaches from -0.5 to 0.5 of its middle.
function endsOf({ viewport }) {
  const { dimensions, spacing } = viewport.getImageData();
  return [0, 1].map((axis) => [-0.5 * spacing[axis], (dimensions[axis] - 0.5) * spacing[axis]]);
}

// Keeps points on their film: past its edge there is nothing that could be measured. A line that is
// moved as a whole keeps its length.
export function keepOnFilm(points, enabled, { isWhole = false } = {}) {
  endsOf(enabled).forEach((ends, axis) => {
    const along = points.map((point) => point[axis]);
    const kept = isWhole ? shifted(along, ends) : along.map((value) => within(value, ends));
    points.forEach((point, index) => { point[axis] = kept[index]; });
  });
}

// Cornerstone (5.14.0) measures ten times a second at most and does not draw what it measured last:
// after a quick stroke the figure of a shorter one would stay. Nor does it end at a film's edge.
const measuredOnFilm = (Tool) => class extends Tool {
  constructor(...given) {
    super(...given);
    this._throttledCalculateCachedStats = this._calculateCachedStats;
    const keep = ({ detail }, drawn, options) =>
      keepOnFilm(drawn.data.handles.points, getEnabledElement(detail.element), options);
    const add = this.addNewAnnotation;
    this.addNewAnnotation = (event) => {
      this.heldOn = event.detail.element;
      const drawn = add(event);
      if (drawn) keep(event, Object.assign(drawn, { number: nextNumber() }));
      return drawn;
    };
    for (const taken of ['toolSelectedCallback', 'handleSelectedCallback']) {
      const take = this[taken];
      this[taken] = (event, ...more) => {
        this.heldOn = event.detail.element;
        take.call(this, event, ...more);
      };
    }
    const drag = this._dragCallback;
    this._dragCallback = (event) => {
      drag(event); // what it moves is drawn later, in the next frame of the browser
      const { annotation, handleIndex, movingTextBox } = this.editData ?? {};
      if (annotation && !movingTextBox) keep(event, annotation, { isWhole: handleIndex === undefined });
    };
  }
};

// Says where a millimetre is one, if not in the knee.
export class Ruler extends measuredOnFilm(LengthTool) {
  constructor(...given) {
    super(...given);
    const { getTextLines } = this.configuration;
    this.configuration.getTextLines = (data, target) => {
      const { where = '' } = cache.getImage(target.slice(target.indexOf(':') + 1)) ?? {};
      return getTextLines(data, target)?.map((text) => text + where);
    };
  }
}

export const Angle = measuredOnFilm(AngleTool);

const POINTS = { [Ruler.toolName]: 2, [Angle.toolName]: 3 };

// Whether it is a ruler or an angle, and has all its points: Cornerstone keeps an angle of one leg.
export const isWhole = ({ metadata, data }) => data.handles.points.length === POINTS[metadata.toolName];
