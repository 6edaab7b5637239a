// Formats a date and time in full, like `%c` of C, in the person's locale. Intl is used only for locales other than C, because it
// takes longer to start than the rest of a short command.

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** Finds the locale for dates by the rules of the C library. @returns a BCP 47 tag; '' for the locale C */
export function findLocale(env: Environment): string {
  const name = env['LC_ALL'] || env['LC_TIME'] || env['LANG'] || 'C';
  const tag = name.replace(/[.@].*$/, '').replaceAll('_', '-');
  return tag === 'C' || tag === 'POSIX' || !/^[a-z]{2,3}(?:-[a-z0-9]+)*$/i.test(tag) ? '' : tag;
}

/** @param seconds since 1970; shown in the local zone */
export function formatDate(locale: string, seconds: number): string {
  const date = new Date(seconds * 1_000);
  if (locale === '') {
    const two = (part: number) => String(part).padStart(2, '0');
    const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
    const day = String(date.getDate()).padStart(2);
    return `${days[date.getDay()]} ${months[date.getMonth()]} ${day} ${time} ${date.getFullYear()}`;
  }
  return new Intl.DateTimeFormat(locale, {
    weekday: 'short',
    year: 'numeric',
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).format(date);
}
