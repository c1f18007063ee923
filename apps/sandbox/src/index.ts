export { buildSandbox } from './app.ts';
