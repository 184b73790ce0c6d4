// Shows an exported conversation. Whatever a message holds goes through textContent: it is text, and never run.
// Messages are numbered from 1, parents before their children. Only what is visible is in the document.
(() => {
'use strict';

const $ = (id) => document.getElementById(id);
const data = JSON.parse($('data').textContent);
const make = (tag, name, text) => {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
};
const drawn = (tag, attributes) => {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  return element;
};

// The tree: for each message its children, its depth, and the newest message at or below it. 0 stands above the first ones.

const count = data.messages.length;
const parentOf = new Int32Array(count + 1);
const depthOf = new Int32Array(count + 1);
const newest = new Int32Array(count + 1);
const childrenOf = [];
for (let n = 0; n <= count; n++) { childrenOf.push([]); newest[n] = n; }
depthOf[0] = -1;
for (let n = 1; n <= count; n++) {
  const parent = data.messages[n - 1][0];
  parentOf[n] = parent;
  depthOf[n] = depthOf[parent] + 1;
  childrenOf[parent].push(n);
}
for (let n = count; n > 0; n--) newest[parentOf[n]] = Math.max(newest[parentOf[n]], newest[n]);

const roleOf = (n) => data.roles[data.messages[n - 1][1]];
const timeOf = (n) => data.messages[n - 1][2];
const textOf = (n) => data.messages[n - 1][3];
const restOf = (n) => data.messages[n - 1][4] || {};
const kinds = { user: 'user', human: 'user', prompter: 'user', assistant: 'assistant', tool: 'tool', toolResult: 'tool', system: 'system', developer: 'system', summary: 'summary' };
const kindOf = (n) => (Object.hasOwn(kinds, roleOf(n)) ? kinds[roleOf(n)] : 'other');
const pathTo = (n) => {
  const path = [];
  for (; n; n = parentOf[n]) path.push(n);
  return path.reverse();
};
const preview = (n) => {
  const rest = restOf(n);
  const calls = (rest.calls || []).map((call) => call[0] + '()').join(' ');
  return (textOf(n).slice(0, 300).replace(/\s+/g, ' ').trim() || calls).slice(0, 90);
};
const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

// What is shown.

let path = [];
let placeOf = new Map();
let selected = 0;
let pattern = null;
let hits = [];
let hitSet = new Set();
let hitAt = -1;
const unfolded = new Set();
const say = (text) => { $('said').textContent = text; };

function show(leaf) {
  path = pathTo(leaf);
  placeOf = new Map(path.map((n, at) => [n, at]));
  measureAll();
}

// Goes to a message, on its branch as it is shown or on the one that ends at the newest message below it.
function goTo(n, focus) {
  if (!placeOf.has(n)) show(newest[n]);
  select(n);
  scrollTo(n);
  if (focus) focusOn(n);
  drawTree(true);
}

function select(n) {
  if (nodes.has(selected)) nodes.get(selected).classList.remove('here');
  selected = n;
  if (nodes.has(n)) nodes.get(n).classList.add('here');
}

function focusOn(n) {
  if (nodes.has(n)) nodes.get(n).focus({ preventScroll: true });
}

function alternative(n, step) {
  const all = childrenOf[parentOf[n]];
  const other = all[all.indexOf(n) + step];
  if (!other) return;
  const top = offsets[placeOf.get(n)] - chat.scrollTop;
  const inside = list.contains(document.activeElement);
  show(newest[other]);
  select(other);
  chat.scrollTop = offsets[placeOf.get(other)] - top;
  render();
  if (inside) focusOn(other);
  drawTree(true);
  say('Alternative ' + (all.indexOf(other) + 1) + ' of ' + all.length);
}

// The text of a message as it is, with the marks of Markdown in it left faint: what is shown is what was said.

const LONG = 8000;

function add(to, text) {
  if (!pattern) { to.append(text); return; }
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    to.append(text.slice(from, match.index), make('mark', '', match[0]));
    from = match.index + match[0].length;
  }
  to.append(text.slice(from));
}

function inline(to, line) {
  let from = 0;
  for (const match of line.matchAll(/(`+)([^`]+)\1(?!`)|\*\*(?=\S)(.+?)\*\*/g)) {
    add(to, line.slice(from, match.index));
    const code = match[1];
    const inner = make(code ? 'code' : 'strong');
    inner.append(make('span', 'm', code || '**'));
    add(inner, code ? match[2] : match[3]);
    inner.append(make('span', 'm', code || '**'));
    to.append(inner);
    from = match.index + match[0].length;
  }
  add(to, line.slice(from));
}

function paint(to, text) {
  let block = null;
  let fence = '';
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) || []) {
    const opens = /^ {0,3}(`{3,}|~{3,})/.exec(line);
    if (block) {
      const closes = opens && opens[1].startsWith(fence) && !line.trim().slice(opens[1].length);
      if (closes) { block.append(make('span', 'm', line)); block = null; } else add(block, line);
    } else if (opens) {
      block = make('code', 'block');
      fence = opens[1];
      block.append(make('span', 'm', line));
      to.append(block);
    } else if (/^#{1,6} /.test(line)) {
      const heading = make('strong');
      const marks = line.indexOf(' ') + 1;
      heading.append(make('span', 'm', line.slice(0, marks)));
      inline(heading, line.slice(marks));
      to.append(heading);
    } else if (/^\s*(>|\|)/.test(line)) {
      const row = make('span', line.trim()[0] === '>' ? 'quote' : 'row');
      inline(row, line);
      to.append(row);
    } else {
      inline(to, line);
    }
  }
}

function fold(title, name, text, open, quiet) {
  const details = make('details');
  const summary = make('summary');
  summary.append(title);
  if (name) summary.append(' ', make(quiet ? 'i' : 'b', '', name));
  details.append(summary);
  const fill = () => {
    if (details.children.length > 1) return;
    const inside = make('pre');
    add(inside, text);
    details.append(inside);
  };
  details.addEventListener('toggle', fill);
  if (open) { details.open = true; fill(); }
  return details;
}

const isHit = (text) => pattern !== null && text.search(pattern) >= 0;

function pretty(json) {
  try { return JSON.stringify(JSON.parse(json), null, 2); } catch { return json; }
}

function article(n) {
  const rest = restOf(n);
  const at = placeOf.get(n);
  const element = make('article', kindOf(n) + (n === selected ? ' here' : ''));
  element.id = 'm' + n;
  element.tabIndex = 0;
  element.setAttribute('aria-posinset', at + 1);
  element.setAttribute('aria-setsize', path.length);
  element.setAttribute('aria-labelledby', 'h' + n);
  const header = make('header');
  const heading = make('h2', '', capital(roleOf(n)));
  heading.id = 'h' + n;
  header.append(heading);
  for (const word of [...(rest.name || []), ...(rest.model || [])]) header.append(make('span', '', word));
  if (timeOf(n)) {
    const date = new Date(timeOf(n) * 1000);
    if (!isNaN(date)) {
      const time = make('time', '', date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }));
      time.dateTime = date.toISOString();
      time.title = date.toISOString();
      header.append(time);
    }
  }
  for (const label of rest.labels || []) header.append(make('span', 'label', label));
  const all = childrenOf[parentOf[n]];
  if (all.length > 1) header.append(versions(n, all));
  element.append(header);
  for (const thought of rest.thoughts || []) element.append(fold('Thought', '', thought, isHit(thought)));
  const text = textOf(n);
  if (rest.result || rest.thought) {
    element.append(fold(rest.result ? 'Result' : 'Thought', text.slice(0, 60).split('\n')[0], text, isHit(text), true));
  } else if (text) {
    const body = make('div', 'text');
    const short = text.length > LONG && !unfolded.has(n) && !isHit(text.slice(LONG));
    paint(body, short ? text.slice(0, LONG) : text);
    element.append(body);
    if (short) {
      const more = make('button', 'more', 'Show all ' + text.length.toLocaleString() + ' characters');
      more.type = 'button';
      more.addEventListener('click', () => { unfolded.add(n); redraw(n); focusOn(n); });
      element.append(more);
    }
  }
  for (const kind of rest.parts || []) element.append(make('div', 'm', '[' + kind + ']'));
  for (const call of rest.calls || []) {
    const text = pretty(call[1]);
    element.append(fold('Call of', call[0], text, isHit(text)));
  }
  for (const output of rest.outputs || []) element.append(fold('Result', '', output, isHit(output)));
  return element;
}

