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
