// The row of buttons above the film.

import { toldOf } from './keys.js';

const TOOLS = [
  ['window', 'Window', 'D'],
  ['pan', 'Move', 'G'],
  ['length', 'Ruler', 'L'],
  ['angle', 'Angle', 'A'],
  ['magnify', 'Magnifier', 'M'],
  ['frame', 'Box', 'B'],
];
const ACTS = [
  ['part', 'Zoom', 'Z'],
  ['invert', 'Invert', 'I'],
  ['rotate', 'Rotate', 'R'],
  ['flip', 'Flip', 'X'],
  ['fit', 'Fit', 'F'],
  ['reset', 'Reset', 'Home'],
];
const FEW = ['part', 'invert', 'fit', 'reset', 'full'];
const NARROW = 640; // CSS pixels
const LATE = [
  ['pointer', 'Pointer', 'P'],
  ['side', 'Maps', 'V'],
  ['wipe', 'Wipe', 'C'],
  ['picture', 'Picture', 'E'],
  ['full', 'Full screen', 'U'],
];

// Returns whether a viewer as wide as `root` has few `tools`.
export const hasFew = (tools, root) =>
  tools === 'few' || (tools === 'few where narrow' && root.clientWidth < NARROW);

// As the reader left it on this page or the one before.
let lastOpacity = 60;

const made = (tag, attributes = {}, text = '') => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
};

export class Toolbar {
  // `act(name)` is called for a button, `layer(index)` and `opacity(share)` for the map's controls.
  constructor(host, { act, layer, opacity, wipe }) {
    this.element = made('div', { class: 'bar', role: 'toolbar', 'aria-label': 'Film tools' });
    this.buttons = {};
    for (const group of [TOOLS, ACTS, LATE]) {
      const row = made('span', { class: 'group' });
      for (const [name, label, key] of group) row.append(this.button(name, label, key, act));
      this.element.append(row);
    }
    this.border = made('input', {
      type: 'range', min: 0, max: 100, value: 50, class: 'border',
      'aria-label': 'How much of the first film, from the left, in percent',
    });
    this.border.addEventListener('input', () => wipe(this.border.value));
    this.border.hidden = true;
    this.buttons.wipe.after(this.border);
    this.maps = made('span', { class: 'group maps' });
    this.choice = made('select', { 'aria-label': 'Map on the film' });
    this.choice.addEventListener('change', () => layer(Number(this.choice.value)));
    this.opacity = made('input', {
      type: 'range', min: 0, max: 100, value: lastOpacity, 'aria-label': 'Opacity of the maps in percent',
      title: 'Opacity of the maps; hold H to see the film without them',
    });
    this.opacity.addEventListener('input', () => {
      lastOpacity = this.opacity.value;
      opacity(lastOpacity / 100);
    });
    opacity(lastOpacity / 100);
    this.maps.append(this.choice, this.opacity);
    this.told = made('dl');
    this.help = made('details', { class: 'help' });
    this.help.append(made('summary', { title: 'Mouse and keys; Esc closes' }, 'Keys'), this.told);
    this.element.append(this.maps, this.help);
    // Enter presses the button that has the focus, and is not the page's.
    this.element.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && event.target.closest('button, summary')) event.stopPropagation();
    });
    // In a narrow row the browser leaves what it goes to half out of sight.
    this.element.addEventListener('focusin', ({ target }) => {
      target.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    });
    host.append(this.element);
  }

  button(name, label, key, act) {
    const button = made('button', {
      type: 'button', 'data-act': name, 'aria-keyshortcuts': key, title: `${label} (${key})`,
    }, label);
    button.addEventListener('click', () => act(name));
    this.buttons[name] = button;
    return button;
  }

  // Shows what there is to do with these films.
  offer({ few, editable, layers, chosen, sides, projected, wipes, turned }) {
    const told = toldOf(turned).flatMap(([key, does]) => [made('dt', {}, key), made('dd', {}, does)]);
    this.told.replaceChildren(...told);
    for (const [name, button] of Object.entries(this.buttons)) {
      button.hidden = few && !FEW.includes(name);
    }
    this.buttons.frame.hidden = !editable;
    this.buttons.side.hidden = !sides;
    this.buttons.pointer.hidden = !projected;
    this.buttons.wipe.hidden = !wipes;
    this.maps.hidden = !layers.length && !sides;
    this.choice.hidden = !layers.length;
    const names = ['No map on film', ...layers.map((layer) => `${layer.name} on film`)];
    if (names.join() !== this.names) {
      this.names = names.join();
      const options = names.map((name, index) => made('option', { value: index - 1 }, name));
      this.choice.replaceChildren(...options);
    }
    this.choice.value = String(chosen);
  }

  // Whether an action may be taken by key.
  offers(name) {
    return !this.buttons[name]?.hidden;
  }

  // Closes the list of keys, which lies over the film; returns whether it was open.
  closesHelp() {
    const was = this.help.open;
    this.help.open = false;
    return was;
  }

  press(name, isOn) {
    this.buttons[name].setAttribute('aria-pressed', isOn);
  }
}
