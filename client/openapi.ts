// What crosses HTTP, generated from the app's OpenAPI document: npm run client:types

export interface paths {
    "/v1/invitation-batches/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How a batch comes along; live as server-sent events
         * @description With Accept: text/event-stream, an event `progress` with the same whenever it has changed, until the batch is finished.
         */
        get: operations["getInvitationBatch"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/invitation-batches/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Revoke what is still open of a batch; an act is carried out on no more invitations */
        post: operations["cancelInvitationBatch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/invitation-batches/{id}/results": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What became of each row of an act on many invitations
         * @description In their order. Of a batch that invites, they are in the answer that made it.
         */
        get: operations["listInvitationBatchResults"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** For staff: invitations to an address in every organization, newest first */
        get: operations["findInvitations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/invitations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One invitation */
        get: operations["getInvitation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change a pending invitation; another address gets a new link, and the old one dies */
        patch: operations["amendInvitation"];
        trace?: never;
    };
    "/v1/invitations/{id}/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Join, as the invited person */
        post: operations["acceptInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/invitations/{id}/decline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Decline, as the invited person */
        post: operations["declineInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/invitations/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happened to an invitation, oldest first */
        get: operations["listInvitationEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/invitations/{id}/link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The link in the email, to be copied; noted in the audit log */
        post: operations["copyInvitationLink"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/invitations/{id}/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send it again and renew its expiry; revives one that expired or was revoked if a seat is left */
        post: operations["resendInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/invitations/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take it back: its links die and its seats are free */
        post: operations["revokeInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who calls: the API key, or the person with what they are a member of */
        get: operations["getMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Pending invitations for the verified address of the signed-in person */
        get: operations["listMyInvitations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/me/sign-out-everywhere": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End all sessions of the signed-in person, this one included */
        post: operations["signOutEverywhere"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An organization and its settings */
        get: operations["getOrganization"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change the settings of an organization; staff suspend it */
        patch: operations["changeOrganization"];
        trace?: never;
    };
    "/v1/organizations/{organization}/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List API keys, newest first, those that are revoked included */
        get: operations["listApiKeys"];
        put?: never;
        /** Make an API key; its secret is in this answer, and in no other */
        post: operations["createApiKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/api-keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke an API key, at once and for ever; one that is revoked already stays so */
        delete: operations["revokeApiKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happened in an organization, oldest or newest first: its audit log */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/invitation-batches": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List batches, newest first */
        get: operations["listInvitationBatches"];
        put?: never;
        /**
         * Invite up to 10000 addresses, with a result for each
         * @description As JSON, or as CSV with a header row that names the columns email, role, teams, licenses, locale, message, expiresIn, redirectUrl and metadata.<name>; several teams or licences in one cell are separated by |.
         */
        post: operations["createInvitationBatch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/invitation-batches/amend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give up to 10000 pending invitations another role, teams, licences or language
         * @description Carried out one by one, by a workflow: the answer says how many are refused already. What became of each: `GET /v1/invitation-batches/{id}/results`.
         */
        post: operations["amendManyInvitations"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/invitation-batches/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What would become of each row of a batch, if it were sent now; nobody is invited
         * @description As JSON, or as CSV with a header row that names the columns email, role, teams, licenses, locale, message, expiresIn, redirectUrl and metadata.<name>; several teams or licences in one cell are separated by |. Limits on how often are looked at only when it is sent.
         */
        post: operations["previewInvitationBatch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/invitation-batches/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resend up to 10000 invitations
         * @description Carried out one by one, by a workflow: the answer says how many are refused already. What became of each: `GET /v1/invitation-batches/{id}/results`.
         */
        post: operations["resendManyInvitations"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/invitation-batches/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Revoke up to 10000 invitations
         * @description Carried out one by one, by a workflow: the answer says how many are refused already. What became of each: `GET /v1/invitation-batches/{id}/results`.
         */
        post: operations["revokeManyInvitations"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List invitations, newest first */
        get: operations["listInvitations"];
        put?: never;
        /** Invite an address */
        post: operations["createInvitation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/invitations.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All invitations as CSV, filtered like the list; what a spreadsheet would take for a formula is made text */
        get: operations["exportInvitations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/invitations/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Revoke the pending invitations of somebody who invited, 100 at a time */
        post: operations["revokeInvitations"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/licenses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List licences with their seats, oldest first */
        get: operations["listLicenses"];
        put?: never;
        /** Add a licence of a product */
        post: operations["createLicense"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/licenses/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One licence with its seats */
        get: operations["getLicense"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Rename a licence, change how many seats it has, or when it ends */
        patch: operations["changeLicense"];
        trace?: never;
    };
    "/v1/organizations/{organization}/licenses/{id}/assign": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give members a seat each, all or none; who has one keeps it */
        post: operations["assignSeats"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/licenses/{id}/move": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give members a seat of another licence for the one that they hold, all or none */
        post: operations["moveSeats"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/licenses/{id}/seats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who holds the seats of a licence: members, then pending invitations, newest first */
        get: operations["listSeats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/licenses/{id}/seats.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same, all of it, for spreadsheets */
        get: operations["exportSeats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/licenses/{id}/unassign": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take their seats from members, which are free at once */
        post: operations["unassignSeats"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/logo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Give an organization a logo: a PNG, JPEG or WebP picture, which is drawn anew within 256 × 256 pixels */
        put: operations["setLogo"];
        post?: never;
        /** Take the logo of an organization away */
        delete: operations["removeLogo"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List members, the newest first */
        get: operations["listMembers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change the role or teams of several members, or remove them: all of them or none */
        patch: operations["changeMembers"];
        trace?: never;
    };
    "/v1/organizations/{organization}/members.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All members as CSV, filtered like the list; what a spreadsheet would take for a formula is made text */
        get: operations["exportMembers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/members/{member}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One member */
        get: operations["getMember"];
        put?: never;
        post?: never;
        /** Remove a member, or leave: access ends at once, seats are free, an invitation brings them back */
        delete: operations["removeMember"];
        options?: never;
        head?: never;
        /** Change the role or teams of a member */
        patch: operations["changeMember"];
        trace?: never;
    };
    "/v1/organizations/{organization}/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List webhooks, newest first */
        get: operations["listWebhooks"];
        put?: never;
        /** Add a webhook; its secret is in this answer, and in no other */
        post: operations["createWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a webhook */
        get: operations["getWebhook"];
        put?: never;
        post?: never;
        /** Remove a webhook; what it has not been told it never will be */
        delete: operations["removeWebhook"];
        options?: never;
        head?: never;
        /** Change a webhook, disable it, or enable it again */
        patch: operations["changeWebhook"];
        trace?: never;
    };
    "/v1/organizations/{organization}/webhooks/{id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what a webhook was told in the last 30 days, newest first */
        get: operations["listWebhookMessages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/webhooks/{id}/messages/{message}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a message, with what it would say now */
        get: operations["getWebhookMessage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/webhooks/{id}/messages/{message}/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a message once more, whatever became of it, under its id */
        post: operations["resendMessage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/webhooks/{id}/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send once more what failed since a time, the oldest first, 10,000 at most */
        post: operations["resendFailedMessages"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/webhooks/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a webhook a new secret; the one before signs too for a day */
        post: operations["rotateWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/organizations/{organization}/webhooks/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a webhook a message that tells nothing, to try it */
        post: operations["testWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface webhooks {
    "invitation.accepted": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** invitation.accepted */
        post: operations["invitation.accepted"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "invitation.amended": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** invitation.amended */
        post: operations["invitation.amended"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "invitation.bounced": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** invitation.bounced */
        post: operations["invitation.bounced"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "invitation.created": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** invitation.created */
        post: operations["invitation.created"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "invitation.declined": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** invitation.declined */
        post: operations["invitation.declined"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "invitation.delivered": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** invitation.delivered */
        post: operations["invitation.delivered"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "invitation.expired": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** invitation.expired */
        post: operations["invitation.expired"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "invitation.reminded": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** invitation.reminded */
        post: operations["invitation.reminded"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "invitation.resent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** invitation.resent */
        post: operations["invitation.resent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "invitation.revoked": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** invitation.revoked */
        post: operations["invitation.revoked"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "invitation.sent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** invitation.sent */
        post: operations["invitation.sent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "license.assigned": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** license.assigned */
        post: operations["license.assigned"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "license.released": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** license.released */
        post: operations["license.released"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "member.changed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** member.changed */
        post: operations["member.changed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "member.joined": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** member.joined */
        post: operations["member.joined"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "member.removed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** member.removed */
        post: operations["member.removed"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "webhook.test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** webhook.test */
        post: operations["webhook.test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface components {
    schemas: {
        ApiKey: {
            /**
             * Format: date-time
             * @description ISO 8601
             */
            createdAt: string;
            createdBy: {
                email: string;
                id: string;
                name: string;
            };
            expiresAt: string | null;
            /** @example key_01k9xqj2v3e8gt0d5w6m7n8p9q */
            id: string;
            name: string;
            organization: string;
            revokedAt: string | null;
            /**
             * @description The key grants this at most
             * @enum {string}
             */
            role: "member" | "billing_manager" | "admin" | "owner";
            scopes: ("read" | "invite" | "manage" | "act")[];
        };
        Batch: {
            /** @description Rows of the request, and where the invitations stand that came of them; of an act there are none */
            counts: {
                accepted: number;
                declined: number;
                /** @description Rows with an end: refused, mailed or undeliverable; of an act, those that have their result */
                done: number;
                expired: number;
                invited: number;
                mailed: number;
                pending: number;
                refused: number;
                revoked: number;
                rows: number;
                started: number;
                undeliverable: number;
            };
            /**
             * Format: date-time
             * @description ISO 8601
             */
            createdAt: string;
            finishedAt: string | null;
            /** @example bat_01k9xqj2v3e8gt0d5w6m7n8p9q */
            id: string;
            /**
             * @description `invite`, or the act that is carried out on many invitations
             * @enum {string}
             */
            kind: "invite" | "resend" | "revoke" | "amend";
            /** @enum {string} */
            mode: "all" | "valid";
            organization: string;
            /** @enum {string} */
            state: "running" | "completed" | "cancelled";
        };
        BatchRow: {
            /** @description What is wrong with the row, and what to do about it */
            detail?: string;
            /** @description The address as it was written, if there is one */
            email?: string;
            invitation?: string;
            /** @description Of CSV: the line on which the row ends */
            line?: number;
            /**
             * @description `invited`, or why not: `already_invited`, `already_member`, `domain_not_allowed`, `duplicate`, `invalid_email`, `invalid_request`, `language_not_allowed`, `license_ended`, `no_seat_left`, `rate_limited`, `redirect_not_allowed`, `role_too_high`, `unknown_license`, `unsafe_text`. Of an act: `done`, `waiting`, `cancelled`, or the code that it is refused with
             * @enum {string}
             */
            result: "invited" | "done" | "waiting" | "cancelled" | "duplicate" | "invalid_request" | "invalid_picture" | "invalid_csv" | "invalid_email" | "unknown_member" | "unknown_license" | "unsafe_text" | "domain_not_allowed" | "language_not_allowed" | "redirect_not_allowed" | "reason_missing" | "not_authenticated" | "form_expired" | "scope_missing" | "not_allowed" | "role_too_high" | "own_role" | "scope_too_high" | "wrong_account" | "email_unverified" | "issuer_not_allowed" | "not_found" | "invitation_not_found" | "batch_not_found" | "method_not_allowed" | "request_timeout" | "invitation_accepted" | "invitation_declined" | "invitation_expired" | "invitation_revoked" | "invitation_erased" | "changed_meanwhile" | "email_changed" | "event_unknown" | "already_invited" | "organization_suspended" | "member_removed" | "last_owner" | "already_member" | "webhook_disabled" | "too_many_webhooks" | "too_many_api_keys" | "no_seat_left" | "no_seat_held" | "license_exists" | "license_in_use" | "license_ended" | "too_large" | "unsupported_media_type" | "batch_refused" | "idempotency_key_reused" | "headers_too_large" | "rate_limited" | "internal" | "engine_unreachable" | "version_mismatch" | "issuer_unreachable" | "too_slow" | "database_unreachable";
            /** @description Counts the rows of the request */
            row: number;
        };
        Event: {
            actor: {
                id: string | null;
                kind: string;
            };
            /**
             * Format: date-time
             * @description ISO 8601
             */
            at: string;
            detail: string | null;
            id: number;
            reason: string | null;
            request: string | null;
            sequence: number | null;
            target: {
                id: string;
                kind: string;
            };
            /**
             * @example created
             * @example invitation_sent
             * @example accepted
             */
            type: string;
        };
        Invitation: {
            /** @description What it takes now: advice, not a promise */
            allowed: ("accept" | "decline" | "resend" | "amend" | "revoke")[];
            batch: string | null;
            /**
             * Format: date-time
             * @description ISO 8601
             */
            createdAt: string;
            decidedAt: string | null;
            delivery: {
                /**
                 * Format: date-time
                 * @description ISO 8601
                 */
                at: string;
                detail: string | null;
                /** @enum {string} */
                status: "queued" | "sent" | "delivered" | "opened" | "bounced" | "complained" | "failed";
            };
            email: string;
            /**
             * Format: date-time
             * @description ISO 8601
             */
            expiresAt: string;
            /** @description Links of a lower generation are dead */
            generation: number;
            /** @example inv_01k9xqj2v3e8gt0d5w6m7n8p9q */
            id: string;
            invitedBy: {
                email: string;
                id: string;
                name: string;
            };
            licenses: string[];
            locale: string;
            message: string | null;
            metadata: {
                [key: string]: string;
            };
            organization: string;
            redirectUrl: string | null;
            /** @enum {string} */
            role: "member" | "billing_manager" | "admin" | "owner";
            /** @enum {string} */
            state: "pending" | "accepted" | "declined" | "expired" | "revoked";
            teams: string[];
            /** @description What to look at twice; `look_alike`: the address has letters that can pass for others; `license_ended`: a licence of this pending invitation has ended */
            warnings: {
                /** @enum {string} */
                code: "look_alike" | "license_ended" | "inviter_removed" | "inviter_demoted";
                detail: string;
            }[];
            workflowId: string;
        };
        License: {
            /** @description Held by members */
            assigned: number;
            available: number | null;
            /**
             * Format: date-time
             * @description ISO 8601
             */
            createdAt: string;
            expiresAt: string | null;
            /** @example lic_01k9xqj2v3e8gt0d5w6m7n8p9q */
            id: string;
            /** @enum {string} */
            kind: "named" | "floating";
            name: string;
            product: string;
            quantity: number;
            /** @description Held by pending invitations */
            reserved: number;
            /** @enum {string} */
            state: "active" | "ended";
        };
        Member: {
            /** @description The person: the same in every organization */
            account: string;
            email: string;
            /** @example mem_01k9xqj2v3e8gt0d5w6m7n8p9q */
            id: string;
            invitation: string | null;
            /**
             * Format: date-time
             * @description ISO 8601
             */
            joinedAt: string;
            lastAccessAt: string | null;
            licenses: string[];
            name: string;
            organization: string;
            removedAt: string | null;
            /** @enum {string} */
            role: "member" | "billing_manager" | "admin" | "owner";
            /** @enum {string} */
            state: "active" | "removed";
            teams: string[];
        };
        Organization: {
            /** @description Whose addresses are invited; empty: all that are not blocked */
            allowedDomains: string[];
            /** @description Whose addresses are not */
            blockedDomains: string[];
            color: string | null;
            /**
             * Format: date-time
             * @description ISO 8601
             */
            createdAt: string;
            /**
             * @description How long invitations live unless they say otherwise: PT1H to P90D
             * @example P7D
             * @example PT36H
             */
            expiresIn: string;
            homeUrl: string | null;
            /** @description Of invitations: the first unless one says another of them; empty: any */
            languages: string[];
            logo: string | null;
            name: string;
            /** @description What inviters are told of by email, several at once in one; empty: nothing */
            notices: ("accepted" | "declined" | "expired" | "undeliverable")[];
            /** @description How callers name it */
            organization: string;
            reminders: string[] | null;
            replyTo: string | null;
            senderName: string | null;
            suspendedAt: string | null;
            /**
             * @description IANA name of the time zone in whose daytime, 9:00 to 18:00, reminders come
             * @example Europe/Berlin
             */
            timeZone: string;
            /** @description The organization's own words in its invitations, by language: plain text with {inviter}, {organization}, {role}, {licenses}, {expires}, {email}. As a whole: what is left out is as Usher has it */
            wording: {
                de?: {
                    /** @description In place of the sentence that says who invites */
                    body?: string;
                    /** @description The line that the email begins with */
                    greeting?: string;
                    /** @description Of the invitation; a reminder says so before it */
                    subject?: string;
                };
                en?: {
                    /** @description In place of the sentence that says who invites */
                    body?: string;
                    /** @description The line that the email begins with */
                    greeting?: string;
                    /** @description Of the invitation; a reminder says so before it */
                    subject?: string;
                };
                es?: {
                    /** @description In place of the sentence that says who invites */
                    body?: string;
                    /** @description The line that the email begins with */
                    greeting?: string;
                    /** @description Of the invitation; a reminder says so before it */
                    subject?: string;
                };
                fr?: {
                    /** @description In place of the sentence that says who invites */
                    body?: string;
                    /** @description The line that the email begins with */
                    greeting?: string;
                    /** @description Of the invitation; a reminder says so before it */
                    subject?: string;
                };
            };
        };
        /** @description RFC 9457 problem details */
        Problem: {
            /**
             * @description For programs; later versions may know more
             * @enum {string}
             */
            code: "invalid_request" | "invalid_picture" | "invalid_csv" | "invalid_email" | "unknown_member" | "unknown_license" | "unsafe_text" | "domain_not_allowed" | "language_not_allowed" | "redirect_not_allowed" | "reason_missing" | "not_authenticated" | "form_expired" | "scope_missing" | "not_allowed" | "role_too_high" | "own_role" | "scope_too_high" | "wrong_account" | "email_unverified" | "issuer_not_allowed" | "not_found" | "invitation_not_found" | "batch_not_found" | "method_not_allowed" | "request_timeout" | "invitation_accepted" | "invitation_declined" | "invitation_expired" | "invitation_revoked" | "invitation_erased" | "changed_meanwhile" | "email_changed" | "event_unknown" | "already_invited" | "organization_suspended" | "member_removed" | "last_owner" | "already_member" | "webhook_disabled" | "too_many_webhooks" | "too_many_api_keys" | "no_seat_left" | "no_seat_held" | "license_exists" | "license_in_use" | "license_ended" | "too_large" | "unsupported_media_type" | "batch_refused" | "idempotency_key_reused" | "headers_too_large" | "rate_limited" | "internal" | "engine_unreachable" | "version_mismatch" | "issuer_unreachable" | "too_slow" | "database_unreachable";
            /** @description What is wrong here, and what to do about it */
            detail?: string;
            /** @description Where in the request */
            errors?: {
                /** @description Of a row of a batch: why it cannot be invited */
                code?: string;
                message: string;
                path: string;
            }[];
            requestId?: string;
            /** @description Who uses the licence: the first 100 */
            seats?: components["schemas"]["Seat"][];
            status: number;
            title: string;
            /** @description The page of the code, from the root of the API */
            type: string;
        };
        Seat: {
            invitation: {
                email: string;
                id: string;
            } | null;
            member: {
                email: string;
                id: string;
                name: string;
            } | null;
            /**
             * Format: date-time
             * @description ISO 8601
             */
            since: string;
            /** @enum {string} */
            state: "reserved" | "assigned";
        };
        Webhook: {
            /**
             * Format: date-time
             * @description ISO 8601
             */
            createdAt: string;
            disabled: {
                /**
                 * Format: date-time
                 * @description ISO 8601
                 */
                at: string;
                /**
                 * @description `failing`: nothing got through for days. `gone`: it answered 410. `by_hand`: somebody wanted it
                 * @enum {string}
                 */
                why: "failing" | "gone" | "by_hand";
            } | null;
            failingSince: string | null;
            /** @example whk_01k9xqj2v3e8gt0d5w6m7n8p9q */
            id: string;
            organization: string;
            previousSecretUntil: string | null;
            /** @description What it is told; empty: everything */
            types: ("invitation.created" | "invitation.sent" | "invitation.delivered" | "invitation.bounced" | "invitation.reminded" | "invitation.accepted" | "invitation.declined" | "invitation.expired" | "invitation.revoked" | "invitation.resent" | "invitation.amended" | "member.joined" | "member.changed" | "member.removed" | "license.assigned" | "license.released")[];
            url: string;
        };
        WebhookMessage: {
            /** @description The invitation, member or licence that it is about first */
            about: string;
            attempts: number;
            /**
             * Format: date-time
             * @description ISO 8601
             */
            createdAt: string;
            /**
             * @description The `webhook-id` of each of its attempts
             * @example msg_…
             */
            id: string;
            lastAnswer: string | null;
            lastAttemptAt: string | null;
            nextAttemptAt: string | null;
            /**
             * @description `waiting`: for its first attempt, or the next. `failed`: tried for three days while others got through
             * @enum {string}
             */
            state: "waiting" | "delivered" | "failed";
            /** @enum {string} */
            type: "invitation.created" | "invitation.sent" | "invitation.delivered" | "invitation.bounced" | "invitation.reminded" | "invitation.accepted" | "invitation.declined" | "invitation.expired" | "invitation.revoked" | "invitation.resent" | "invitation.amended" | "member.joined" | "member.changed" | "member.removed" | "license.assigned" | "license.released" | "webhook.test";
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type ApiKey = components['schemas']['ApiKey'];
export type Batch = components['schemas']['Batch'];
export type BatchRow = components['schemas']['BatchRow'];
export type Event = components['schemas']['Event'];
export type Invitation = components['schemas']['Invitation'];
export type License = components['schemas']['License'];
export type Member = components['schemas']['Member'];
export type Organization = components['schemas']['Organization'];
export type Problem = components['schemas']['Problem'];
export type Seat = components['schemas']['Seat'];
export type Webhook = components['schemas']['Webhook'];
export type WebhookMessage = components['schemas']['WebhookMessage'];
export type $defs = Record<string, never>;
export interface operations {
    getInvitationBatch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Batch"];
                };
            };
        };
    };
    cancelInvitationBatch: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Batch"];
                };
            };
        };
    };
    listInvitationBatchResults: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
                /** @description Only those with a result that says why not */
                refused?: boolean;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        cursor: string | null;
                        items: components["schemas"]["BatchRow"][];
                    };
                };
            };
        };
    };
    findInvitations: {
        parameters: {
            query: {
                cursor?: string;
                /** @description The address to invite */
                email: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        cursor: string | null;
                        items: components["schemas"]["Invitation"][];
                    };
                };
            };
        };
    };
    getInvitation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
        };
    };
    amendInvitation: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: idn-email
                     * @description The address to invite
                     */
                    email?: string;
                    /** @description Products; a seat of each is reserved */
                    licenses?: string[];
                    locale?: string | null;
                    message?: string | null;
                    /** @description The caller's own notes, returned as they are */
                    metadata?: {
                        [key: string]: string;
                    };
                    /** @description Why, for the audit log. Staff must say it */
                    reason?: string;
                    redirectUrl?: string | null;
                    /**
                     * @description At most the inviter's own
                     * @enum {string}
                     */
                    role?: "member" | "billing_manager" | "admin" | "owner";
                    teams?: string[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
        };
    };
    acceptInvitation: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description For API keys with the scope `act`; a signed-in person sends none */
                    account?: {
                        /** Format: idn-email */
                        email: string;
                        emailVerified: boolean;
                        issuer: string;
                        name?: string;
                        subject: string;
                    };
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
        };
    };
    declineInvitation: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description For API keys with the scope `act`; a signed-in person sends none */
                    account?: {
                        /** Format: idn-email */
                        email: string;
                        emailVerified: boolean;
                        issuer: string;
                        name?: string;
                        subject: string;
                    };
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
        };
    };
    listInvitationEvents: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        cursor: string | null;
                        items: components["schemas"]["Event"][];
                    };
                };
            };
        };
    };
    copyInvitationLink: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        generation: number;
                        url: string;
                    };
                };
            };
        };
    };
    resendInvitation: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * @description ISO 8601 duration in weeks, days, hours, minutes, seconds: PT1H to P90D
                     * @example P7D
                     * @example PT36H
                     */
                    expiresIn?: string;
                    /** @description Why, for the audit log. Staff must say it */
                    reason?: string;
                    /** @description Kill the links sent so far */
                    replaceLink?: boolean;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
        };
    };
    revokeInvitation: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Why, for the audit log. Staff must say it */
                    reason?: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
        };
    };
    getMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        kind: "api_key";
                        name: string;
                        organization: string | null;
                        /** @enum {string} */
                        role: "member" | "billing_manager" | "admin" | "owner";
                        scopes: ("read" | "invite" | "manage" | "act" | "support" | "operate")[];
                    } | {
                        email: string;
                        emailVerified: boolean;
                        id: string;
                        /** @enum {string} */
                        kind: "account";
                        memberships: {
                            name: string;
                            organization: string;
                            /** @enum {string} */
                            role: "member" | "billing_manager" | "admin" | "owner";
                            teams: string[];
                        }[];
                        name: string;
                        staff: ("support" | "operator") | null;
                    };
                };
            };
        };
    };
    listMyInvitations: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        cursor: string | null;
                        items: components["schemas"]["Invitation"][];
                    };
                };
            };
        };
    };
    signOutEverywhere: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description How many sessions that were */
                        ended: number;
                    };
                };
            };
        };
    };
    getOrganization: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Organization"];
                };
            };
        };
    };
    changeOrganization: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Whose addresses are invited; empty: all that are not blocked */
                    allowedDomains?: string[];
                    /** @description Whose addresses are not */
                    blockedDomains?: string[];
                    color?: string | null;
                    /**
                     * @description How long invitations live unless they say otherwise: PT1H to P90D
                     * @example P7D
                     * @example PT36H
                     */
                    expiresIn?: string;
                    homeUrl?: string | null;
                    /** @description Of invitations: the first unless one says another of them; empty: any */
                    languages?: string[];
                    name?: string;
                    /** @description What inviters are told of by email, several at once in one; empty: nothing */
                    notices?: ("accepted" | "declined" | "expired" | "undeliverable")[];
                    /** @description Why, for the audit log. Staff must say it */
                    reason?: string;
                    reminders?: string[] | null;
                    replyTo?: string | null;
                    senderName?: string | null;
                    /** @description For staff */
                    suspended?: boolean;
                    /**
                     * @description IANA name of the time zone in whose daytime, 9:00 to 18:00, reminders come
                     * @example Europe/Berlin
                     */
                    timeZone?: string;
                    /** @description The organization's own words in its invitations, by language: plain text with {inviter}, {organization}, {role}, {licenses}, {expires}, {email}. As a whole: what is left out is as Usher has it */
                    wording?: {
                        de?: {
                            /** @description In place of the sentence that says who invites */
                            body?: string;
                            /** @description The line that the email begins with */
                            greeting?: string;
                            /** @description Of the invitation; a reminder says so before it */
                            subject?: string;
                        };
                        en?: {
                            /** @description In place of the sentence that says who invites */
                            body?: string;
                            /** @description The line that the email begins with */
                            greeting?: string;
                            /** @description Of the invitation; a reminder says so before it */
                            subject?: string;
                        };
                        es?: {
                            /** @description In place of the sentence that says who invites */
                            body?: string;
                            /** @description The line that the email begins with */
                            greeting?: string;
                            /** @description Of the invitation; a reminder says so before it */
                            subject?: string;
                        };
                        fr?: {
                            /** @description In place of the sentence that says who invites */
                            body?: string;
                            /** @description The line that the email begins with */
                            greeting?: string;
                            /** @description Of the invitation; a reminder says so before it */
                            subject?: string;
                        };
                    };
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Organization"];
                };
            };
        };
    };
    listApiKeys: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        cursor: string | null;
                        items: components["schemas"]["ApiKey"][];
                    };
                };
            };
        };
    };
    createApiKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: date-time
                     * @description When it ends by itself, ISO 8601; never if left out. A key makes none that outlives it
                     */
                    expiresAt?: string;
                    /** @description What it is for */
                    name: string;
                    /**
                     * @description The key grants this at most; at most the caller's own
                     * @default member
                     * @enum {string}
                     */
                    role?: "member" | "billing_manager" | "admin" | "owner";
                    /** @description What it may do; a key gives only scopes that it has */
                    scopes: ("read" | "invite" | "manage" | "act")[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description ISO 8601
                         */
                        createdAt: string;
                        createdBy: {
                            email: string;
                            id: string;
                            name: string;
                        };
                        expiresAt: string | null;
                        /** @example key_01k9xqj2v3e8gt0d5w6m7n8p9q */
                        id: string;
                        name: string;
                        organization: string;
                        revokedAt: string | null;
                        /**
                         * @description The key grants this at most
                         * @enum {string}
                         */
                        role: "member" | "billing_manager" | "admin" | "owner";
                        scopes: ("read" | "invite" | "manage" | "act")[];
                        secret: string | null;
                    };
                };
            };
        };
    };
    revokeApiKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                /** @description Id of a member, account or API key, or the address of a person */
                actor?: string;
                cursor?: string;
                limit?: number;
                /** @description Which come first */
                order?: "oldest" | "newest";
                /** @description ISO 8601 */
                since?: string;
                /** @description Id of what it is about, such as an invitation */
                target?: string;
                type?: string;
                /** @description ISO 8601 */
                until?: string;
            };
            header?: never;
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        cursor: string | null;
                        items: components["schemas"]["Event"][];
                    };
                };
            };
        };
    };
    listInvitationBatches: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        cursor: string | null;
                        items: components["schemas"]["Batch"][];
                    };
                };
            };
        };
    };
    createInvitationBatch: {
        parameters: {
            query?: {
                /** @description `all`: one row that cannot be invited refuses them all; `valid`: the others are invited */
                mode?: "all" | "valid";
            };
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    invitations: {
                        /** @description The address to invite */
                        email: string;
                        /**
                         * @description ISO 8601 duration in weeks, days, hours, minutes, seconds: PT1H to P90D
                         * @example P7D
                         * @example PT36H
                         */
                        expiresIn?: string;
                        /** @description Products; a seat of each is reserved */
                        licenses?: string[];
                        /** @description BCP 47 */
                        locale?: string;
                        /** @description The inviter's own words; plain text without links */
                        message?: string;
                        /** @description The caller's own notes, returned as they are */
                        metadata?: {
                            [key: string]: string;
                        };
                        /** @description Where the member goes after joining */
                        redirectUrl?: string;
                        /**
                         * @description At most the inviter's own
                         * @enum {string}
                         */
                        role?: "member" | "billing_manager" | "admin" | "owner";
                        teams?: string[];
                    }[];
                    /**
                     * @description `all`: one row that cannot be invited refuses them all; `valid`: the others are invited
                     * @enum {string}
                     */
                    mode: "all" | "valid";
                };
                /**
                 * @example email,role
                 *     ada@example.com,member
                 */
                "text/csv": string;
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Rows of the request, and where the invitations stand that came of them; of an act there are none */
                        counts: {
                            accepted: number;
                            declined: number;
                            /** @description Rows with an end: refused, mailed or undeliverable; of an act, those that have their result */
                            done: number;
                            expired: number;
                            invited: number;
                            mailed: number;
                            pending: number;
                            refused: number;
                            revoked: number;
                            rows: number;
                            started: number;
                            undeliverable: number;
                        };
                        /**
                         * Format: date-time
                         * @description ISO 8601
                         */
                        createdAt: string;
                        finishedAt: string | null;
                        /** @example bat_01k9xqj2v3e8gt0d5w6m7n8p9q */
                        id: string;
                        /**
                         * @description `invite`, or the act that is carried out on many invitations
                         * @enum {string}
                         */
                        kind: "invite" | "resend" | "revoke" | "amend";
                        /** @enum {string} */
                        mode: "all" | "valid";
                        organization: string;
                        /** @description Every row, in their order */
                        results: components["schemas"]["BatchRow"][];
                        /** @enum {string} */
                        state: "running" | "completed" | "cancelled";
                    };
                };
            };
        };
    };
    amendManyInvitations: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Or all that match, as the list of invitations filters */
                    filter?: {
                        batch?: string;
                        /**
                         * Format: date-time
                         * @description ISO 8601
                         */
                        createdAfter?: string;
                        /** @enum {string} */
                        delivery?: "queued" | "sent" | "delivered" | "opened" | "bounced" | "complained" | "failed";
                        /**
                         * Format: idn-email
                         * @description The address to invite
                         */
                        email?: string;
                        /** @description Id of an account */
                        invitedBy?: string;
                        license?: string;
                        /** @enum {string} */
                        role?: "member" | "billing_manager" | "admin" | "owner";
                        /** @description A part of the address */
                        search?: string;
                        /** @enum {string} */
                        state?: "pending" | "accepted" | "declined" | "expired" | "revoked";
                        team?: string;
                    };
                    /** @description These, by their ids */
                    invitations?: string[];
                    /** @description Products; a seat of each is reserved */
                    licenses?: string[];
                    /** @description BCP 47 */
                    locale?: string;
                    /** @description Why, for the audit log. Staff must say it */
                    reason?: string;
                    /**
                     * @description At most the inviter's own
                     * @enum {string}
                     */
                    role?: "member" | "billing_manager" | "admin" | "owner";
                    teams?: string[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Batch"];
                };
            };
        };
    };
    previewInvitationBatch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    invitations: {
                        /** @description The address to invite */
                        email: string;
                        /**
                         * @description ISO 8601 duration in weeks, days, hours, minutes, seconds: PT1H to P90D
                         * @example P7D
                         * @example PT36H
                         */
                        expiresIn?: string;
                        /** @description Products; a seat of each is reserved */
                        licenses?: string[];
                        /** @description BCP 47 */
                        locale?: string;
                        /** @description The inviter's own words; plain text without links */
                        message?: string;
                        /** @description The caller's own notes, returned as they are */
                        metadata?: {
                            [key: string]: string;
                        };
                        /** @description Where the member goes after joining */
                        redirectUrl?: string;
                        /**
                         * @description At most the inviter's own
                         * @enum {string}
                         */
                        role?: "member" | "billing_manager" | "admin" | "owner";
                        teams?: string[];
                    }[];
                };
                /**
                 * @example email,role
                 *     ada@example.com,member
                 */
                "text/csv": string;
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        counts: {
                            refused: number;
                            rows: number;
                            valid: number;
                        };
                        /** @description Every row, in their order */
                        results: {
                            /** @description What is wrong with the row, and what to do about it */
                            detail?: string;
                            /** @description The address as it was written, if there is one */
                            email?: string;
                            /** @description Of CSV: the line on which the row ends */
                            line?: number;
                            /**
                             * @description `valid`, when it can be invited, or why not: `already_invited`, `already_member`, `domain_not_allowed`, `duplicate`, `invalid_email`, `invalid_request`, `language_not_allowed`, `license_ended`, `no_seat_left`, `rate_limited`, `redirect_not_allowed`, `role_too_high`, `unknown_license`, `unsafe_text`
                             * @enum {string}
                             */
                            result: "valid" | "duplicate" | "invalid_request" | "invalid_picture" | "invalid_csv" | "invalid_email" | "unknown_member" | "unknown_license" | "unsafe_text" | "domain_not_allowed" | "language_not_allowed" | "redirect_not_allowed" | "reason_missing" | "not_authenticated" | "form_expired" | "scope_missing" | "not_allowed" | "role_too_high" | "own_role" | "scope_too_high" | "wrong_account" | "email_unverified" | "issuer_not_allowed" | "not_found" | "invitation_not_found" | "batch_not_found" | "method_not_allowed" | "request_timeout" | "invitation_accepted" | "invitation_declined" | "invitation_expired" | "invitation_revoked" | "invitation_erased" | "changed_meanwhile" | "email_changed" | "event_unknown" | "already_invited" | "organization_suspended" | "member_removed" | "last_owner" | "already_member" | "webhook_disabled" | "too_many_webhooks" | "too_many_api_keys" | "no_seat_left" | "no_seat_held" | "license_exists" | "license_in_use" | "license_ended" | "too_large" | "unsupported_media_type" | "batch_refused" | "idempotency_key_reused" | "headers_too_large" | "rate_limited" | "internal" | "engine_unreachable" | "version_mismatch" | "issuer_unreachable" | "too_slow" | "database_unreachable";
                            /** @description Counts the rows of the request */
                            row: number;
                        }[];
                    };
                };
            };
        };
    };
    resendManyInvitations: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * @description ISO 8601 duration in weeks, days, hours, minutes, seconds: PT1H to P90D
                     * @example P7D
                     * @example PT36H
                     */
                    expiresIn?: string;
                    /** @description Or all that match, as the list of invitations filters */
                    filter?: {
                        batch?: string;
                        /**
                         * Format: date-time
                         * @description ISO 8601
                         */
                        createdAfter?: string;
                        /** @enum {string} */
                        delivery?: "queued" | "sent" | "delivered" | "opened" | "bounced" | "complained" | "failed";
                        /**
                         * Format: idn-email
                         * @description The address to invite
                         */
                        email?: string;
                        /** @description Id of an account */
                        invitedBy?: string;
                        license?: string;
                        /** @enum {string} */
                        role?: "member" | "billing_manager" | "admin" | "owner";
                        /** @description A part of the address */
                        search?: string;
                        /** @enum {string} */
                        state?: "pending" | "accepted" | "declined" | "expired" | "revoked";
                        team?: string;
                    };
                    /** @description These, by their ids */
                    invitations?: string[];
                    /** @description Why, for the audit log. Staff must say it */
                    reason?: string;
                    /** @description Kill the links sent so far */
                    replaceLink?: boolean;
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Batch"];
                };
            };
        };
    };
    revokeManyInvitations: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Or all that match, as the list of invitations filters */
                    filter?: {
                        batch?: string;
                        /**
                         * Format: date-time
                         * @description ISO 8601
                         */
                        createdAfter?: string;
                        /** @enum {string} */
                        delivery?: "queued" | "sent" | "delivered" | "opened" | "bounced" | "complained" | "failed";
                        /**
                         * Format: idn-email
                         * @description The address to invite
                         */
                        email?: string;
                        /** @description Id of an account */
                        invitedBy?: string;
                        license?: string;
                        /** @enum {string} */
                        role?: "member" | "billing_manager" | "admin" | "owner";
                        /** @description A part of the address */
                        search?: string;
                        /** @enum {string} */
                        state?: "pending" | "accepted" | "declined" | "expired" | "revoked";
                        team?: string;
                    };
                    /** @description These, by their ids */
                    invitations?: string[];
                    /** @description Why, for the audit log. Staff must say it */
                    reason?: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Batch"];
                };
            };
        };
    };
    listInvitations: {
        parameters: {
            query?: {
                batch?: string;
                /** @description ISO 8601 */
                createdAfter?: string;
                cursor?: string;
                delivery?: "queued" | "sent" | "delivered" | "opened" | "bounced" | "complained" | "failed";
                /** @description The address to invite */
                email?: string;
                /** @description Id of an account */
                invitedBy?: string;
                license?: string;
                limit?: number;
                role?: "member" | "billing_manager" | "admin" | "owner";
                /** @description A part of the address */
                search?: string;
                state?: "pending" | "accepted" | "declined" | "expired" | "revoked";
                team?: string;
            };
            header?: never;
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        cursor: string | null;
                        items: components["schemas"]["Invitation"][];
                    };
                };
            };
        };
    };
    createInvitation: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: idn-email
                     * @description The address to invite
                     */
                    email: string;
                    /**
                     * @description ISO 8601 duration in weeks, days, hours, minutes, seconds: PT1H to P90D
                     * @example P7D
                     * @example PT36H
                     */
                    expiresIn?: string;
                    /** @description Products; a seat of each is reserved */
                    licenses?: string[];
                    /** @description BCP 47 */
                    locale?: string;
                    /** @description The inviter's own words; plain text without links */
                    message?: string;
                    /** @description The caller's own notes, returned as they are */
                    metadata?: {
                        [key: string]: string;
                    };
                    /** @description Where the member goes after joining */
                    redirectUrl?: string;
                    /**
                     * @description At most the inviter's own
                     * @enum {string}
                     */
                    role?: "member" | "billing_manager" | "admin" | "owner";
                    teams?: string[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
        };
    };
    exportInvitations: {
        parameters: {
            query?: {
                batch?: string;
                /** @description ISO 8601 */
                createdAfter?: string;
                delivery?: "queued" | "sent" | "delivered" | "opened" | "bounced" | "complained" | "failed";
                /** @description The address to invite */
                email?: string;
                /** @description Id of an account */
                invitedBy?: string;
                license?: string;
                role?: "member" | "billing_manager" | "admin" | "owner";
                /** @description A part of the address */
                search?: string;
                state?: "pending" | "accepted" | "declined" | "expired" | "revoked";
                team?: string;
            };
            header?: never;
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Comma-separated values (RFC 4180), in UTF-8 with a byte order mark; formulas are made harmless. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
        };
    };
    revokeInvitations: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Id of an account */
                    invitedBy: string;
                    /** @description Why, for the audit log. Staff must say it */
                    reason?: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description There are more of theirs: repeat it, with another Idempotency-Key */
                        more: boolean;
                        revoked: number;
                    };
                };
            };
        };
    };
    listLicenses: {
        parameters: {
            query?: {
                cursor?: string;
                kind?: "named" | "floating";
                limit?: number;
                product?: string;
                state?: "active" | "ended";
            };
            header?: never;
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        cursor: string | null;
                        items: components["schemas"]["License"][];
                    };
                };
            };
        };
    };
    createLicense: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    expiresAt?: string | null;
                    /**
                     * @description `named`: seats are counted. `floating`: assigned without limit, sessions are limited elsewhere
                     * @enum {string}
                     */
                    kind?: "named" | "floating";
                    /** @description As invited people read it; plain text */
                    name?: string;
                    /**
                     * @description How invitations and programs name it; it never changes
                     * @example studio
                     */
                    product: string;
                    /** @description How many seats there are */
                    quantity: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["License"];
                };
            };
        };
    };
    getLicense: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["License"];
                };
            };
        };
    };
    changeLicense: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                id: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    expiresAt?: string | null;
                    /**
                     * @description `named`: seats are counted. `floating`: assigned without limit, sessions are limited elsewhere
                     * @enum {string}
                     */
                    kind?: "named" | "floating";
                    /** @description As invited people read it; plain text */
                    name?: string;
                    /** @description How many seats there are */
                    quantity?: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["License"];
                };
            };
        };
    };
    assignSeats: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                id: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Ids of members */
                    members: string[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["License"];
                };
            };
        };
    };
    moveSeats: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                id: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Ids of members */
                    members: string[];
                    /** @description Id of the other licence */
                    to: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        from: components["schemas"]["License"];
                        to: components["schemas"]["License"];
                    };
                };
            };
        };
    };
    listSeats: {
        parameters: {
            query?: {
                cursor?: string;
                email?: string;
                limit?: number;
                /** @description A part of the name or the address */
                search?: string;
                state?: "reserved" | "assigned";
            };
            header?: never;
            path: {
                id: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        cursor: string | null;
                        items: components["schemas"]["Seat"][];
                    };
                };
            };
        };
    };
    exportSeats: {
        parameters: {
            query?: {
                email?: string;
                /** @description A part of the name or the address */
                search?: string;
                state?: "reserved" | "assigned";
            };
            header?: never;
            path: {
                id: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Comma-separated values (RFC 4180), in UTF-8 with a byte order mark; formulas are made harmless. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
        };
    };
    unassignSeats: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                id: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Ids of members */
                    members: string[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["License"];
                };
            };
        };
    };
    setLogo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "image/jpeg": unknown;
                "image/png": unknown;
                "image/webp": unknown;
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Organization"];
                };
            };
        };
    };
    removeLogo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Organization"];
                };
            };
        };
    };
    listMembers: {
        parameters: {
            query?: {
                cursor?: string;
                /** @description Whose verified address this is */
                email?: string;
                /** @description ISO 8601 */
                joinedAfter?: string;
                /** @description ISO 8601 */
                joinedBefore?: string;
                /** @description ISO 8601 */
                lastAccessAfter?: string;
                /** @description ISO 8601 */
                lastAccessBefore?: string;
                /** @description Who holds a seat of this product */
                license?: string;
                limit?: number;
                role?: "member" | "billing_manager" | "admin" | "owner";
                /** @description A part of the name or the address */
                search?: string;
                state?: "active" | "removed";
                team?: string;
            };
            header?: never;
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        cursor: string | null;
                        items: components["schemas"]["Member"][];
                    };
                };
            };
        };
    };
    changeMembers: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Ids of members */
                    members: string[];
                    /** @description Why, for the audit log. Staff must say it */
                    reason?: string;
                    /**
                     * @description At most the inviter's own
                     * @enum {string}
                     */
                    role?: "member" | "billing_manager" | "admin" | "owner";
                    /**
                     * @description Removes them
                     * @enum {string}
                     */
                    state?: "removed";
                    teams?: string[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Member"][];
                    };
                };
            };
        };
    };
    exportMembers: {
        parameters: {
            query?: {
                /** @description Whose verified address this is */
                email?: string;
                /** @description ISO 8601 */
                joinedAfter?: string;
                /** @description ISO 8601 */
                joinedBefore?: string;
                /** @description ISO 8601 */
                lastAccessAfter?: string;
                /** @description ISO 8601 */
                lastAccessBefore?: string;
                /** @description Who holds a seat of this product */
                license?: string;
                role?: "member" | "billing_manager" | "admin" | "owner";
                /** @description A part of the name or the address */
                search?: string;
                state?: "active" | "removed";
                team?: string;
            };
            header?: never;
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Comma-separated values (RFC 4180), in UTF-8 with a byte order mark; formulas are made harmless. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
        };
    };
    getMember: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A member’s id; `me` for one’s own membership */
                member: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
        };
    };
    removeMember: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                /** @description A member’s id; `me` for one’s own membership */
                member: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
        };
    };
    changeMember: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                /** @description A member’s id; `me` for one’s own membership */
                member: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Why, for the audit log. Staff must say it */
                    reason?: string;
                    /**
                     * @description At most the inviter's own
                     * @enum {string}
                     */
                    role?: "member" | "billing_manager" | "admin" | "owner";
                    teams?: string[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
        };
    };
    listWebhooks: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        cursor: string | null;
                        items: components["schemas"]["Webhook"][];
                    };
                };
            };
        };
    };
    createWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description What it is told; empty: everything */
                    types?: ("invitation.created" | "invitation.sent" | "invitation.delivered" | "invitation.bounced" | "invitation.reminded" | "invitation.accepted" | "invitation.declined" | "invitation.expired" | "invitation.revoked" | "invitation.resent" | "invitation.amended" | "member.joined" | "member.changed" | "member.removed" | "license.assigned" | "license.released")[];
                    /** @description Where messages are sent to, by POST: https, on the public internet */
                    url: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description ISO 8601
                         */
                        createdAt: string;
                        disabled: {
                            /**
                             * Format: date-time
                             * @description ISO 8601
                             */
                            at: string;
                            /**
                             * @description `failing`: nothing got through for days. `gone`: it answered 410. `by_hand`: somebody wanted it
                             * @enum {string}
                             */
                            why: "failing" | "gone" | "by_hand";
                        } | null;
                        failingSince: string | null;
                        /** @example whk_01k9xqj2v3e8gt0d5w6m7n8p9q */
                        id: string;
                        organization: string;
                        previousSecretUntil: string | null;
                        secret: string | null;
                        /** @description What it is told; empty: everything */
                        types: ("invitation.created" | "invitation.sent" | "invitation.delivered" | "invitation.bounced" | "invitation.reminded" | "invitation.accepted" | "invitation.declined" | "invitation.expired" | "invitation.revoked" | "invitation.resent" | "invitation.amended" | "member.joined" | "member.changed" | "member.removed" | "license.assigned" | "license.released")[];
                        url: string;
                    };
                };
            };
        };
    };
    getWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
        };
    };
    removeWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
        };
    };
    changeWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                id: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description True: it is told nothing for now. False: what has waited is sent */
                    disabled?: boolean;
                    /** @description What it is told; empty: everything */
                    types?: ("invitation.created" | "invitation.sent" | "invitation.delivered" | "invitation.bounced" | "invitation.reminded" | "invitation.accepted" | "invitation.declined" | "invitation.expired" | "invitation.revoked" | "invitation.resent" | "invitation.amended" | "member.joined" | "member.changed" | "member.removed" | "license.assigned" | "license.released")[];
                    /** @description Where messages are sent to, by POST: https, on the public internet */
                    url?: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
        };
    };
    listWebhookMessages: {
        parameters: {
            query?: {
                cursor?: string;
                limit?: number;
                state?: "waiting" | "delivered" | "failed";
            };
            header?: never;
            path: {
                id: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        cursor: string | null;
                        items: components["schemas"]["WebhookMessage"][];
                    };
                };
            };
        };
    };
    getWebhookMessage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                message: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The invitation, member or licence that it is about first */
                        about: string;
                        attempts: number;
                        /**
                         * Format: date-time
                         * @description ISO 8601
                         */
                        createdAt: string;
                        /**
                         * @description The `webhook-id` of each of its attempts
                         * @example msg_…
                         */
                        id: string;
                        lastAnswer: string | null;
                        lastAttemptAt: string | null;
                        nextAttemptAt: string | null;
                        /** @description What would be sent now: messages say how things are when they are sent */
                        payload: {
                            [key: string]: unknown;
                        };
                        /**
                         * @description `waiting`: for its first attempt, or the next. `failed`: tried for three days while others got through
                         * @enum {string}
                         */
                        state: "waiting" | "delivered" | "failed";
                        /** @enum {string} */
                        type: "invitation.created" | "invitation.sent" | "invitation.delivered" | "invitation.bounced" | "invitation.reminded" | "invitation.accepted" | "invitation.declined" | "invitation.expired" | "invitation.revoked" | "invitation.resent" | "invitation.amended" | "member.joined" | "member.changed" | "member.removed" | "license.assigned" | "license.released" | "webhook.test";
                    };
                };
            };
        };
    };
    resendMessage: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                id: string;
                message: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookMessage"];
                };
            };
        };
    };
    resendFailedMessages: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                id: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: date-time
                     * @description ISO 8601
                     */
                    since: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description There are more: repeat it, with another Idempotency-Key */
                        more: boolean;
                        resent: number;
                    };
                };
            };
        };
    };
    rotateWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                id: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description ISO 8601
                         */
                        createdAt: string;
                        disabled: {
                            /**
                             * Format: date-time
                             * @description ISO 8601
                             */
                            at: string;
                            /**
                             * @description `failing`: nothing got through for days. `gone`: it answered 410. `by_hand`: somebody wanted it
                             * @enum {string}
                             */
                            why: "failing" | "gone" | "by_hand";
                        } | null;
                        failingSince: string | null;
                        /** @example whk_01k9xqj2v3e8gt0d5w6m7n8p9q */
                        id: string;
                        organization: string;
                        previousSecretUntil: string | null;
                        secret: string | null;
                        /** @description What it is told; empty: everything */
                        types: ("invitation.created" | "invitation.sent" | "invitation.delivered" | "invitation.bounced" | "invitation.reminded" | "invitation.accepted" | "invitation.declined" | "invitation.expired" | "invitation.revoked" | "invitation.resent" | "invitation.amended" | "member.joined" | "member.changed" | "member.removed" | "license.assigned" | "license.released")[];
                        url: string;
                    };
                };
            };
        };
    };
    testWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body replay the first answer for 24 hours */
                "idempotency-key"?: string;
            };
            path: {
                id: string;
                /** @example acme */
                organization: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
        };
    };
    "invitation.accepted": {
        parameters: {
            query?: never;
            header: {
                "webhook-id": string;
                "webhook-signature": string;
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How things are when it is sent */
                    data: {
                        invitation: components["schemas"]["Invitation"];
                    };
                    /**
                     * Format: date-time
                     * @description When it happened
                     */
                    timestamp: string;
                    /** @constant */
                    type: "invitation.accepted";
                    /**
                     * @description Of what `data` holds, which is as the API of that version shows it
                     * @constant
                     */
                    version: "v1";
                };
            };
        };
        responses: {
            /** @description It has been received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "invitation.amended": {
        parameters: {
            query?: never;
            header: {
                "webhook-id": string;
                "webhook-signature": string;
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How things are when it is sent */
                    data: {
                        invitation: components["schemas"]["Invitation"];
                    };
                    /**
                     * Format: date-time
                     * @description When it happened
                     */
                    timestamp: string;
                    /** @constant */
                    type: "invitation.amended";
                    /**
                     * @description Of what `data` holds, which is as the API of that version shows it
                     * @constant
                     */
                    version: "v1";
                };
            };
        };
        responses: {
            /** @description It has been received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "invitation.bounced": {
        parameters: {
            query?: never;
            header: {
                "webhook-id": string;
                "webhook-signature": string;
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How things are when it is sent */
                    data: {
                        invitation: components["schemas"]["Invitation"];
                    };
                    /**
                     * Format: date-time
                     * @description When it happened
                     */
                    timestamp: string;
                    /** @constant */
                    type: "invitation.bounced";
                    /**
                     * @description Of what `data` holds, which is as the API of that version shows it
                     * @constant
                     */
                    version: "v1";
                };
            };
        };
        responses: {
            /** @description It has been received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "invitation.created": {
        parameters: {
            query?: never;
            header: {
                "webhook-id": string;
                "webhook-signature": string;
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How things are when it is sent */
                    data: {
                        invitation: components["schemas"]["Invitation"];
                    };
                    /**
                     * Format: date-time
                     * @description When it happened
                     */
                    timestamp: string;
                    /** @constant */
                    type: "invitation.created";
                    /**
                     * @description Of what `data` holds, which is as the API of that version shows it
                     * @constant
                     */
                    version: "v1";
                };
            };
        };
        responses: {
            /** @description It has been received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "invitation.declined": {
        parameters: {
            query?: never;
            header: {
                "webhook-id": string;
                "webhook-signature": string;
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How things are when it is sent */
                    data: {
                        invitation: components["schemas"]["Invitation"];
                    };
                    /**
                     * Format: date-time
                     * @description When it happened
                     */
                    timestamp: string;
                    /** @constant */
                    type: "invitation.declined";
                    /**
                     * @description Of what `data` holds, which is as the API of that version shows it
                     * @constant
                     */
                    version: "v1";
                };
            };
        };
        responses: {
            /** @description It has been received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "invitation.delivered": {
        parameters: {
            query?: never;
            header: {
                "webhook-id": string;
                "webhook-signature": string;
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How things are when it is sent */
                    data: {
                        invitation: components["schemas"]["Invitation"];
                    };
                    /**
                     * Format: date-time
                     * @description When it happened
                     */
                    timestamp: string;
                    /** @constant */
                    type: "invitation.delivered";
                    /**
                     * @description Of what `data` holds, which is as the API of that version shows it
                     * @constant
                     */
                    version: "v1";
                };
            };
        };
        responses: {
            /** @description It has been received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "invitation.expired": {
        parameters: {
            query?: never;
            header: {
                "webhook-id": string;
                "webhook-signature": string;
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How things are when it is sent */
                    data: {
                        invitation: components["schemas"]["Invitation"];
                    };
                    /**
                     * Format: date-time
                     * @description When it happened
                     */
                    timestamp: string;
                    /** @constant */
                    type: "invitation.expired";
                    /**
                     * @description Of what `data` holds, which is as the API of that version shows it
                     * @constant
                     */
                    version: "v1";
                };
            };
        };
        responses: {
            /** @description It has been received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "invitation.reminded": {
        parameters: {
            query?: never;
            header: {
                "webhook-id": string;
                "webhook-signature": string;
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How things are when it is sent */
                    data: {
                        invitation: components["schemas"]["Invitation"];
                    };
                    /**
                     * Format: date-time
                     * @description When it happened
                     */
                    timestamp: string;
                    /** @constant */
                    type: "invitation.reminded";
                    /**
                     * @description Of what `data` holds, which is as the API of that version shows it
                     * @constant
                     */
                    version: "v1";
                };
            };
        };
        responses: {
            /** @description It has been received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "invitation.resent": {
        parameters: {
            query?: never;
            header: {
                "webhook-id": string;
                "webhook-signature": string;
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How things are when it is sent */
                    data: {
                        invitation: components["schemas"]["Invitation"];
                    };
                    /**
                     * Format: date-time
                     * @description When it happened
                     */
                    timestamp: string;
                    /** @constant */
                    type: "invitation.resent";
                    /**
                     * @description Of what `data` holds, which is as the API of that version shows it
                     * @constant
                     */
                    version: "v1";
                };
            };
        };
        responses: {
            /** @description It has been received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "invitation.revoked": {
        parameters: {
            query?: never;
            header: {
                "webhook-id": string;
                "webhook-signature": string;
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How things are when it is sent */
                    data: {
                        invitation: components["schemas"]["Invitation"];
                    };
                    /**
                     * Format: date-time
                     * @description When it happened
                     */
                    timestamp: string;
                    /** @constant */
                    type: "invitation.revoked";
                    /**
                     * @description Of what `data` holds, which is as the API of that version shows it
                     * @constant
                     */
                    version: "v1";
                };
            };
        };
        responses: {
            /** @description It has been received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "invitation.sent": {
        parameters: {
            query?: never;
            header: {
                "webhook-id": string;
                "webhook-signature": string;
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How things are when it is sent */
                    data: {
                        invitation: components["schemas"]["Invitation"];
                    };
                    /**
                     * Format: date-time
                     * @description When it happened
                     */
                    timestamp: string;
                    /** @constant */
                    type: "invitation.sent";
                    /**
                     * @description Of what `data` holds, which is as the API of that version shows it
                     * @constant
                     */
                    version: "v1";
                };
            };
        };
        responses: {
            /** @description It has been received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "license.assigned": {
        parameters: {
            query?: never;
            header: {
                "webhook-id": string;
                "webhook-signature": string;
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How things are when it is sent */
                    data: {
                        license: components["schemas"]["License"];
                        member: components["schemas"]["Member"];
                    };
                    /**
                     * Format: date-time
                     * @description When it happened
                     */
                    timestamp: string;
                    /** @constant */
                    type: "license.assigned";
                    /**
                     * @description Of what `data` holds, which is as the API of that version shows it
                     * @constant
                     */
                    version: "v1";
                };
            };
        };
        responses: {
            /** @description It has been received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "license.released": {
        parameters: {
            query?: never;
            header: {
                "webhook-id": string;
                "webhook-signature": string;
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How things are when it is sent */
                    data: {
                        license: components["schemas"]["License"];
                        member: components["schemas"]["Member"];
                    };
                    /**
                     * Format: date-time
                     * @description When it happened
                     */
                    timestamp: string;
                    /** @constant */
                    type: "license.released";
                    /**
                     * @description Of what `data` holds, which is as the API of that version shows it
                     * @constant
                     */
                    version: "v1";
                };
            };
        };
        responses: {
            /** @description It has been received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "member.changed": {
        parameters: {
            query?: never;
            header: {
                "webhook-id": string;
                "webhook-signature": string;
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How things are when it is sent */
                    data: {
                        member: components["schemas"]["Member"];
                    };
                    /**
                     * Format: date-time
                     * @description When it happened
                     */
                    timestamp: string;
                    /** @constant */
                    type: "member.changed";
                    /**
                     * @description Of what `data` holds, which is as the API of that version shows it
                     * @constant
                     */
                    version: "v1";
                };
            };
        };
        responses: {
            /** @description It has been received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "member.joined": {
        parameters: {
            query?: never;
            header: {
                "webhook-id": string;
                "webhook-signature": string;
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How things are when it is sent */
                    data: {
                        member: components["schemas"]["Member"];
                    };
                    /**
                     * Format: date-time
                     * @description When it happened
                     */
                    timestamp: string;
                    /** @constant */
                    type: "member.joined";
                    /**
                     * @description Of what `data` holds, which is as the API of that version shows it
                     * @constant
                     */
                    version: "v1";
                };
            };
        };
        responses: {
            /** @description It has been received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "member.removed": {
        parameters: {
            query?: never;
            header: {
                "webhook-id": string;
                "webhook-signature": string;
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How things are when it is sent */
                    data: {
                        member: components["schemas"]["Member"];
                    };
                    /**
                     * Format: date-time
                     * @description When it happened
                     */
                    timestamp: string;
                    /** @constant */
                    type: "member.removed";
                    /**
                     * @description Of what `data` holds, which is as the API of that version shows it
                     * @constant
                     */
                    version: "v1";
                };
            };
        };
        responses: {
            /** @description It has been received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    "webhook.test": {
        parameters: {
            query?: never;
            header: {
                "webhook-id": string;
                "webhook-signature": string;
                "webhook-timestamp": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How things are when it is sent */
                    data: {
                        /** @description Id of the endpoint */
                        webhook: string;
                    };
                    /**
                     * Format: date-time
                     * @description When it happened
                     */
                    timestamp: string;
                    /** @constant */
                    type: "webhook.test";
                    /**
                     * @description Of what `data` holds, which is as the API of that version shows it
                     * @constant
                     */
                    version: "v1";
                };
            };
        };
        responses: {
            /** @description It has been received */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
}
