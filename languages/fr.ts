import type { Dictionary } from './words.ts';

/** French: vous. A space before ? ! : ; « » is one that does not break. */
export const fr: Dictionary = {
  'frame.signedInAs': 'Compte utilisé :',
  'frame.signOut': 'Se déconnecter',
  'frame.skip': 'Aller au contenu',
  'frame.home': 'accueil',
  'frame.promise':
    'Usher s’occupe des invitations. Personne ne rejoint une organisation sans avoir appuyé sur « Rejoindre ».',
  'home.go': 'Aller à l’accueil',

  'role.owner': 'Propriétaire',
  'role.admin': 'Administrateur',
  'role.billing_manager': 'Gestionnaire de facturation',
  'role.member': 'Membre',
  'as.owner': 'propriétaire',
  'as.admin': 'administrateur',
  'as.billing_manager': 'gestionnaire de facturation',
  'as.member': 'membre',

  'license.named': 'Place nominative',
  'license.floating': 'Flottante',
  'license.ended': 'Expirée',
  'license.reserved': 'Une place vous est réservée',
  'license.shared': 'Flottante, partagée dans l’organisation',
  'license.hasEnded': 'Expirée : de nouveau utilisable dès que l’organisation l’aura renouvelée',

  'facts.role': 'Rôle',
  'facts.licenses': { one: 'Licence', other: 'Licences' },
  'facts.teams': { one: 'Équipe', other: 'Équipes' },
  'facts.expires': 'Valable jusqu’au',

  'signIn.signIn': 'Se connecter',
  'signIn.with': 'Se connecter avec {provider}',
  'signIn.switch': 'Changer de compte',
  'signIn.verified': 'Mon adresse est confirmée – réessayer',
  'signIn.again': 'Réessayer',

  'invitation.join': 'Rejoindre {organization}',
  'invitation.heading': 'Votre invitation à rejoindre',
  'invitation.invitedBy': 'Invitation envoyée par {inviter}',
  'invitation.wrote': '{inviter} vous écrit',
  'invitation.signedInAs': 'Vous utilisez le compte',
  'invitation.notYou': 'Ce n’est pas vous ?',
  'invitation.decline': 'Refuser',
  'invitation.notExpected':
    'Vous ne vous y attendiez pas ? Vous n’avez rien à faire : vous ne rejoignez l’organisation qu’en appuyant sur le bouton, et l’invitation expire d’elle-même.',
  'invitation.suspended':
    'L’organisation est suspendue pour le moment : personne ne peut la rejoindre. L’invitation reste en attente.',
  'invitation.changed':
    'L’invitation a été modifiée pendant que vous la consultiez. Veuillez la vérifier et choisir de nouveau.',
  'invitation.alreadyMember': 'Vous êtes déjà membre de cette organisation : il n’y a plus rien à rejoindre.',
  'invitation.notDone': 'Cela n’a pas pu être fait : {why}',

  'lookAlike.inviter':
    'L’adresse de la personne qui vous invite, {address}, contient des lettres qui peuvent être confondues avec d’autres. Vérifiez que c’est bien celle que vous attendez.',
  'lookAlike.invited':
    'L’adresse invitée, {address}, contient des lettres qui peuvent être confondues avec d’autres. Vérifiez que c’est bien celle que vous attendez.',
  'lookAlike.domain': 'Son domaine {readable} s’écrit {plain} en lettres simples.',

  'decline.heading': 'Refuser l’invitation à rejoindre {organization} ?',
  'decline.words':
    'Vous n’aurez aucun accès, et ce choix est définitif. Si vous changez d’avis plus tard, demandez une nouvelle invitation à {inviter}.',
  'decline.button': 'Refuser l’invitation',
  'decline.back': 'Revenir',

  'declined.title': 'Invitation refusée',
  'declined.words': 'L’invitation à rejoindre {organization} a été refusée. Aucun accès n’a été accordé.',
  'declined.wordsOn': 'L’invitation à rejoindre {organization} a été refusée le {date}. Aucun accès n’a été accordé.',
  'declined.mistake': 'Était-ce une erreur ? Demandez une nouvelle invitation à {inviter}.',
  'declined.mistakeOfSomebody':
    'Était-ce une erreur ? Demandez une nouvelle invitation à la personne qui vous l’avait envoyée.',

  'accepted.title': 'Invitation déjà acceptée',
  'accepted.heading': 'Cette invitation a déjà été acceptée',
  'accepted.used': 'Quelqu’un a déjà rejoint {organization} avec cette invitation, qui ne sert qu’une fois.',
  'accepted.switch':
    'Vous utilisez le compte {email}. Si vous avez rejoint l’organisation avec un autre compte, changez de compte.',
  'accepted.signIn': 'Si c’était vous, connectez-vous avec le compte qui vous a servi à rejoindre l’organisation.',

  'invalid.title': 'Lien non valide',
  'invalid.expired': 'Ce lien a expiré.',
  'invalid.revoked': 'Ce lien n’est plus valable.',
  'invalid.replaced':
    'Ce lien n’est plus valable. Vous avez peut-être reçu un e-mail plus récent : utilisez le lien qu’il contient.',
  'invalid.was': 'C’était une invitation à rejoindre {organization}.',
  'invalid.possible':
    'La personne qui vous invite peut renvoyer l’invitation. Voulez-vous que nous le lui demandions ?',
  'invalid.ask': 'Demander un nouvel envoi',
  'invalid.asked': 'Nous l’avons demandé à la personne qui vous invite.',
  'invalid.askedNext':
    'Dès qu’elle aura renvoyé l’invitation, vous la recevrez par e-mail. Vous pouvez fermer cette page.',
  'invalid.alreadyAsked': 'La demande a déjà été faite au cours de la dernière heure.',
  'invalid.alreadyAskedNext':
    'Laissez un peu de temps à la personne qui vous invite. Vous pourrez renouveler la demande plus tard, ou lui écrire vous-même.',
  'invalid.impossible': 'Demandez à la personne qui vous invite d’envoyer une nouvelle invitation.',

  'unknown.title': 'Lien inconnu',
  'unknown.heading': 'Nous ne connaissons pas ce lien',
  'unknown.broken': 'Il en manque peut-être une partie : certaines messageries coupent les liens longs.',
  'unknown.copy': 'Revenez à l’e-mail, copiez le lien en entier et collez-le dans la barre d’adresse.',
  'unknown.ask': 'Ou demandez une nouvelle invitation à la personne qui vous invite.',
  'unknown.signIn':
    'Ou connectez-vous depuis l’accueil avec l’adresse invitée : les invitations qui vous attendent y sont affichées.',

  'wrong.title': 'Un autre compte est invité',
  'wrong.words':
    'Cette invitation à rejoindre {organization} a été envoyée à une autre adresse que celle de votre compte actuel.',
  'wrong.elsewhere':
    'Vous utilisez un compte qu’une autre organisation vous a donné. Il ne compte pas chez {organization}, quelle que soit son adresse.',
  'wrong.invited': 'Adresse invitée',
  'wrong.signedIn': 'Votre compte',
  'wrong.switch':
    'Pour rejoindre l’organisation, passez au compte de l’adresse invitée. Rien n’est perdu : l’invitation reste ouverte jusqu’au {time}.',
  'wrong.askToChange':
    'Pour la rejoindre avec l’adresse de votre compte actuel, demandez à la personne qui vous invite d’envoyer l’invitation à cette adresse.',

  'unverified.title': 'Confirmez d’abord votre adresse',
  'unverified.words':
    'Avant que vous rejoigniez {organization}, votre service de connexion doit confirmer que {email} est bien à vous.',
  'unverified.find':
    'Retrouvez l’e-mail que votre service de connexion vous a envoyé à l’inscription et confirmez votre adresse comme il l’indique. Si vous ne l’avez plus, demandez-en un autre depuis votre compte.',
  'unverified.comeBack': 'Revenez ici et appuyez sur le bouton. L’invitation vous attend.',
  'unverified.elsewhere': 'Connectez-vous autrement',
  'unverified.notBelieved':
    'Le service auquel vous vous êtes connecté ne peut pas confirmer que {email} est à vous. Pour rejoindre {organization}, connectez-vous ailleurs avec cette adresse.',

  'unreachable.title': 'Opération inachevée',
  'unreachable.heading': 'Le service ne répond pas pour le moment',
  'unreachable.nothingLost': 'Rien n’est perdu.',
  'unreachable.accept': 'Votre acceptation peut encore aboutir, et réessayer est sans risque.',
  'unreachable.decline': 'Votre refus peut encore aboutir, et réessayer est sans risque.',
  'unreachable.now': 'Où en sont les choses',
  'unreachable.pending':
    'L’invitation à rejoindre {organization} est toujours ouverte, jusqu’au {time}. Rien n’est décidé.',
  'unreachable.accepted': 'L’invitation à rejoindre {organization} a été acceptée. Il n’y a plus rien à faire.',
  'unreachable.declined': 'L’invitation à rejoindre {organization} a été refusée. Il n’y a plus rien à faire.',
  'unreachable.expired':
    'L’invitation à rejoindre {organization} a expiré. Demandez à la personne qui vous invite de la renvoyer.',
  'unreachable.revoked':
    'L’invitation à rejoindre {organization} n’est plus valable. Demandez-en une nouvelle à la personne qui vous invite.',

  'signInDown.title': 'Connexion indisponible',
  'signInDown.heading': 'La connexion est indisponible pour le moment',
  'signInDown.words': 'Votre service de connexion ne répond pas. Rien n’est perdu.',
  'signInDown.wordsInvited':
    'Votre service de connexion ne répond pas. Rien n’est perdu, et votre invitation vous attend.',
  'signInDown.later': 'Réessayez dans quelques minutes.',

  'leaving.joined': 'C’est fait',
  'leaving.welcome': 'Bienvenue chez {organization}',
  'leaving.member': 'Vous êtes maintenant membre. Nous vous redirigeons vers {site}…',
  'leaving.moment': 'Un instant',
  'leaving.signIn': 'Nous vous redirigeons vers {site} pour la connexion…',
  'leaving.signOut':
    'Votre session Usher est fermée. Nous vous redirigeons vers {site}, pour vous déconnecter là aussi…',
  'leaving.continue': 'Continuer',

  'welcome.heading': 'Se connecter à Usher',
  'welcome.words':
    'Retrouvez les organisations dont vous faites partie, vos licences et les invitations qui vous attendent.',
  'welcome.lost':
    'Vous ne retrouvez pas l’e-mail d’une invitation ? Connectez-vous avec l’adresse à laquelle elle a été envoyée : elle s’affiche ici.',
  'welcome.cancelled': 'Vous n’avez pas terminé la connexion.',
  'welcome.cancelledInvited': 'Vous n’avez pas terminé la connexion. Votre invitation vous attend.',
  'welcome.noEmail':
    'Votre service de connexion ne nous communique aucune adresse e-mail : nous ne pouvons pas trouver vos invitations.',
  'welcome.noOrganization':
    'Plus aucune organisation n’utilise cette connexion. Connectez-vous autrement ou demandez à votre organisation.',
  'welcome.unfinished': 'La connexion n’a pas abouti. Rien n’a été modifié ; veuillez réessayer.',

  'home.title': 'Accueil',
  'home.joinedNow': 'Bienvenue chez {organization}. Vous êtes maintenant membre.',
  'home.unverified': 'Votre adresse n’est pas confirmée.',
  'home.verify':
    'Les invitations envoyées à {email} s’affichent ici dès que votre service de connexion a confirmé que cette adresse est à vous. Retrouvez son e-mail, suivez ses indications, puis revenez.',
  'home.invitations': 'Invitations',
  'home.waiting': { one: 'en attente', other: 'en attente' },
  'home.noneWaiting': 'Aucune invitation n’attend {email}.',
  'home.noneShown': 'Aucune ne peut encore être affichée.',
  'home.askToBeInvited':
    'Demandez à un propriétaire ou à un administrateur de votre organisation d’inviter cette adresse : l’invitation s’affiche ici même si son e-mail se perd.',
  'home.invitedAs': '{inviter} vous invite en tant que {role}.',
  'home.expires': 'Valable jusqu’au {time}',
  'home.view': 'Voir l’invitation',
  'home.viewOf': 'à rejoindre {organization}',
  'home.organizations': 'Organisations',
  'home.noOrganization': 'Vous n’êtes encore membre d’aucune organisation.',
  'home.openOne': 'Ouvrez une invitation ci-dessus pour en rejoindre une.',
  'home.onceJoined': 'Dès que vous en rejoignez une, elle s’affiche ici, avec vos licences.',
  'home.joined': 'Membre depuis le {date}',
  'home.open': 'Ouvrir',
  'home.manage': 'Gérer',
  'home.licenses': { one: 'Votre licence', other: 'Vos licences' },
  'home.since': 'À vous depuis le {date}',
  'home.noLicense':
    'Aucune pour le moment. Un propriétaire ou un administrateur de l’organisation peut vous en attribuer une.',
  'home.runUsher': 'Vous exploitez Usher',
  'home.runUsherWords': 'Trouvez une invitation, une personne ou une organisation qui a besoin d’aide.',
  'home.support': 'Assistance',
  'home.sessions': 'Vos sessions',
  'home.sessionsWords':
    'Vous déconnecte ici et dans tous les autres navigateurs. À utiliser si vous en avez laissé un ouvert, ou perdu un appareil.',
  'home.signOutEverywhere': 'Se déconnecter partout',

  'problem.status': 'Erreur {status}',
  'problem.request': 'Requête {id}',
  'problem.backToInvitation': 'Revenir à l’invitation',
  'problem.form_expired.title': 'Le formulaire a expiré',
  'problem.form_expired.detail':
    'La page est restée ouverte trop longtemps, concerne une autre invitation, ou quelqu’un s’est connecté ou déconnecté entre-temps. Rien n’a été fait.',
  'problem.rate_limited.title': 'Trop de demandes pour le moment',
  'problem.rate_limited.detail': 'Réessayez {when}.',
  'problem.not_found.title': 'Page introuvable',
  'problem.not_found.detail': 'Il n’y a rien à cette adresse.',
  'problem.invalid_request.title': 'La demande n’est pas valable',
  'problem.invalid_request.detail': 'Revenez en arrière, rechargez la page et réessayez.',
  'problem.too_large.title': 'La demande est trop volumineuse',
  'problem.too_large.detail': 'Revenez en arrière et envoyez moins de données.',
  'problem.too_slow.title': 'Cela prend trop de temps',
  'problem.too_slow.detail':
    'Un élément nécessaire est lent. L’opération peut encore aboutir : revenez voir dans un moment.',
  'problem.engine_unreachable.title': 'Le service ne répond pas',
  'problem.engine_unreachable.detail':
    'L’opération peut encore aboutir, et rien n’est perdu : revenez voir dans un moment.',
  'problem.database_unreachable.title': 'La base de données ne répond pas',
  'problem.database_unreachable.detail': 'Rien n’est perdu. Réessayez dans un moment.',
  'problem.internal.title': 'Une erreur s’est produite de notre côté',
  'problem.internal.detail': 'Nous en avons pris note. Réessayez dans un moment.',

  'email.subject': '{inviter} vous invite à rejoindre {organization}',
  'email.reminderOf': 'Rappel : {subject}',
  'email.preview': 'Acceptez ou refusez d’ici au {time}.',
  'email.invitation': 'Invitation',
  'email.reminder': 'Rappel',
  'email.heading': 'Vous avez une invitation à rejoindre {organization}',
  'email.headingOfReminder': 'Votre invitation à rejoindre {organization} vous attend',
  'email.invites': '{inviter} ({address}) vous invite à rejoindre {organization}.',
  'email.invited': '{inviter} ({address}) vous a envoyé une invitation à rejoindre {organization}.',
  'email.notAnswered': 'Vous n’avez pas encore répondu.',
  'email.writes': '{inviter} vous écrit :',
  'email.role': 'Votre rôle',
  'email.licenses': { one: 'Votre licence', other: 'Vos licences' },
  'email.hasEnded': '{license} (expirée)',
  'email.invitedBy': 'Envoyée par',
  'email.for': 'Pour',
  'email.answers': 'Les réponses vont à',
  'email.until': 'Valable jusqu’au',
  'email.view': 'Voir l’invitation',
  'email.copy': 'Si le bouton ne fonctionne pas, copiez ce lien dans votre navigateur :',
  'email.opening': 'Vous acceptez ou refusez sur la page vers laquelle il mène ; l’ouvrir ne change rien.',
  'email.onlyFor':
    'Cette invitation est destinée à {email} et ne peut être acceptée qu’en se connectant avec cette adresse.',
  'email.unexpected':
    'Si vous ne vous y attendiez pas, vous pouvez ignorer cet e-mail. Vous ne rejoindrez {organization} que si vous acceptez.',

  'request.subject': '{email} demande une nouvelle invitation à rejoindre {organization}',
  'request.preview': 'Son lien ne fonctionne plus.',
  'request.request': 'Demande',
  'request.heading': 'Quelqu’un demande une nouvelle invitation',
  'request.hello': 'Bonjour,',
  'request.helloName': 'Bonjour {name},',
  'request.words':
    'Le lien de l’invitation à rejoindre {organization} que vous avez envoyée à {email} ne fonctionne plus : il a expiré, a été révoqué ou remplacé. Une personne qui l’a ouvert vous demande d’en envoyer une nouvelle.',
  'request.organization': 'Organisation',
  'request.address': 'Adresse invitée',
  'request.howTo': 'Pour la renvoyer, ouvrez l’invitation dans la console et choisissez « Resend ».',
  'request.review': 'Examiner l’invitation',
  'request.ignore':
    'Une nouvelle invitation ne part qu’à l’adresse invitée, quelle que soit la personne qui la demande. Si cette adresse ne doit plus être invitée, vous pouvez ignorer cet e-mail : rien n’est envoyé tant que vous ne le faites pas vous-même.',

  'notice.kicker': 'Vos invitations',
  'notice.undeliverable.subject': 'L’invitation à rejoindre {organization} envoyée à {email} n’a pas pu être remise',
  'notice.undeliverable.heading': 'Une invitation à rejoindre {organization} n’a pas pu être remise',
  'notice.undeliverable.words':
    'L’invitation à rejoindre {organization} que vous avez envoyée à {email} n’est pas arrivée.',
  'notice.accepted.subject': '{email} a rejoint {organization}',
  'notice.accepted.heading': 'Votre invitation à rejoindre {organization} a été acceptée',
  'notice.accepted.words': '{email} a accepté votre invitation et fait désormais partie de {organization}.',
  'notice.declined.subject': '{email} a refusé votre invitation à rejoindre {organization}',
  'notice.declined.heading': 'Votre invitation à rejoindre {organization} a été refusée',
  'notice.declined.words': '{email} a refusé votre invitation à rejoindre {organization}.',
  'notice.expired.subject': 'L’invitation à rejoindre {organization} envoyée à {email} a expiré',
  'notice.expired.heading': 'Votre invitation à rejoindre {organization} a expiré',
  'notice.expired.words': '{email} n’a pas répondu à temps à votre invitation à rejoindre {organization}.',
  'notice.again': 'Pour inviter de nouveau, ouvrez l’invitation et choisissez « Resend ».',
  'notice.reason.complained':
    'La personne qui l’a reçue l’a signalée comme indésirable ; plus rien n’est envoyé à cette adresse{code}.',
  'notice.reason.failed': 'Le service d’e-mail refuse d’envoyer à cette adresse{code}.',
  'notice.reason.bounced': 'Le serveur de messagerie du destinataire ne l’a pas acceptée{code}.',
  'notice.correct':
    'Si l’adresse est fausse, ouvrez l’invitation, choisissez « Change » et corrigez-la : un nouvel e-mail part à la nouvelle adresse, et le lien de l’ancien ne fonctionne plus.',
  'notice.copy':
    'Si elle est juste, copiez le lien sur la page de l’invitation et envoyez-le vous-même, par exemple dans une conversation. Il reste utilisable uniquement par la personne à qui cette adresse appartient.',
  'notice.many.subject': 'Vos invitations à rejoindre {organization} : {counts}',
  'notice.many.heading': 'Des nouvelles de vos invitations à rejoindre {organization}',
  'notice.many.words': 'Voici où en sont vos invitations à rejoindre {organization} : {counts}.',
  'notice.more': '{names} et {n} de plus',
  'notice.term.undeliverable': 'Non remises',
  'notice.term.accepted': 'Acceptées',
  'notice.term.declined': 'Refusées',
  'notice.term.expired': 'Expirées',
  'notice.count.undeliverable': { one: 'non remise', other: 'non remises' },
  'notice.count.accepted': { one: 'acceptée', other: 'acceptées' },
  'notice.count.declined': { one: 'refusée', other: 'refusées' },
  'notice.count.expired': { one: 'expirée', other: 'expirées' },
  'notice.viewOne': 'Voir celle qui n’a pas été remise',
  'notice.viewAll': 'Voir vos invitations',
  'notice.why':
    'Vous recevez cet e-mail parce que vous avez invité ces personnes. Les paramètres de l’organisation indiquent lesquels de ces e-mails sont envoyés.',
  'webhook.subject': 'Un webhook de {organization} a été désactivé',
  'webhook.preview': 'Votre programme n’est plus informé de ce que deviennent les invitations.',
  'webhook.heading': 'Un webhook a été désactivé',
  'webhook.words':
    'Usher n’informe plus un programme de {organization} de ce que deviennent les invitations, les membres et les licences : {why}',
  'webhook.gone': 'le programme a répondu que cette adresse n’existe plus (410).',
  'webhook.failing': 'rien de ce qui lui a été envoyé n’est arrivé depuis des jours.',
  'webhook.address': 'Adresse',
  'webhook.since': 'Sans réception depuis',
  'webhook.next':
    'Ce qui se passe entre-temps est conservé 30 jours. Dès que le programme fonctionne de nouveau, ouvrez le webhook dans la console et choisissez « Enable » : tout ce qui attendait est alors envoyé, dans l’ordre.',
  'webhook.owner': 'Vous recevez cet e-mail parce que vous êtes propriétaire de l’organisation.',
};
