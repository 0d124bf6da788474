"""What Schemathesis cannot know of Usher: which ids exist, and which refusals a schema cannot foretell."""

import json
import os
import random
import re
import struct
import zlib

import schemathesis
from hypothesis import strategies
from schemathesis import GenerationMode

# Addresses by id.
invitations = json.loads(os.environ["USHER_FUZZ_INVITATIONS"])
licenses = json.loads(os.environ["USHER_FUZZ_LICENSES"])
keys = json.loads(os.environ["USHER_FUZZ_KEYS"])
members = json.loads(os.environ["USHER_FUZZ_MEMBERS"])
# Some are removed, and are no good for anything else then.
leaving, kept = members[:4], members[4:]
batches = json.loads(os.environ["USHER_FUZZ_BATCHES"])
# A message of each, by id.
webhooks = json.loads(os.environ["USHER_FUZZ_WEBHOOKS"])


@schemathesis.serializer("text/csv")
def as_csv(context, value):
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")


def png(width, height):
    """A picture of one colour."""
    chunk = lambda kind, data: (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x1d\x4e\xd8" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


schemathesis.openapi.media_type("image/png", strategies.sampled_from([png(1, 1), png(300, 20), png(20, 20)[:-9]]))


@schemathesis.serializer("image/png", "image/jpeg", "image/webp")
def as_picture(context, value):
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogatepass")


def is_positive(case, place):
    modes = {location.name.lower(): component.mode for location, component in case.meta.components.items()}
    return modes.get(place, GenerationMode.POSITIVE) == GenerationMode.POSITIVE


def mine(case):
    """What ends invitations has some of its own, so that others stay pending."""
    if "/licenses/" in case.path:
        return licenses
    if "/webhooks/" in case.path:
        # Some are removed or disabled, and are no good for anything else then.
        every = list(webhooks)
        return every[:2] if case.method == "DELETE" else every[2:3] if case.method == "PATCH" else every[3:]
    if "/api-keys/" in case.path:
        return keys
    if "/invitation-batches/" in case.path:
        return batches
    every = list(invitations)
    if random.random() < 0.2:
        return every
    for n, act in enumerate(["accept", "decline", "revoke"]):
        if case.path.endswith(f"/{act}"):
            return every[n::4]
    return every[3::4]


@schemathesis.hook
def before_call(context, case, kwargs):
    """Mostly what is there: all else is answered alike."""
    if case.meta is None:
        return
    parameters = case.path_parameters
    if is_positive(case, "path"):
        if "organization" in parameters and random.random() < 0.9:
            parameters["organization"] = "acme"
        if "id" in parameters and random.random() < 0.8:
            parameters["id"] = random.choice(mine(case))
        if "message" in parameters and random.random() < 0.8:
            parameters["message"] = webhooks.get(parameters["id"], "msg_none")
        if "member" in parameters and random.random() < 0.8:
            parameters["member"] = random.choice(leaving if case.method == "DELETE" else kept)
    if is_positive(case, "body") and isinstance(case.body, dict) and re.search("/organizations/[^/]*$", case.path):
        # Settings that would refuse what all others ask for; and a name is seldom plain, a home seldom https.
        for name in ("allowedDomains", "blockedDomains", "languages", "suspended", "name", "homeUrl", "expiresIn"):
            case.body.pop(name, None)
        case.body["expiresIn"] = "P9D"
    if is_positive(case, "body") and isinstance(case.body, dict) and random.random() < 0.8:
        if "/members" in case.path:
            if "members" in case.body:
                case.body["members"] = random.sample(kept, 2)
            # Removed or changed, not both; a team is a plain word, and not for every role.
            case.body.pop("state", None)
            case.body.pop(random.choice(["role", "teams"]), None)
            if "role" in case.body:
                case.body["role"] = "member"
            else:
                case.body["teams"] = ["Design"]
        if "/webhooks" in case.path and "url" in case.body:
            case.body["url"] = "http://127.0.0.1:9/"
        account = case.body.get("account")
        if isinstance(account, dict) and parameters.get("id") in invitations:
            email = invitations[parameters["id"]]
            account.update(issuer=os.environ["USHER_FUZZ_ISSUER"], subject=email, email=email, emailVerified=True)
        for row in case.body.get("invitations") or []:
            # As for single invitations, below.
            if isinstance(row, dict) and "redirectUrl" in row:
                row["redirectUrl"] = "https://acme.example/welcome"
            if isinstance(row, dict) and "licenses" in row:
                row["licenses"] = ["studio"]
        if re.search("/invitation-batches/(resend|revoke|amend)$", case.path):
            # Named, or found; not both, and few of them, so that others stay pending.
            named = bool(case.body.pop("filter", None)) and random.random() < 0.5
            case.body["invitations"] = random.sample(list(invitations)[2::4], 2)
            if named:
                case.body["filter"] = {"batch": random.choice(batches)}
                del case.body["invitations"]
            case.body.pop("teams", None)
            if case.path.endswith("/amend"):
                case.body["locale"] = "de-CH"
            if "expiresIn" in case.body:
                case.body["expiresIn"] = "P3D"
            if "role" in case.body:
                case.body["role"] = "member"
        if "redirectUrl" in case.body:
            case.body["redirectUrl"] = None if case.method == "PATCH" else "https://acme.example/welcome"
        # Random words are seldom plain, random addresses seldom such that mail can be sent to.
        if case.method == "PATCH" and "/invitations/" in case.path and random.random() < 0.5:
            for name in ("message", "teams", "email"):
                case.body.pop(name, None)
            case.body["locale"] = "de-CH"
        if "/licenses" in case.path and (case.method == "POST" or random.random() < 0.7):
            for name in ("name", "expiresAt"):
                case.body.pop(name, None)
            # The shortest products come again and again, and are there already.
            if "product" in case.body:
                case.body["product"] = f"fuzzed-{random.getrandbits(64):x}"
            if case.method == "PATCH":
                case.body["quantity"] = random.choice([0, 20, 1_000_000])
            if "members" in case.body:
                case.body["members"] = random.sample(kept, random.randint(1, len(kept)))
            if "to" in case.body:
                case.body["to"] = random.choice(licenses)
        if "licenses" in case.body:
            case.body["licenses"] = ["studio"]


@schemathesis.check
def schema_valid_is_not_called_invalid(ctx, response, case):
    """What the schema allows may be refused for another reason, which has a code of its own or says so in words; but never
    with nothing but a list of places where the schema is broken."""
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    if response.status_code == 400 and "errors" in response.json() and "detail" not in response.json():
        raise AssertionError(f"The schema allows it, the API does not: {response.json()['errors']}")
