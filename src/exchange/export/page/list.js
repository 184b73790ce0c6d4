// The list: heights are guessed until a message has been seen, and what is above the view stays where it is.

const chat = $('chat');
const list = $('list');
const nodes = new Map();
const known = new Map();
let offsets = [];
let above = 0;

function guess(n) {
  const text = textOf(n);
  const length = restOf(n).result || restOf(n).thought ? 40 : Math.min(text.length, LONG);
  const width = Math.max(20, list.clientWidth / 8.6);
  return 60 + 26 * Math.ceil(length / width);
}

function measureAll() {
  offsets = new Float64Array(path.length + 1);
  for (let at = 0; at < path.length; at++) {
    const height = known.get(path[at]);
    offsets[at + 1] = offsets[at] + (height === undefined ? guess(path[at]) : height);
  }
}

function placeAt(y) {
  let low = 0;
  let high = path.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (offsets[middle] <= y) low = middle; else high = middle - 1;
  }
  return low;
}

// Puts the messages between two places into the document, and takes all others out.
function put(first, last) {
  const wanted = new Set();
  for (let at = first; at <= last; at++) wanted.add(path[at]);
  for (const [n, element] of nodes) {
    if (!wanted.has(n)) { watcher.unobserve(element); element.remove(); nodes.delete(n); }
  }
  let next = list.firstChild;
  for (let at = first; at <= last; at++) {
    const n = path[at];
    let element = nodes.get(n);
    if (!element) {
      element = article(n);
      nodes.set(n, element);
      watcher.observe(element);
    }
    if (element === next) next = next.nextSibling; else list.insertBefore(element, next);
  }
  list.style.paddingTop = above + offsets[first] + 'px';
  list.style.paddingBottom = offsets[path.length] - offsets[last + 1] + chat.clientHeight * 0.22 + 'px';
}

// Notes the heights of what is in the document. Whether any was another one than before.
function measure() {
  let changed = false;
  for (const [n, element] of nodes) {
    const height = element.getBoundingClientRect().height;
    if (height && Math.abs((known.get(n) || 0) - height) > 0.5) { known.set(n, height); changed = true; }
  }
  if (!changed) return false;
  const anchor = placeAt(chat.scrollTop - above);
  const before = offsets[anchor];
  measureAll();
  if (offsets[anchor] !== before) chat.scrollTop += offsets[anchor] - before;
  return true;
}

function render() {
  if (!path.length) { list.replaceChildren(make('p', 'empty', 'No messages yet.')); return; }
  for (let round = 0; round < 4; round++) {
    const top = chat.scrollTop - above;
    const margin = chat.clientHeight * 0.6;
    put(placeAt(top - margin), placeAt(top + chat.clientHeight + margin));
    if (!measure()) break;
  }
}

function redraw(n) {
  const element = nodes.get(n);
  if (element) { watcher.unobserve(element); element.remove(); nodes.delete(n); }
  render();
}

function redrawAll() {
  const held = document.activeElement && document.activeElement.closest && document.activeElement.closest('article');
  for (const element of nodes.values()) { watcher.unobserve(element); element.remove(); }
  nodes.clear();
  render();
  if (held) focusOn(Number(held.id.slice(1)));
}

function scrollTo(n) {
  const at = placeOf.get(n);
  for (let round = 0; round < 4; round++) {
    const goal = Math.max(0, above + offsets[at] - chat.clientHeight * 0.18);
    chat.scrollTop = goal;
    render();
    if (Math.abs(above + offsets[at] - chat.clientHeight * 0.18 - goal) < 1) break;
  }
}

let asked = false;
function later(work) {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => { asked = false; work(); });
}
const watcher = new ResizeObserver(() => later(() => { if (measure()) render(); }));
let width = 0;
new ResizeObserver(() => {
  above = parseFloat(getComputedStyle(chat).fontSize) * 1.2;
  if (chat.clientWidth !== width) {
    width = chat.clientWidth;
    const anchor = path[placeAt(chat.scrollTop - above)];
    const shift = chat.scrollTop - above - offsets[placeOf.get(anchor) || 0];
    known.clear();
    measureAll();
    if (anchor) chat.scrollTop = above + offsets[placeOf.get(anchor)] + Math.min(shift, known.get(anchor) || shift);
  }
  render();
}).observe(chat);
chat.addEventListener('scroll', () => later(() => { render(); drawTree(false); }), { passive: true });
list.addEventListener('focusin', (event) => {
  const element = event.target.closest('article');
  if (element) select(Number(element.id.slice(1)));
});
list.addEventListener('click', (event) => {
  const element = event.target.closest('article');
  if (element) { select(Number(element.id.slice(1))); drawTree(false); }
});
addEventListener('beforeprint', () => { if (path.length) put(0, path.length - 1); });
addEventListener('afterprint', render);
