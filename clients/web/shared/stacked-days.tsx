// Many days as thin stacked bars: one path for each project; below them, the first and the last date.

import { colorClass } from './project-colors.ts';
import type { SummedDay } from './summed-day.ts';
import type { TimeFormat } from './time-format.ts';

export interface StackedDaysProps {
  readonly days: readonly SummedDay[];
  /** From the bottom up. */
  readonly projects: readonly (string | null)[];
  readonly colors: ReadonlyMap<string, number>;
  readonly label: string;
  readonly height?: number;
  readonly format: TimeFormat;
}

export function StackedDays({ days, projects, colors, label, height = 160, format }: StackedDaysProps) {
  const longest = Math.max(1, ...days.map(({ total }) => total));
  const reached = days.map(() => 0);
  const wide = days.length > 200 ? 1 : 0.86;
  const paths = projects.map((project) => {
    let path = '';
    for (const [at, { projects: its }] of days.entries()) {
      const time = its.find((one) => one.project === project)?.time ?? 0;
      if (time === 0) continue;
      const from = reached[at] ?? 0;
      reached[at] = from + time;
      const [top, tall] = [(1 - (from + time) / longest) * 100, (time / longest) * 100];
      path += `M${at} ${top.toFixed(2)}h${wide}v${tall.toFixed(2)}h${-wide}z`;
    }
    return { project, path };
  });
  const ends = [days[0], days.at(-1)];
  return (
    <>
      <svg
        class="stacked"
        viewBox={`0 0 ${days.length} 100`}
        preserveAspectRatio="none"
        height={height}
        role="img"
        aria-label={label}
      >
        {paths.map(({ project, path }) => (
          <path key={project} class={colorClass(project, colors)} d={path} />
        ))}
      </svg>
      <p class="ends soft">
        {ends.map((day, at) => (
          <span key={at}>{day !== undefined && format.fullDate(day.date)}</span>
        ))}
      </p>
    </>
  );
}
