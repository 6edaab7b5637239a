// The sign-in in the place of a page's content, where the hub wants to know who it is. Its form is fetched then.

import { useEffect, useState } from 'preact/hooks';
import type { SignInForm, SignInFormProps } from './sign-in-form.tsx';

export function SignIn(props: SignInFormProps) {
  const [form, setForm] = useState<{ readonly Form: typeof SignInForm }>();
  useEffect(() => {
    void import('./sign-in-form.tsx').then(({ SignInForm: Form }) => setForm({ Form }));
  }, []);
  return form === undefined ? <section class="card admission" /> : <form.Form {...props} />;
}
