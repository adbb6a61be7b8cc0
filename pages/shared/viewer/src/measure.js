// Ruler and angle, whose figures are always those of the line that is drawn.

import { AngleTool, LengthTool } from '@cornerstonejs/tools';

// Cornerstone (5.14.0) measures ten times a second at most and does not draw what it measured last:
// after a quick stroke the figure of a shorter one would stay.
const measuredAtOnce = (Tool) => class extends Tool {
  constructor(...given) {
    super(...given);
    this._throttledCalculateCachedStats = this._calculateCachedStats;
  }
};

export const Ruler = measuredAtOnce(LengthTool);
export const Angle = measuredAtOnce(AngleTool);
