// The magnifier: a small pane that follows the pointer while it is pressed.

import { Pane } from './pane.js';

const TIMES = 2.5;
const ABOVE = 90; // CSS pixels that a finger would cover

export class Lens {
  constructor(viewer) {
    this.viewer = viewer;
    const { stage } = viewer;
    stage.addEventListener('pointerdown', (event) => this.lift(event));
    stage.addEventListener('pointermove', (event) => this.move(event));
    for (const end of ['pointerup', 'pointercancel', 'pointerleave']) {
      stage.addEventListener(end, () => this.drop());
    }
  }

  async lift(event) {
    const { viewer } = this;
    if (viewer.hand?.holds !== 'magnify' || !viewer.isReady || event.button) return;
    const under = viewer.panes.find(({ element }) => element.contains(event.target));
    if (!under?.film) return;
    this.under = under;
    if (!this.pane) {
      this.pane = new Pane(viewer.stage, `${viewer.id}-lens`, 'lens');
      this.pane.element.tabIndex = -1;
      this.pane.element.setAttribute('aria-hidden', 'true');
    }
    this.pane.element.hidden = false;
    if (this.pane.imageId !== under.imageId) await this.pane.show(under.film, under.imageId);
    // Meanwhile the pointer may have been lifted, and another film be there.
    if (this.under !== under || !under.film || this.pane.imageId !== under.imageId) return;
    const { rotation, isFlipped, isInverted } = viewer.view;
    this.pane.viewport.setViewPresentation({ rotation });
    this.pane.viewport.setCamera({ flipHorizontal: isFlipped });
    this.pane.window(under.range ?? under.film.window, isInverted);
    this.move(event);
  }

  move(event) {
    if (!this.under || !this.pane?.film) return;
    const { under } = this;
    const { element } = this.pane;
    const at = under.element.getBoundingClientRect();
    const stage = this.viewer.stage.getBoundingClientRect();
    const above = event.pointerType === 'touch' ? ABOVE : 0;
    element.style.left = `${event.clientX - stage.left}px`;
    element.style.top = `${event.clientY - stage.top - above}px`;
    const point = [event.clientX - at.left, event.clientY - at.top];
    const [x, y] = under.viewport.canvasToWorld(point);
    // As far as the pane shows a pixel this many times as large.
    const share = element.clientHeight / under.element.clientHeight / TIMES;
    this.pane.aim([x, y], under.camera.scale * share);
  }

  drop() {
    this.under = null;
    if (this.pane) this.pane.element.hidden = true;
  }

  // The panes get other films: the one that is looked at may be none of them.
  leave(panes, ids) {
    if (this.under && this.under.imageId !== ids[panes.indexOf(this.under)]) this.drop();
  }

  destroy() {
    this.pane?.destroy();
    this.pane = null;
  }
}
