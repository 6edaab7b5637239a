// A connection to an MQTT broker that only publishes (MQTT 3.1.1): each message is kept by the broker and acknowledged, and the broker says the
// last will if the connection breaks. The package `mqtt-packet` reads and writes the packets; it is loaded with the first connection.

import type { Duplex } from 'node:stream';
import type { IConnackPacket, Packet, Parser } from 'mqtt-packet';
import { errorMessage } from '../../protocol/error-message.ts';
import type { World } from '../core/world.ts';

/** A broker says the will once nothing came for one and a half of these. */
const keepAliveSeconds = 30;
const answerMs = 15_000;
const mostIds = 65_535;

export interface MqttLogin {
  readonly clientId: string;
  readonly user: string;
  readonly password: string;
  readonly will: MqttMessage;
}

/** An empty payload makes the broker forget the topic. */
export interface MqttMessage {
  readonly topic: string;
  readonly payload: string;
}

/** The texts for the codes with which a broker refuses a login. */
const refusals: Readonly<Record<number, string>> = {
  1: 'the broker does not speak MQTT 3.1.1',
  2: 'the broker refuses the client id',
  3: 'the broker is not available',
  4: 'the broker does not know this user and password',
  5: 'the broker does not let this user in',
};

export class MqttConnection {
  /** Why the connection ended. */
  readonly ended: Promise<string>;
  readonly #socket: Duplex;
  readonly #world: World;
  readonly #generate: (packet: Packet) => Buffer;
  /** By message id: called when the broker has taken the message. */
  readonly #waiting = new Map<number, () => void>();
  #lastId = 0;
  #end: (why: string) => void = () => undefined;
  #isAlive = true;
  #cancelPing: () => void = () => undefined;

  private constructor(socket: Duplex, world: World, generate: (packet: Packet) => Buffer) {
    this.#socket = socket;
    this.#world = world;
    this.#generate = generate;
    this.ended = new Promise((resolve) => {
      this.#end = (why) => {
        this.#cancelPing();
        socket.destroy();
        resolve(why);
      };
    });
  }

  /**
   * Logs in over a socket that is being opened.
   * @returns why not, if the broker cannot be reached or refuses
   */
  static async open(
    socket: Duplex,
    login: MqttLogin,
    world: World,
  ): Promise<
    { readonly ok: true; readonly connection: MqttConnection } | { readonly ok: false; readonly error: string }
  > {
    // The socket may fail while the package is loaded: an error that nobody listens to would end the process.
    socket.on('error', () => undefined);
    const { default: codec } = await import('mqtt-packet');
    if (socket.destroyed) {
      const error = socket.errored === null ? 'the broker closed the connection' : errorMessage(socket.errored);
      return { ok: false, error };
    }
    const connection = new MqttConnection(socket, world, (packet) => codec.generate(packet));
    const parser = codec.parser({ protocolVersion: 4 });
    const accepted = connection.#listen(parser);
    connection.#write({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      clientId: login.clientId,
      keepalive: keepAliveSeconds,
      ...(login.user === '' ? {} : { username: login.user, password: Buffer.from(login.password) }),
      will: { ...login.will, qos: 1, retain: true },
    });
    const late = world.after(answerMs, () => connection.#end(`no answer within ${answerMs / 1_000} seconds`));
    const error = await Promise.race([accepted, connection.ended]);
    late();
    if (error !== '') {
      connection.#end(error);
      return { ok: false, error };
    }
    connection.#pingLater();
    return { ok: true, connection };
  }

  /** Resolves when the broker has it. It never does if the connection ends before: see `ended`. */
  publish({ topic, payload }: MqttMessage): Promise<void> {
    this.#lastId = (this.#lastId % mostIds) + 1;
    const messageId = this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(messageId, resolve);
      this.#write({ cmd: 'publish', topic, payload, qos: 1, retain: true, dup: false, messageId });
    });
  }

  /** Takes leave: the broker does not say the will. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#socket.once('close', () => resolve());
      this.#socket.end(this.#generate({ cmd: 'disconnect' }));
      const cancel = this.#world.after(answerMs, () => this.#end('closed'));
      this.#socket.once('close', cancel);
    });
    this.#end('closed');
  }

  /** Ends it as a broken line does. */
  cut(why: string): void {
    this.#end(why);
  }

  /** @returns '' once the broker has let us in, or why it has not */
  #listen(parser: Parser): Promise<string> {
    this.#socket.on('error', (error) => this.#end(errorMessage(error)));
    this.#socket.on('close', () => this.#end('the broker closed the connection'));
    this.#socket.on('data', (data: Buffer) => {
      this.#isAlive = true;
      parser.parse(data);
    });
    parser.on('error', () => this.#end('this is no MQTT broker'));
    return new Promise((resolve) => {
      parser.on('packet', (packet) => {
        if (packet.cmd === 'connack') resolve(refusalIn(packet));
        else if (packet.cmd === 'puback' && packet.messageId !== undefined) {
          this.#waiting.get(packet.messageId)?.();
          this.#waiting.delete(packet.messageId);
        }
      });
    });
  }

  #write(packet: Packet): void {
    if (!this.#socket.destroyed) this.#socket.write(this.#generate(packet));
  }

  #pingLater(): void {
    this.#cancelPing = this.#world.after(keepAliveSeconds * 1_000, () => {
      if (!this.#isAlive) {
        this.#end('the broker does not answer any more');
        return;
      }
      this.#isAlive = false;
      this.#write({ cmd: 'pingreq' });
      this.#pingLater();
    });
  }
}

function refusalIn({ returnCode = 0 }: IConnackPacket): string {
  return returnCode === 0 ? '' : (refusals[returnCode] ?? `the broker refuses, with code ${returnCode}`);
}
