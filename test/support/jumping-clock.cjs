// Preloaded into a bot: SIGUSR2 moves its clock 20 s ahead, and back the next time.
const real = Date.now.bind(Date);
let ahead = 0;
const RealDate = Date;
global.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(real() + ahead);
    else super(...args);
  }
  static now() {
    return real() + ahead;
  }
};
process.on('SIGUSR2', () => {
  ahead = ahead === 0 ? 20_000 : 0;
});
