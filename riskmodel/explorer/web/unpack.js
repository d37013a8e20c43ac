// Packed content of the page: base64 of gzip, back to typed arrays or to what JSON says.

async function bytes(text) {
  const letters = atob(text);
  const raw = new Uint8Array(letters.length);
  for (let i = 0; i < raw.length; i++) raw[i] = letters.charCodeAt(i);
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

export async function unpack(text, Kind) {
  return new Kind(await bytes(text));
}

export async function unpackJson(text) {
  return JSON.parse(new TextDecoder().decode(await bytes(text)));
}