function versions(n, all) {
  const group = make('div', 'versions');
  const at = all.indexOf(n);
  group.setAttribute('role', 'group');
  group.setAttribute('aria-label', 'Alternatives');
  const button = (sign, title, step) => {
    const element = make('button', '', sign);
    element.type = 'button';
    element.title = title;
    element.setAttribute('aria-label', title);
    element.disabled = !all[at + step];
    element.addEventListener('click', () => {
      alternative(n, step);
      const same = nodes.get(selected);
      const next = same && same.querySelectorAll('.versions button')[step < 0 ? 0 : 1];
      if (next) (next.disabled ? same : next).focus({ preventScroll: true });
    });
    return element;
  };
  const place = make('span', '', (at + 1) + '/' + all.length);
  group.append(button('‹', 'Previous alternative', -1), place, button('›', 'Next alternative', 1));
  return group;
}

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

// The picture of the tree: a row for each depth. One child goes straight on below its parent, the others start columns to
// the right, as near as there is room.

const ROW = 22;
const COLUMN = 17;
const tree = $('tree');
const picture = $('picture');
const laneOf = new Int32Array(count + 1);
const rows = [];
let lanes = 1;

(() => {
  const kept = new Set(pathTo(data.leaf || newest[0]));
  const height = new Int32Array(count + 1);
  const straight = new Int32Array(count + 1);
  const shift = new Int32Array(count + 1);
  const edges = new Array(count + 1);
  for (let n = count; n >= 0; n--) {
    let main = 0;
    for (const child of childrenOf[n]) {
      if (!main || kept.has(child) || (!kept.has(main) && height[child] > height[main])) main = child;
      height[n] = Math.max(height[n], height[child] + 1);
    }
    straight[n] = main;
    // The rightmost lane at each depth, the deepest first.
    let edge = main ? edges[main] : [];
    for (const child of childrenOf[n]) {
      if (child === main) continue;
      const other = edges[child];
      const top = edge.length - 1;
      let room = 1;
      for (let row = 0; row < other.length && row <= top; row++) room = Math.max(room, edge[top - row] + 1);
      // Both end one row below this message, at the end of the lists.
      shift[child] = room;
      if (other.length > edge.length) {
        edge = other.slice(0, other.length - edge.length).map((lane) => lane + room).concat(edge);
      }
      const last = edge.length - 1;
      for (let row = 0; row < other.length; row++) edge[last - row] = room + other[other.length - 1 - row];
      edges[child] = null;
    }
    if (main) edges[main] = null;
    edge.push(0);
    edges[n] = edge;
  }
  for (let n = 1; n <= count; n++) {
    const parent = parentOf[n];
    laneOf[n] = laneOf[parent] + (straight[parent] === n ? 0 : shift[n]);
    lanes = Math.max(lanes, laneOf[n] + 1);
    (rows[depthOf[n]] = rows[depthOf[n]] || []).push(n);
  }
})();

