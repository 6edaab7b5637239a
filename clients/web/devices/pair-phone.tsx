// Pairs a phone: a QR code that signs it in as this person, once, within five minutes.

import { useEffect, useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { ask } from '../shared/ask.ts';
import { OneTimeLink } from '../shared/one-time-link.tsx';

interface MadeLink {
  readonly code: string;
  readonly id: string;
  readonly expires: number;
}

const local = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

export function PairPhone({ texts }: { texts: Texts }) {
  const [link, setLink] = useState<MadeLink>();
  const [problem, setProblem] = useState('');
  useEffect(() => {
    if (link === undefined) return;
    const timer = setTimeout(() => setLink(undefined), link.expires - Date.now());
    return () => clearTimeout(timer);
  }, [link]);
  const make = async () => {
    const made = await ask<MadeLink>('POST', '/-/links', { kind: 'pairing' });
    if (made.ok) setLink(made.value);
    setProblem(made.ok ? '' : made.reason);
  };
  const cancel = () => {
    if (link !== undefined) void ask('DELETE', `/-/links/${encodeURIComponent(link.id)}`);
    setLink(undefined);
  };
  return (
    <>
      <h3>{texts.text('pair.title')}</h3>
      {local.test(location.hostname) && <p class="hint">{texts.text('pair.local')}</p>}
      {link === undefined ? (
        <p class="buttons">
          <button type="button" onClick={() => void make()}>
            {texts.text('pair.show')}
          </button>
        </p>
      ) : (
        <>
          <p>{texts.text('pair.hint')}</p>
          <OneTimeLink texts={texts} code={link.code} expires={link.expires} />
          <p class="buttons">
            <button type="button" onClick={cancel}>
              {texts.text('cancel')}
            </button>
          </p>
        </>
      )}
      <p role="alert">{problem}</p>
    </>
  );
}
