// A table led by keys. What it shows is text: nothing of a file or a name is markup.

const tables = new WeakMap(); // parent element -> table
const PAGE = 10; // rows that Page up and Page down go over
const REST = 250; // ms without a key, after which the server is told of the row

export default function mount(component) {
  const { parentElement } = component;
  let table = tables.get(parentElement);
  if (!table) {
    table = new Table(parentElement.querySelector('.rows'));
    tables.set(parentElement, table);
  }
  table.show(component);
}

class Table {
  constructor(root) {
    this.root = root;
    this.sort = null; // { name, down }
    this.marked = new Set();
    root.addEventListener('keydown', (event) => this.pressed(event));
    // Whatever is pressed elsewhere is about the row that is pointed at now.
    const pressed = () => {
      if (root.isConnected) this.tell();
      else document.removeEventListener('pointerdown', pressed, true);
    };
    document.addEventListener('pointerdown', pressed, true);
    root.addEventListener('focusout', () => this.tell());
  }

  show({ data, setStateValue, setTriggerValue }) {
    Object.assign(this, { data, setStateValue, setTriggerValue });
    this.root.style.maxHeight = data.height;
    this.root.setAttribute('aria-label', data.label);
    if (data.order) this.sort = data.order.name ? data.order : null;
    const keys = new Set(data.rows.map(({ key }) => key));
    // What is marked is known here first, unless all marks were taken away meanwhile.
    if (data.round !== this.round) this.marked = new Set(data.marked);
    this.round = data.round;
    if (!data.isPage) {
      const wholes = new Set(data.rows.map(({ whole }) => whole));
      this.marked = new Set([...this.marked].filter((whole) => wholes.has(whole)));
    }
    if (!keys.has(this.at)) this.at = keys.has(data.at) ? data.at : null;
    // Drawn anew only where it is another table: pictures would flicker at every key.
    const drawn = JSON.stringify([data.columns, data.rows, data.marks, data.order]);
    if (drawn !== this.drawn) this.draw();
    else {
      this.point(false);
      this.check();
    }
    this.drawn = drawn;
    if (!this.wasShown) this.point(true);
    if (!this.wasShown && document.activeElement === document.body) this.focus();
    this.wasShown = true;
  }

  get ordered() {
    const rows = [...this.data.rows];
    if (!this.sort || this.data.order) return rows;
    const { name, down } = this.sort;
    const value = ({ order, cells }) => order[name] ?? cells[name] ?? '';
    const compare = (a, b) => {
      const [x, y] = [value(a), value(b)];
      // What is not known stands last, whichever way it is sorted.
      if (x === '' || y === '') return (x === '') - (y === '');
      const by = typeof x === 'number' && typeof y === 'number'
        ? x - y : String(x).localeCompare(String(y), undefined, { numeric: true });
      return down ? -by : by;
    };
    return rows.sort(compare);
  }

  draw() {
    const { columns, marks } = this.data;
    const scroll = this.root.scrollTop;
    const hadFocus = this.root.contains(this.root.getRootNode().activeElement);
    const table = element('table', { role: 'grid' });
    const head = element('tr');
    if (marks) head.append(this.markAll());
    columns.forEach((column) => head.append(this.heading(column)));
    const body = element('tbody');
    this.shown = this.ordered;
    this.shown.forEach((row) => body.append(this.line(row, columns, marks)));
    const top = element('thead');
    top.append(head);
    table.append(top, body);
    this.root.replaceChildren(table);
    this.root.scrollTop = scroll;
    if (hadFocus) this.focus(); // what had it may be gone
    this.body = body;
    this.point(false);
    this.check();
  }

  markAll() {
    const th = element('th', { className: 'mark' });
    const box = element('input', { type: 'checkbox', title: 'Mark all that are shown' });
    box.tabIndex = -1;
    box.setAttribute('aria-label', box.title);
    box.addEventListener('change', () => {
      // Those on other pages stay as they are.
      const change = box.checked ? 'add' : 'delete';
      this.data.rows.forEach(({ whole }) => this.marked[change](whole));
      this.tellMarks();
      this.focus();
    });
    this.all = box;
    th.append(box);
    return th;
  }

  heading({ name, label, kind, help }) {
    const th = element('th', { className: kind, scope: 'col', title: help ?? '' });
    if (kind === 'picture') return th;
    const button = element('button', { type: 'button', textContent: label });
    const way = this.sort?.name === name ? this.sort.down : null;
    if (way !== null) th.setAttribute('aria-sort', way ? 'descending' : 'ascending');
    button.addEventListener('click', () => {
      if (way === null) this.sort = { name, down: false };
      else this.sort = way ? null : { name, down: true };
      // Of rows that are a page of many, the server knows the order.
      if (this.data.order) this.setStateValue('sort', this.sort);
      else this.draw();
      this.focus();
    });
    th.append(button);
    return th;
  }

