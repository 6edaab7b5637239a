// The reference texts of WakaTime's routes, by the path without its prefix: the same routes are served under each prefix.

import type { RouteDocs } from '../../http/route-docs.ts';
import type { RouteDoc } from '../../http/types.ts';

const tag = 'WakaTime';
const user = '`current`, or the name of an account';
const perPage = { page: 'The page, from 1', per_page: 'Entries of a page' } as const;
const day = '2026-11-28';

type More = Omit<Partial<RouteDoc>, 'summary'>;

/** Adds the parameter `:user`, which is the same for all routes. */
function read(summary: string, { params, ...more }: More = {}): RouteDoc {
  return { tag, scope: 'read:wakatime', summary, params: { user, ...params }, ...more };
}

function write(summary: string, { params, ...more }: More = {}): RouteDoc {
  return { tag, scope: 'write:wakatime', summary, params: { user, ...params }, ...more };
}

/** Requests that change the account, or open data of it to others. */
function change(summary: string, more: More = {}): RouteDoc {
  return { ...write(summary, more), scope: 'read:wakatime write:wakatime' };
}

function open(summary: string, more: More = {}): RouteDoc {
  return { tag, scope: 'none', summary, params: { user }, ...more };
}

const filters = {
  project: 'Only this project',
  branches: 'Only these branches of the project, separated by commas',
  timezone: 'A name such as Europe/Berlin; the account’s own unless said',
  timeout: 'Minutes: the longest gap that counts as work',
  writes_only: 'true: only heartbeats of saved files count',
} as const;

const aHeartbeat = {
  entity: '/home/ann/hub/main.ts',
  type: 'file',
  category: 'coding',
  time: 1_795_867_200.5,
  project: 'hub',
  branch: 'main',
  language: 'TypeScript',
  is_write: true,
} as const;
const amount = {
  decimal: '4.20',
  digital: '4:12',
  hours: 4,
  minutes: 12,
  text: '4 hrs 12 mins',
  total_seconds: 15_120,
};
const aGoal = { title: 'Code every day', delta: 'day', seconds: 3_600, languages: ['TypeScript'] } as const;
const aRule = {
  name: 'The hub',
  if_match: [{ field: 'entity', operator: 'contains', value: '/hub/' }],
  then_set: [{ field: 'project', value: 'hub' }],
} as const;
const aPriceTable = { opus: { input: 15, cached_input: 1.5, output: 75 } } as const;
const aMeeting = {
  external_id: 'meeting-1',
  entity: 'Stand-up',
  type: 'app',
  category: 'meeting',
  start_time: 1_795_867_200,
  end_time: 1_795_868_100,
} as const;

const stored = {
  202: {
    description: 'One entry for each heartbeat, in their order',
    example: { responses: [[{ data: null, error: null }, 201]] },
  },
  400: { description: 'The body is no JSON' },
  401: { description: 'The key is wrong, or may not write' },
} as const;
const bulk: More = {
  body: { description: 'A list of heartbeats; `time` is in seconds since 1970', example: [aHeartbeat] },
  responses: stored,
};
const single: More = { body: { example: aHeartbeat }, responses: stored };
const heartbeatsBulk = write('Stores a batch of heartbeats', bulk);
const heartbeats = write('Stores one heartbeat, or a batch', single);

/** Leaderboards of chosen accounts have two names. */
function boardDocs(base: string): RouteDocs {
  const board = { board: 'The id of the leaderboard' } as const;
  const member = { ...board, member: '`current`, or the name of an account' } as const;
  return {
    [`GET /users/:user/${base}`]: read('Lists the leaderboards that the account belongs to', { query: perPage }),
    [`POST /users/:user/${base}`]: change('Creates a leaderboard', {
      body: { example: { name: 'Team' } },
      responses: { 201: {} },
    }),
    [`GET /users/:user/${base}/:board`]: read('Ranks the members of a leaderboard', { params: board }),
    [`GET /users/:user/${base}/:board/leaders`]: read(
      'Ranks the members of a leaderboard, as the leaderboard itself does',
      { params: board },
    ),
    [`PUT /users/:user/${base}/:board`]: change('Renames a leaderboard', {
      params: board,
      body: { example: { name: 'Team' } },
    }),
    [`DELETE /users/:user/${base}/:board`]: change('Deletes a leaderboard', { params: board }),
    [`GET /users/:user/${base}/:board/members`]: read('Lists the members of a leaderboard', {
      params: board,
      query: perPage,
    }),
    [`POST /users/:user/${base}/:board/members`]: change('Invites an account to a leaderboard', {
      params: board,
      body: { example: { user: 'ben' } },
      responses: { 201: {} },
    }),
    [`PUT /users/:user/${base}/:board/members/:member`]: change('Accepts an invitation to a leaderboard', {
      params: member,
    }),
    [`DELETE /users/:user/${base}/:board/members/:member`]: change(
      'Removes a member from a leaderboard, or leaves it',
      {
        params: member,
      },
    ),
  };
}

