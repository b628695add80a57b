// Whose piece goes next. One at a time, for a thin line carries no two; whoever has the least left goes first, so that a
// photo is not stuck behind a video. Knows no DOM.

export function createTurns() {
  const waiting = new Set();
  let taken = false;

  /** Waits for a turn; `left()` says how many bytes are still to go. Gives the function that ends it. */
  function take(left) {
    return new Promise((resolve) => {
      waiting.add({ left, resolve });
      next();
    });
  }

  function next() {
    if (taken || waiting.size === 0) return;
    const first = [...waiting].sort((a, b) => a.left() - b.left())[0];
    waiting.delete(first);
    taken = true;
    let over = false;
    first.resolve(() => {
      if (over) return;
      over = true;
      taken = false;
      // Whoever ends a turn to take another one at once is asked along with the rest.
      queueMicrotask(next);
    });
  }

  return { take };
}
