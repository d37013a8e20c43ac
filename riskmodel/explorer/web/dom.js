// Elements of the page: made from texts alone, so that nothing that is shown can be read as markup.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in PROPERTIES) made[name] = value;
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== "" && child !== false));
  return made;
}

const PROPERTIES = { checked: true, value: true, hidden: true, open: true };

// A bar or mark at a share of the width of its parent.
export function at(mark, share, width = null) {
  mark.style.left = `${100 * share}%`;
  if (width !== null) mark.style.width = `${100 * width}%`;
  return mark;
}