const org = { org: 'The id of the organisation' } as const;
const orgMember = { ...org, member: '`current`, or the name of an account' } as const;
const dashboard = { ...org, dashboard: 'The id of the dashboard' } as const;
const seat = { ...dashboard, member: 'The name of an account' } as const;
const dashboards = '/users/:user/orgs/:org/dashboards/:dashboard';
const seatDurations = read('Lists the durations of one member of a dashboard on a day', {
  params: seat,
  query: { date: `YYYY-MM-DD, such as ${day}` },
});
const seatSummaries = read('Summarizes each day of one member of a dashboard', {
  params: seat,
  query: { start: 'YYYY-MM-DD', end: 'YYYY-MM-DD' },
});

const orgDocs: RouteDocs = {
  'GET /users/:user/orgs': read('Lists the organisations that the account belongs to', { query: perPage }),
  'POST /users/:user/orgs': change('Creates an organisation', {
    body: {
      example: {
        name: 'Acme',
        timezone: 'Europe/Berlin',
        timeout: 15,
        writes_only: false,
        default_project_privacy: 'visible',
      },
    },
    responses: { 201: {} },
  }),
  'GET /users/:user/orgs/:org': read('Returns an organisation', { params: org }),
  'PUT /users/:user/orgs/:org': change('Changes an organisation; fields that are left out stay', {
    params: org,
    body: { example: { name: 'Acme' } },
  }),
  'DELETE /users/:user/orgs/:org': change('Deletes an organisation; only its owner may', { params: org }),
  'GET /users/:user/orgs/:org/members': read('Lists the members of an organisation', { params: org, query: perPage }),
  'POST /users/:user/orgs/:org/members': change('Invites an account to an organisation', {
    params: org,
    body: { description: '`role` is member or admin', example: { user: 'ben', role: 'member' } },
    responses: { 201: {} },
  }),
  'PUT /users/:user/orgs/:org/members/:member': change(
    'Accepts an invitation to an organisation, or changes what it shows of the member',
    {
      params: orgMember,
      body: { example: { default_personal_privacy: 'visible' } },
    },
  ),
  'DELETE /users/:user/orgs/:org/members/:member': change('Removes a member from an organisation, or leaves it', {
    params: orgMember,
  }),
  'GET /users/:user/orgs/:org/custom_rules': read('Lists the custom rules of an organisation', { params: org }),
  'PUT /users/:user/orgs/:org/custom_rules': change('Sets custom rules of an organisation', {
    params: org,
    body: { example: [aRule] },
  }),
  'DELETE /users/:user/orgs/:org/custom_rules/:rule': change('Deletes one custom rule of an organisation', {
    params: { ...org, rule: 'The id of the rule' },
  }),
  'GET /users/:user/orgs/:org/custom_rules_progress': read('Returns that changed rules are applied: they always are', {
    params: org,
  }),
  'DELETE /users/:user/orgs/:org/custom_rules_progress': change('Does nothing: changed rules need no run', {
    params: org,
  }),
  'GET /users/:user/orgs/:org/dashboards': read('Lists the dashboards of an organisation that the account may see', {
    params: org,
    query: perPage,
  }),
  'POST /users/:user/orgs/:org/dashboards': change('Creates a dashboard', {
    params: org,
    body: { example: { full_name: 'Backend', is_viewing_restricted: false } },
    responses: { 201: {} },
  }),
  [`DELETE ${dashboards}`]: change('Deletes a dashboard', { params: dashboard }),
  [`GET ${dashboards}/members`]: read('Lists the members of a dashboard', { params: dashboard, query: perPage }),
  [`POST ${dashboards}/members`]: change('Adds a member to a dashboard', {
    params: dashboard,
    body: { example: { user: 'ben', is_view_only: false } },
  }),
  [`DELETE ${dashboards}/members/:member`]: change('Removes a member from a dashboard', { params: seat }),
  [`GET ${dashboards}/durations`]: read('Lists the durations of each member of a dashboard on a day', {
    params: dashboard,
    query: { date: `YYYY-MM-DD, such as ${day}` },
  }),
  [`GET ${dashboards}/summaries`]: read('Summarizes a day for each member of a dashboard', {
    params: dashboard,
    query: { date: `YYYY-MM-DD, such as ${day}` },
  }),
  [`GET ${dashboards}/members/:member/durations`]: seatDurations,
  [`GET ${dashboards}/member/:member/durations`]: seatDurations,
  [`GET ${dashboards}/members/:member/summaries`]: seatSummaries,
  [`GET ${dashboards}/member/:member/summaries`]: seatSummaries,
};

