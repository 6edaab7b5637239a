// All checks, in the order of the rules.

import { administrationChecks } from './checks/administration.ts';
import { channelChecks, followChecks, presenceChecks, resumeChecks } from './checks/channels.ts';
import { conditionChecks } from './checks/conditions.ts';
import { boundChecks, connectChecks } from './checks/connect.ts';
import { lastChecks, loginChecks } from './checks/login.ts';
import { crossingChecks, firstTimeChecks, listChecks, mergeChecks } from './checks/merging.ts';
import { answerChecks, indexChecks, readChecks, writeChecks } from './checks/tasks.ts';
import { ofNewAccounts, type RuleCheck } from './rule-check.ts';

export const ruleChecks: readonly RuleCheck[] = [
  ...connectChecks,
  ...boundChecks,
  ...loginChecks,
  ...readChecks,
  ...writeChecks,
  ...ofNewAccounts(crossingChecks),
  ...ofNewAccounts(listChecks),
  ...answerChecks,
  ...conditionChecks,
  ...indexChecks,
  ...ofNewAccounts(firstTimeChecks),
  ...ofNewAccounts(mergeChecks),
  ...channelChecks,
  ...followChecks,
  ...resumeChecks,
  ...presenceChecks,
  ...administrationChecks,
];

/** These are made alone and last: for a minute after them the server refuses wrong tokens in another way. */
export { lastChecks };
