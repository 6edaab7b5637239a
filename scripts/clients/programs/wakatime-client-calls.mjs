// Calls the methods of npm's wakatime-client on a hub that has one heartbeat pair of today. Arguments: the folder that has it
// installed, the hub's URL, the API key, the id of an organization and of a dashboard.

import { strict as assert } from 'node:assert';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder = '', url = '', key = '', today = ''] = process.argv.slice(2);
const { WakaTimeClient, RANGE } = createRequire(join(folder, 'index.js'))('wakatime-client');
const client = new WakaTimeClient(key, `${url}api/v1/`);
const userId = 'current';
const dateRange = { startDate: today, endDate: today };
const range = RANGE.LAST_7_DAYS;
let calls = 0;
const call = async (name, holds, ...args) => {
  calls += 1;
  const answer = await client[name](...args);
  assert.ok(holds(answer), `${name} answers ${JSON.stringify(answer).slice(0, 200)}`);
};
const isList = ({ data }) => Array.isArray(data);
const isUser = ({ data }) => typeof data.id === 'string' && 'username' in data;
const hasMinute = ({ data: [day] }) => day.grand_total.total_seconds >= 60;

await call('getMe', isUser);
await call('getUser', isUser, userId);
await call('getMyUserAgents', isList);
await call('getUserAgents', isList, userId);
await call('getMySummary', hasMinute, { dateRange });
await call('getMySummary', hasMinute, { dateRange, projectName: 'horai', branchNames: ['main'] });
await call('getUserSummary', hasMinute, { userId, dateRange });
await call('getMyStats', ({ data }) => data.range === 'last_7_days', { range });
await call('getUserStats', ({ data }) => 'total_seconds' in data, { userId, range });
await call('getMyProjects', ({ data }) => data.some(({ name }) => name === 'horai'));
await call('getProjects', isList, userId);
await call('getLeaders', isList);
await call('getLeaders', isList, { language: 'Go', pageNumber: 1 });
await call('getMyHeartbeats', ({ data }) => data.length === 2, today);
await call('getHeartbeats', ({ data }) => data.length === 2, { userId, date: today });
await call('getMyGoals', isList);
await call('getGoals', isList, userId);
await call('getMyDurations', ({ data }) => data.length === 1, { date: today });
await call('getDurations', isList, { userId, date: today });
await call('getMyCommits', ({ commits }) => Array.isArray(commits), { projectName: 'horai' });
await call('getCommits', ({ commits }) => Array.isArray(commits), { userId, projectName: 'horai' });
// Where WakaTime’s machines are: a hub says that it does not publish that.
calls += 1;
await assert.rejects(client.getMetadata(), ({ response }) => response.status === 404);
await call('getMyOrganizations', isList);
await call('getOrganizations', isList, userId);
console.log(`${calls} calls: users, summaries, stats, projects, heartbeats, durations, goals, commits, leaders`);