  line(row, columns, marks) {
    const tr = element('tr', { className: row.tone });
    tr.dataset.key = row.key;
    tr.dataset.whole = row.whole;
    if (marks) {
      const td = element('td', { className: 'mark' });
      const box = element('input', { type: 'checkbox' });
      box.tabIndex = -1;
      box.setAttribute('aria-label', `Mark ${row.label}`);
      box.addEventListener('click', (event) => event.stopPropagation());
      box.addEventListener('change', () => this.mark(row));
      td.append(box);
      tr.append(td);
    }
    columns.forEach(({ name, label, kind }) => {
      const td = element('td', { className: `${kind} ${row.tones[name] ?? ''}` });
      const cell = row.cells[name] ?? '';
      if (kind !== 'picture') {
        td.textContent = cell;
        td.title = row.told[name] ?? '';
      } else if (cell) td.append(picture(cell));
      // Where columns stand below each other, nothing else says what a cell is of.
      if (['grade', 'number'].includes(kind) && cell) td.dataset.label = label;
      if (kind !== 'picture' && !cell) td.classList.add('empty');
      tr.append(td);
    });
    tr.addEventListener('click', () => this.go(row.key));
    tr.addEventListener('dblclick', () => this.open(row.key));
    return tr;
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter' && event.target.closest('button')) return;
    const last = this.shown.length - 1;
    const place = this.shown.findIndex(({ key }) => key === this.at);
    const to = {
      ArrowDown: place + 1,
      ArrowUp: place < 0 ? last : place - 1,
      PageDown: place + PAGE,
      PageUp: place - PAGE,
      Home: 0,
      End: last,
    }[event.key];
    if (to !== undefined) {
      if (last >= 0) this.go(this.shown[Math.max(0, Math.min(last, to))].key);
    } else if (event.key === 'Enter' && place >= 0) this.open(this.at);
    else if (event.key === ' ' && place >= 0 && this.data.marks) this.mark(this.shown[place]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  go(key) {
    this.at = key;
    this.point(true);
    clearTimeout(this.later);
    this.later = setTimeout(() => this.tell(), REST);
  }

  // Tells the server which row it is, where it was not told yet.
  tell() {
    if (!this.later || !this.root.isConnected) return;
    clearTimeout(this.later);
    this.later = null;
    this.setStateValue('at', this.at);
  }

  // Shows which row it is, and has it in sight where it was just gone to.
  point(isMoved) {
    [...this.body.rows].forEach((tr) => {
      const isHere = tr.dataset.key === this.at;
      tr.classList.toggle('here', isHere);
      tr.setAttribute('aria-selected', isHere);
      if (isHere && isMoved) this.haveInSight(tr);
    });
    this.root.dataset.at = this.at ?? '';
  }

  // Within the table alone: the page stays at what stands above it.
  haveInSight(tr) {
    const [view, row] = [this.root, tr].map((node) => node.getBoundingClientRect());
    const head = this.root.querySelector('thead').offsetHeight;
    const above = row.top - view.top - head;
    const below = row.bottom - view.top - this.root.clientTop - this.root.clientHeight;
    if (above < 0) this.root.scrollTop += above;
    else if (below > 0) this.root.scrollTop += Math.min(below, above);
  }

  focus() {
    this.root.focus({ preventScroll: true });
  }

  mark({ whole }) {
    if (!this.marked.delete(whole)) this.marked.add(whole);
    this.tellMarks();
  }

  tellMarks() {
    this.check();
    this.setStateValue('marked', { round: this.round, keys: [...this.marked] });
  }

  // Shows what is marked: all rows of one thing together.
  check() {
    if (!this.data.marks) return;
    const rows = [...this.body.rows];
    rows.forEach((tr) => {
      tr.querySelector('input').checked = this.marked.has(tr.dataset.whole);
    });
    this.all.checked = rows.length > 0 && rows.every((tr) => this.marked.has(tr.dataset.whole));
  }

  open(key) {
    clearTimeout(this.later);
    this.later = null;
    this.at = key;
    this.point(true);
    this.setTriggerValue('opened', key);
  }
}

function picture(address) {
  // One of the server's stands below whatever path the page itself stands.
  const src = new URL(address.replace(/^\//, ''), document.baseURI).href;
  return element('img', { src, alt: '', loading: 'lazy' });
}

function element(name, properties = {}) {
  const { role, ...others } = properties;
  const made = Object.assign(document.createElement(name), others);
  if (role) made.setAttribute('role', role);
  return made;
}
