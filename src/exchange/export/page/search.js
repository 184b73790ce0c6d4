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
