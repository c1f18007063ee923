import { worldOf, type Scenario, type Switch, type World } from './world.ts';

// What is run: everything on, where nothing may be found; and each switch off, where something has to be.

export interface SwitchedOff {
  name: Switch;
  /** The fault of the list in docs/adr/0018 that it mends. */
  mends?: string;
  /** What is done instead. */
  instead: string;
  /** Where it stands in the code; an assumption stands nowhere. */
  code?: string;
  /** The smallest world in which it is missed. */
  scenario: Scenario;
  /** What is found. */
  finds: string;
}

const doubled = 'I2: two public posts';
const said = 'I1: said not to be out';

export const switches: SwitchedOff[] = [
  // Protections
  {
    name: 'fence',
    instead: 'whoever holds a delivery may write, under any number',
    code: 'HELD, hold.repository.ts',
    scenario: {},
    finds: doubled,
  },
  {
    name: 'lease',
    instead: 'what is being published is taken over at once',
    code: 'claimDeliveries',
    scenario: { platform: 'unlisted', prompt: true },
    finds: 'I1: left to a person, though nothing had gone wrong',
  },
  {
    name: 'deadline',
    instead: 'a worker that slept past its window sends all the same',
    code: 'assertMaySend',
    scenario: {},
    finds: doubled,
  },
  {
    name: 'windowFirst',
    instead: 'the window opens when the commit was answered',
    code: 'commitSending',
    scenario: {},
    finds: doubled,
  },
  {
    name: 'revision',
    instead: 'a change is written over whatever stands there by now',
    code: 'changePost',
    scenario: { platform: 'unlisted', workers: 1, people: ['change', 'edit'], faults: { decisions: 2 } },
    finds: 'I3: sent after a cancel',
  },
  {
    name: 'databaseClock',
    instead: "the worker's own clock, which is fast, says what is due",
    code: 'fireDuePosts',
    scenario: {},
    finds: 'I3: sent before the time',
  },
  {
    name: 'evidence',
    instead: 'what may be out is sent again',
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
    instead: 'a post is ended by what was counted before it was written to',
    code: 'settlePosts: xmin',
    scenario: { platform: 'unlisted' },
    finds: 'I1, I4',
  },
  {
    name: 'resolutionGuard',
    instead: 'a person may say "not out" while it is being sent',
    code: 'recordResolution',
    scenario: { platform: 'unlisted', people: ['word'], faults: { decisions: 1 } },
    finds: said,
  },
  {
    name: 'disconnectionGuard',
    instead: 'an account is disconnected while something is sent on it',
    code: 'lockDeliveries',
    scenario: { platform: 'unlisted', people: ['disconnect'], faults: { decisions: 1 } },
    finds: 'I3: sent after a disconnection',
  },

  // Mends
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
    instead: 'a change whose answer was lost is decided anew',
    code: 'compareAndSet',
    scenario: { platform: 'unlisted', workers: 1, people: ['change', 'repeat'], faults: { decisions: 2 } },
    finds: 'I3: sent after a cancel',
  },
  {
    name: 'timeOfLook',
    mends: 'F3',
    instead: 'a look counts from when something is concluded from it',
    code: 'sinceSendingMs, lookUpDelivery',
    scenario: {},
    finds: said,
  },
  {
    name: 'keepsSending',
    mends: 'F4',
    instead: '`sending_at` is cleared while absence is unproved',
    code: 'settleDelivery: may_be_out',
    scenario: { platform: 'resent', people: ['disconnect'], faults: { decisions: 1 } },
    finds: said,
  },
  {
    name: 'noEarlyNotSent',
    mends: 'F5',
    instead: 'the last try fails while its call may land',
    code: 'lookUpDelivery: sendAgain',
    scenario: { platform: 'keyed' },
    finds: said,
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
    instead: 'a time-out is believed before the answer that is there',
    code: 'http.ts',
    scenario: { platform: 'unlisted' },
    finds: 'I1: left to a person, though its answer had arrived',
  },
  {
    name: 'claimToken',
    mends: 'F8',
    instead: 'a number given out twice is taken for one claim',
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
    instead: 'what became of the call of an overtaken holder is dropped',
    code: 'proveOrGiveWay, hold.ts',
    scenario: { platform: 'keyed' },
    finds: 'I2: a public call was made, and nothing is noted',
  },

  // Assumptions
  {
    name: 'A1',
    instead: "the platform carries a call out after the client's limit",
    scenario: {},
    finds: said,
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
  { name: 'A4', instead: 'a sleep shows on neither of the two clocks', scenario: {}, finds: doubled },
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
    instead: 'a person says that it is not out, and it is',
    scenario: { platform: 'unlisted', people: ['word'], faults: { decisions: 1 } },
    finds: said,
  },
];

/** Within the assumptions nothing depends on these two: they make it less likely where an assumption does not hold. */
export const secondLines: Switch[] = ['senderGone', 'secondLook'];

/** The world of a switch, with it off, or with it on. */
export function worldFor({ scenario, name }: Pick<SwitchedOff, 'scenario' | 'name'>, isOn = false): World {
  return worldOf({ ...scenario, off: [...(scenario.off ?? []), ...(isOn ? [] : [name])] });
}

/** What is looked at with everything on. Pauses of any length, at every step, are part of all of them. */
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

/** Minutes instead of seconds. */
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
