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
