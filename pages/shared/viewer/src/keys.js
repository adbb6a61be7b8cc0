// Which key does what.

export const KEYS = {
  i: 'invert',
  r: 'rotate',
  x: 'flip',
  z: 'part',
  f: 'fit',
  w: 'preset',
  '+': 'in',
  '=': 'in',
  '-': 'out',
  Home: 'reset',
  Delete: 'remove',
  Backspace: 'remove',
  d: 'window',
  g: 'pan',
  l: 'length',
  a: 'angle',
  m: 'magnify',
  b: 'frame',
  p: 'pointer',
  v: 'side',
  c: 'wipe',
  u: 'full',
  e: 'picture',
};
const WITH_SHIFT = { Delete: 'clear', Backspace: 'clear' };
const REPEATED = ['in', 'out'];

const TURNS = '← and →';

const TOLD = [
  ['Drag', 'window (across) and level (up, down)'],
  ['Wheel, + and −', 'zoom; two fingers, too'],
  ['Middle button, or Shift and drag', 'move the film'],
  ['Shift and arrows', 'window and level by key'],
  ['I', 'invert'],
  ['R', 'rotate by a quarter turn'],
  ['X', 'flip'],
  ['Z', "of two knees the whole film; the joint's left half, its right half; back"],
  ['W', 'more contrast in bright, dark, middle parts'],
  ['F', 'fit: the film, or of two knees the graded one'],
  ['Home', 'as it came'],
  ['H, held', 'without the maps'],
  ['D, G, L, A, M', 'take: window, move, ruler, angle, magnifier; Esc puts down'],
  ['Enter, then arrows', 'a ruler or angle by key; Enter goes to its next point'],
  ['Delete', 'remove the ruler or angle under the pointer, else the last one; with Shift all of them'],
  ['Ctrl and Z', 'undo what was drawn, moved or removed last'],
  ['B', 'take the box: drag it, or a corner; arrows move it, with Shift they resize it'],
  [TURNS, 'the knee, or film, before and after, on the reading page'],
  ['0 to 4', 'your own grade, on the reading page'],
  ['V', 'with or without the maps beside the film'],
  ['C', 'wipe, where there are two films'],
  ['U', 'full screen'],
  ['E', 'export what is seen as a picture (PNG)'],
];

// Returns what is told where other films can be `turned` to, or cannot.
export const toldOf = (turned) => TOLD.filter(([key]) => turned || key !== TURNS);

// What is said of a tool while it is in the hand.
export const HINTS = {
  frame: 'Box: drag it to move, a corner to resize; or arrows, and Shift with arrows. Esc when done.',
  length: 'Ruler: drag from end to end; or Enter, then arrows, Enter for its other end. Esc when done.',
  angle: 'Angle: drag a line, then click; or Enter, then arrows, Enter for its next point. Esc when done.',
};

// Returns the action of a key, or null where it is not the viewer's.
export function actionOf(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.altKey) return null;
  if (event.ctrlKey || event.metaKey) return key === 'z' && !event.shiftKey ? 'undo' : null;
  const action = (event.shiftKey && WITH_SHIFT[key]) || KEYS[key] || null;
  return event.repeat && !REPEATED.includes(action) ? null : action;
}

// Whether a key is meant for something that is being filled in.
export function isTyped(event) {
  const [target] = event.composedPath();
  if (target.isContentEditable) return true;
  if (target.tagName === 'INPUT') return !['range', 'checkbox', 'radio'].includes(target.type);
  return ['TEXTAREA', 'SELECT'].includes(target.tagName);
}
