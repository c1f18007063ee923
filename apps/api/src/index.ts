export { buildApp } from './app.ts';
export { createAuth, type Auth } from './auth.ts';
export { seedDemo } from './seed-demo.ts';
