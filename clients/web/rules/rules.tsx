// The page of rules: why time counts as what it counts as. A rule is tried on the last days before it is saved.

import { useMemo, useReducer, useState } from 'preact/hooks';
import type { DayRuleItem } from '../../../protocol/day.ts';
import { dayRuleTexts } from '../../../protocol/day-rule-texts.ts';
import type { Texts } from '../languages/languages.ts';
import { Dialog } from '../shared/dialog.tsx';
import { EditLine } from '../shared/edit-line.tsx';
import { PageEdits } from '../shared/edits.ts';
import { openPage } from '../shared/frame.ts';
import { LiveAnswer } from '../shared/live-answer.ts';
import { LivePage } from '../shared/live-page.tsx';
import { conditionKinds, conditionsSentence, isConditionKind, ruleSentence } from '../shared/rule-sentence.ts';
import { TimeFormat } from '../shared/time-format.ts';
import { useItems } from '../shared/use-items.ts';
import { useLive } from '../shared/use-live.ts';
import { type ConditionField, fieldsInQuery, type RuleFields, ruleFields, ruleOf } from './rules-view.ts';

/** The open rule: a rule by its key, or a new one with these fields. */
type OpenedRule = { readonly key: string } | { readonly fields: RuleFields };

interface RulesSource {
  readonly zone: string;
}

function RulesPage({ texts }: { texts: Texts }) {
  const live = useLive(
    (changed) =>
      new LiveAnswer<RulesSource>({
        changed,
        load: async ({ connection }) => {
          const answer = await connection.day('today');
          return answer.ok ? { ok: true, value: { zone: answer.day.zone } } : { ok: false, reason: answer.error };
        },
      }),
    [],
  );
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const edits = useMemo(() => new PageEdits(live.live, () => redraw(0)), [live]);
  const rules = useItems<DayRuleItem>(live.live, 'rules');
  const asked = fieldsInQuery(location.search);
  const [opened, open] = useState<OpenedRule | undefined>(asked === undefined ? undefined : { fields: asked });
  const zone = live.value?.zone;
  const format = useMemo(() => new TimeFormat(texts, zone ?? 'UTC'), [texts, zone]);
  const add = () => open({ fields: ruleFields(undefined) });
  const rule = opened !== undefined && 'key' in opened ? rules.get(opened.key)?.item : undefined;
  return (
    <LivePage
      texts={texts}
      title={texts.text('nav.rules')}
      source={live}
      format={zone === undefined ? undefined : format}
      neighbours={
        <button type="button" aria-keyshortcuts="a" onClick={add}>
          {texts.text('rules.new')}
        </button>
      }
      deeds={{
        add: { does: 'rules.new', run: add },
        undo: { does: 'keys.undo', run: () => void edits.undo() },
      }}
      content={() => (
        <>
          <p class="lead">{texts.text('rules.lead')}</p>
          <RuleList rules={rules} edits={edits} texts={texts} open={(key) => open({ key })} />
          <Imports edits={edits} texts={texts} />
          <Dialog
            title={texts.text(rule === undefined ? 'rules.new' : 'rules.change')}
            open={opened !== undefined}
            close={() => open(undefined)}
            closeText={texts.text('edit.cancel')}
          >
            {opened !== undefined && (
              <RuleForm
                id={'key' in opened ? opened.key : ''}
                before={rule}
                initial={'fields' in opened ? opened.fields : ruleFields(rule)}
                live={live}
                edits={edits}
                texts={texts}
                format={format}
                done={() => open(undefined)}
              />
            )}
          </Dialog>
          <EditLine edits={edits} texts={texts} undo={() => void edits.undo()} />
        </>
      )}
    />
  );
}

interface RuleListProps {
  readonly rules: ReadonlyMap<string, { readonly item: DayRuleItem }>;
  readonly edits: PageEdits;
  readonly texts: Texts;
  readonly open: (key: string) => void;
}

