// How well text is told from what is behind it, as WCAG 2 has it: the ratio of each text on the page
// that is below `least`, with opacity and what lies behind taken into account.
(least) => {
  const paper = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parsed = (colour) => {
    paper.clearRect(0, 0, 1, 1);
    paper.fillStyle = colour;
    paper.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = paper.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], under) =>
    [r, g, b].map((value, at) => value * a + under[at] * (1 - a)).concat(1);
  const linear = (value) =>
    value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) =>
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const failing = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent.trim();
    const element = texts.currentNode.parentElement;
    if (!text || element.matches("style, script, :disabled *") || !element.checkVisibility()) continue;
    const { width, height } = element.getBoundingClientRect();
    if (!width || !height) continue;
    const within = [];
    for (let at = element; at; at = at.parentElement) within.unshift(getComputedStyle(at));
    if (within.some(({ opacity }) => Number(opacity) < 0.05)) continue;
    let behind = [255, 255, 255, 1];
    const faded = [];
    for (const { opacity, backgroundColor } of within) {
      if (Number(opacity) < 1) faded.unshift([Number(opacity), behind]);
      behind = over(parsed(backgroundColor), behind);
    }
    let ink = over(parsed(within.at(-1).color), behind);
    for (const [share, under] of faded) {
      ink = over([...ink.slice(0, 3), share], under);
      behind = over([...behind.slice(0, 3), share], under);
    }
    const [dark, bright] = [ink, behind].map(luminance).sort((one, other) => one - other);
    const ratio = (bright + 0.05) / (dark + 0.05);
    if (ratio < least) failing.push(`${ratio.toFixed(2)} ${text.slice(0, 60)}`);
  }
  return failing;
}
