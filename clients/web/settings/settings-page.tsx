// The page of settings: time, presence, sharing, privacy, storage, data out and in, and what this browser alone remembers.

import { useState } from 'preact/hooks';
import type { TextKey } from '../languages/en.ts';
import { languages, type Texts } from '../languages/languages.ts';
import { pathTo } from '../shared/address.ts';
import { connectionWords } from '../shared/connection-words.ts';
import { ManagedPage } from '../shared/managed-page.tsx';
import { readStoredSettings, remember } from '../shared/settings.ts';
import { TimeFormat } from '../shared/time-format.ts';
import { ImportFile } from './import-file.tsx';
import { NotifyMe } from './notify-me.tsx';
import { PrivacyRules } from './privacy-rules.tsx';
import {
  isSwitchedOn,
  mobNamesIn,
  mobNamesText,
  numberIn,
  type SettingField,
  settingFields,
  switchFields,
  textOfField,
} from './settings-view.ts';
import { type LiveSettings, useSettings } from './use-settings.ts';

interface PartProps {
  readonly texts: Texts;
  readonly settings: LiveSettings;
}

export function SettingsPage({ texts }: { texts: Texts }) {
  const settings = useSettings();
  const { live, isKnown, problem, waiting } = settings;
  const { state } = live;
  const words = connectionWords(
    { state, isOnline: navigator.onLine, now: Date.now(), asOf: live.liveAt },
    texts,
    new TimeFormat(texts, Intl.DateTimeFormat().resolvedOptions().timeZone),
  );
  return (
    <ManagedPage
      texts={texts}
      title={texts.text('nav.settings')}
      words={words}
      refused={state.name === 'revoked' ? state.reason : ''}
    >
      <p role="alert">{problem}</p>
      <output>{waiting > 0 && texts.text('settings.waiting', { count: waiting })}</output>
      {isKnown ? (
        <div class="manage">
          <TimeSettings texts={texts} settings={settings} />
          <PresenceSettings texts={texts} settings={settings} />
          <SharingSettings texts={texts} settings={settings} />
          <PrivacyRules texts={texts} />
          <StorageSettings texts={texts} settings={settings} />
          <section class="card">
            <h2>{texts.text('settings.export')}</h2>
            <ul class="plain">
              <li>
                <a href={pathTo('/api/0/export')} download="aw-buckets-export.json">
                  {texts.text('settings.export-aw')}
                </a>
              </li>
            </ul>
            <p class="hint">{texts.text('settings.export-hint')}</p>
          </section>
          <ImportFile texts={texts} />
          <BrowserSettings texts={texts} />
        </div>
      ) : (
        <p class="hint">{texts.text('loading')}</p>
      )}
    </ManagedPage>
  );
}

function TimeSettings({ texts, settings }: PartProps) {
  return (
    <section class="card">
      <h2>{texts.text('settings.time')}</h2>
      <div class="fields">
        <TextSetting
          texts={texts}
          settings={settings}
          field={settingFields.zone}
          label="settings.zone"
          hint="settings.zone-hint"
          isRight={isZone}
          choices={Intl.supportedValuesOf('timeZone')}
        />
        <TextSetting
          texts={texts}
          settings={settings}
          field={settingFields.dayStart}
          label="settings.day-start"
          hint="settings.day-start-hint"
          type="time"
          isRight={() => true}
        />
        <label>
          {texts.text('settings.week-start')}
          <select
            value={textOfField(settings.items, settingFields.weekStart) || '1'}
            onChange={({ currentTarget }) => settings.set(settingFields.weekStart, Number(currentTarget.value))}
          >
            <option value="1">{texts.text('settings.monday')}</option>
            <option value="0">{texts.text('settings.sunday')}</option>
          </select>
        </label>
      </div>
    </section>
  );
}

function PresenceSettings({ texts, settings }: PartProps) {
  const minutes = { texts, settings, least: 0, most: 1_440 } as const;
  return (
    <section class="card">
      <h2>{texts.text('settings.presence')}</h2>
      <div class="fields">
        <NumberSetting {...minutes} field={settingFields.idle} label="settings.idle" usual={5} />
        <NumberSetting {...minutes} field={settingFields.timeout} label="settings.timeout" least={1} usual={15} />
        <NumberSetting {...minutes} field={settingFields.bridge} label="settings.bridge" usual={0} />
      </div>
      <div class="fields">
        <label>
          {texts.text('settings.mob-names')}
          <input
            name="mob_names"
            value={mobNamesText(settings.items)}
            aria-describedby="mob-names-hint"
            onChange={({ currentTarget: { value } }) => settings.put('mob_names', mobNamesIn(value))}
          />
        </label>
        <p class="hint" id="mob-names-hint">
          {texts.text('settings.mob-names-hint')}
        </p>
      </div>
      <h3>{texts.text('settings.questions')}</h3>
      <Switches
        texts={texts}
        settings={settings}
        rows={[
          ['askIdle', 'settings.ask-idle'],
          ['askRunning', 'settings.ask-running'],
          ['askUnexplained', 'settings.ask-unexplained'],
        ]}
      />
    </section>
  );
}

