// A press before the page's scripts is not lost: this file comes before anything is painted, and notes which button was pressed
// last, and when: of the first screen until it is ready, of a look until that has its script. Whose button it is makes up for it
// (`takeEarly` in page.js).

document.addEventListener("click", ({ target }) => {
  const root = document.documentElement;
  const button = target.closest("html:not([data-ready]) #home button[id], #covert:not([data-live]) #covert-act");
  if (button) root.dataset.pressed = `${button.id} ${Math.round(performance.now())}`;
});
