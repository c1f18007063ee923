export { startWorker, type WorkerApp } from './app.ts';