function SharingSettings({ texts, settings }: PartProps) {
  return (
    <section class="card">
      <h2>{texts.text('settings.sharing')}</h2>
      <p class="hint">{texts.text('settings.sharing-hint')}</p>
      <Switches
        texts={texts}
        settings={settings}
        rows={[
          ['time', 'settings.share-time'],
          ['projects', 'projects'],
          ['languages', 'settings.share-languages'],
          ['editors', 'settings.share-editors'],
          ['categories', 'settings.share-categories'],
          ['systems', 'settings.share-systems'],
        ]}
      />
      <div class="fields">
        <NumberSetting
          texts={texts}
          settings={settings}
          field={settingFields.shareDays}
          label="settings.share-days"
          least={0}
          most={36_500}
        />
      </div>
    </section>
  );
}

function StorageSettings({ texts, settings }: PartProps) {
  const days = { texts, settings, least: 7, most: 36_500 } as const;
  return (
    <section class="card">
      <h2>{texts.text('settings.storage')}</h2>
      <p class="hint">{texts.text('settings.storage-hint')}</p>
      <div class="fields">
        <NumberSetting {...days} field={settingFields.wakatimeDays} label="settings.keep-editors" />
        <NumberSetting {...days} field={settingFields.watcherDays} label="settings.keep-watchers" />
      </div>
    </section>
  );
}

/** Settings of this browser. */
function BrowserSettings({ texts }: { texts: Texts }) {
  const names = new Intl.DisplayNames(texts.locale, { type: 'language' });
  return (
    <section class="card">
      <h2>{texts.text('settings.browser')}</h2>
      <NotifyMe texts={texts} />
      <div class="fields">
        <label>
          {texts.text('settings.language')}
          <select
            name="language"
            value={readStoredSettings().language}
            onChange={({ currentTarget }) => {
              remember('language', currentTarget.value);
              location.reload();
            }}
          >
            <option value="">{texts.text('settings.language-usual')}</option>
            {Object.keys(languages).map((language) => (
              <option key={language} value={language}>
                {names.of(language)}
              </option>
            ))}
          </select>
        </label>
      </div>
    </section>
  );
}

function isZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).format() !== '';
  } catch {
    return false;
  }
}

interface TextSettingProps extends PartProps {
  readonly field: SettingField;
  readonly label: TextKey;
  readonly hint: TextKey;
  readonly type?: 'text' | 'time';
  readonly isRight: (text: string) => boolean;
  readonly choices?: readonly string[];
}

/** A change is saved when the field is left, or with Enter. An empty field says nothing any more. */
function TextSetting({ texts, settings, field, label, hint, type = 'text', isRight, choices }: TextSettingProps) {
  const [isWrong, setWrong] = useState(false);
  const id = `setting-${field.field}`;
  return (
    <label>
      {texts.text(label)}
      <input
        id={id}
        type={type}
        list={choices === undefined ? undefined : `${id}-choices`}
        aria-invalid={isWrong}
        aria-describedby={`${id}-hint`}
        defaultValue={textOfField(settings.items, field)}
        onChange={({ currentTarget: { value } }) => {
          const text = value.trim();
          setWrong(text !== '' && !isRight(text));
          if (text === '' || isRight(text)) settings.set(field, text === '' ? undefined : text);
        }}
      />
      {choices !== undefined && (
        <datalist id={`${id}-choices`}>
          {choices.map((choice) => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      )}
      <span class={isWrong ? 'problem' : 'hint'} id={`${id}-hint`} role={isWrong ? 'alert' : undefined}>
        {texts.text(hint)}
      </span>
    </label>
  );
}

interface NumberSettingProps extends PartProps {
  readonly field: SettingField;
  readonly label: TextKey;
  readonly least: number;
  readonly most: number;
  /** The default value. */
  readonly usual?: number;
}

function NumberSetting({ texts, settings, field, label, least, most, usual }: NumberSettingProps) {
  const [isWrong, setWrong] = useState(false);
  const id = `setting-${field.item}-${field.field}`;
  return (
    <label>
      {texts.text(label)}
      <input
        id={id}
        inputMode="numeric"
        placeholder={usual === undefined ? '' : String(usual)}
        aria-invalid={isWrong}
        aria-describedby={`${id}-hint`}
        defaultValue={textOfField(settings.items, field)}
        onChange={({ currentTarget: { value } }) => {
          const number = numberIn(value, least, most);
          setWrong(number === null);
          if (number !== null) settings.set(field, number);
        }}
      />
      <span class="problem" id={`${id}-hint`} role="alert">
        {isWrong && texts.text('settings.number', { least, most })}
      </span>
    </label>
  );
}

interface SwitchesProps extends PartProps {
  readonly rows: readonly (readonly [name: keyof typeof switchFields, label: TextKey])[];
}

function Switches({ texts, settings, rows }: SwitchesProps) {
  return (
    <div class="switches">
      {rows.map(([name, label]) => (
        <label key={name}>
          <input
            type="checkbox"
            name={name}
            checked={isSwitchedOn(settings.items, switchFields[name])}
            onChange={({ currentTarget }) => settings.set(switchFields[name], currentTarget.checked)}
          />{' '}
          {texts.text(label)}
        </label>
      ))}
    </div>
  );
}
