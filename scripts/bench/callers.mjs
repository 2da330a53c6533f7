// Measures alerts that share nothing: each has a caller and a machine that no other has. The first storm comes after a
// start, the second when V8 has optimized the code. Baseline: Alertmanager.
import { alertmanager } from './alertmanager.mjs';
import { report } from './measure.mjs';
import { setUp } from './setup.mjs';
import { strangers } from './strangers.mjs';

const count = Number(process.env.BENCH_CALLERS ?? 1500);
/** The first alerts are not measured: they load the code and the role definitions. */
const warmUp = 300;
const storms = ['first storm', 'second storm'];
const bench = await setUp(warmUp + storms.length * count);
const events = strangers(warmUp + storms.length * count);

let requests = 0;
/** Messages per second, of each storm. */
async function measured(carry) {
  await carry(events.slice(0, warmUp));
  const before = await bench.azureRequests();
  const rates = [];
  for (let i = 0; i < storms.length; i++) {
    const from = warmUp + i * count;
    const began = Date.now();
    await carry(events.slice(from, from + count));
    rates.push(count / ((Date.now() - began) / 1000));
  }
  requests = (await bench.azureRequests()) - before;
  return rates;
}

const one = await bench.measurePipeline(measured, 'enrich,deliver');
const perAlert = requests / (storms.length * count);
const two = await bench.measurePipeline(measured, 'enrich', 'deliver');
const baseline = await alertmanager({ measured, ...bench });
console.log(`callers: storms of ${count} alerts, each of another caller on another machine`);
console.log(`  requests to Azure            ${perAlert.toFixed(3)} an alert (target: at most 0.05)`);
report('strangers, requests to Azure an alert', perAlert, '', '≤ 0.05');
if (!baseline) console.log('  Alertmanager is not installed (Debian: prometheus-alertmanager)');
for (const [i, storm] of storms.entries()) {
  const than = baseline?.[i];
  const beside = (rate) => (than ? `, ${(rate / than).toFixed(2)} of Alertmanager's` : '');
  console.log(`  ${storm}`);
  for (const [name, rates] of [
    ['one process', one],
    ['two processes', two],
  ]) {
    console.log(
      `    ${name.padEnd(15)}            ${rates[i].toFixed(0)} messages per second${beside(rates[i])}`,
    );
    report(`strangers, ${storm}, ${name}`, rates[i], 'messages per second');
    if (than) report(`strangers, ${storm}, ${name} to Alertmanager`, rates[i] / than, '', '≥ 0.5, later 1.0');
  }
  if (than) console.log(`    Alertmanager               ${than.toFixed(0)} per second, the same Slack`);
}
await bench.stop();
process.exit(0);
