// A page whose address names a date that does not exist.

import type { Texts } from '../languages/languages.ts';

interface WrongDateProps {
  readonly texts: Texts;
  readonly title: string;
  /** The date as the address has it. */
  readonly date: string;
  /** A page that exists. */
  readonly href: string;
  readonly label: string;
}

export function WrongDate({ texts, title, date, href, label }: WrongDateProps) {
  return (
    <>
      <h1>{title}</h1>
      <p class="problem" role="alert">
        {texts.text('problem.date', { date })}
      </p>
      <p>
        <a href={href}>{label}</a>
      </p>
    </>
  );
}
