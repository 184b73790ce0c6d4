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
