// Runs the CLI with a clock that is ahead by the milliseconds in a file, read at start and after each SIGUSR2:
// `node cli-with-clock.cjs FILE start …`.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const [file] = process.argv.splice(2, 1);
const setAhead = require('../support/moved-clock.cjs')();
const read = () => setAhead(Number(readFileSync(file, 'utf8')));
process.on('SIGUSR2', read);
read();
require(join(__dirname, '../../dist/cli.js'));
