// Trying again: how long to wait, and how to be woken when the network is back.

const FIRST = 1_000;
const LONGEST = 15_000;

/** @param {{random: () => number}} env */
export function createPatience(env) {
  const sleepers = new Set();

  /** Milliseconds before try `n` + 1: doubling, between half and the whole, so that phones do not come all at once. */
  function before(n, first = FIRST, longest = LONGEST) {
    const whole = Math.min(first * 2 ** Math.max(0, n - 1), longest);
    return whole * (0.5 + env.random() / 2);
  }

  /** Sleeps for `ms`, or until woken. */
  function sleep(ms) {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        sleepers.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      sleepers.add(end);
    });
  }

  /** Runs `attempt` until it succeeds or fails for good; `failed` hears of each passing failure. */
  async function persist(attempt, failed = () => {}) {
    for (let n = 1; ; n += 1) {
      try {
        return await attempt(n);
      } catch (problem) {
        if (!problem.passing) throw problem;
        await failed(problem, n);
        await sleep(Math.max(before(n), problem.wait));
      }
    }
  }

  /** The network may be back: everybody tries now. */
  function wake() {
    for (const end of [...sleepers]) end();
  }

  return { before, sleep, persist, wake };
}
