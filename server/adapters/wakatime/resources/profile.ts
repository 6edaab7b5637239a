// The account in the form of WakaTime's `users`: every documented key, null where the hub has no value. Strangers see a part.

import { formatIso } from '../model/calendar.ts';
import { newestHeartbeat } from '../stats/lists.ts';
import type { Person, PersonInfo } from '../stats/query.ts';

/** The part of a profile that others may see. */
export function publicProfile({ account, id, base = '', settings: { fullName } }: PersonInfo) {
  const displayName = fullName || `@${account}`;
  return {
    id,
    username: account,
    full_name: fullName || null,
    display_name: displayName,
    email: null,
    is_email_public: false,
    photo: `${base}/photo/${id}`,
    photo_public: true,
    location: null,
    profile_url: null,
    public_email: null,
    website: null,
    human_readable_website: null,
    is_hireable: false,
    city: null,
  };
}

/** @param withEmail false for an app without that scope */
export function describeProfile(person: Person, withEmail = true) {
  const { settings, created } = person;
  const { shares, email } = settings;
  const last = newestHeartbeat(person);
  return {
    ...publicProfile(person),
    email: withEmail ? email || null : null,
    is_email_confirmed: email !== '',
    bio: null,
    timezone: settings.timezone,
    timeout: settings.timeout,
    writes_only: settings.writesOnly,
    weekday_start: settings.weekdayStart,
    durations_slice_by: 'project',
    color_scheme: 'System',
    date_format: 'YYYY-MM-DD',
    time_format_24hr: true,
    default_dashboard_range: 'Last 7 Days',
    last_heartbeat_at: last === undefined ? null : formatIso(last.time),
    last_plugin: last?.userAgent ?? null,
    last_plugin_name: last === undefined ? null : (last.labels.editors[0] ?? null),
    last_project: last?.project || null,
    last_branch: last?.branch || null,
    last_language: last?.language || null,
    // Tools offer long ranges only to accounts with a paid plan.
    plan: 'premium',
    has_premium_features: true,
    needs_payment_method: false,
    is_onboarding_finished: true,
    show_machine_name_ip: false,
    github_username: null,
    twitter_username: null,
    linkedin_username: null,
    wonderfuldev_username: null,
    logged_time_public: shares.time,
    languages_used_public: shares.languages,
    editors_used_public: shares.editors,
    categories_used_public: shares.categories,
    os_used_public: shares.systems,
    created_at: formatIso(created * 1_000),
    modified_at: formatIso(created * 1_000),
  };
}
