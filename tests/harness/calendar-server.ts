// A server of one calendar file on a real port: it answers what the test says, and keeps the requests that arrived.

import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

interface CalendarRequestSeen {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export class CalendarServer {
  readonly requests: CalendarRequestSeen[] = [];
  /** The file, with the ETag that it has now; or a status, or where it is. */
  answer: string | Buffer | number | { readonly location: string } = 404;
  readonly #server = createServer((request, response) => {
    const { url: path = '', headers } = request;
    this.requests.push({ path, headers });
    const { answer } = this;
    if (typeof answer === 'number') response.writeHead(answer).end();
    else if (typeof answer === 'object' && 'location' in answer) response.writeHead(302, answer).end();
    else {
      const etag = `"${createHash('sha256').update(answer).digest('hex')}"`;
      if (headers['if-none-match'] === etag) response.writeHead(304).end();
      else response.writeHead(200, { 'content-type': 'text/calendar', etag }).end(answer);
    }
  });

  static async start(): Promise<CalendarServer> {
    const server = new CalendarServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${isAddress(address) ? address.port : 0}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
