// The HTTP of what people say about their days: edits of entries and projects, previews and imports of rules. Each edit is one write, whose
// answer says to which step a `revert` undoes it. Reading is the wire's: these are channels like any other.

import { isRuleItem } from '../../protocol/day.ts';
import { refuse } from '../../protocol/errors.ts';
import { isRecord } from '../../protocol/json.ts';
import { type Identity, isAllowed } from '../core/access.ts';
import type { ChannelState } from '../core/cached-channel.ts';
import { authenticate } from '../http/authenticate.ts';
import { bodyOf } from '../http/json-body.ts';
import type { Reply, Request, Route } from '../http/types.ts';
import { calendarOf } from './account-days.ts';
import { boundsOfDay, dateOfMoment, datesBetween, isDate, nextDate } from './engine/day-calendar.ts';
import { rulesCheck } from './registry/check-rules.ts';
import { type Edited, EntryEdit, editEntries, isEntryEdit } from './registry/edit-entries.ts';
import { editProjects, isProjectEdit, ProjectEdit } from './registry/edit-projects.ts';
import { importCategoryClasses, importWakatimeRules } from './registry/import-rules.ts';
import { addDifferences, emptyPreview } from './registry/preview-rules.ts';
import type { NamedRule } from './registry/rules.ts';
import { type DayRouteDeps, type DayRouteOutcome, reply } from './routes.ts';
import { readLockedWeeks, refuseLocked } from './weeks/submitted-weeks.ts';

const usualPreview = 7;
const mostPreviewed = 31;

const tag = 'Merged day';
export const written = {
  200: { description: '`seq` after the write; `undo` is the step that a `revert` of the channel goes back to.' },
};

export function registryRoutes(deps: DayRouteDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/-/entries',
      doc: {
        summary: 'Edits time stated by hand: add, assign, change, move, split, join, delete, or remove time',
        tag,
        scope: 'write:entries',
        body: { schema: EntryEdit, example: { do: 'split', key: 'e1', at: 1_795_856_400_000_000 } },
        responses: written,
      },
      handle: (request) =>
        edit(deps, request, 'entries', (view, body) =>
          isEntryEdit(body)
            ? editEntries(view, body, () => deps.days.hub.world.id())
            : refuse(
                'payload',
                '',
                'send {"do": "add", "from": µs, "to": µs, "item": {…}}; the reference lists all forms',
              ),
        ),
    },
    {
      method: 'POST',
      path: '/-/projects',
      doc: {
        summary: 'Renames or merges projects; the old names become aliases',
        tag,
        scope: 'write:projects',
        body: { schema: ProjectEdit, example: { do: 'merge', from: ['shop-old'], into: 'shop' } },
        responses: written,
      },
      handle: (request) =>
        edit(deps, request, 'projects', (view, body) =>
          isProjectEdit(body)
            ? editProjects(view, body)
            : refuse(
                'payload',
                '',
                'send {"do": "rename", "from": "…", "to": "…"} or {"do": "merge", "from": ["…"], "into": "…"}',
              ),
        ),
    },
    {
      method: 'POST',
      path: '/-/rules/preview',
      doc: {
        summary: 'Answers what rules would change, on real days, without saving them',
        tag,
        scope: 'read',
        description: 'Segments and minutes that would change, and ten examples.',
        body: {
          description:
            '`put` holds rules by id, `remove` ids; `from` and `to` are dates, at most 31 days, the last seven unless given.',
          example: { put: { r1: { when: { app: { is: 'code' } }, project: 'horai' } }, remove: [] },
        },
        responses: { 200: { description: 'What would change.' } },
      },
      handle: async (request) => reply(await preview(deps, request)),
    },
    {
      method: 'POST',
      path: '/-/rules/import',
      doc: {
        summary: "Takes over WakaTime's custom rules or ActivityWatch's category classes as rules",
        tag,
        scope: 'read write:rules',
        description: 'One write; importing again changes nothing. `skipped` names what has no counterpart.',
        body: { example: { from: 'wakatime' } },
        responses: written,
      },
      handle: async (request) => reply(await importRules(deps, request)),
    },
  ];
}

/** @param channel without the account */
function admit(deps: DayRouteDeps, request: Request, verb: 'read' | 'write', channel: string) {
  const known = authenticate(deps, request);
  if (!known.ok) return known;
  const allowed = isAllowed(known.identity, verb, `${known.identity.account}/${channel}`);
  return allowed ? known : refuse('forbidden', '', `this needs ${verb}:${channel}`);
}

async function edit(
  deps: DayRouteDeps,
  request: Request,
  channel: string,
  change: (view: ChannelState, body: unknown) => Edited,
): Promise<Reply> {
  const known = admit(deps, request, 'write', channel);
  return known.ok
    ? reply(await writeEdit(deps, known.identity, channel, (view) => change(view, bodyOf(request))))
    : reply(known);
}

