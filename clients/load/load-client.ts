// A client of `horai load`: a WebSocket with one request in flight, and a count of the messages that it received.

import { WebSocket } from 'ws';

export class LoadClient {
  readonly #socket: WebSocket;
  #onMessage: ((text: string) => void) | undefined;
  #onFailure: ((error: Error) => void) | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#onMessage?.(String(data)));
    socket.on('close', (code) => this.#onFailure?.(new Error(`The server closed a connection with ${code}.`)));
    socket.on('error', (error) => this.#onFailure?.(error));
  }

  static open(url: string): Promise<LoadClient> {
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 2 ** 26 });
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(new LoadClient(socket)));
      socket.once('error', (error) => reject(new Error(`The server does not accept a connection: ${error.message}`)));
    });
  }

  /**
   * @param isAnswer true for the text that answers it; texts before that one are passed over
   * @throws Error if the server refuses it or closes the connection
   */
  ask(request: object | string, isAnswer: (text: string) => boolean): Promise<string> {
    const answered = this.until(isAnswer);
    this.#socket.send(typeof request === 'string' ? request : JSON.stringify(request));
    return answered;
  }

  /** Resolves with the next text of this kind. */
  until(isWanted: (text: string) => boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#onFailure = reject;
      this.#onMessage = (text) => {
        if (text.startsWith('{"success":false'))
          reject(new Error(`The server refuses a request: ${text.slice(0, 300)}`));
        else if (isWanted(text)) resolve(text);
      };
    });
  }

  close(): void {
    this.#onFailure = undefined;
    this.#socket.terminate();
  }
}

export const isAck = (text: string): boolean => text.includes('"type":"ack"');