const x = (n) => 20 + laneOf[n] * COLUMN;
const y = (n) => 22 + depthOf[n] * ROW;
const leaves = childrenOf.filter((children, n) => n && !children.length).length;
$('space').style.height = rows.length * ROW + 30 + 'px';
$('space').style.width = lanes > 12 ? 40 + lanes * COLUMN + 'px' : '100%';
picture.setAttribute('aria-label', 'Tree of ' + count + ' messages that end in ' + leaves + ' branches. The buttons at a message lead to its alternatives.');

// Draws what is visible of it. With `follow`, the selected message is brought into view.
function drawTree(follow) {
  const focus = selected || path[placeAt(chat.scrollTop - above)] || 0;
  if (follow && focus) {
    const top = y(focus);
    if (top < tree.scrollTop + 40 || top > tree.scrollTop + tree.clientHeight - 60) tree.scrollTop = top - tree.clientHeight / 2;
    const left = x(focus);
    if (left < tree.scrollLeft + 20 || left > tree.scrollLeft + tree.clientWidth - 40) tree.scrollLeft = left - tree.clientWidth / 2;
  }
  const top = tree.scrollTop;
  const left = tree.scrollLeft;
  const first = Math.max(0, Math.floor((top - 60) / ROW));
  const last = Math.min(rows.length - 1, Math.ceil((top + tree.clientHeight + 40) / ROW));
  picture.setAttribute('width', tree.clientWidth);
  picture.setAttribute('height', tree.clientHeight);
  picture.setAttribute('viewBox', left + ' ' + top + ' ' + tree.clientWidth + ' ' + tree.clientHeight);
  picture.style.transform = 'translate(' + left + 'px,' + top + 'px)';
  const lines = drawn('g', {});
  const marked = drawn('g', {});
  const dots = document.createDocumentFragment();
  for (let depth = first; depth <= last; depth++) {
    let right = 0;
    for (const n of rows[depth]) {
      right = Math.max(right, x(n));
      if (Math.min(x(n), x(parentOf[n])) > left + tree.clientWidth + 40 || x(n) < left - 40) continue;
      const on = placeOf.has(n);
      if (parentOf[n]) (on ? marked : lines).append(drawn('path', { d: edge(n), class: on ? 'on' : '' }));
      dots.append(dot(n, on));
    }
    const shown = path[depth];
    if (shown && kindOf(shown) === 'user' && lanes <= 12) {
      const text = drawn('text', { x: Math.max(right, x(shown)) + 16, y: y(shown) + 4 });
      const room = Math.floor((tree.clientWidth - text.getAttribute('x') - 8) / 6.4);
      const said = preview(shown);
      text.textContent = said.length > room ? said.slice(0, Math.max(0, room - 1)) + '…' : said;
      const group = drawn('g', { class: 'user', 'data-n': shown });
      group.append(text);
      dots.append(group);
    }
  }
  picture.replaceChildren(lines, marked, dots);
}

