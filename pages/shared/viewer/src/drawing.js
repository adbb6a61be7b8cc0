// What stands on a film as Cornerstone keeps it: a box, a ruler, an angle.

import { annotation } from '@cornerstonejs/tools';
import { triggerAnnotationRenderForViewportIds } from '@cornerstonejs/tools/utilities';

let number = 0;

// Tells what was drawn later from what was drawn before.
export const nextNumber = () => (number += 1);

// Draws anew what stands on the films of some panes; the films, which take far longer, stay.
export function redraw(panes) {
  triggerAnnotationRenderForViewportIds(panes.map(({ viewportId }) => viewportId));
}

// Puts what a tool draws on a film, by points in its world; `written` is whether a figure stands
// beside it, and `more` are fields of the annotation.
export function put(element, { uid, toolName, imageId, points, written = true, ...more }) {
  const corner = [0, 0, 0];
  const textBox = { hasMoved: false, worldPosition: corner };
  if (written) {
    textBox.worldBoundingBox = {
      topLeft: corner, topRight: corner, bottomLeft: corner, bottomRight: corner,
    };
  }
  const drawn = {
    annotationUID: uid,
    highlighted: false,
    invalidated: true,
    isLocked: false,
    isVisible: true,
    number: nextNumber(),
    ...more,
    metadata: {
      toolName,
      FrameOfReferenceUID: imageId,
      referencedImageId: imageId,
      viewPlaneNormal: [0, 0, -1],
      viewUp: [0, -1, 0],
    },
    data: {
      label: '',
      cachedStats: {},
      handles: { points, activeHandleIndex: null, textBox },
    },
  };
  annotation.state.addAnnotation(drawn, element);
  return drawn;
}
