// What CSS cannot know by itself. Streamlit says whether it is dark of the page's own part alone,
// and popovers and dialogs stand beside that; and it runs no page because a reader chose the other.
// How high the line of the case is depends on the film's name and on the window, and that of a
// profile on what is compared.
const PAGE = ".stMainBlockContainer > [data-testid=stVerticalBlock]";
const HEIGHTS = {
  "--case-line": `${PAGE} > :has(.st-key-case)`,
  "--profile-line": ".st-key-profile_line",
};

export default () => {
  const root = document.documentElement;
  const app = document.querySelector(".stApp");
  const scheme = () => {
    const { colorScheme, backgroundColor } = getComputedStyle(app);
    root.style.colorScheme = colorScheme;
    root.style.setProperty("--ground", backgroundColor);
  };
  const lines = new Map();
  const sizes = new ResizeObserver(() => {
    for (const [name, line] of lines) root.style.setProperty(name, `${line.offsetHeight}px`);
  });
  const look = () => {
    for (const [name, where] of Object.entries(HEIGHTS)) {
      const [before, now] = [lines.get(name), document.querySelector(where)];
      if (now === (before ?? null)) continue;
      if (before) sizes.unobserve(before);
      lines.delete(name);
      if (!now) root.style.removeProperty(name);
      else {
        lines.set(name, now);
        sizes.observe(now);
      }
    }
  };
  const themes = new MutationObserver(scheme);
  themes.observe(app, { attributes: true, attributeFilter: ["class"] });
  const elements = new MutationObserver(look);
  elements.observe(app, { childList: true, subtree: true });
  scheme();
  look();
  return () => [themes, elements, sizes].forEach((observer) => observer.disconnect());
};