function edge(n) {
  const parent = parentOf[n];
  const start = 'M' + x(parent) + ' ' + y(parent);
  if (laneOf[n] === laneOf[parent]) return start + 'V' + y(n);
  return start + 'C' + x(parent) + ' ' + (y(parent) + ROW * 0.7) + ' ' + x(n) + ' ' + (y(n) - ROW * 0.9) + ' ' + x(n) + ' ' + y(n);
}

function dot(n, on) {
  const hit = hitSet.has(n);
  const group = drawn('g', { class: kindOf(n) + (on ? ' on' : '') + (hit ? ' hit' : ''), 'data-n': n });
  const small = kindOf(n) === 'tool' || kindOf(n) === 'other';
  group.append(drawn('circle', { cx: x(n), cy: y(n), r: hit ? 5.5 : small ? 3 : 4.5 }));
  if (n === selected) group.append(drawn('circle', { cx: x(n), cy: y(n), r: 8, class: 'here' }));
  group.append(drawn('circle', { cx: x(n), cy: y(n), r: 10, class: 'near' }));
  const title = drawn('title', {});
  title.textContent = capital(roleOf(n)) + ': ' + preview(n);
  group.append(title);
  return group;
}

tree.addEventListener('scroll', () => requestAnimationFrame(() => drawTree(false)), { passive: true });
new ResizeObserver(() => drawTree(false)).observe(tree);
picture.addEventListener('click', (event) => {
  const group = event.target.closest('[data-n]');
  if (!group) return;
  openTree(false);
  goTo(Number(group.getAttribute('data-n')), true);
});

function openTree(open) {
  document.body.classList.toggle('tree-open', open);
  $('open-tree').setAttribute('aria-expanded', open);
  if (open) drawTree(true);
}
$('open-tree').addEventListener('click', () => openTree(!document.body.classList.contains('tree-open')));
chat.addEventListener('pointerdown', () => openTree(false));

// Search, in all branches.

const query = $('query');

function holds(n) {
  const rest = restOf(n);
  return isHit(textOf(n))
    || (rest.calls || []).some((call) => isHit(call[0]) || isHit(pretty(call[1])))
    || (rest.outputs || []).some(isHit)
    || (rest.thoughts || []).some(isHit)
    || (rest.labels || []).some(isHit);
}

