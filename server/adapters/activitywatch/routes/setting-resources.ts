// `/api/0/settings`: the web UI's settings. Privacy rules and category rules are checked before they are saved.

import { privacySetting } from '../../../http/privacy-filters.ts';
import type { Reply } from '../../../http/types.ts';
import { compactSorted } from '../events/python-compat.ts';
import { holdsPatterns } from '../query/category-rules.ts';
import { answer, jsonBody, jsonText, refuseWith } from './request-body.ts';
import type { Resource, Visit } from './resource.ts';

export const settingResources: readonly Resource[] = [
  {
    path: '/api/0/settings',
    methods: {
      GET: { on: 'settings', verb: 'read', handle: showSettings },
      POST: { on: 'settings', verb: 'write', handle: refuseNoKey },
    },
  },
  {
    path: '/api/0/settings/:key',
    methods: {
      GET: { on: 'settings', verb: 'read', handle: showSetting },
      POST: {
        on: 'settings',
        verb: 'write',
        retries: true,
        handle: saveSetting,
      },
      DELETE: {
        on: 'settings',
        verb: 'write',
        retries: true,
        handle: deleteSetting,
      },
    },
  },
];

async function showSettings({ context, buckets }: Visit): Promise<Reply> {
  // The web UI asks for the settings before anything else: a thread for its queries starts now.
  context.queries.warm();
  const values = [...buckets.settings()].map(([key, value]): [string, unknown] => [key, JSON.parse(value)]);
  return jsonText(200, compactSorted(Object.fromEntries(values)));
}

async function refuseNoKey(): Promise<Reply> {
  return refuseWith(400, 'Missing required parameter key');
}

async function showSetting({ request, buckets }: Visit): Promise<Reply> {
  const text = buckets.settings().get(request.params.get('key') ?? '') ?? 'null';
  return jsonText(200, compactSorted(JSON.parse(text)));
}

async function saveSetting({ request, buckets, author }: Visit): Promise<Reply> {
  const key = request.params.get('key') ?? '';
  if (Buffer.byteLength(key) >= 128) return refuseWith(400, 'Too long key');
  const body = jsonBody(request);
  if (!body.ok) return body.reply;
  const text = JSON.stringify(body.value);
  const invalid = key === privacySetting || holdsPatterns(key) ? await buckets.checkSetting(key, text) : undefined;
  if (invalid !== undefined) return refuseWith(400, invalid);
  await buckets.set(key, text, author);
  return answer(200, body.value);
}

async function deleteSetting({ request, buckets, author }: Visit): Promise<Reply> {
  await buckets.set(request.params.get('key') ?? '', null, author);
  return answer(200, {});
}
