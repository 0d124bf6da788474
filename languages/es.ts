import type { Dictionary } from './words.ts';

/** Spanish: usted. */
export const es: Dictionary = {
  'frame.signedInAs': 'Sesión iniciada como',
  'frame.signOut': 'Cerrar sesión',
  'frame.skip': 'Ir al contenido',
  'frame.home': 'inicio',
  'frame.promise': 'Usher se ocupa de las invitaciones. Nadie se une a una organización sin haber pulsado «Unirse».',
  'home.go': 'Ir al inicio',

  'role.owner': 'Propietario',
  'role.admin': 'Administrador',
  'role.billing_manager': 'Gestor de facturación',
  'role.member': 'Miembro',
  'as.owner': 'propietario',
  'as.admin': 'administrador',
  'as.billing_manager': 'gestor de facturación',
  'as.member': 'miembro',

  'license.named': 'Plaza nominativa',
  'license.floating': 'Flotante',
  'license.ended': 'Caducada',
  'license.reserved': 'Tiene una plaza reservada',
  'license.shared': 'Flotante, compartida en la organización',
  'license.hasEnded': 'Caducada: volverá a servir cuando la organización la renueve',

  'facts.role': 'Rol',
  'facts.licenses': { one: 'Licencia', other: 'Licencias' },
  'facts.teams': { one: 'Equipo', other: 'Equipos' },
  'facts.expires': 'Válida hasta',

  'signIn.signIn': 'Iniciar sesión',
  'signIn.with': 'Iniciar sesión con {provider}',
  'signIn.switch': 'Cambiar de cuenta',
  'signIn.verified': 'Ya la he confirmado: reintentar',
  'signIn.again': 'Reintentar',

  'invitation.join': 'Unirse a {organization}',
  'invitation.heading': 'Su invitación para unirse a',
  'invitation.invitedBy': 'De parte de {inviter}',
  'invitation.wrote': '{inviter} le escribe',
  'invitation.signedInAs': 'Ha iniciado sesión como',
  'invitation.notYou': '¿No es usted?',
  'invitation.decline': 'Rechazar',
  'invitation.notExpected':
    '¿No la esperaba? No tiene que hacer nada: solo se une si pulsa el botón, y la invitación caduca por sí sola.',
  'invitation.suspended':
    'La organización está suspendida por ahora, así que nadie puede unirse a ella. La invitación queda a la espera.',
  'invitation.changed': 'La invitación se modificó mientras la consultaba. Revísela, por favor, y vuelva a decidir.',
  'invitation.alreadyMember': 'Ya es miembro de esta organización, así que no hace falta que se una.',
  'invitation.notDone': 'No se ha podido hacer: {why}',

  'lookAlike.inviter':
    'La dirección de la persona que le invita, {address}, tiene letras que pueden confundirse con otras. Compruebe que es la que espera.',
  'lookAlike.invited':
    'La dirección invitada, {address}, tiene letras que pueden confundirse con otras. Compruebe que es la que espera.',
  'lookAlike.domain': 'El dominio {readable} se escribe {plain} con letras simples.',

  'decline.heading': '¿Rechazar la invitación a {organization}?',
  'decline.words':
    'No obtendrá acceso, y esto no se puede deshacer. Si más adelante cambia de opinión, pida una nueva invitación a {inviter}.',
  'decline.button': 'Rechazar la invitación',
  'decline.back': 'Volver',

  'declined.title': 'Invitación rechazada',
  'declined.words': 'La invitación a {organization} se rechazó. No se ha concedido ningún acceso.',
  'declined.wordsOn': 'La invitación a {organization} se rechazó el {date}. No se ha concedido ningún acceso.',
  'declined.mistake': '¿Fue un error? Pida una nueva invitación a {inviter}.',
  'declined.mistakeOfSomebody': '¿Fue un error? Pida una nueva invitación a la persona que le invitó.',

  'accepted.title': 'Invitación ya aceptada',
  'accepted.heading': 'Esta invitación ya se ha aceptado',
  'accepted.used': 'Alguien se ha unido a {organization} con ella, y cada invitación sirve una sola vez.',
  'accepted.switch': 'Ha iniciado sesión como {email}. Si se unió con otra cuenta, cambie a ella.',
  'accepted.signIn': 'Si fue usted, inicie sesión con la cuenta con la que se unió.',

  'invalid.title': 'Enlace no válido',
  'invalid.expired': 'Este enlace ha caducado.',
  'invalid.revoked': 'Este enlace ya no es válido.',
  'invalid.replaced':
    'Este enlace ya no es válido. Quizá haya recibido un correo más reciente: use el enlace que contiene.',
  'invalid.was': 'Era una invitación para unirse a {organization}.',
  'invalid.possible': 'La persona que le invitó puede enviar la invitación otra vez. ¿Quiere que se lo pidamos?',
  'invalid.ask': 'Pedir que la reenvíen',
  'invalid.asked': 'Se lo hemos pedido a la persona que le invitó.',
  'invalid.askedNext': 'Cuando reenvíe la invitación, le llegará por correo. Puede cerrar esta página.',
  'invalid.alreadyAsked': 'Durante la última hora ya se lo pedimos a la persona que le invitó.',
  'invalid.alreadyAskedNext': 'Dele algo de tiempo. Puede volver a pedirlo más tarde o escribirle usted.',
  'invalid.impossible': 'Pida a la persona que le invitó que envíe una nueva invitación.',

  'unknown.title': 'Enlace desconocido',
  'unknown.heading': 'No conocemos este enlace',
  'unknown.broken': 'Quizá falte una parte: algunos programas de correo cortan los enlaces largos.',
  'unknown.copy': 'Vuelva al correo, copie el enlace completo y péguelo en la barra de direcciones.',
  'unknown.ask': 'O pida una nueva invitación a la persona que le invitó.',
  'unknown.signIn':
    'O inicie sesión en la página de inicio con la dirección invitada: allí están las invitaciones que le esperan.',

  'wrong.title': 'La invitación es para otra cuenta',
  'wrong.words': 'Esta invitación a {organization} se envió a una dirección distinta de la de su sesión actual.',
  'wrong.elsewhere':
    'Ha iniciado sesión con una cuenta que le ha dado otra organización. En {organization} no cuenta, sea cual sea su dirección.',
  'wrong.invited': 'Dirección invitada',
  'wrong.signedIn': 'Su sesión',
  'wrong.switch':
    'Para unirse, cambie a la cuenta de la dirección invitada. No se pierde nada: la invitación sigue abierta hasta el {time}.',
  'wrong.askToChange':
    'Para unirse con la dirección de su sesión actual, pida a la persona que le invitó que envíe la invitación a esa dirección.',

  'unverified.title': 'Confirme primero su dirección',
  'unverified.words':
    'Antes de que se una a {organization}, su servicio de inicio de sesión debe confirmar que la dirección {email} es suya.',
  'unverified.find':
    'Busque el correo que su servicio de inicio de sesión le envió al registrarse y confirme su dirección como se indica en él. Si ya no lo tiene, pida otro desde su cuenta.',
  'unverified.comeBack': 'Vuelva aquí y pulse el botón. La invitación le espera.',
  'unverified.elsewhere': 'Inicie sesión de otro modo',
  'unverified.notBelieved':
    'El servicio con el que ha iniciado sesión no puede confirmar que {email} es suya. Para unirse a {organization}, inicie sesión en otro con esa dirección.',

  'unreachable.title': 'Todavía no está hecho',
  'unreachable.heading': 'El servicio no responde en este momento',
  'unreachable.nothingLost': 'No se ha perdido nada.',
  'unreachable.accept': 'Su aceptación aún puede surtir efecto, y reintentarlo no causa ningún problema.',
  'unreachable.decline': 'Su rechazo aún puede surtir efecto, y reintentarlo no causa ningún problema.',
  'unreachable.now': 'Situación actual',
  'unreachable.pending': 'La invitación a {organization} sigue abierta, hasta el {time}. No hay nada decidido.',
  'unreachable.accepted': 'La invitación a {organization} se ha aceptado. No queda nada por hacer.',
  'unreachable.declined': 'La invitación a {organization} se ha rechazado. No queda nada por hacer.',
  'unreachable.expired': 'La invitación a {organization} ha caducado. Pida a la persona que le invitó que la reenvíe.',
  'unreachable.revoked': 'La invitación a {organization} ya no es válida. Pida una nueva a la persona que le invitó.',

  'signInDown.title': 'El inicio de sesión no está disponible',
  'signInDown.heading': 'El inicio de sesión no está disponible ahora',
  'signInDown.words': 'Su servicio de inicio de sesión no responde. No se ha perdido nada.',
  'signInDown.wordsInvited':
    'Su servicio de inicio de sesión no responde. No se ha perdido nada, y su invitación le espera.',
  'signInDown.later': 'Vuelva a intentarlo dentro de unos minutos.',

  'leaving.joined': 'Ya es miembro',
  'leaving.welcome': 'Le damos la bienvenida a {organization}',
  'leaving.member': 'Ya es miembro. Le llevamos a {site}…',
  'leaving.moment': 'Un momento',
  'leaving.signIn': 'Le llevamos a {site} para iniciar sesión…',
  'leaving.signOut': 'Ha cerrado la sesión en Usher. Le llevamos a {site} para cerrarla también allí…',
  'leaving.continue': 'Continuar',

  'welcome.heading': 'Iniciar sesión en Usher',
  'welcome.words': 'Consulte las organizaciones a las que pertenece, sus licencias y las invitaciones que le esperan.',
  'welcome.lost':
    '¿No encuentra el correo de una invitación? Inicie sesión con la dirección a la que se envió: aparecerá aquí.',
  'welcome.cancelled': 'No ha iniciado sesión.',
  'welcome.cancelledInvited': 'No ha iniciado sesión. Su invitación le espera.',
  'welcome.noEmail':
    'Su servicio de inicio de sesión no nos comunica ninguna dirección de correo, así que no podemos encontrar sus invitaciones.',
  'welcome.noOrganization':
    'Ninguna organización usa ya ese acceso. Inicie sesión de otra manera o pregunte a su organización.',
  'welcome.unfinished': 'El inicio de sesión no terminó. No se ha cambiado nada; vuelva a intentarlo.',

  'home.title': 'Inicio',
  'home.joinedNow': 'Le damos la bienvenida a {organization}. Ya es miembro.',
  'home.unverified': 'Su dirección no está confirmada.',
  'home.verify':
    'Las invitaciones a {email} aparecerán aquí cuando su servicio de inicio de sesión haya confirmado que la dirección es suya. Busque el correo que le envió, siga las indicaciones y vuelva después.',
  'home.invitations': 'Invitaciones',
  'home.waiting': { one: 'a la espera', other: 'a la espera' },
  'home.noneWaiting': 'No hay ninguna invitación a la espera para {email}.',
  'home.noneShown': 'Todavía no se puede mostrar ninguna.',
  'home.askToBeInvited':
    'Pida a un propietario o administrador de su organización que invite a esta dirección: la invitación aparecerá aquí aunque se pierda su correo.',
  'home.invitedAs': '{inviter} le ha invitado como {role}.',
  'home.expires': 'Válida hasta el {time}',
  'home.view': 'Ver la invitación',
  'home.viewOf': 'a {organization}',
  'home.organizations': 'Organizaciones',
  'home.noOrganization': 'Todavía no es miembro de ninguna organización.',
  'home.openOne': 'Abra una de las invitaciones de arriba para unirse.',
  'home.onceJoined': 'Cuando se una a una, aparecerá aquí con sus licencias.',
  'home.joined': 'Miembro desde el {date}',
  'home.open': 'Abrir',
  'home.manage': 'Gestionar',
  'home.licenses': { one: 'Su licencia', other: 'Sus licencias' },
  'home.since': 'Suya desde el {date}',
  'home.noLicense': 'Ninguna todavía. Un propietario o administrador de la organización puede darle una.',
  'home.runUsher': 'Usted administra Usher',
  'home.runUsherWords': 'Busque una invitación, una persona o una organización que necesite ayuda.',
  'home.support': 'Asistencia',
  'home.sessions': 'Sus sesiones',
  'home.sessionsWords':
    'Cierra su sesión aquí y en todos los demás navegadores. Úselo si ha dejado alguno abierto o ha perdido un dispositivo.',
  'home.signOutEverywhere': 'Cerrar todas las sesiones',

  'problem.status': 'Error {status}',
  'problem.request': 'Solicitud {id}',
  'problem.backToInvitation': 'Volver a la invitación',
  'problem.form_expired.title': 'El formulario ha caducado',
  'problem.form_expired.detail':
    'La página estuvo abierta demasiado tiempo, es de otra invitación, o alguien ha iniciado o cerrado sesión entretanto. No se ha hecho nada.',
  'problem.rate_limited.title': 'Demasiadas solicitudes por ahora',
  'problem.rate_limited.detail': 'Vuelva a intentarlo {when}.',
  'problem.not_found.title': 'No encontrado',
  'problem.not_found.detail': 'No hay nada en esta dirección.',
  'problem.invalid_request.title': 'La solicitud no es válida',
  'problem.invalid_request.detail': 'Vuelva atrás, recargue la página e inténtelo de nuevo.',
  'problem.too_large.title': 'La solicitud es demasiado grande',
  'problem.too_large.detail': 'Vuelva atrás y envíe menos datos.',
  'problem.too_slow.title': 'Está tardando demasiado',
  'problem.too_slow.detail':
    'Algo de lo que depende va lento. Aún puede surtir efecto: vuelva a mirar dentro de un rato.',
  'problem.engine_unreachable.title': 'El servicio no responde',
  'problem.engine_unreachable.detail':
    'Aún puede surtir efecto, y no se ha perdido nada: vuelva a mirar dentro de un rato.',
  'problem.database_unreachable.title': 'La base de datos no responde',
  'problem.database_unreachable.detail': 'No se ha perdido nada. Vuelva a intentarlo dentro de un rato.',
  'problem.internal.title': 'Algo ha fallado por nuestra parte',
  'problem.internal.detail': 'Ha quedado registrado. Vuelva a intentarlo dentro de un rato.',

  'email.subject': '{inviter} le invita a unirse a {organization}',
  'email.reminderOf': 'Recordatorio: {subject}',
  'email.preview': 'Acéptela o rechácela antes del {time}.',
  'email.invitation': 'Invitación',
  'email.reminder': 'Recordatorio',
  'email.heading': 'Tiene una invitación para unirse a {organization}',
  'email.headingOfReminder': 'Su invitación para unirse a {organization} le espera',
  'email.invites': '{inviter} ({address}) le invita a unirse a {organization}.',
  'email.invited': '{inviter} ({address}) le ha invitado a unirse a {organization}.',
  'email.notAnswered': 'Todavía no ha respondido.',
  'email.writes': '{inviter} le escribe:',
  'email.role': 'Su rol',
  'email.licenses': { one: 'Su licencia', other: 'Sus licencias' },
  'email.hasEnded': '{license} (caducada)',
  'email.invitedBy': 'De parte de',
  'email.for': 'Para',
  'email.answers': 'Las respuestas van a',
  'email.until': 'Válida hasta',
  'email.view': 'Ver la invitación',
  'email.copy': 'Si el botón no funciona, copie este enlace en su navegador:',
  'email.opening': 'Usted acepta o rechaza en la página a la que lleva; abrirla no cambia nada.',
  'email.onlyFor': 'Esta invitación es para {email} y solo puede aceptarla quien inicie sesión con esa dirección.',
  'email.unexpected':
    'Si no la esperaba, puede ignorar este correo. No será miembro de {organization} a menos que acepte.',

  'request.subject': '{email} pide una nueva invitación a {organization}',
  'request.preview': 'Su enlace ya no funciona.',
  'request.request': 'Solicitud',
  'request.heading': 'Alguien pide una nueva invitación',
  'request.hello': 'Hola:',
  'request.helloName': 'Hola, {name}:',
  'request.words':
    'El enlace de la invitación a {organization} que envió a {email} ya no funciona: ha caducado, se revocó o se reemplazó. Alguien que lo ha abierto le pide que envíe una nueva.',
  'request.organization': 'Organización',
  'request.address': 'Dirección invitada',
  'request.howTo': 'Para enviarla de nuevo, abra la invitación en la consola y elija «Resend».',
  'request.review': 'Revisar la invitación',
  'request.ignore':
    'Una nueva invitación solo llega a la dirección invitada, la pida quien la pida. Si esa dirección ya no debe estar invitada, puede ignorar este correo: no se envía nada a menos que usted la reenvíe.',
};
