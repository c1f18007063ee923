await import('../support/import-typescript.mjs');
const { explore } = await import('./explore.ts');
const { worldOf } = await import('./world.ts');
const sc = eval('(' + process.argv[2] + ')');
const r = explore(worldOf(sc), { maxStates: Number(process.argv[3] ?? 3e6) });
const { violation, ...rest } = r;
console.log(JSON.stringify(rest));
if (violation) {
  console.log(violation.what);
  violation.trace.forEach((t, i) => console.log(`${String(i + 1).padStart(3)}. ${t}`));
}
