// Whose piece goes next. One at a time, for a thin line carries no two; whoever has the least left goes first, so that a
// photo is not stuck behind a video; and none begins while what matters more is on the line. Knows no DOM.

export function createTurns() {
  const waiting = new Set();
  let taken = false;
  let held = 0; // by how many

  /** Waits for a turn; `left()` says how many bytes are still to go. Gives the function that ends it. */
  function take(left) {
    return new Promise((resolve) => {
      waiting.add({ left, resolve });
      next();
    });
  }

  /** No turn begins until the function that this gives is called, or `most` ms have passed. */
  function hold(most) {
    held += 1;
    const timer = setTimeout(end, most);
    let over = false;
    function end() {
      if (over) return;
      over = true;
      clearTimeout(timer);
      held -= 1;
      next();
    }
    return end;
  }

  function next() {
    if (taken || held > 0 || waiting.size === 0) return;
    const first = [...waiting].sort((a, b) => a.left() - b.left())[0];
    waiting.delete(first);
    taken = true;
    let over = false;
    first.resolve(() => {
      if (over) return;
      over = true;
      taken = false;
      // Whoever ends a turn to take another one at once is asked along with the rest.
      Promise.resolve().then(next);
    });
  }

  return { take, hold };
}
