// Shows an exported conversation. Whatever a message holds goes through textContent: it is text, and never run.
// Messages are numbered from 1, parents before their children. Only what is visible is in the document.
//
// What all parts stand on: the data, how elements are made, and the tree.

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
