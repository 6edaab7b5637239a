// The endpoints that list an account's projects, machines, plugins and languages.

import { json, type Reply } from '../../../http/types.ts';
import { type Endpoint, type EndpointCall, errorReply } from '../endpoint.ts';
import { pathParam } from '../request-fields.ts';
import { listLanguages, listMachines, listProjects, listUserAgents, paginate } from './lists.ts';
import { isSameName } from './names.ts';

const scopes = ['summaries', 'stats'];

export const listEndpoints: readonly Endpoint[] = [
  { method: 'GET', path: 'projects', scopes, answer: replyProjects },
  { method: 'GET', path: 'projects/:project', scopes, answer: replyProject },
  {
    method: 'GET',
    path: 'machine_names',
    scopes,
    answer: ({ person, question }) => json(200, paginate(listMachines(person), question.query)),
  },
  {
    method: 'GET',
    path: 'user_agents',
    scopes,
    answer: ({ person, question }) => json(200, paginate(listUserAgents(person), question.query)),
  },
  {
    method: 'GET',
    path: 'languages',
    scopes,
    answer: ({ person, question }) => json(200, paginate(listLanguages(person), question.query)),
  },
];

function replyProjects({ question, person }: EndpointCall): Reply {
  const text = question.query.get('q')?.toLowerCase() ?? '';
  const matching = listProjects(person, question.moment).filter(({ name }) => name.toLowerCase().includes(text));
  return json(200, paginate(matching, question.query));
}

function replyProject({ question, person, request }: EndpointCall): Reply {
  const wanted = pathParam(request, 'project');
  const project = listProjects(person, question.moment).find(
    ({ name, id }) => isSameName(name, wanted) || id === wanted,
  );
  return project === undefined ? errorReply(404, 'no such project') : json(200, { data: project });
}
