// An account's settings of its days: zone, day start, idle time, bridges, names of devices and of the person in mob rooms. Whoever
// may write the channel `settings` changes them; a wrong value counts as not said.

import { areDeviceNames, areMobNames, type DaySettingsItem, isDaySettings } from '../../../protocol/day.ts';
import { readSettings } from '../../adapters/wakatime/model/account-settings.ts';
import { isZone } from '../../adapters/wakatime/model/calendar.ts';
import type { Hub } from '../../core/hub.ts';
import type { DayCalendar } from '../engine/day-calendar.ts';

const minute = 60_000_000;
const usualIdle = 5;

export interface AccountDaySettings {
  readonly calendar: DayCalendar;
  /** Microseconds. */
  readonly idle: number;
  readonly bridge: number;
  /** Of WakaTime's crediting rule. */
  readonly timeout: number;
  readonly writesOnly: boolean;
  /** Other host names by the name of the device. */
  readonly devices: Readonly<Record<string, readonly string[]>>;
  readonly mobNames: readonly string[];
}

export async function readDaySettings(hub: Hub, account: string): Promise<AccountDaySettings> {
  const { items } = (await hub.cachedChannel(`${account}/settings`)).view;
  const readItem = (key: string): unknown => JSON.parse(items.get(key)?.value ?? 'null');
  const day = readItem('day');
  const { zone, zones, day_start: dayStart, idle, bridge }: DaySettingsItem = isDaySettings(day) ? day : {};
  const { timezone, timeout, writesOnly } = await readSettings(hub, account);
  const devices = readItem('devices');
  const mobNames = readItem('mob_names');
  const home = zone !== undefined && isZone(zone) ? zone : timezone;
  const moves = (zones ?? []).filter((period) => isZone(period.zone)).sort((a, b) => a.from - b.from);
  return {
    calendar: {
      zones: [{ from: 0, zone: home }, ...moves],
      dayStart: minutesOf(dayStart) ?? minutesOf(await startOfDay(hub, account)) ?? 0,
    },
    idle: (idle ?? usualIdle) * minute,
    bridge: (bridge ?? 0) * minute,
    timeout: timeout * minute,
    writesOnly,
    devices: areDeviceNames(devices) ? devices : {},
    mobNames: areMobNames(mobNames) ? mobNames : [],
  };
}

/** The setting of ActivityWatch's own web UI, `"04:00"`. */
async function startOfDay(hub: Hub, account: string): Promise<string | undefined> {
  const { items } = (await hub.cachedChannel(`${account}/aw`)).view;
  const value: unknown = JSON.parse(items.get('setting/startOfDay')?.value ?? 'null');
  return typeof value === 'string' ? value : undefined;
}

/** `04:00`, `4:00` and `04:00:00` are 240. */
function minutesOf(time: string | undefined): number | undefined {
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)(?::\d\d)?$/.exec(time ?? '') ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}
