// Draws a sentence: figures stronger, names of projects in the accent.

import type { SentencePart } from './sentence.ts';

export function SentenceLine({ parts }: { parts: readonly SentencePart[] }) {
  return (
    <p class="sentence">
      {parts.map(({ text, role }, at) => {
        if (role === 'figure') return <strong key={at}>{text}</strong>;
        return role === 'project' ? <em key={at}>{text}</em> : text;
      })}
    </p>
  );
}
