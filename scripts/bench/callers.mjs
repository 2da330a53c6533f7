// Measures alerts that share nothing: each has a caller and a machine that no other has. Baseline: Alertmanager.
import { alertmanager } from './alertmanager.mjs';
import { setUp } from './setup.mjs';
import { strangers } from './strangers.mjs';

const count = Number(process.env.BENCH_CALLERS ?? 1500);
/** The first alerts are not measured: they load the code and the role definitions. */
const warmUp = 300;
const bench = await setUp(count + warmUp);

const events = strangers(count + warmUp);

let requests = 0;
async function measured(carry) {
  await carry(events.slice(0, warmUp));
  const before = await bench.azureRequests();
  const began = Date.now();
  await carry(events.slice(warmUp));
  const seconds = (Date.now() - began) / 1000;
  requests = (await bench.azureRequests()) - before;
  return count / seconds;
}

const rate = await bench.measurePipeline(measured, 'enrich,deliver');
const perAlert = requests / count;
const two = await bench.measurePipeline(measured, 'enrich', 'deliver');
const baseline = await alertmanager({ measured, ...bench });
console.log(`callers: ${count} alerts, each of another caller on another machine`);
console.log(`  requests to Azure            ${perAlert.toFixed(3)} an alert (target: at most 0.05)`);
console.log(`  one process                  ${rate.toFixed(0)} messages per second`);
console.log(`  --roles enrich, deliver      ${two.toFixed(0)} messages per second`);
console.log(
  baseline
    ? `  Alertmanager, the same Slack ${baseline.toFixed(0)} per second; Runwatch: ${(rate / baseline).toFixed(2)} and ${(two / baseline).toFixed(2)} of it (target: 0.5)`
    : '  Alertmanager is not installed (Debian: prometheus-alertmanager)',
);
await bench.stop();
process.exit(0);
