// The tool in the reader's hand: what dragging does.

import {
  annotation,
  Enums,
  PanTool,
  ToolGroupManager,
  WindowLevelTool,
  ZoomTool,
} from '@cornerstonejs/tools';
import { engineId } from './engine.js';
import { FrameTool } from './frame.js';
import { Angle, isWhole, Ruler } from './measure.js';

export const TOOLS = {
  window: WindowLevelTool,
  pan: PanTool,
  length: Ruler,
  angle: Angle,
  magnify: null, // lens.js
  frame: FrameTool,
};

const DRAGGED = Object.values(TOOLS).filter(Boolean);

export class Hand {
  constructor(id) {
    this.id = id;
    this.group = ToolGroupManager.createToolGroup(id);
    for (const { toolName } of [...DRAGGED, ZoomTool]) this.group.addTool(toolName);
    this.take('window');
  }

  add(pane) {
    this.group.addViewport(pane.viewportId, engineId());
  }

  take(name) {
    const { MouseBindings: mouse, KeyboardBindings: keys } = Enums;
    const { group } = this;
    for (const { toolName } of DRAGGED) {
      group.setToolPassive(toolName, { removeAllBindings: true });
      // Nor may what was measured come along with the magnifier.
      if (!TOOLS[name]) group.setToolEnabled(toolName);
    }
    // While something else is drawn or moved, the box must not come along.
    if (name !== 'window') group.setToolEnabled(FrameTool.toolName);
    const primary = [{ mouseButton: mouse.Primary }, { numTouchPoints: 1 }];
    const moved = [
      { mouseButton: mouse.Auxiliary },
      { mouseButton: mouse.Primary, modifierKey: keys.Shift },
    ];
    // Two fingers zoom, and nothing else.
    const zoomed = [{ mouseButton: mouse.Secondary }, { numTouchPoints: 2 }];
    group.setToolActive(ZoomTool.toolName, { bindings: zoomed });
    if (name !== 'pan') group.setToolActive(PanTool.toolName, { bindings: moved });
    const bindings = name === 'pan' ? [...primary, ...moved] : primary;
    if (TOOLS[name]) group.setToolActive(TOOLS[name].toolName, { bindings });
    this.holds = name;
  }

  get drawing() {
    const tools = [Ruler, Angle].map(({ toolName }) => this.group.getToolInstance(toolName));
    return tools.find(({ isDrawing, editData }) => isDrawing && editData);
  }

  // What is being drawn or moved ends as it is; an angle of one leg is none, and is removed. Returns
  // whether one was.
  settle() {
    const { drawing } = this;
    if (!drawing) return false;
    const { annotation: drawn } = drawing.editData;
    drawing.cancel(drawing.heldOn);
    if (isWhole(drawn)) return false;
    annotation.state.removeAnnotation(drawn.annotationUID);
    return true;
  }

  destroy() {
    ToolGroupManager.destroyToolGroup(this.id);
  }
}
