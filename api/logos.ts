import type { Kysely } from 'kysely';
import sharp from 'sharp';
import type { Database } from '../db/database.ts';
import { insertEvent } from '../db/events.ts';
import type { OrganizationId } from '../db/ids.ts';
import { logoHash, storeLogo } from '../db/logos.ts';
import { lockOrganization, type Organization, updateOrganization } from '../db/organizations.ts';
import type { Standing } from './caller.ts';
import { Problem } from './problem.ts';

/** What a picture may have as it is sent. */
export const logoLimits = { bytes: 1024 * 1024, pixels: 25_000_000 };
/** The types it may have, by the names of HTTP. */
export const logoTypes = ['image/png', 'image/jpeg', 'image/webp'] as const;

/** The longer side of what is kept, in pixels: four times the largest that pages show. */
const side = 256;
/** How long reading one may take, s; and a request that has one read, ms. */
const patience = 5;
export const logoTimeoutMs = 7_000;

// Of all that the library can read no more is let near it than these three.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: ['VipsForeignLoadPngBuffer', 'VipsForeignLoadJpegBuffer', 'VipsForeignLoadWebpBuffer'] });
// Few and small: they need no memory of their own, nor all cores.
sharp.cache(false);
sharp.concurrency(1);

/** The one that is drawn now, or was last. */
let last: Promise<unknown> = Promise.resolve();

/** Does one after the other: a large picture fills memory while it is read, and several the threads that all else needs too. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const done = last.then(work);
  last = done.catch(() => undefined);
  return done;
}

/**
 * A picture as it is kept: drawn anew as PNG, at most 256 pixels wide and high, so that nothing is left of what was sent but
 * what is seen. No place, no camera, no other file within it.
 *
 * @throws Problem `invalid_picture`, `too_large`
 */
export async function redraw(picture: Uint8Array): Promise<Buffer> {
  if (picture.length > logoLimits.bytes)
    throw new Problem('too_large', `A logo may have ${logoLimits.bytes / 1024 / 1024} MiB at most.`);
  try {
    return await inTurn(() =>
      sharp(picture, { limitInputPixels: logoLimits.pixels, failOn: 'error', animated: false })
        .timeout({ seconds: patience })
        // As the camera was held, which is told beside the picture.
        .autoOrient()
        .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
        .png()
        .toBuffer(),
    );
  } catch (cause) {
    // What the library says of it may quote the picture: it is not repeated.
    const isBomb = cause instanceof Error && /pixel limit/.test(cause.message);
    throw new Problem(
      'invalid_picture',
      isBomb
        ? `It may have ${logoLimits.pixels / 1_000_000} million pixels at most.`
        : 'It must be a whole PNG, JPEG or WebP picture.',
    );
  }
}

/**
 * Gives an organization a logo, or takes it away, with an event, unless it is so already.
 *
 * @param png as {@link redraw} makes it; null: none
 */
export const changeLogo = (
  db: Kysely<Database>,
  id: OrganizationId,
  { by }: Standing,
  png: Buffer | null,
  request: string,
): Promise<Organization> =>
  db.transaction().execute(async (trx) => {
    const before = await lockOrganization(trx, id);
    const logo = png && logoHash(png);
    if (logo === before.logo) return before;
    await storeLogo(trx, id, png);
    const target = { kind: 'organization', id } as const;
    await insertEvent(trx, { organization: id, target, type: 'organization_changed', detail: 'logo', by, request });
    return updateOrganization(trx, id, { logo });
  });
