// The parts of the page of a day below its timeline: projects as bars, the person and their agents, stretches without a project.

import type { MergedDayView } from '../../../protocol/day-answer.ts';
import type { Texts } from '../languages/languages.ts';
import { MeterBar } from '../shared/meter-bar.tsx';
import { colorClass } from '../shared/project-colors.ts';
import type { TimeFormat } from '../shared/time-format.ts';
import { barsOf, figuresOf, shortestUnassigned, type UnassignedRow, unassignedOf } from './day-view.ts';

interface PartProps {
  readonly day: MergedDayView;
  readonly texts: Texts;
  readonly format: TimeFormat;
}

export function Projects({ day, texts, format, colors }: PartProps & { colors: ReadonlyMap<string, number> }) {
  return (
    <section class="card" aria-labelledby="projects-title">
      <h2 id="projects-title">{texts.text('projects')}</h2>
      <ul class="bars">
        {barsOf(day).map((bar) => (
          <MeterBar
            key={bar.project}
            name={bar.project ?? texts.text('unassigned')}
            {...(bar.agent > 0 ? { note: texts.text('project.agents', { time: format.duration(bar.agent) }) } : {})}
            value={bar.time}
            text={bar.time > 0 && bar.minutes === 0 ? format.duration(bar.time) : format.minutes(bar.minutes)}
            share={bar.share}
            color={colorClass(bar.project, colors)}
          />
        ))}
      </ul>
    </section>
  );
}

export function People({ day, texts, format }: PartProps) {
  return (
    <section class="card" aria-labelledby="people-title">
      <h2 id="people-title">{texts.text('people.title')}</h2>
      <dl class="people">
        {figuresOf(day).map(({ label, hint, time }) => (
          <div key={label}>
            <dt>{texts.text(label)}</dt>
            <dd>
              <data value={time}>{format.duration(time)}</data>
              <span class="soft">{texts.text(hint)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

export function Unassigned({ day, texts, format }: PartProps) {
  const { stretches, more, shorter } = unassignedOf(day);
  const isNone = stretches.length === 0 && shorter === 0;
  const time = format.duration(shortestUnassigned);
  return (
    <section class="card" aria-labelledby="unassigned-title">
      <h2 id="unassigned-title">{texts.text('unassigned.title')}</h2>
      <p class="hint">{texts.text(isNone ? 'unassigned.none' : 'unassigned.hint')}</p>
      {stretches.length > 0 && (
        <ul class="stretches">
          {stretches.map((stretch) => (
            <Stretch key={stretch.from} stretch={stretch} texts={texts} format={format} />
          ))}
        </ul>
      )}
      {more > 0 && (
        <p class="hint">
          {texts.text(format.isOne(more) ? 'unassigned.more-one' : 'unassigned.more-other', { count: more, time })}
        </p>
      )}
      {shorter > 0 && (
        <p class="hint">
          {texts.text(format.isOne(shorter) ? 'unassigned.shorter-one' : 'unassigned.shorter-other', {
            count: shorter,
            time,
          })}
        </p>
      )}
    </section>
  );
}

function Stretch({ stretch, texts, format }: { stretch: UnassignedRow; texts: Texts; format: TimeFormat }) {
  const { from, to, lane, source } = stretch;
  return (
    <li>
      <span class="when">{format.range(from, to)}</span>
      <span class="long">{format.duration(to - from)}</span>
      <span class="soft">
        {texts.text(`lane.${lane}`)} · {source}
      </span>
    </li>
  );
}
