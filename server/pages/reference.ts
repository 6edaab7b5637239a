// The page of the reference: every HTTP route by its heading, then every message of the wire, then the table of errors. It renders the
// OpenAPI and AsyncAPI documents and knows nothing else.

import type { AsyncApiMessage } from '../adapters/hub/asyncapi.ts';
import type { OpenApiContent, OpenApiOperation } from '../adapters/hub/openapi.ts';
import type { ReferenceDocuments } from '../adapters/hub/reference.ts';
import { html, type Markup, nothing } from './markup.ts';

interface Operation extends OpenApiOperation {
  readonly method: string;
  readonly path: string;
}

export function referenceContent({ http, wire }: ReferenceDocuments, base: string): Markup {
  const operations = Object.entries(http.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Operation => ({ method, path, ...operation })),
  );
  const tags = http.tags.map(({ name }) => ({
    name,
    operations: operations.filter((operation) => operation.tags.includes(name)),
  }));
  const messages = Object.values(wire.components.messages);
  const direction = (prefix: string) => messages.filter(({ name }) => name.startsWith(prefix));
  return html`<h1>Reference</h1>
<p class="lead">What this hub can be asked: ${operations.length} HTTP routes and ${direction('request.').length + direction('answer.').length} messages of the wire.
For programs: <a href="${base}/-/reference/openapi.json">OpenAPI</a>, <a href="${base}/-/reference/asyncapi.json">AsyncAPI</a>.</p>
<nav class="contents" aria-label="On this page"><ul>
${tags.map(({ name }) => html`<li><a href="#${anchorOf(name)}">${name}</a></li>`)}
<li><a href="#wire">The wire</a></li><li><a href="#errors">Errors</a></li>
</ul></nav>
<p>A route with a scope needs a token with that scope, as <code>Authorization: Bearer &lt;token&gt;</code>. A hub that listens on
this machine alone needs none.</p>
${tags.map(({ name, operations: its }) => html`<section id="${anchorOf(name)}"><h2>${name}</h2>${its.map(operationOf)}</section>`)}
<section id="wire"><h2>The wire</h2>
<p>One JSON object per WebSocket text frame, on any path, both ways; the same over TCP on the Kronos port.</p>
${messagesOf('A client sends', direction('request.'), wire)}
${messagesOf('The hub sends', direction('answer.'), wire)}
${messagesOf('Items of the merged day', direction('item.'), wire)}
</section>
<section id="errors"><h2>Errors</h2>${errorsOf(wire)}</section>`;
}

function anchorOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}

function operationOf(operation: Operation): Markup {
  const { method, path, summary, description, parameters = [], requestBody, responses } = operation;
  const others = operation['x-also-at'] ?? [];
  const scope = operation['x-scope'];
  return html`<details class="operation"><summary><span class="method">${method.toUpperCase()}</span> <code>${path}</code>
<span class="summary">${summary}</span> ${scope === 'none' ? nothing : html`<span class="scope">${scope}</span>`}</summary>
${description === undefined ? nothing : html`<p>${description}</p>`}
${
  parameters.length === 0
    ? nothing
    : html`<table><thead><tr><th scope="col">Parameter</th><th scope="col">In</th><th scope="col">Meaning</th></tr></thead>
<tbody>${parameters.map((one) => html`<tr><th scope="row"><code>${one.name}</code></th><td>${one.in}</td><td>${one.description}</td></tr>`)}</tbody></table>`
}
${requestBody === undefined ? nothing : html`<h3>Body</h3>${contentOf(requestBody.content)}`}
${Object.entries(responses).map(([status, response]) => html`<h3>${status} ${response.description}</h3>${response.content === undefined ? nothing : contentOf(response.content)}`)}
${others.length === 0 ? nothing : html`<p class="soft">Also at ${others.map((one) => html`<code>${one}</code>`)}</p>`}
</details>`;
}

function contentOf(content: OpenApiContent): Markup {
  return html`${Object.entries(content).map(
    ([type, { schema, example }]) => html`<p><code>${type}</code></p>
${example === undefined ? nothing : html`<pre tabindex="0"><code>${textOf(example)}</code></pre>`}
${schema === undefined || example !== undefined ? nothing : html`<pre tabindex="0"><code>${textOf(schema)}</code></pre>`}`,
  )}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

function messagesOf(
  title: string,
  messages: readonly Pick<AsyncApiMessage, 'name' | 'summary' | 'examples'>[],
  wire: ReferenceDocuments['wire'],
): Markup {
  return html`<h3>${title}</h3>
${messages.map(
  ({
    name,
    summary = '',
    examples: [example],
  }) => html`<details class="operation"><summary><code>${name.replace(/^\w+\./, '')}</code> <span class="summary">${summary}</span></summary>
<h3>Example</h3><pre tabindex="0"><code>${textOf(example?.payload)}</code></pre>
<h3>Schema</h3><pre tabindex="0"><code>${textOf(wire.components.schemas[name])}</code></pre></details>`,
)}`;
}

function errorsOf(wire: ReferenceDocuments['wire']): Markup {
  return html`<table><thead><tr><th scope="col">Code</th><th scope="col">Text</th><th scope="col">HTTP</th><th scope="col">Close</th><th scope="col">Send it again</th></tr></thead>
<tbody>${Object.entries(wire['x-errors']).map(
    ([code, row]) =>
      html`<tr><th scope="row"><code>${code}</code></th><td>${row.text}</td><td>${row.status}</td><td>${'close' in row ? row.close : ''}</td><td>${row.retry}</td></tr>`,
  )}</tbody></table>`;
}