const profile = read('Returns the profile of an account; without a token, what the account shares', {
  responses: { 200: { example: { data: { username: 'ann', display_name: 'Ann', timezone: 'Europe/Berlin' } } } },
});
const stats = read('Returns totals of a range: projects, languages, editors, machines', {
  description: 'Without a token it shows what the account shares.',
  params: { range: 'last_7_days (the default), last_30_days, last_year, all_time, YYYY or YYYY-MM' },
  query: { ...filters, is_including_today: 'true: the range ends today, not yesterday' },
  responses: { 200: { example: { data: { total_seconds: 15_120, languages: [{ name: 'TypeScript', ...amount }] } } } },
});
const statusBar = read('Returns the time of today, for status bars', {
  responses: { 200: { example: { data: { grand_total: amount, projects: [], range: { date: day } } } } },
});
const languages = open('Lists all programming languages with their colours');
const progress = 'custom_rules_progress';
const commit = { project: 'The name of the project', hash: 'The hash of the commit, at least 7 digits' } as const;

const accountDocs: RouteDocs = {
  'GET /users/:user': profile,
  'GET /users/:user/statusbar/today': statusBar,
  'GET /users/:user/status_bar/today': statusBar,
  'GET /users/:user/summaries': read('Summarizes each day of a range', {
    query: {
      start: 'YYYY-MM-DD',
      end: 'YYYY-MM-DD',
      range: 'A name such as Today or Last 7 Days, in place of start and end',
      ...filters,
    },
    responses: {
      200: {
        example: {
          data: [{ grand_total: amount, projects: [{ name: 'hub', ...amount }], range: { date: day } }],
          cumulative_total: amount,
        },
      },
    },
  }),
  'GET /users/:user/stats': stats,
  'GET /users/:user/stats/:range': stats,
  'GET /users/:user/all_time_since_today': read('Returns the total of all time', {
    query: { project: filters.project },
    responses: { 200: { example: { data: { total_seconds: 15_120, text: '4 hrs 12 mins', is_up_to_date: true } } } },
  }),
  'GET /users/:user/insights/:type/:range': read('Returns one insight into a range', {
    params: {
      type: 'days, weekday, languages, projects, editors, categories, machines, operating_systems, best_day or daily_average',
      range: 'As in stats',
    },
  }),
  'GET /users/:user/durations': read('Lists the stretches of work of a day', {
    query: {
      date: `YYYY-MM-DD, such as ${day} (required)`,
      slice_by: 'project, entity, language, dependencies, os, editor, category or machine',
      ...filters,
    },
    responses: { 200: { example: { data: [{ project: 'hub', time: 1_795_867_200.5, duration: 120 }] } } },
  }),
  'GET /users/:user/heartbeats': read('Lists the heartbeats of a day', {
    query: { date: `YYYY-MM-DD, such as ${day} (required)` },
    responses: { 200: { example: { data: [aHeartbeat] } } },
  }),
  'POST /users/:user/heartbeats': heartbeats,
  'POST /heartbeats': heartbeats,
  'POST /users/:user/heartbeat': heartbeats,
  'POST /heartbeat': heartbeats,
  'POST /users/:user/heartbeats.bulk': heartbeatsBulk,
  'POST /heartbeats.bulk': heartbeatsBulk,
  'DELETE /users/:user/heartbeats.bulk': write('Deletes heartbeats of a day by their ids', {
    body: { example: { date: day, ids: ['0199…'] } },
  }),
  'GET /users/:user/projects': read('Lists the projects of the account, the latest first', {
    query: { q: 'A part of the name', ...perPage },
  }),
  'GET /users/:user/projects/:project': read('Returns one project', {
    params: { project: 'The name or the id of the project' },
  }),
  'GET /users/:user/machine_names': read('Lists the machines that sent heartbeats', { query: perPage }),
  'GET /users/:user/user_agents': read('Lists the editors and plugins that sent heartbeats', { query: perPage }),
  'GET /users/:user/languages': read('Lists the languages of the account', { query: perPage }),
  'POST /users/:user/file_experts': read('Returns who worked how long on a file: on this hub, the account alone', {
    body: { example: { entity: aHeartbeat.entity, project: aHeartbeat.project } },
  }),
};

