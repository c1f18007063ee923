import { worldOf, type Scenario, type Switch, type World } from './world.ts';

// The runs: with everything on, nothing may be found; with each switch off, a violation has to be found.

export interface SwitchedOff {
  name: Switch;
  /** The fault in the list of docs/adr/0018 that it fixes. */
  mends?: string;
  /** What happens instead. */
  instead: string;
  /** Where it is in the code; undefined for an assumption. */
  code?: string;
  /** The smallest world in which a violation is found without it. */
  scenario: Scenario;
  /** How the expected violation begins. */
  finds: string;
}

const doubled = 'I2: two public posts';
const falselyFailed = 'I1: reported as failed';

export const switches: SwitchedOff[] = [
  // Protections
  {
    name: 'fence',
    instead: 'any holder may write, with any fencing number',
    code: 'HELD, hold.repository.ts',
    scenario: {},
    finds: doubled,
  },
  {
    name: 'lease',
    instead: 'a delivery that is being published is taken over at once',
    code: 'claimDeliveries',
    scenario: { platform: 'unlisted', prompt: true },
    finds: 'I1: uncertain, although nothing had gone wrong',
  },
  {
    name: 'deadline',
    instead: 'a worker that slept past its window still sends',
    code: 'assertMaySend',
    scenario: {},
    finds: doubled,
  },
  {
    name: 'windowFirst',
    instead: 'the window opens only when the commit was answered',
    code: 'commitSending',
    scenario: {},
    finds: doubled,
  },
  {
    name: 'revision',
    instead: 'a change overwrites newer changes',
    code: 'changePost',
    scenario: { platform: 'unlisted', workers: 1, people: ['change', 'edit'], faults: { decisions: 2 } },
    finds: 'I3: sent after a cancel',
  },
  {
    name: 'databaseClock',
    instead: "the worker's own clock, which is fast, decides what is due",
    code: 'fireDuePosts',
    scenario: {},
    finds: 'I3: sent before the time',
  },
  {
    name: 'evidence',
    instead: 'a post that may be public is sent again',
    code: 'advance, publish-delivery.ts',
    scenario: {},
    finds: doubled,
  },
  {
    name: 'absenceWait',
    instead: '"not listed" is believed at the first look',
    code: 'look-up of the publishers: untilNextLookMs',
    scenario: {},
    finds: doubled,
  },
  {
    name: 'postVersion',
    instead: 'a post is ended by a count that is older than its last change',
    code: 'settlePosts: xmin',
    scenario: { platform: 'unlisted' },
    finds: 'I1, I4',
  },
  {
    name: 'resolutionGuard',
    instead: 'a person may resolve as not published while it is being sent',
    code: 'recordResolution',
    scenario: { platform: 'unlisted', people: ['word'], faults: { decisions: 1 } },
    finds: falselyFailed,
  },
  {
    name: 'disconnectionGuard',
    instead: 'an account is disconnected while a delivery is sent on it',
    code: 'lockDeliveries',
    scenario: { platform: 'unlisted', people: ['disconnect'], faults: { decisions: 1 } },
    finds: 'I3: sent after a disconnection',
  },

  // Fixes of faults
  {
    name: 'touchesPost',
    mends: 'F1',
    instead: 'a late receipt touches only a post that has ended',
    code: 'recordReceipt: reopened',
    scenario: { platform: 'unlisted' },
    finds: 'I1, I4',
  },
  {
    name: 'knowsOwnChange',
    mends: 'F2',
    instead: 'a repeated change, whose first answer was lost, is applied again',
    code: 'compareAndSet',
    scenario: { platform: 'unlisted', workers: 1, people: ['change', 'repeat'], faults: { decisions: 2 } },
    finds: 'I3: sent after a cancel',
  },
  {
    name: 'timeOfLook',
    mends: 'F3',
    instead: 'a look-up counts as made when its result is used',
    code: 'sinceSendingMs, lookUpDelivery',
    scenario: {},
    finds: falselyFailed,
  },
  {
    name: 'keepsSending',
    mends: 'F4',
    instead: '`sending_at` is cleared while absence is unproved',
    code: 'settleDelivery: may_be_out',
    scenario: { platform: 'resent', people: ['disconnect'], faults: { decisions: 1 } },
    finds: falselyFailed,
  },
  {
    name: 'noEarlyNotSent',
    mends: 'F5',
    instead: 'the last try fails while its call may still be carried out',
    code: 'lookUpDelivery: sendAgain',
    scenario: { platform: 'keyed' },
    finds: falselyFailed,
  },
  {
    name: 'checkAtTheWire',
    mends: 'F6',
    instead: 'the window is checked before the connection is made',
    code: 'beforeSend, http.ts',
    scenario: { times: { call: 2, absence: 5 } },
    finds: doubled,
  },
  {
    name: 'readsBuffer',
    mends: 'F7',
    instead: 'a time-out wins over an answer that has arrived',
    code: 'http.ts',
    scenario: { platform: 'unlisted' },
    finds: 'I1: uncertain, although its answer had arrived',
  },
  {
    name: 'claimToken',
    mends: 'F8',
    instead: 'a fencing number that is used twice counts as one claim',
    code: 'HELD: claim_token',
    scenario: { platform: 'unlisted', faults: { failovers: 1 } },
    finds: doubled,
  },
  {
    name: 'waitFromCallEnd',
    mends: 'F9',
    instead: 'the wait counts from `sending`, however late the call was',
    code: 'callEndedAt',
    scenario: { workers: 1, off: ['A3'] },
    finds: doubled,
  },
  {
    name: 'notesOvertaken',
    mends: 'F10',
    instead: 'the outcome of a call of a superseded holder is dropped',
    code: 'proveOrGiveWay, hold.ts',
    scenario: { platform: 'keyed' },
    finds: 'I2: a public call was made, but not recorded',
  },

  // Assumptions
  {
    name: 'A1',
    instead: "the platform carries out a call after the client's time limit",
    scenario: {},
    finds: falselyFailed,
  },
  {
    name: 'A2',
    instead: 'absence is believed after window + call, while a new post is not listed yet',
    scenario: {},
    finds: doubled,
  },
  {
    name: 'A3',
    instead: 'a worker sleeps between the check and the first byte',
    scenario: {},
    finds: doubled,
  },
  { name: 'A4', instead: 'neither of the two clocks shows a sleep', scenario: {}, finds: doubled },
  { name: 'A5', instead: 'the platform forgets the key', scenario: { platform: 'keyed' }, finds: doubled },
  {
    name: 'A6',
    instead: 'a fail-over loses the commit of `sending`',
    scenario: { platform: 'unlisted', faults: { failovers: 1 } },
    finds: doubled,
  },
  {
    name: 'A7',
    instead: "the database's clock jumps forward while a call is open",
    scenario: { faults: { jumps: 1 } },
    finds: doubled,
  },
  {
    name: 'A8',
    instead: 'a person says that it is not public, but it is',
    scenario: { platform: 'unlisted', people: ['word'], faults: { decisions: 1 } },
    finds: falselyFailed,
  },
];

