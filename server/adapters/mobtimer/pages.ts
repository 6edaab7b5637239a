// The interface between the mob timer's routes and its pages: pages are functions of facts, passed in from outside. Facts are unescaped
// texts; the pages escape them.
//
// Interfaces that the script of a room page may use, besides the event streams described in README.md:
//   GET  /-/clock        → {"now": milliseconds since 1970}: the script subtracts half the round trip and corrects its clock.
//   POST /-/tickets      → 201 {"ticket": "…", "expires_ms": 30000}, with `Authorization: Bearer <secret>`: EventSource cannot set
//                          headers, so it opens `/<room>/events?ticket=…`. A ticket opens one stream: after an error, a new one.
//   401                  on a room's events, PUT and goal if rooms are for members (`members` below) and no secret was sent.
//   event:CLOSED         the last event of a stream that the hub ends, data {"success":false,"code":"…","error":"…"}.

export interface FrontFacts {
  /** A free room name for the form field `room`. */
  readonly suggested: string;
  /** A text that the visitor typed and that cannot be a room name; '' otherwise. */
  readonly refused: string;
  /** This hub's address as the visitor reached it, with a trailing slash: `http://localhost:5600/`. */
  readonly url: string;
  readonly users: number;
  readonly timers: number;
  /** True if rooms need a token. */
  readonly members: boolean;
}

export interface RoomFacts {
  /** Letters, digits, `_` and `-` only. */
  readonly room: string;
  readonly url: string;
  readonly members: boolean;
}

export interface HelpFacts {
  readonly url: string;
  readonly members: boolean;
}

/** How often each number of minutes was started, by ascending minutes. */
export type Counts = readonly { readonly minutes: number; readonly count: number }[];

export interface StatsFacts {
  /** Milliseconds since 1970: the counts start here. */
  readonly since: number;
  readonly timers: Counts;
  readonly breaks: Counts;
  /** Goals that were set, including deleted ones. */
  readonly goals: number;
  readonly users: number;
  readonly activeTimers: number;
}

/** A file that the pages, or the original's pages, load. */
export interface Asset {
  /** Its path: `/favicon.ico`, `/timer.mp3`, `/-/assets/room.js`. */
  readonly path: string;
  readonly type: string;
  readonly body: string | Uint8Array;
  /** Further headers: `cache-control`, `etag`. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Pages {
  /** Headers of every page, such as Content-Security-Policy. */
  readonly headers: Readonly<Record<string, string>>;
  readonly assets: readonly Asset[];
  /** First segments of pages' addresses that rooms may have as names too: they take GET from the room. */
  readonly names: readonly string[];
  /** The page of a personal hub at `/`. */
  home(): string;
  /** The form that joins a room. */
  front(facts: FrontFacts): string;
  room(facts: RoomFacts): string;
  help(facts: HelpFacts): string;
  stats(facts: StatsFacts): string;
  /** The page for an address at which nothing is. */
  missing(path: string): string;
}
