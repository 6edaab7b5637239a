// The script of the sign-in page: uses the one-time link of its address, or asks for a token. The link's code stands behind the `#`, which
// browsers do not send, and leaves the address at once.

import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Texts } from '../languages/languages.ts';
import { pathTo } from '../shared/address.ts';
import { translateFrame } from '../shared/frame.ts';
import { askSession, type SessionFacts, signIn } from '../shared/session.ts';
import { SignIn } from '../shared/sign-in.tsx';
import { targetOf } from './target.ts';

function SignInPage({ texts, link, enter }: { texts: Texts; link: string; enter: () => void }) {
  const [isTrying, setTrying] = useState(link !== '');
  const [problem, setProblem] = useState('');
  const [facts, setFacts] = useState<SessionFacts>();
  const use = async (credential: Parameters<typeof signIn>[0]) => {
    const signed = await signIn(credential);
    if (signed.ok) return enter();
    setProblem(signed.reason);
    setTrying(false);
  };
  useEffect(() => {
    if (link !== '') void use({ link });
    void askSession().then(setFacts);
  }, []);
  if (isTrying) return <p class="hint">{texts.text('sign-in.trying')}</p>;
  return (
    <>
      <h1>{texts.text('sign-in.title')}</h1>
      {typeof facts?.account === 'string' && (
        <p>
          {texts.text('sign-in.already', { account: facts.account })}{' '}
          <a href={pathTo('/day')}>{texts.text('set-up.open-day')}</a>
        </p>
      )}
      <SignIn key={problem} texts={texts} reason={problem} entered={enter} />
      {facts?.signup === 'open' && (
        <p>
          <button type="button" onClick={() => void use({ sign_up: true })}>
            {texts.text('sign-in.sign-up')}
          </button>
        </p>
      )}
    </>
  );
}

const place = document.getElementById('sign-in');
if (place !== null) {
  const link = location.hash.slice(1);
  const target = targetOf(location.search);
  history.replaceState(null, '', location.pathname + location.search);
  const texts = await translateFrame();
  place.replaceChildren();
  render(<SignInPage texts={texts} link={link} enter={() => location.replace(pathTo(target))} />, place);
}
