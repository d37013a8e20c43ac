// Where the page keeps what is chosen and typed: in its address behind the #, and nowhere else. A page in a notebook's
// cell has no address that it may change: it keeps the text itself, and tells the notebook.

let cell = null;

export const readPlace = () => (cell ? cell.text : location.hash.slice(1));

export function writePlace(text) {
  if (!cell) {
    history.replaceState(null, "", `#${text}`);
  } else if (text !== cell.text) {
    cell.text = text;
    cell.tell(text);
  }
}

export function keepPlace(text, tell) {
  cell = { text, tell };
}