/** Within the assumptions nothing depends on these two. They make a violation less likely when an assumption is wrong. */
export const secondLines: Switch[] = ['senderGone', 'secondLook'];

/** The world of a switch, with it off, or with it on. */
export function worldFor({ scenario, name }: Pick<SwitchedOff, 'scenario' | 'name'>, isOn = false): World {
  return worldOf({ ...scenario, off: [...(scenario.off ?? []), ...(isOn ? [] : [name])] });
}

/** The worlds that are explored with everything on. All of them include pauses of any length at every step. */
export function cleanWorlds({ full }: { full: boolean }): World[] {
  const ofSwitches = switches.filter(({ name }) => full || name !== 'checkAtTheWire');
  const scenarios: Scenario[] = [...withFaults, ...(full ? large : [])];
  const worlds = [...ofSwitches.map((off) => worldFor(off, true)), ...scenarios.map(worldOf)];
  // Many switches share a world.
  return [...new Map(worlds.map((world) => [JSON.stringify(world), world])).values()];
}

const withFaults: Scenario[] = [
  { platform: 'unlisted', people: ['word'], faults: { decisions: 2, kills: 1 } },
  { platform: 'unlisted', faults: { kills: 1, lostAnswers: 1, failovers: 1 } },
  { platform: 'resent', people: ['word', 'disconnect'], faults: { decisions: 1 } },
];

/** Worlds that take minutes instead of seconds. */
const large: Scenario[] = [
  { platform: 'unlisted', people: ['word', 'change'], faults: { decisions: 2 } },
  { platform: 'unlisted', faults: { kills: 1, lostAnswers: 1, lateStatements: 1 } },
  { platform: 'resent', faults: { kills: 1, lostAnswers: 1, lateStatements: 1 } },
  { platform: 'keyed', people: ['disconnect'], faults: { decisions: 1 } },
  { platform: 'keyed', faults: { failovers: 1 } },
  { platform: 'listed', faults: { kills: 1 } },
  { platform: 'listed', faults: { lostAnswers: 1 } },
  { platform: 'listed', faults: { lateStatements: 1 } },
  { platform: 'listed', faults: { kills: 1, lostAnswers: 1, lateStatements: 1 } },
  { platform: 'listed', people: ['change', 'edit', 'repeat', 'disconnect'], faults: { decisions: 2 } },
];
