// Ready reasons under a field: each by its digit while the field is empty, or by a press.

/** Fill `list` with the reasons in `lines`, one a line; what is chosen goes to `act`. */
export function readyReasons(list, field, lines, act) {
  list.replaceChildren(...lines.split("\n").map((words, at) => item(words, at, act)));
  field.onkeydown = (event) => {
    const button = field.value ? null : list.children[Number(event.key) - 1]?.firstChild;
    if (!button || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    button.click();
  };
}

function item(words, at, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  const key = document.createElement("kbd");
  key.textContent = at + 1;
  button.append(key, ` ${words}`);
  button.addEventListener("click", () => act(words));
  const row = document.createElement("li");
  row.append(button);
  return row;
}