function search() {
  const words = query.value.trim();
  pattern = words ? new RegExp(words.replace(/[\\^$.*+?()[\]{}|\/]/g, '\\$&').replace(/\s+/g, '\\s+'), 'giu') : null;
  hits = [];
  if (pattern) for (let n = 1; n <= count; n++) if (holds(n)) hits.push(n);
  hitSet = new Set(hits);
  // From where the reader is.
  hitAt = Math.max(0, hits.findIndex((n) => n >= selected)) - 1;
  $('before').hidden = $('after').hidden = !hits.length;
  tell();
  redrawAll();
  drawTree(false);
}

function tell() {
  $('found').textContent = !pattern ? '' : !hits.length ? 'None' : hitAt < 0 ? hits.length + ' found' : (hitAt + 1) + ' of ' + hits.length;
}

function step(by) {
  if (waiting) { clearTimeout(waiting); waiting = 0; search(); }
  if (!hits.length) return;
  hitAt = hitAt < 0 && by < 0 ? hits.length - 1 : (hitAt + by + hits.length) % hits.length;
  goTo(hits[hitAt], false);
  const mark = nodes.get(selected) && nodes.get(selected).querySelector('mark');
  if (mark) mark.scrollIntoView({ block: 'center' });
  tell();
}

let waiting = 0;
query.addEventListener('input', () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => { waiting = 0; search(); }, 120);
});
query.addEventListener('keydown', (event) => {
  if (event.key === 'Enter') { event.preventDefault(); step(event.shiftKey ? -1 : 1); }
  if (event.key === 'Escape') {
    event.preventDefault();
    query.value = '';
    search();
    query.blur();
    focusOn(selected);
  }
});
$('before').addEventListener('click', () => step(-1));
$('after').addEventListener('click', () => step(1));

// The keyboard, and the rest.

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target === query) return;
  const at = placeOf.has(selected) ? placeOf.get(selected) : placeAt(chat.scrollTop - above) - 1;
  const move = (to) => {
    const n = path[Math.min(Math.max(to, 0), path.length - 1)];
    if (n) goTo(n, true);
  };
  const inside = nodes.get(selected);
  const view = chat.getBoundingClientRect();
  const box = inside && inside.getBoundingClientRect();
  switch (event.key) {
    case 'ArrowDown':
      if (box && box.bottom > view.bottom && box.top < view.bottom) chat.scrollTop += 120; else move(at + 1);
      break;
    case 'ArrowUp':
      if (box && box.top < view.top && box.bottom > view.top) chat.scrollTop -= 120; else move(at - 1);
      break;
    case 'ArrowLeft': if (selected) alternative(selected, -1); break;
    case 'ArrowRight': if (selected) alternative(selected, 1); break;
    case 'Home': move(0); break;
    case 'End': move(path.length - 1); break;
    case '/': query.focus(); query.select(); break;
    case 't': openTree(!document.body.classList.contains('tree-open')); break;
    case 'Escape': openTree(false); break;
    default: return;
  }
  event.preventDefault();
});

const dark = matchMedia('(prefers-color-scheme: dark)');
const theme = (name) => { document.documentElement.dataset.theme = name; };
theme(dark.matches ? 'dark' : 'light');
dark.addEventListener('change', () => theme(dark.matches ? 'dark' : 'light'));
$('theme').addEventListener('click', () => theme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'));

const day = (seconds) => new Date(seconds * 1000).toLocaleDateString(undefined, { dateStyle: 'medium' });
let from = Infinity;
let to = -Infinity;
for (let n = 1; n <= count; n++) {
  const time = timeOf(n);
  if (time > 0 && time < 8.64e12) { from = Math.min(from, time); to = Math.max(to, time); }
}
const plural = (number, one, many) => number.toLocaleString() + ' ' + (number === 1 ? one : many);
const facts = [plural(count, 'message', 'messages'), plural(leaves, 'branch', 'branches')];
if (to > 0) facts.push(day(from) === day(to) ? day(from) : day(from) + ' – ' + day(to));
$('title').textContent = data.title;
$('facts').textContent = facts.join(' · ');
above = parseFloat(getComputedStyle(chat).fontSize) * 1.2;
show(data.leaf || newest[0]);
render();
drawTree(false);
})();