function RuleList({ rules, edits, texts, open }: RuleListProps) {
  if (rules.size === 0) return <p class="sentence">{texts.text('rules.empty')}</p>;
  return (
    <section class="card">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reached by the keyboard */}
      <section class="twin-scroll" tabIndex={0} aria-label={texts.text('nav.rules')}>
        <table class="rules">
          <thead>
            <tr>
              <th scope="col">{texts.text('rules.when')}</th>
              <th scope="col">{texts.text('rules.result')}</th>
              <th scope="col">{texts.text('rules.on')}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {[...rules].map(([key, { item }]) => (
              <tr key={key}>
                <th scope="row">{conditionsSentence(item, texts)}</th>
                <td>
                  {item.not_work === true
                    ? texts.text('people.not-work')
                    : (item.project ?? item.task ?? item.category)}
                </td>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`${texts.text('rules.on')}: ${ruleSentence(item, texts)}`}
                    checked={item.enabled !== false}
                    onChange={() => void edits.put('rules', key, { ...item, enabled: item.enabled === false })}
                  />
                </td>
                <td class="row-buttons">
                  <button
                    type="button"
                    aria-label={`${texts.text('edit.change')}: ${ruleSentence(item, texts)}`}
                    onClick={() => open(key)}
                  >
                    {texts.text('edit.change')}
                  </button>
                  <button
                    type="button"
                    aria-label={`${texts.text('goals.delete')}: ${ruleSentence(item, texts)}`}
                    onClick={() => void edits.put('rules', key, undefined)}
                  >
                    {texts.text('goals.delete')}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function Imports({ edits, texts }: { edits: PageEdits; texts: Texts }) {
  return (
    <p class="buttons">
      {(['wakatime', 'activitywatch'] as const).map((from) => (
        <button key={from} type="button" onClick={() => void edits.write('rules', '/-/rules/import', { from })}>
          {texts.text(from === 'wakatime' ? 'rules.import-wakatime' : 'rules.import-aw')}
        </button>
      ))}
    </p>
  );
}

/** The answer of `POST /-/rules/preview`. */
interface PreviewAnswer {
  readonly from: string;
  readonly to: string;
  readonly segments: number;
  readonly minutes: number;
  readonly examples: readonly {
    readonly from: number;
    readonly to: number;
    readonly before: string | null;
    readonly after: string | null;
    readonly source: string;
  }[];
}

function isPreviewAnswer(value: unknown): value is PreviewAnswer {
  return typeof value === 'object' && value !== null && 'segments' in value && 'examples' in value;
}

interface RuleFormProps {
  /** '' for a new rule. */
  readonly id: string;
  readonly before: DayRuleItem | undefined;
  readonly initial: RuleFields;
  readonly live: LiveAnswer<RulesSource>;
  readonly edits: PageEdits;
  readonly texts: Texts;
  readonly format: TimeFormat;
  readonly done: () => void;
}

function newKey(): string {
  return `rule ${Date.now().toString(36)}`;
}

function RuleForm({ id, before, initial, live, edits, texts, format, done }: RuleFormProps) {
  const [fields, setFields] = useState(initial);
  const [preview, setPreview] = useState<PreviewAnswer>();
  const [problem, setProblem] = useState('');
  const [key] = useState(() => (id === '' ? newKey() : id));
  const set = (changed: Partial<RuleFields>) => {
    setFields({ ...fields, ...changed });
    setPreview(undefined);
  };
  const rule = ruleOf(fields, before);
  const tryRule = async () => {
    if (rule === undefined) return setProblem(texts.text('rules.incomplete'));
    const answer = await live.live.send('POST', '/-/rules/preview', { put: { [key]: rule }, remove: [] });
    setProblem(answer.ok ? '' : answer.reason);
    setPreview(answer.ok && isPreviewAnswer(answer.value) ? answer.value : undefined);
  };
  const save = async () => {
    if (rule === undefined) return setProblem(texts.text('rules.incomplete'));
    if (await edits.put('rules', key, rule)) done();
    else setProblem(edits.message?.reason ?? '');
  };
  return (
    <form
      class="edit-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Conditions conditions={fields.conditions} set={(conditions) => set({ conditions })} texts={texts} />
      <label class="field">
        <span>{texts.text('table.project')}</span>
        <input
          type="text"
          maxLength={128}
          disabled={fields.isNotWork}
          value={fields.project}
          onInput={(event) => set({ project: event.currentTarget.value })}
        />
      </label>
      <label class="switch">
        <input type="checkbox" checked={fields.isNotWork} onChange={() => set({ isNotWork: !fields.isNotWork })} />
        {texts.text('people.not-work')}
      </label>
      {problem !== '' && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <p class="buttons">
        <button type="button" onClick={() => void tryRule()}>
          {texts.text('rules.preview')}
        </button>
        <button type="submit" class="primary">
          {texts.text('edit.save')}
        </button>
      </p>
      {preview !== undefined && <Preview preview={preview} texts={texts} format={format} />}
    </form>
  );
}

interface ConditionsProps {
  readonly conditions: readonly ConditionField[];
  readonly set: (conditions: readonly ConditionField[]) => void;
  readonly texts: Texts;
}

function Conditions({ conditions, set, texts }: ConditionsProps) {
  const change = (at: number, changed: Partial<ConditionField>) =>
    set(conditions.map((one, index) => (index === at ? { ...one, ...changed } : one)));
  const free = dayRuleTexts.find((name) => conditions.every((one) => one.name !== name));
  return (
    <fieldset class="conditions">
      <legend>{texts.text('rules.when')}</legend>
      {conditions.map(({ name, kind, value }, at) => (
        <div key={at} class="condition">
          <select
            aria-label={texts.text('rules.field')}
            value={name}
            onChange={(event) =>
              change(at, { name: dayRuleTexts.find((one) => one === event.currentTarget.value) ?? name })
            }
          >
            {dayRuleTexts.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
          <select
            aria-label={texts.text('rules.comparison')}
            value={kind}
            onChange={({ currentTarget: { value: chosen } }) => isConditionKind(chosen) && change(at, { kind: chosen })}
          >
            {conditionKinds.map((one) => (
              <option key={one} value={one}>
                {texts.text(`rules.${one}`)}
              </option>
            ))}
          </select>
          <input
            type="text"
            aria-label={texts.text('rules.value')}
            maxLength={256}
            value={value}
            onInput={(event) => change(at, { value: event.currentTarget.value })}
          />
        </div>
      ))}
      {free !== undefined && (
        <button type="button" onClick={() => set([...conditions, { name: free, kind: 'is', value: '' }])}>
          {texts.text('rules.and')}
        </button>
      )}
    </fieldset>
  );
}

function Preview({ preview, texts, format }: { preview: PreviewAnswer; texts: Texts; format: TimeFormat }) {
  const projectName = (project: string | null) => project ?? texts.text('unassigned');
  return (
    <section class="preview" aria-live="polite">
      <p>
        {texts.text('rules.would', {
          count: preview.segments,
          time: format.minutes(Math.round(preview.minutes)),
          from: format.shortDate(preview.from),
          to: format.shortDate(preview.to),
        })}
      </p>
      <ul class="plain-list">
        {preview.examples.map(({ from, to, before, after, source }) => (
          <li key={`${from} ${source}`}>
            <span class="soft">{`${format.moment(from)} · ${format.duration(to - from)}`}</span> {projectName(before)} →{' '}
            <strong>{projectName(after)}</strong>
          </li>
        ))}
      </ul>
    </section>
  );
}

await openPage('rules', (texts) => <RulesPage texts={texts} />);
