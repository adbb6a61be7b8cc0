// What the panes stand on, and what a pointer does anywhere on it.

// `wheel(event)` returns whether it was the viewer's; `pressed()` is called before a pane hears of it.
export function stage({ wheel, pressed }) {
  const element = Object.assign(document.createElement('div'), { className: 'panes' });
  element.addEventListener('wheel', (event) => wheel(event) && event.preventDefault(), { passive: false });
  element.addEventListener('pointerdown', pressed, true);
  // Where the projected pointer is drawn.
  element.addEventListener('pointermove', (event) => {
    const { left, top } = element.getBoundingClientRect();
    element.style.setProperty('--x', `${event.clientX - left}px`);
    element.style.setProperty('--y', `${event.clientY - top}px`);
  });
  return element;
}
