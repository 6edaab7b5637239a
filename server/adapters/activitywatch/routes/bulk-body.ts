// Bodies of many events: checks the media type, then hands the body to the parser.

import type { Reply } from '../../../http/types.ts';
import type { ParsedBody, ParseTask } from '../events/body-messages.ts';
import { formOf, refuseWith } from './request-body.ts';
import type { Visit } from './resource.ts';

/** Parses the request's body and answers with what `use` returns, or with why the body is refused. */
export async function parseBody(
  { context, request, buckets }: Visit,
  content: ParseTask['content'],
  use: (parsed: Extract<ParsedBody, { readonly ok: true }>) => Promise<Reply>,
): Promise<Reply> {
  const form = formOf(request);
  if (!form.ok) return form.reply;
  const { world } = context.hub;
  const privacy = await buckets.privacyText();
  const task = { body: request.body, form: form.contentType, content, now: world.now() * 1_000, privacy };
  return context.bodies.parse(task, world, async (parsed) =>
    parsed.ok ? use(parsed) : refuseWith(parsed.status, parsed.message),
  );
}
