import { Type, type Static } from 'typebox';

/** XRPC: every error has a name. The status alone says little: an expired token is a 400. */
export const XrpcError = Type.Object({
  error: Type.String({ minLength: 1 }),
  message: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});
export type XrpcError = Static<typeof XrpcError>;
