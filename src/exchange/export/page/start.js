// The theme, the heading, and the first branch that is shown.

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
