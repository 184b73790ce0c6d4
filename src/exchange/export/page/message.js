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