const resourceDocs: RouteDocs = {
  'GET /users/:user/goals': read('Lists the goals with their progress'),
  'POST /users/:user/goals': change('Creates a goal', { body: { example: aGoal }, responses: { 201: {} } }),
  'GET /users/:user/goals/:goal': read('Returns one goal with its progress', {
    params: { goal: 'The id of the goal' },
  }),
  'PUT /users/:user/goals/:goal': change('Changes a goal', {
    params: { goal: 'The id of the goal' },
    body: { example: aGoal },
  }),
  'DELETE /users/:user/goals/:goal': change('Deletes a goal', { params: { goal: 'The id of the goal' } }),
  'GET /users/:user/data_dumps': read('Lists the data dumps of the account'),
  'POST /users/:user/data_dumps': change('Creates a data dump', {
    body: { description: '`type` is heartbeats or daily', example: { type: 'daily' } },
    responses: { 201: {} },
  }),
  'DELETE /users/:user/data_dumps/:dump': change('Deletes a data dump, and ends its link', {
    params: { dump: 'The id of the dump' },
  }),
  'GET /users/:user/data_dumps/:dump/file': open('Downloads a data dump; its id is the secret that opens it', {
    params: { user, dump: 'The id of the dump' },
  }),
  'GET /users/:user/ai_prices': read('Returns what AI models cost the account', {
    responses: { 200: { example: { data: aPriceTable } } },
  }),
  'PUT /users/:user/ai_prices': change('Replaces the prices of AI models, in US dollars for a million tokens', {
    body: { example: aPriceTable },
  }),
  'GET /users/:user/external_durations': read(
    'Lists the external durations of a day: meetings and other time outside editors',
    { query: { date: `YYYY-MM-DD, such as ${day} (required)` } },
  ),
  'POST /users/:user/external_durations': write('Stores one external duration', {
    body: { description: 'Times are seconds since 1970', example: aMeeting },
    responses: { 201: {} },
  }),
  'POST /users/:user/external_durations.bulk': write('Stores external durations', {
    body: { example: [aMeeting] },
    responses: { 201: {} },
  }),
  'DELETE /users/:user/external_durations.bulk': write('Deletes external durations of a day by their ids', {
    body: { example: { date: day, ids: ['meeting-1'] } },
  }),
  'GET /users/:user/projects/:project/commits': read('Lists the commits of a project with the time of each', {
    params: commit,
    query: { branch: 'Only this branch', author: 'Only this author', page: perPage.page },
  }),
  'POST /users/:user/projects/:project/commits': write('Stores commits of a project', {
    params: commit,
    body: {
      example: {
        commits: [
          {
            hash: '0123456789abcdef',
            message: 'Fix the clock',
            author_name: 'Ann',
            author_date: '2026-11-28T12:00:00Z',
          },
        ],
      },
    },
    responses: { 201: {} },
  }),
  'GET /users/:user/projects/:project/commits/:hash': read('Returns one commit with its time', { params: commit }),
  'DELETE /users/:user/projects/:project/commits/:hash': write('Deletes one commit', { params: commit }),
  'GET /users/:user/custom_rules': read('Lists the custom rules of the account'),
  'PUT /users/:user/custom_rules': change('Sets custom rules; they hold for all of the past at once', {
    body: {
      description: 'One rule or a list of them; those with a known id take the place of the old',
      example: [aRule],
    },
  }),
  'DELETE /users/:user/custom_rules/:rule': change('Deletes one custom rule', {
    params: { rule: 'The id of the rule' },
  }),
  [`GET /users/:user/${progress}`]: read('Returns that changed rules are applied: they always are'),
  [`DELETE /users/:user/${progress}`]: change('Does nothing: changed rules need no run'),
  'GET /users/:user/shares': read('Lists the share links of the account', { query: perPage }),
  'POST /users/:user/shares': change('Creates a share link', {
    body: {
      description: '`type` is a list such as languages or projects, activity, or badge',
      example: { type: 'languages', range: 'last_7_days', title: 'My languages' },
    },
    responses: { 201: {} },
  }),
  'DELETE /users/:user/shares/:share': change('Ends a share link', { params: { share: 'The id of the link' } }),
  'GET /users/:user/oauth_apps': read('Lists the OAuth apps that the account registered'),
  'POST /users/:user/oauth_apps': change('Registers an OAuth app; its secret is shown once', {
    body: { example: { name: 'Dashboard', redirect_uris: ['https://example.org/callback'], is_confidential: true } },
    responses: { 201: {} },
  }),
  'DELETE /users/:user/oauth_apps/:app': change('Deletes an OAuth app and what it was allowed', {
    params: { app: 'The id of the app' },
  }),
};