export async function writeEdit(
  { days: { hub } }: DayRouteDeps,
  identity: Identity,
  channel: string,
  change: (view: ChannelState) => Edited,
): Promise<DayRouteOutcome> {
  const { account, device, token } = identity;
  const name = `${account}/${channel}`;
  const document = await hub.cachedChannel(name);
  const locked = await readLockedWeeks(hub, account);
  let undo = 0;
  let keys: readonly string[] = [];
  const done = await document.write((view) => {
    const edited = change(view);
    if (!edited.ok) return edited;
    const refused = channel === 'entries' ? refuseLocked(locked, channel, view.items, edited.ops) : undefined;
    if (refused !== undefined) return refused;
    undo = view.seq;
    keys = [...new Set(edited.ops.map(({ key }) => key))];
    return { ok: true, write: { ops: edited.ops, origin: device || token || 'hub', at: hub.world.now() } };
  });
  if (!done.ok) return done;
  // An edit may change entries that were there before; their keys are for those who may read them.
  return { ok: true, value: { seq: done.position.seq, undo, keys: isAllowed(identity, 'read', name) ? keys : [] } };
}

async function preview(deps: DayRouteDeps, request: Request): Promise<DayRouteOutcome> {
  const known = admit(deps, request, 'read', 'rules');
  if (!known.ok) return known;
  const { identity } = known;
  const body = bodyOf(request);
  const asked = readPreview(body);
  if (asked === undefined)
    return refuse('payload', '', 'send {"put": {"<id>": rule}, "remove": ["<id>"], "from"?, "to"?}');
  const wrong = await rulesCheck(deps.days)(
    `${identity.account}/rules`,
    asked.put.map(({ id, rule }) => ({ key: id, item: rule })),
    false,
  );
  if (wrong !== undefined) return wrong;
  const { days } = deps.days.of(identity.account);
  const mayRead = (channel: string): boolean => isAllowed(identity, 'read', `${identity.account}/${channel}`);
  const settings = await days.settings();
  const calendar = calendarOf(settings, undefined);
  const today = dateOfMoment(deps.days.hub.world.now() * 1_000, calendar);
  const to = asked.to ?? today;
  const dates = datesBetween(asked.from ?? nextDate(to, 1 - usualPreview), to);
  if (dates.length > mostPreviewed) return refuse('property', 'from', `at most ${mostPreviewed} days`);
  const registry = await days.registry(mayRead);
  const changed = new Map(registry.rules.map((named) => [named.id, named]));
  for (const id of asked.remove) changed.delete(id);
  for (const named of asked.put) changed.set(named.id, named);
  const wanted = { ...registry, rules: [...changed.values()] };
  let found = emptyPreview();
  for (const date of dates) {
    if (request.aborted()) break;
    const [from, end] = boundsOfDay(date, calendar);
    const parts = await days.parts({ from, to: end }, settings, mayRead);
    if (parts.length === 0) continue;
    const [before, after] = [
      await days.compute({ from, to: end }, parts, { settings, calendar, registry }),
      await days.compute({ from, to: end }, parts, { settings, calendar, registry: wanted }),
    ];
    found = addDifferences(found, before, after);
  }
  return { ok: true, value: { from: dates[0] ?? to, to, ...found } };
}

interface PreviewRequest {
  readonly put: readonly NamedRule[];
  readonly remove: readonly string[];
  readonly from: string | undefined;
  readonly to: string | undefined;
}

function readPreview(body: unknown): PreviewRequest | undefined {
  if (!isRecord(body)) return undefined;
  const { put = {}, remove = [], from, to } = body;
  const dates = [from, to].map((date) => (typeof date === 'string' && isDate(date) ? date : undefined));
  if ((from !== undefined && dates[0] === undefined) || (to !== undefined && dates[1] === undefined)) return undefined;
  if (!isRecord(put) || !Array.isArray(remove) || !remove.every((id) => typeof id === 'string')) return undefined;
  const named = Object.entries(put).flatMap(([id, rule]): NamedRule[] => (isRuleItem(rule) ? [{ id, rule }] : []));
  if (named.length < Object.keys(put).length) return undefined;
  return { put: named, remove, from: dates[0], to: dates[1] };
}

async function importRules(deps: DayRouteDeps, request: Request): Promise<DayRouteOutcome> {
  const known = admit(deps, request, 'write', 'rules');
  if (!known.ok) return known;
  const { identity } = known;
  const { hub } = deps.days;
  const body = bodyOf(request);
  const from = isRecord(body) ? body['from'] : undefined;
  if (from !== 'wakatime' && from !== 'activitywatch') return refuse('property', 'from', 'wakatime or activitywatch');
  const [channel, key] = from === 'wakatime' ? ['settings', 'custom_rules'] : ['aw', 'setting/classes'];
  if (!isAllowed(identity, 'read', `${identity.account}/${channel}`))
    return refuse('forbidden', '', `this needs read:${channel}`);
  const { items } = await (await hub.cachedChannel(`${identity.account}/${channel}`)).settled();
  const setting: unknown = JSON.parse(items.get(key)?.value ?? '[]');
  const { rules, skipped } = from === 'wakatime' ? importWakatimeRules(setting) : importCategoryClasses(setting);
  const requested = rules.map(({ id, rule }) => ({ key: id, item: rule }));
  const wrong = await rulesCheck(deps.days)(`${identity.account}/rules`, requested, false);
  if (wrong !== undefined) return wrong;
  const outcome = await writeEdit(deps, identity, 'rules', () => ({
    ok: true,
    ops: rules.map(({ id, rule }) => ({ op: 'put', key: id, value: JSON.stringify(rule) })),
  }));
  return outcome.ok ? { ok: true, value: { ...(isRecord(outcome.value) ? outcome.value : {}), skipped } } : outcome;
}
