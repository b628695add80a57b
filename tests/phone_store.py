"""What the citizen's page keeps on its phone (`static/citizen/storage.js`), as a test sees it from outside."""

# An expression in the page: all that is kept there, oldest key first.
ITEMS = """(async () => {
  const opened = await new Promise((resolve) => {
    const request = indexedDB.open("kept");
    request.onsuccess = () => resolve(request.result);
  });
  const all = opened.transaction("outbox").objectStore("outbox").getAll();
  await new Promise((resolve) => { all.onsuccess = resolve; });
  opened.close();
  return all.result;
})()"""
# Whether these words are among it: on the disk, which a busy machine takes its time for.
HAS = (
    f"async (words) => JSON.stringify((await {ITEMS}).map(({{ values }}) => values ?? {{}})).includes(words)"
)
HAS_NOT = f"async (words) => !await ({HAS})(words)"