const badge: RouteDoc = open('Draws the badge of a share link', {
  params: { user: 'The name of the account', badge: 'The id of the link, with .svg' },
  query: { days: 'The last days to count, in place of the link’s own range' },
  responses: { 200: { type: 'image/svg+xml' } },
});
const shown = {
  params: { user, rest: 'interval:last_7_days, project:hub, language:TypeScript and the like' },
} as const;
const face = open('Draws a picture for a name', {
  params: { hash: 'Any text' },
  responses: { 200: { type: 'image/svg+xml' } },
});

const publicDocs: RouteDocs = {
  'POST /plugins/errors': open('Takes the crash report of a plugin and drops it', {
    body: { example: { message: '…' } },
    responses: { 201: {} },
  }),
  'GET /program_languages': languages,
  'GET /languages': languages,
  'GET /editors': open('Lists all known editors'),
  'GET /leaders': open('Ranks the accounts of this hub that share their time', {
    query: { language: 'Only this language', page: perPage.page },
  }),
  'GET /share/:user/:file': open('Returns what a share link shows', {
    params: { user: 'The name of the account', file: 'The id of the link, with .json or .svg' },
  }),
  'GET /badge/user/:user/project/:file': open('Draws the badge of a project that the account shares', {
    params: { user: 'The name of the account', file: 'The id of the project, with .svg' },
    responses: { 200: { type: 'image/svg+xml' } },
  }),
  'GET /badge/link/:project': change('Returns the address of a badge for a project, and makes it if there is none', {
    params: { project: 'The name of the project' },
  }),
  'GET /badge/svg/:user/:badge': badge,
  'GET /badge/svg/:badge': badge,
};

const wakapiDocs: RouteDocs = {
  'GET /health': {
    ...open('Returns whether the hub and its store work, in Wakapi’s form'),
    responses: { 200: { example: { app: 1, db: 1 } } },
  },
  'GET /summary': read('Returns the totals of an interval, in Wakapi’s form', {
    query: {
      interval: 'today, week, last_7_days and the like',
      from: 'YYYY-MM-DD, in place of interval',
      to: 'YYYY-MM-DD',
      ...filters,
    },
  }),
  'GET /metrics': read('Returns the account’s time for Prometheus, in Wakapi’s form', {
    responses: { 200: { type: 'text/plain', example: 'wakatime_seconds_total 15120' } },
  }),
  'GET /compat/shields/v1/:user/*': { ...open('Returns the data of a shields.io badge'), ...shown },
  'GET /badge/:user/*': { ...open('Draws a badge'), ...shown, responses: { 200: { type: 'image/svg+xml' } } },
  'GET /activity/chart/:user': open('Draws the chart of a year', { responses: { 200: { type: 'image/svg+xml' } } }),
  'GET /avatar/:hash': face,
  'GET /photo/:hash': face,
};

const form = { type: 'application/x-www-form-urlencoded' } as const;

const oauthDocs: RouteDocs = {
  'GET /oauth/authorize': open('Asks a person to allow an OAuth app', {
    query: {
      client_id: 'The id of the app',
      redirect_uri: 'One of the app’s own',
      response_type: 'code or token',
      scope: 'The scopes, separated by commas',
      state: 'Sent back as it is',
      code_challenge: 'PKCE: required of apps without a secret',
      code_challenge_method: 'S256',
    },
    responses: { 200: { type: 'text/html' } },
  }),
  'POST /oauth/authorize': open('Takes the answer of the person and sends them back to the app', {
    body: form,
    responses: { 303: {} },
  }),
  'POST /oauth/token': open('Exchanges a code or a refresh token for an access token', {
    body: { ...form, example: 'grant_type=authorization_code&code=…&client_id=…&client_secret=…&redirect_uri=…' },
  }),
  'POST /oauth/revoke': open('Revokes tokens of an app', {
    body: { ...form, example: 'token=…&client_id=…&client_secret=…' },
  }),
};

export const wakatimeDocs: RouteDocs = {
  ...accountDocs,
  ...resourceDocs,
  ...boardDocs('leaderboards'),
  ...boardDocs('private_leaderboards'),
  ...orgDocs,
  ...publicDocs,
  ...wakapiDocs,
  ...oauthDocs,
};

/** Paths that only answer why this hub does not have the resource. They are not in the reference. */
export const wakatimeUnlisted = [
  'GET /meta',
  'GET /stats/:range',
  'GET /users/:user/stats_aggregated',
  'POST /users/:user/get_api_key',
] as const;
