// What the mob timer's routes ask of whoever draws its pages, and what a page's script may count on. No HTML lives here: the
// pages are handed in from outside, as functions of facts. Every text in the facts is raw: the pages escape it.
//
// What a room page's script may use, beside the event streams of this folder's README:
//   GET  /-/clock        → {"now": milliseconds since 1970}: ask, halve the round trip, and the client's clock is corrected.
//   POST /-/tickets      → 201 {"ticket": "…", "expires_ms": 30000}, with `Authorization: Bearer <secret>`: EventSource cannot set
//                          headers, so it opens `/<room>/events?ticket=…`. A ticket opens one stream: after an error, a new one.
//   401                  on a room's events, PUT and goal while only members may (`members` below) and no secret was sent.
//   event:CLOSED         the last event of a stream that the hub ends, data {"success":false,"code":"…","error":"…"}.

export interface FrontFacts {
  /** A free room's name for the form's field `room`. */
  readonly suggested: string;
  /** What the visitor typed that is no room's name; '' in general. */
  readonly refused: string;
  /** This hub's address as the visitor reached it, with trailing slash: `http://localhost:5600/`. */
  readonly url: string;
  readonly users: number;
  readonly timers: number;
  /** Whether only those with a token may use rooms. */
  readonly members: boolean;
}

export interface RoomFacts {
  /** Letters, digits, `_` and `-` alone. */
  readonly room: string;
  readonly url: string;
  readonly members: boolean;
}

export interface HelpFacts {
  readonly url: string;
  readonly members: boolean;
}

/** How often each number of minutes was asked for, by minutes, ascending. */
export type Counts = readonly { readonly minutes: number; readonly count: number }[];

export interface StatsFacts {
  /** Milliseconds since 1970; everything is counted from here. */
  readonly since: number;
  readonly timers: Counts;
  readonly breaks: Counts;
  /** Goals set; those deleted again are not taken off. */
  readonly goals: number;
  readonly users: number;
  readonly activeTimers: number;
}

/** A file that the pages, or the original's pages, ask for. */
export interface Asset {
  /** As it is asked for: `/favicon.ico`, `/timer.mp3`, `/-/assets/room.js`. */
  readonly path: string;
  readonly type: string;
  readonly body: string | Uint8Array;
  /** What else is sent with it: `cache-control`, `etag`. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Pages {
  /** Sent with every page: Content-Security-Policy and the like. */
  readonly headers: Readonly<Record<string, string>>;
  readonly assets: readonly Asset[];
  front(facts: FrontFacts): string;
  room(facts: RoomFacts): string;
  help(facts: HelpFacts): string;
  stats(facts: StatsFacts): string;
}
