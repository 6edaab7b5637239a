// The texts in a body: itself, or every file of a form, as the web UI uploads them.

/** The reference's words for a body that is no JSON. */
export const broken = 'The browser (or proxy) sent a request that this server could not understand.';

/** @param beyond which bound it breaks; '' for none */
export function whyBroken(beyond: string): string {
  return beyond === '' ? broken : `${broken} (${beyond})`;
}

/** What a request's Content-Type says lies between the parts of a form; undefined when it says nothing. */
export function boundaryOf(contentType: string): string | undefined {
  const said = /boundary=(?:"([^"]+)"|([^;\s]+))/.exec(contentType);
  return said?.[1] ?? said?.[2];
}

/** @param boundary null: the body is the text */
export function* partsOf(body: Buffer, boundary: string | null): Generator<string> {
  if (boundary === null) {
    yield body.toString();
    return;
  }
  const delimiter = `--${boundary}`;
  for (let at = body.indexOf(delimiter); at !== -1; ) {
    const start = body.indexOf('\r\n\r\n', at);
    const next = body.indexOf(`\r\n${delimiter}`, at + delimiter.length);
    if (start === -1 || next === -1 || start > next) return;
    yield body.toString('utf8', start + 4, next);
    at = next + 2;
  }
}
