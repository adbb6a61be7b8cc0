// A viewer that no page made: it is told three things at once, the last of them being an older one.
async ({ bundle, pixels }) => {
  const { default: mount } = await import(bundle);
  const parentElement = document.createElement("div");
  parentElement.innerHTML = '<div class="viewer" style="width: 262px"></div>';
  document.body.append(parentElement);
  const film = {
    id: "f", type: "uint16", height: 690, width: 600, window: [700, 4015], inverse: false,
    spacing: null, url: pixels, label: "film", seen: null, layers: [],
    frame: { left: 100, top: 100, width: 300, height: 300 },
    marks: [[1, 5], [300, 685], [599, 345]].map(([x, y]) => (
      { kind: "measured", label: "medial 4.2 mm", points: [[x, y - 4], [x, y + 4]] })),
  };
  const told = [];
  const said = (serial, title) => ({
    parentElement, setStateValue() {}, setTriggerValue: (what) => told.push(what),
    data: {
      serial, films: [film], panes: [{ film: 0, title, layer: null, part: "film", note: "" }],
      editable: true, heard: null, turns: null, tells: false, height: "300px", layout: "row",
      columns: 1, tools: "all", keys: "focus", projected: false, wipes: false,
    },
  });
  mount(said(1, "first"));
  mount(said(3, "last"));
  const takeAway = mount(said(2, "second"));
  const viewer = parentElement.querySelector(".viewer");
  for (let tries = 0; viewer.dataset.ready !== "true" && tries < 300; tries += 1)
    await new Promise(resolve => setTimeout(resolve, 100));
  const title = parentElement.querySelector(".title").textContent;
  const pane = parentElement.querySelector(".pane").getBoundingClientRect();
  const inside = [...parentElement.querySelectorAll(".marks text")].map(text => {
    const at = text.getBoundingClientRect();
    return at.width > 0 && at.left >= pane.left && at.right <= pane.right
      && at.top >= pane.top && at.bottom <= pane.bottom;
  });
  // The keys are the page's own viewer's while that is in sight.
  document.querySelector("#root").style.display = "none";
  const keys = ["b", "ArrowUp", "ArrowUp"].map(key => {
    const pressed = new KeyboardEvent("keydown", { key, bubbles: true, composed: true });
    parentElement.querySelector(".pane").dispatchEvent(pressed);
    return told.length;
  });
  document.querySelector("#root").style.display = "";
  parentElement.remove();
  takeAway();
  return [title, inside, keys];
}
