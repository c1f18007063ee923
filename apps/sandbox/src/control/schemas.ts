import { Type } from 'typebox';
import { handlePattern } from '../platforms/accounts.ts';
import { platforms } from '../platforms/registry.ts';
import { steps } from '../steps.ts';
import { alterations, outcomeFaults } from '../world/faults.ts';

const strict = { additionalProperties: false };
const dayMs = 24 * 3_600_000;

const platform = Type.Enum(platforms.map(({ id }) => id));
const account = Type.String({ pattern: handlePattern });

export const PostsQuery = Type.Object(
  {
    platform: Type.Optional(platform),
    account: Type.Optional(account),
    limit: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,6}$' })),
  },
  strict,
);

export const RequestsQuery = Type.Object(
  { platform: Type.Optional(platform), account: Type.Optional(account) },
  strict,
);

export const AccountParams = Type.Object({ platform, account }, strict);

export const WithdrawalBody = Type.Object({ platform, account }, strict);

export const FaultBody = Type.Object(
  {
    platform,
    account: Type.Optional(account),
    step: Type.Enum([...steps]),
    fault: Type.Enum([...outcomeFaults, ...alterations]),
    after: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
    times: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    ms: Type.Optional(Type.Integer({ minimum: 0, maximum: dayMs })),
    status: Type.Optional(Type.Integer({ minimum: 500, maximum: 599 })),
    retryAfterSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400 })),
  },
  strict,
);

export const LatencyBody = Type.Object(
  { platform, ms: Type.Integer({ minimum: 0, maximum: 600_000 }) },
  strict,
);

/** A century in each direction: more than any time window, and still a valid date. */
export const ClockBody = Type.Object(
  { offsetMs: Type.Integer({ minimum: -36_500 * dayMs, maximum: 36_500 * dayMs }) },
  strict,
);

/** The rest of the body is checked against the platform's own schema. */
export const SettingsBody = Type.Object({ platform });
