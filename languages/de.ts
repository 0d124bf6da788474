import type { Dictionary } from './words.ts';

/** German: Sie. */
export const de: Dictionary = {
  'frame.signedInAs': 'Angemeldet als',
  'frame.signOut': 'Abmelden',
  'frame.skip': 'Zum Inhalt springen',
  'frame.home': 'Startseite',
  'frame.promise':
    'Usher kümmert sich um Einladungen. Niemand tritt einer Organisation bei, ohne selbst auf „Beitreten“ zu klicken.',
  'home.go': 'Zur Startseite',

  'role.owner': 'Eigentümer',
  'role.admin': 'Administrator',
  'role.billing_manager': 'Abrechnungsverwalter',
  'role.member': 'Mitglied',
  'as.owner': 'Eigentümer',
  'as.admin': 'Administrator',
  'as.billing_manager': 'Abrechnungsverwalter',
  'as.member': 'Mitglied',

  'license.named': 'Persönlicher Platz',
  'license.floating': 'Gemeinsame Nutzung',
  'license.ended': 'Abgelaufen',
  'license.reserved': 'Ein Platz ist für Sie reserviert',
  'license.shared': 'Wird in der Organisation gemeinsam genutzt',
  'license.hasEnded': 'Abgelaufen: wieder nutzbar, sobald die Organisation sie verlängert',

  'facts.role': 'Rolle',
  'facts.licenses': { one: 'Lizenz', other: 'Lizenzen' },
  'facts.teams': { one: 'Team', other: 'Teams' },
  'facts.expires': 'Gültig bis',

  'signIn.signIn': 'Anmelden',
  'signIn.with': 'Mit {provider} anmelden',
  'signIn.switch': 'Konto wechseln',
  'signIn.verified': 'Ich habe sie bestätigt – erneut versuchen',
  'signIn.again': 'Erneut versuchen',

  'invitation.join': '{organization} beitreten',
  'invitation.heading': 'Ihre Einladung zu',
  'invitation.invitedBy': 'Eingeladen von {inviter}',
  'invitation.wrote': '{inviter} schreibt',
  'invitation.signedInAs': 'Sie sind angemeldet als',
  'invitation.notYou': 'Nicht Ihr Konto?',
  'invitation.decline': 'Ablehnen',
  'invitation.notExpected':
    'Sie haben nicht damit gerechnet? Dann brauchen Sie nichts zu tun: Sie treten nur bei, wenn Sie auf die Schaltfläche klicken, und die Einladung läuft von selbst ab.',
  'invitation.suspended':
    'Die Organisation ist derzeit gesperrt, daher kann ihr niemand beitreten. Die Einladung bleibt bestehen.',
  'invitation.changed':
    'Die Einladung wurde geändert, während Sie sie angesehen haben. Bitte prüfen Sie sie und entscheiden Sie noch einmal.',
  'invitation.alreadyMember': 'Sie sind bereits Mitglied dieser Organisation und brauchen ihr nicht mehr beizutreten.',
  'invitation.notDone': 'Das war nicht möglich: {why}',

  'lookAlike.inviter':
    'Die Adresse der Person, die Sie eingeladen hat, {address}, enthält Buchstaben, die anderen zum Verwechseln ähnlich sehen. Prüfen Sie, ob es die erwartete Adresse ist.',
  'lookAlike.invited':
    'Die eingeladene Adresse, {address}, enthält Buchstaben, die anderen zum Verwechseln ähnlich sehen. Prüfen Sie, ob es die erwartete Adresse ist.',
  'lookAlike.domain': 'Die Domain {readable} lautet in einfachen Buchstaben {plain}.',

  'decline.heading': 'Einladung zu {organization} ablehnen?',
  'decline.words':
    'Sie erhalten dann keinen Zugang, und das lässt sich nicht rückgängig machen. Falls Sie es sich später anders überlegen, bitten Sie {inviter} um eine neue Einladung.',
  'decline.button': 'Einladung ablehnen',
  'decline.back': 'Zurück',

  'declined.title': 'Einladung abgelehnt',
  'declined.words': 'Die Einladung zu {organization} wurde abgelehnt. Es wurde kein Zugang gewährt.',
  'declined.wordsOn': 'Die Einladung zu {organization} wurde am {date} abgelehnt. Es wurde kein Zugang gewährt.',
  'declined.mistake': 'War das ein Versehen? Bitten Sie {inviter} um eine neue Einladung.',
  'declined.mistakeOfSomebody':
    'War das ein Versehen? Bitten Sie die Person, die Sie eingeladen hat, um eine neue Einladung.',

  'accepted.title': 'Einladung bereits angenommen',
  'accepted.heading': 'Diese Einladung wurde bereits angenommen',
  'accepted.used': 'Mit ihr ist schon jemand {organization} beigetreten, und jede Einladung gilt nur einmal.',
  'accepted.switch':
    'Sie sind als {email} angemeldet. Falls Sie mit einem anderen Konto beigetreten sind, wechseln Sie zu diesem.',
  'accepted.signIn': 'Falls Sie das waren, melden Sie sich mit dem Konto an, mit dem Sie beigetreten sind.',

  'invalid.title': 'Ungültiger Link',
  'invalid.expired': 'Dieser Link ist abgelaufen.',
  'invalid.revoked': 'Dieser Link ist nicht mehr gültig.',
  'invalid.replaced':
    'Dieser Link ist nicht mehr gültig. Vielleicht haben Sie eine neuere E-Mail erhalten: Verwenden Sie den Link darin.',
  'invalid.was': 'Er gehörte zu einer Einladung von {organization}.',
  'invalid.possible':
    'Die Person, die Sie eingeladen hat, kann die Einladung noch einmal senden. Sollen wir sie darum bitten?',
  'invalid.ask': 'Um neue Einladung bitten',
  'invalid.asked': 'Wir haben die Person, die Sie eingeladen hat, darum gebeten.',
  'invalid.askedNext':
    'Die neue Einladung kommt per E-Mail, sobald sie gesendet wird. Sie können diese Seite schließen.',
  'invalid.alreadyAsked': 'Die Person, die Sie eingeladen hat, wurde in der letzten Stunde bereits darum gebeten.',
  'invalid.alreadyAskedNext':
    'Lassen Sie ihr etwas Zeit. Sie können später noch einmal darum bitten oder ihr selbst schreiben.',
  'invalid.impossible': 'Bitten Sie die Person, die Sie eingeladen hat, um eine neue Einladung.',

  'unknown.title': 'Unbekannter Link',
  'unknown.heading': 'Wir kennen diesen Link nicht',
  'unknown.broken': 'Vielleicht fehlt ein Teil: Manche E-Mail-Programme trennen lange Links.',
  'unknown.copy': 'Gehen Sie zurück zur E-Mail, kopieren Sie den ganzen Link und fügen Sie ihn in die Adresszeile ein.',
  'unknown.ask': 'Oder bitten Sie die Person, die Sie eingeladen hat, um eine neue Einladung.',
  'unknown.signIn':
    'Oder melden Sie sich auf der Startseite mit der eingeladenen Adresse an: Dort stehen alle Einladungen, die auf Sie warten.',

  'wrong.title': 'Ein anderes Konto ist eingeladen',
  'wrong.words': 'Diese Einladung zu {organization} ging an eine andere Adresse als die, mit der Sie angemeldet sind.',
  'wrong.elsewhere':
    'Sie sind mit einem Konto angemeldet, das Ihnen eine andere Organisation gegeben hat. Bei {organization} gilt es nicht, gleich welche Adresse es hat.',
  'wrong.invited': 'Eingeladen',
  'wrong.signedIn': 'Angemeldet',
  'wrong.switch':
    'Wechseln Sie zu dem Konto mit der eingeladenen Adresse, um beizutreten. Es geht nichts verloren: Die Einladung gilt bis zum {time}.',
  'wrong.askToChange':
    'Wenn Sie mit der Adresse beitreten möchten, mit der Sie angemeldet sind, bitten Sie die Person, die Sie eingeladen hat, die Einladung auf diese Adresse zu ändern.',

  'unverified.title': 'Bestätigen Sie zuerst Ihre Adresse',
  'unverified.words':
    'Bevor Sie {organization} beitreten, muss Ihr Anmeldedienst bestätigen, dass {email} Ihnen gehört.',
  'unverified.find':
    'Suchen Sie die E-Mail, die Ihnen Ihr Anmeldedienst bei der Registrierung geschickt hat, und bestätigen Sie Ihre Adresse wie dort beschrieben. Falls sie nicht mehr da ist, fordern Sie in Ihrem Konto eine neue an.',
  'unverified.comeBack':
    'Kommen Sie hierher zurück und klicken Sie auf die Schaltfläche. Die Einladung wartet auf Sie.',
  'unverified.elsewhere': 'Melden Sie sich anderswo an',
  'unverified.notBelieved':
    'Wo Sie sich angemeldet haben, kann nicht bestätigt werden, dass {email} Ihnen gehört. Um {organization} beizutreten, melden Sie sich mit dieser Adresse anderswo an.',

  'unreachable.title': 'Noch nicht erledigt',
  'unreachable.heading': 'Der Dienst antwortet gerade nicht',
  'unreachable.nothingLost': 'Es ist nichts verloren gegangen.',
  'unreachable.accept': 'Ihr Beitritt kann noch wirksam werden, und ein weiterer Versuch schadet nicht.',
  'unreachable.decline': 'Ihre Ablehnung kann noch wirksam werden, und ein weiterer Versuch schadet nicht.',
  'unreachable.now': 'Der Stand der Dinge',
  'unreachable.pending': 'Die Einladung zu {organization} ist noch bis zum {time} offen. Es ist nichts entschieden.',
  'unreachable.accepted': 'Die Einladung zu {organization} wurde angenommen. Sie brauchen nichts weiter zu tun.',
  'unreachable.declined': 'Die Einladung zu {organization} wurde abgelehnt. Sie brauchen nichts weiter zu tun.',
  'unreachable.expired':
    'Die Einladung zu {organization} ist abgelaufen. Bitten Sie die Person, die Sie eingeladen hat, sie noch einmal zu senden.',
  'unreachable.revoked':
    'Die Einladung zu {organization} ist nicht mehr gültig. Bitten Sie die Person, die Sie eingeladen hat, um eine neue.',

  'signInDown.title': 'Anmeldung nicht verfügbar',
  'signInDown.heading': 'Die Anmeldung ist gerade nicht verfügbar',
  'signInDown.words': 'Ihr Anmeldedienst antwortet nicht. Es ist nichts verloren gegangen.',
  'signInDown.wordsInvited':
    'Ihr Anmeldedienst antwortet nicht. Es ist nichts verloren gegangen, und Ihre Einladung wartet auf Sie.',
  'signInDown.later': 'Versuchen Sie es in ein paar Minuten noch einmal.',

  'leaving.joined': 'Beigetreten',
  'leaving.welcome': 'Willkommen bei {organization}',
  'leaving.member': 'Sie sind jetzt Mitglied und werden zu {site} weitergeleitet …',
  'leaving.moment': 'Einen Moment',
  'leaving.signIn': 'Sie werden zur Anmeldung zu {site} weitergeleitet …',
  'leaving.signOut':
    'Sie sind bei Usher abgemeldet. Sie werden zu {site} weitergeleitet, um sich auch dort abzumelden …',
  'leaving.continue': 'Weiter',

  'welcome.heading': 'Bei Usher anmelden',
  'welcome.words':
    'Hier sehen Sie die Organisationen, denen Sie angehören, Ihre Lizenzen und die Einladungen, die auf Sie warten.',
  'welcome.lost':
    'Sie finden die E-Mail mit der Einladung nicht? Melden Sie sich mit der Adresse an, an die sie ging: Die Einladung steht dann hier.',
  'welcome.cancelled': 'Sie haben sich nicht angemeldet.',
  'welcome.cancelledInvited': 'Sie haben sich nicht angemeldet. Ihre Einladung wartet auf Sie.',
  'welcome.noEmail':
    'Ihr Anmeldedienst teilt uns keine E-Mail-Adresse mit, daher können wir Ihre Einladungen nicht finden.',
  'welcome.noOrganization':
    'Dort meldet sich keine Organisation mehr an. Bitte melden Sie sich auf andere Weise an, oder fragen Sie Ihre Organisation.',
  'welcome.unfinished':
    'Die Anmeldung wurde nicht abgeschlossen. Es wurde nichts geändert; bitte versuchen Sie es noch einmal.',

  'home.title': 'Startseite',
  'home.joinedNow': 'Willkommen bei {organization}. Sie sind jetzt Mitglied.',
  'home.unverified': 'Ihre Adresse ist nicht bestätigt.',
  'home.verify':
    'Einladungen an {email} stehen hier, sobald Ihr Anmeldedienst bestätigt hat, dass die Adresse Ihnen gehört. Suchen Sie dessen E-Mail, folgen Sie den Anweisungen darin und kommen Sie dann zurück.',
  'home.invitations': 'Einladungen',
  'home.waiting': { one: 'wartet', other: 'warten' },
  'home.noneWaiting': 'Für {email} liegt keine Einladung vor.',
  'home.noneShown': 'Noch können keine angezeigt werden.',
  'home.askToBeInvited':
    'Bitten Sie einen Eigentümer oder Administrator Ihrer Organisation, diese Adresse einzuladen: Die Einladung steht auch dann hier, wenn ihre E-Mail verloren geht.',
  'home.invitedAs': '{inviter} hat Sie als {role} eingeladen.',
  'home.expires': 'Gültig bis zum {time}',
  'home.view': 'Zur Einladung',
  'home.viewOf': 'von {organization}',
  'home.organizations': 'Organisationen',
  'home.noOrganization': 'Sie sind noch in keiner Organisation Mitglied.',
  'home.openOne': 'Öffnen Sie oben eine Einladung, um einer beizutreten.',
  'home.onceJoined': 'Sobald Sie einer beitreten, steht sie hier, mit Ihren Lizenzen.',
  'home.joined': 'Mitglied seit dem {date}',
  'home.open': 'Öffnen',
  'home.manage': 'Verwalten',
  'home.licenses': { one: 'Ihre Lizenz', other: 'Ihre Lizenzen' },
  'home.since': 'Ihnen zugewiesen seit dem {date}',
  'home.noLicense': 'Noch keine. Ein Eigentümer oder Administrator der Organisation kann Ihnen eine geben.',
  'home.runUsher': 'Sie betreiben Usher',
  'home.runUsherWords': 'Finden Sie eine Einladung, eine Person oder eine Organisation, die Hilfe braucht.',
  'home.support': 'Zum Support',
  'home.sessions': 'Ihre Sitzungen',
  'home.sessionsWords':
    'Meldet Sie hier und in allen anderen Browsern ab. Nutzen Sie das, wenn Sie einen offen gelassen oder ein Gerät verloren haben.',
  'home.signOutEverywhere': 'Überall abmelden',

  'problem.status': 'Fehler {status}',
  'problem.request': 'Anfrage {id}',
  'problem.backToInvitation': 'Zurück zur Einladung',
  'problem.form_expired.title': 'Das Formular ist abgelaufen',
  'problem.form_expired.detail':
    'Die Seite war zu lange offen, gehört zu einer anderen Einladung, oder inzwischen hat sich jemand an- oder abgemeldet. Es wurde nichts geändert.',
  'problem.rate_limited.title': 'Das waren vorerst zu viele Anfragen',
  'problem.rate_limited.detail': 'Versuchen Sie es {when} noch einmal.',
  'problem.not_found.title': 'Nicht gefunden',
  'problem.not_found.detail': 'Unter dieser Adresse gibt es nichts.',
  'problem.invalid_request.title': 'Die Anfrage ist ungültig',
  'problem.invalid_request.detail': 'Gehen Sie zurück, laden Sie die Seite neu und versuchen Sie es noch einmal.',
  'problem.too_large.title': 'Die Anfrage ist zu groß',
  'problem.too_large.detail': 'Gehen Sie zurück und senden Sie weniger.',
  'problem.too_slow.title': 'Das dauert zu lange',
  'problem.too_slow.detail':
    'Etwas, das dafür nötig ist, ist gerade langsam. Es kann noch wirksam werden: Sehen Sie in einer Weile noch einmal nach.',
  'problem.engine_unreachable.title': 'Der Dienst antwortet nicht',
  'problem.engine_unreachable.detail':
    'Es kann noch wirksam werden, und es ist nichts verloren gegangen: Sehen Sie in einer Weile noch einmal nach.',
  'problem.database_unreachable.title': 'Die Datenbank antwortet nicht',
  'problem.database_unreachable.detail':
    'Es ist nichts verloren gegangen. Versuchen Sie es in einer Weile noch einmal.',
  'problem.internal.title': 'Bei uns ist etwas schiefgegangen',
  'problem.internal.detail': 'Wir haben es festgehalten. Versuchen Sie es in einer Weile noch einmal.',

  'email.subject': '{inviter} lädt Sie zu {organization} ein',
  'email.reminderOf': 'Erinnerung: {subject}',
  'email.preview': 'Bitte nehmen Sie die Einladung bis {time} an oder lehnen Sie sie ab.',
  'email.invitation': 'Einladung',
  'email.reminder': 'Erinnerung',
  'email.heading': 'Sie sind zu {organization} eingeladen',
  'email.headingOfReminder': 'Ihre Einladung zu {organization} wartet auf Sie',
  'email.invites': '{inviter} ({address}) lädt Sie ein, {organization} beizutreten.',
  'email.invited': '{inviter} ({address}) hat Sie eingeladen, {organization} beizutreten.',
  'email.notAnswered': 'Sie haben noch nicht geantwortet.',
  'email.writes': '{inviter} schreibt:',
  'email.role': 'Ihre Rolle',
  'email.licenses': { one: 'Ihre Lizenz', other: 'Ihre Lizenzen' },
  'email.hasEnded': '{license} (abgelaufen)',
  'email.invitedBy': 'Eingeladen von',
  'email.for': 'Für',
  'email.answers': 'Antworten gehen an',
  'email.until': 'Gültig bis',
  'email.view': 'Einladung ansehen',
  'email.copy': 'Falls die Schaltfläche nicht funktioniert, kopieren Sie diesen Link in Ihren Browser:',
  'email.opening':
    'Auf der verlinkten Seite können Sie die Einladung annehmen oder ablehnen; das Öffnen allein ändert nichts.',
  'email.onlyFor':
    'Diese Einladung ist für {email} und kann nur von jemandem angenommen werden, der sich mit dieser Adresse anmeldet.',
  'email.unexpected':
    'Falls Sie nicht damit gerechnet haben, können Sie diese E-Mail ignorieren. Sie werden nur dann Mitglied von {organization}, wenn Sie die Einladung annehmen.',

  'request.subject': '{email} bittet um eine neue Einladung zu {organization}',
  'request.preview': 'Der bisherige Link funktioniert nicht mehr.',
  'request.request': 'Anfrage',
  'request.heading': 'Jemand bittet um eine neue Einladung',
  'request.hello': 'Guten Tag,',
  'request.helloName': 'Guten Tag {name},',
  'request.words':
    'Der Link in Ihrer Einladung an {email}, {organization} beizutreten, funktioniert nicht mehr: Er ist abgelaufen, wurde widerrufen oder ersetzt. Jemand, der ihn geöffnet hat, bittet Sie um eine neue Einladung.',
  'request.organization': 'Organisation',
  'request.address': 'Eingeladene Adresse',
  'request.howTo': 'Um sie noch einmal zu senden, öffnen Sie die Einladung in der Konsole und wählen Sie „Resend“.',
  'request.review': 'Einladung prüfen',
  'request.ignore':
    'Eine neue Einladung geht nur an die eingeladene Adresse, wer auch immer darum gebeten hat. Falls diese Adresse nicht mehr eingeladen sein soll, können Sie diese E-Mail ignorieren: Es wird nichts gesendet, wenn Sie es nicht selbst tun.',

  'notice.kicker': 'Ihre Einladungen',
  'notice.undeliverable.subject': 'Ihre Einladung an {email} zu {organization} konnte nicht zugestellt werden',
  'notice.undeliverable.heading': 'Eine Einladung zu {organization} konnte nicht zugestellt werden',
  'notice.undeliverable.words': 'Ihre Einladung an {email}, {organization} beizutreten, ist nicht angekommen.',
  'notice.accepted.subject': '{email} ist {organization} beigetreten',
  'notice.accepted.heading': 'Ihre Einladung zu {organization} wurde angenommen',
  'notice.accepted.words': '{email} hat Ihre Einladung angenommen und ist nun Mitglied von {organization}.',
  'notice.declined.subject': '{email} hat Ihre Einladung zu {organization} abgelehnt',
  'notice.declined.heading': 'Ihre Einladung zu {organization} wurde abgelehnt',
  'notice.declined.words': '{email} hat Ihre Einladung, {organization} beizutreten, abgelehnt.',
  'notice.expired.subject': 'Ihre Einladung an {email} zu {organization} ist abgelaufen',
  'notice.expired.heading': 'Ihre Einladung zu {organization} ist abgelaufen',
  'notice.expired.words': '{email} hat Ihre Einladung, {organization} beizutreten, nicht rechtzeitig beantwortet.',
  'notice.again': 'Um noch einmal einzuladen, öffnen Sie die Einladung und wählen Sie „Resend“.',
  'notice.reason.complained':
    'Wer sie bekam, hat sie als Spam gemeldet; an diese Adresse wird nichts mehr gesendet{code}.',
  'notice.reason.failed': 'Der E-Mail-Dienst weigert sich, an diese Adresse zu senden{code}.',
  'notice.reason.bounced': 'Der dortige Mailserver hat sie nicht angenommen{code}.',
  'notice.correct':
    'Falls die Adresse falsch ist, öffnen Sie die Einladung, wählen Sie „Change“ und berichtigen Sie sie: Eine neue E-Mail geht an die neue Adresse, und der Link in der alten funktioniert nicht mehr.',
  'notice.copy':
    'Falls sie stimmt, kopieren Sie dort den Link der Einladung und senden Sie ihn selbst, etwa in einem Chat. Verwenden kann ihn weiterhin nur, wem diese Adresse gehört.',
  'notice.many.subject': 'Ihre Einladungen zu {organization}: {counts}',
  'notice.many.heading': 'Neues von Ihren Einladungen zu {organization}',
  'notice.many.words': 'Von Ihren Einladungen zu {organization}: {counts}.',
  'notice.more': '{names} und {n} weitere',
  'notice.term.undeliverable': 'Nicht zugestellt',
  'notice.term.accepted': 'Angenommen',
  'notice.term.declined': 'Abgelehnt',
  'notice.term.expired': 'Abgelaufen',
  'notice.count.undeliverable': { one: 'nicht zugestellt', other: 'nicht zugestellt' },
  'notice.count.accepted': { one: 'angenommen', other: 'angenommen' },
  'notice.count.declined': { one: 'abgelehnt', other: 'abgelehnt' },
  'notice.count.expired': { one: 'abgelaufen', other: 'abgelaufen' },
  'notice.viewOne': 'Die nicht zugestellte ansehen',
  'notice.viewAll': 'Ihre Einladungen ansehen',
  'notice.why':
    'Sie bekommen diese E-Mail, weil Sie diese Personen eingeladen haben. Welche dieser E-Mails gesendet werden, steht in den Einstellungen der Organisation.',
  'webhook.subject': 'Ein Webhook von {organization} wurde abgeschaltet',
  'webhook.preview': 'Ihrem Programm wird nicht mehr mitgeteilt, was aus Einladungen wird.',
  'webhook.heading': 'Ein Webhook wurde abgeschaltet',
  'webhook.words':
    'Usher teilt einem Programm von {organization} nicht mehr mit, was aus Einladungen, Mitgliedern und Lizenzen wird: {why}',
  'webhook.gone': 'Das Programm hat geantwortet, dass es diese Adresse nicht mehr gibt (410).',
  'webhook.failing': 'Seit Tagen ist nichts mehr angekommen.',
  'webhook.address': 'Adresse',
  'webhook.since': 'Nichts angekommen seit',
  'webhook.next':
    'Was inzwischen geschieht, wird 30 Tage aufbewahrt. Sobald das Programm wieder läuft, öffnen Sie den Webhook in der Konsole und wählen Sie „Enable“: Dann wird alles, was gewartet hat, der Reihe nach gesendet.',
  'webhook.owner': 'Sie bekommen diese E-Mail, weil Sie Eigentümer der Organisation sind.',
};
