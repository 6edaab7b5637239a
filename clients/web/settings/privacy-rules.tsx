// Privacy rules: what is dropped or made unreadable before it is stored. They are the hub's setting `privacy_filters`; the hub checks them.

import { useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { ask } from '../shared/ask.ts';
import { usePolled } from '../shared/use-polled.ts';
import type { PrivacyRow } from './settings-view.ts';

const path = '/api/0/settings/privacy_filters';
const fields = ['title', 'app', 'url', 'file', '*'] as const;
const actions = ['drop', 'redact', 'hash', 'remove'] as const;

export function PrivacyRules({ texts }: { texts: Texts }) {
  const rules = usePolled<readonly PrivacyRow[] | null>(path);
  const [problem, setProblem] = useState('');
  const save = async (next: readonly PrivacyRow[]): Promise<boolean> => {
    const answer = await ask('POST', path, next);
    setProblem(answer.ok ? '' : answer.reason);
    await rules.again();
    return answer.ok;
  };
  const all = rules.value ?? [];
  return (
    <section class="card">
      <h2>{texts.text('privacy.title')}</h2>
      <p class="hint">{texts.text('privacy.hint')}</p>
      <ul class="rows">
        {all.map((rule, at) => (
          <li key={JSON.stringify(rule)} class="row">
            <p class="row-what">
              {texts.text(`privacy.${rule.action}`)}: <code>{rule.field}</code>{' '}
              {rule.pattern !== undefined && rule.pattern !== null && <code>{rule.pattern}</code>}
            </p>
            <button type="button" onClick={() => void save(all.filter((_, index) => index !== at))}>
              {texts.text('remove')}
            </button>
          </li>
        ))}
      </ul>
      <AddRule texts={texts} add={(rule) => save([...all, rule])} />
      <p role="alert">{problem}</p>
    </section>
  );
}

function AddRule({ texts, add }: { texts: Texts; add: (rule: PrivacyRow) => Promise<boolean> }) {
  const [field, setField] = useState<string>('title');
  const [pattern, setPattern] = useState('');
  const [action, setAction] = useState<PrivacyRow['action']>('drop');
  return (
    <form
      class="fields"
      onSubmit={(event) => {
        event.preventDefault();
        void add({ field, pattern, action }).then((isSaved) => isSaved && setPattern(''));
      }}
    >
      <label>
        {texts.text('privacy.field')}
        <select value={field} onChange={({ currentTarget }) => setField(currentTarget.value)}>
          {fields.map((one) => (
            <option key={one} value={one}>
              {one === '*' ? texts.text('privacy.any') : one}
            </option>
          ))}
        </select>
      </label>
      <label>
        {texts.text('privacy.pattern')}
        <input
          name="pattern"
          required
          spellcheck={false}
          autocapitalize="none"
          placeholder="bank|salary"
          value={pattern}
          onInput={({ currentTarget }) => setPattern(currentTarget.value)}
        />
      </label>
      <label>
        {texts.text('privacy.action')}
        <select
          value={action}
          onChange={({ currentTarget }) => setAction(actions.find((one) => one === currentTarget.value) ?? 'drop')}
        >
          {actions.map((one) => (
            <option key={one} value={one}>
              {texts.text(`privacy.${one}`)}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">{texts.text('privacy.add')}</button>
    </form>
  );
}
