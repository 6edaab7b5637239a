// How a check ends early: the server broke the rule, or the check cannot be made of this server.

/** The server did something else than the rule says. The message is a sentence for the author of the server. */
export class BrokenRule extends Error {}

/** This server, or what the user named of it, does not allow the check. The message says what is missing. */
export class NotRun extends Error {}
