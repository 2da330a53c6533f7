/** Moves the clock of this realm. Returns a function that sets by how much, ms. */
module.exports = function moveClock() {
  const Real = Date;
  let ahead = 0;
  global.Date = class extends Real {
    constructor(...args) {
      if (args.length === 0) super(Real.now() + ahead);
      else super(...args);
    }
    static now() {
      return Real.now() + ahead;
    }
  };
  return (ms) => {
    ahead = ms;
  };
};
