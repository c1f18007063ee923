/** As in package.json: `npm run release` writes both, and a test compares them. */
export const VERSION = '0.1.0';
