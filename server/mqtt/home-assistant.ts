// The topics of an account, as Home Assistant finds them by itself: home-assistant.io/integrations/mqtt/#mqtt-discovery. Pure functions.

import type { MqttMessage } from './mqtt-connection.ts';

export interface GoalState {
  readonly id: string;
  readonly title: string;
  readonly percent: number;
}

/** The states of an account that Home Assistant shows. */
export interface HomeStates {
  /** Seconds of the day so far. */
  readonly today: number;
  /** The project of the running work; null without any. */
  readonly project: string | null;
  readonly task: string | null;
  /** The tasks that run, separated by commas; null for none. */
  readonly running: string | null;
  readonly isPresent: boolean;
  readonly goals: readonly GoalState[];
}

export interface HomeDevice {
  /** Of the target: topics and ids of Home Assistant contain it. */
  readonly id: string;
  readonly account: string;
  readonly version: string;
}

const discovery = 'homeassistant';
const [online, offline] = ['online', 'offline'];
/** The text that Home Assistant takes for "unknown". */
const nothing = 'None';
/** Home Assistant takes no longer state. */
const longestState = 255;

const topicOf = ({ id }: HomeDevice, name: string): string => `horai/${idIn(id)}/${name}`;
const idIn = (text: string): string => text.replaceAll(/[^\w-]/g, '_');

export function presenceMessage(device: HomeDevice, isOnline: boolean): MqttMessage {
  return { topic: topicOf(device, 'status'), payload: isOnline ? online : offline };
}

interface Entity {
  readonly name: string;
  readonly component: 'sensor' | 'binary_sensor';
  readonly title: string;
  readonly state: string;
  readonly more: Readonly<Record<string, string>>;
}

function entitiesOf({ today, project, task, running, isPresent, goals }: HomeStates): readonly Entity[] {
  const text = (name: string, title: string, icon: string, state: string | null): Entity => ({
    name,
    component: 'sensor',
    title,
    state: state === null ? nothing : [...state].slice(0, longestState).join(''),
    more: { icon },
  });
  return [
    {
      name: 'today',
      component: 'sensor',
      title: 'Time today',
      state: String(today),
      more: { device_class: 'duration', unit_of_measurement: 's', state_class: 'measurement' },
    },
    text('project', 'Project', 'mdi:folder-clock-outline', project),
    text('task', 'Task', 'mdi:checkbox-marked-circle-outline', task),
    text('running', 'Running task', 'mdi:play-circle-outline', running),
    {
      name: 'present',
      component: 'binary_sensor',
      title: 'Present',
      state: isPresent ? 'ON' : 'OFF',
      more: { device_class: 'occupancy' },
    },
    ...goals.map(
      ({ id, title, percent }): Entity => ({
        name: `goal_${idIn(id)}`,
        component: 'sensor',
        title,
        state: String(percent),
        more: { icon: 'mdi:flag-checkered', unit_of_measurement: '%', state_class: 'measurement' },
      }),
    ),
  ];
}

/** Discovery first, then the states. */
export function homeMessages(device: HomeDevice, states: HomeStates): readonly MqttMessage[] {
  const entities = entitiesOf(states);
  const unique = `horai_${idIn(device.id)}`;
  const shared = {
    availability_topic: topicOf(device, 'status'),
    payload_available: online,
    payload_not_available: offline,
    device: {
      identifiers: [unique],
      name: `Horai (${device.account})`,
      manufacturer: 'Horai',
      sw_version: device.version,
    },
  };
  return [
    ...entities.map(({ name, component, title, more }) => ({
      topic: `${discovery}/${component}/${unique}/${name}/config`,
      payload: JSON.stringify({
        name: title,
        unique_id: `${unique}_${name}`,
        state_topic: topicOf(device, name),
        ...more,
        ...shared,
      }),
    })),
    ...entities.map(({ name, state }) => ({ topic: topicOf(device, name), payload: state })),
  ];
}
