// Packed numbers of the page: base64 of gzip, back to typed arrays.

async function bytes(text) {
  const raw = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

export async function unpack(text, Kind) {
  return new Kind(await bytes(text));
}
