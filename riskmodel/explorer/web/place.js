// Where the page keeps what is chosen and typed: in its address behind the #, and nowhere else.

export const readPlace = () => location.hash.slice(1);

export const writePlace = (text) => history.replaceState(null, "", `#${text}`);
