// The console works without this. With it, what is shown keeps up by itself, and a link is copied by a press.

/** How often a page that is looked at is asked for again, ms; longer and longer while it cannot be had. */
const everyMs = 5_000;
const longestMs = 60_000;

/** What a region says, without what is drawn anew each time: a form's hidden fields. */
const saysOf = (region) => region.innerHTML.replace(/<input type="hidden"[^>]*>/g, '');

/** True while somebody is about to do something there. */
const isInUse = (region) =>
  region.contains(document.activeElement) ||
  [...region.querySelectorAll('input[type=checkbox]')].some((box) => box.checked !== box.defaultChecked) ||
  [...region.querySelectorAll('input[type=text], input[type=email], textarea')].some(
    (field) => field.value !== field.defaultValue,
  );

/** Replaces the regions (`data-live`) of which a newer page says something else. */
function update(page) {
  for (const region of document.querySelectorAll('[data-live]')) {
    const newer = page.querySelector(`[data-live="${region.dataset.live}"]`);
    if (newer && saysOf(newer) !== saysOf(region) && !isInUse(region)) region.replaceWith(document.adoptNode(newer));
  }
  showAllBoxes();
}

/** Waits so long, ms, or until what a region follows (`data-events`) has something new to tell. */
const waitFor = (ms) =>
  new Promise((resolve) => {
    const url = document.querySelector('[data-events]')?.dataset.events;
    const source = url && new EventSource(url);
    const done = () => {
      clearTimeout(timer);
      source?.close();
      resolve();
    };
    const timer = setTimeout(done, ms);
    let heard = 0;
    // The first tells what is shown already.
    source?.addEventListener('progress', () => heard++ > 0 && done());
  });

async function keepUp() {
  let wait = everyMs;
  for (;;) {
    await waitFor(wait);
    if (document.hidden) {
      await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
    }
    // Signed out, gone, or changed: what is shown stays as it was.
    const answer = await fetch(location.href, { headers: { accept: 'text/html' }, redirect: 'error' }).catch(
      () => null,
    );
    if (answer?.status === 401 || answer?.status === 403 || answer?.status === 404) return;
    wait = answer?.ok ? everyMs : Math.min(2 * wait, longestMs);
    if (answer?.ok) update(new DOMParser().parseFromString(await answer.text(), 'text/html'));
  }
}
if (document.querySelector('[data-live]')) void keepUp();

document.addEventListener('change', ({ target }) => {
  const name = target.closest('[data-all]')?.dataset.all;
  if (name) for (const box of document.querySelectorAll(`input[name="${name}"]`)) box.checked = target.checked;
});
const showAllBoxes = () => {
  for (const all of document.querySelectorAll('[data-all]')) all.hidden = false;
};
showAllBoxes();

for (const chooser of document.querySelectorAll('[data-file]')) {
  chooser.hidden = false;
  chooser.querySelector('input').addEventListener('change', async ({ target }) => {
    const [file] = target.files;
    if (file) document.querySelector(chooser.dataset.file).value = await file.text();
  });
}

for (const button of document.querySelectorAll('button[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const field = document.querySelector(button.dataset.copy);
    field.select();
    await navigator.clipboard.writeText(field.value);
    button.textContent = 'Copied';
  });
}
