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
}

async function keepUp() {
  let wait = everyMs;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, wait));
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

for (const button of document.querySelectorAll('button[data-copy]')) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const field = document.querySelector(button.dataset.copy);
    field.select();
    await navigator.clipboard.writeText(field.value);
    button.textContent = 'Copied';
  });
}
