import { deviceDe } from './device.ts'
import { requestsDe } from './requests.ts'
import type { Catalogue } from './en.ts'
import { factorDe } from './factor.ts'
import { reasonTexts } from './reasons.ts'
import { reasonsDe } from './reasons-de.ts'

/** Every word of the pages, in German. */
export const de: Catalogue = {
  ...deviceDe,
  ...factorDe,
  ...requestsDe,
  ...reasonTexts(reasonsDe),

  'page.direction': 'ltr',
  'page.title': '{title} – {brand}',
  'page.error': 'Fehler: {title}',

  'login.title': 'Anmelden',
  'login.titleFor': 'Anmelden bei {app}',
  'login.intro': 'Mit Ihrem {brand}-Konto geht es weiter zu {app}.',
  'login.again': 'Bitte zeigen Sie, dass Sie es noch sind, bevor es zu {app} weitergeht.',
  'login.username': 'Benutzername',
  'login.password': 'Passwort',
  'login.submit': 'Anmelden',
  'login.cancel': 'Abbrechen',
  'login.cancelHint': 'Führt ohne Anmeldung zurück zu {host}.',

  'problem.title': 'Das hat nicht geklappt',
  'problem.credentials': 'Benutzername oder Passwort stimmt nicht. Prüfen Sie beides und versuchen Sie es noch einmal.',
  'problem.usernameMissing': 'Geben Sie Ihren Benutzernamen ein.',
  'problem.passwordMissing': 'Geben Sie Ihr Passwort ein.',
  'problem.usernameLong': 'Ein Benutzername hat höchstens 256 Zeichen.',
  'problem.passwordLong': 'Ein Passwort hat höchstens 1024 Zeichen.',
  'problem.choice': 'Wählen Sie einen der beiden Knöpfe.',

  'throttled.title': 'Zu viele Versuche',
  'throttled.what': 'Die Anmeldung ist zu oft fehlgeschlagen und macht deshalb eine Pause.',
  'throttled.wait':
    'Nächster Versuch möglich nach: {time}. Ihr Konto ist nicht gesperrt: Aus einem anderen Netz können Sie sich sofort anmelden.',
  'throttled.forgotten':
    'Wenn Sie Ihr Passwort nicht mehr wissen, bitten Sie den Betreiber dieses Dienstes um ein neues.',
  'throttled.back': 'Zurück zur Anmeldung',

  'consent.title': 'Zugriff erlauben für {app}',
  'consent.heading': '{app} bittet um Zugriff auf Ihr Konto',
  'consent.managed': 'Eingetragen von den Betreibern von {brand}.',
  'consent.unverified':
    'Nicht geprüft: Diese Anwendung hat sich selbst eingetragen, und die Betreiber von {brand} haben sie nicht angesehen. Ihren Namen kann sich jeder ausgedacht haben.',
  'consent.elsewhere': 'Ihre eigenen Seiten liegen unter einer anderen Adresse als der, zu der es zurückgeht.',
  'consent.clientId': 'Ihre Kennung hier: {id}.',
  'consent.policy': 'Datenschutz: {site}',
  'consent.terms': 'Nutzungsbedingungen: {site}',
  'consent.document': 'Diese Anwendung ist hier nicht eingetragen. Sie beschreibt sich selbst unter',
  'consent.firstUse':
    'Sie haben sie noch nie erlaubt. Fahren Sie nur fort, wenn Sie dies selbst begonnen haben und die Adresse oben kennen.',
  'consent.agent':
    '{app} ist ein Agent: Software, die von selbst handelt. Wenn Sie es erlauben, handelt sie für Sie, auch wenn Sie nicht zusehen.',
  'consent.agentPurpose': 'Wozu es ihn gibt: {purpose}',
  'consent.agentOwner': 'Wer für ihn einsteht: {owner}',
  'consent.website': 'Website: {site}',
  'consent.signedIn': 'Angemeldet als',
  'consent.other': 'Anderes Konto verwenden',
  'consent.details': '{app} bittet Sie, im Einzelnen zu erlauben:',
  'consent.detailKeep': 'Dies erlauben',
  'consent.able': 'Wenn Sie es erlauben, kann {app}:',
  'consent.more': 'Neu: Wenn Sie es erlauben, kann {app} von nun an auch:',
  'consent.earlier': 'Das haben Sie schon erlaubt',
  'consent.aboutYou': 'Mit Ihrem Konto',
  'consent.atResource': 'Bei {resource}',
  'consent.returns': 'Jede Antwort führt Sie zu',
  'consent.check': 'Erlauben Sie es nur, wenn Sie diese Adresse kennen und von dort kommen.',
  'consent.loopback':
    'Das ist ein Programm auf dem Gerät vor Ihnen. Andere Programme könnten sich dafür ausgeben. Erlauben Sie es nur, wenn Sie es eben selbst gestartet haben.',
  'consent.privateScheme':
    'Das öffnet eine App auf dem Gerät vor Ihnen. Andere Apps könnten sich dafür ausgeben. Erlauben Sie es nur, wenn Sie sie eben selbst gestartet haben.',
  'consent.claims': 'Diese Einträge Ihres Profils lesen',
  'consent.remember': 'Nicht noch einmal fragen ({time})',
  'consent.rememberHint': 'Solange {app} um nichts Weiteres bittet.',
  'consent.withdraw': 'Sie können das später unter {page} zurücknehmen.',
  'consent.deny': 'Ablehnen',
  'consent.allow': 'Erlauben',

  'scope.openid.title': 'Sie wiedererkennen',
  'scope.openid.text': 'Sie erhält eine Kennung, die bei jedem Besuch gleich bleibt.',
  'scope.profile.title': 'Ihr Profil lesen',
  'scope.profile.text': 'Name, Bild, Sprache und die übrigen Einträge Ihres Profils.',
  'scope.email.title': 'Ihre E-Mail-Adresse lesen',
  'scope.email.text': 'Und ob sie bestätigt ist.',
  'scope.address.title': 'Ihre Anschrift lesen',
  'scope.address.text': 'Straße, Ort, Postleitzahl und Land.',
  'scope.phone.title': 'Ihre Telefonnummer lesen',
  'scope.phone.text': 'Und ob sie bestätigt ist.',
  'scope.offline.title': 'Diesen Zugriff behalten, während Sie fort sind',
  'scope.offline.text': 'Er bleibt, auch wenn Sie {app} schließen und sich abmelden, bis Sie ihn zurücknehmen.',
  'scope.unnamed.title': 'Die Berechtigung {scope} nutzen',
  'scope.resource.title': '{resource} in Ihrem Namen erreichen',

  'claim.name': 'vollständiger Name',
  'claim.given_name': 'Vorname',
  'claim.family_name': 'Familienname',
  'claim.middle_name': 'weiterer Vorname',
  'claim.nickname': 'Rufname',
  'claim.preferred_username': 'Benutzername',
  'claim.profile': 'Profilseite',
  'claim.picture': 'Bild',
  'claim.website': 'Website',
  'claim.email': 'E-Mail-Adresse',
  'claim.email_verified': 'ob die E-Mail-Adresse bestätigt ist',
  'claim.gender': 'Geschlecht',
  'claim.birthdate': 'Geburtsdatum',
  'claim.zoneinfo': 'Zeitzone',
  'claim.locale': 'Sprache',
  'claim.phone_number': 'Telefonnummer',
  'claim.phone_number_verified': 'ob die Telefonnummer bestätigt ist',
  'claim.address': 'Anschrift',
  'claim.updated_at': 'Zeitpunkt der letzten Änderung',

  'account.title': 'Konto wählen',
  'account.heading': 'Wählen Sie ein Konto für {app}',
  'account.keep': 'Weiter als {name}',
  'account.other': 'Anderes Konto verwenden',
  'account.cancel': 'Abbrechen',

  'sessions.title': 'Wo Sie angemeldet sind',
  'sessions.nobody':
    'In diesem Browser ist niemand angemeldet. Melden Sie sich bei einer Anwendung an und kommen Sie wieder hierher.',
  'sessions.here': 'dieser Browser',
  'sessions.unknown': 'Ein Browser, der nicht sagt, welcher er ist',
  'sessions.since': 'Angemeldet {time}.',
  'sessions.seen': 'Zuletzt benutzt {time}.',
  'sessions.network': 'Aus dem Netz {network}.',
  'sessions.end': 'Dort abmelden',
  'sessions.endOthers': 'Überall sonst abmelden',
  'sessions.ended': 'Erledigt. Anwendungen, die dort benutzt wurden, erfahren davon, soweit sie zuhören.',
  'sessions.only': 'Sonst sind Sie nirgends angemeldet.',
  'sessions.hint':
    'Wenn Sie etwas davon nicht kennen, melden Sie es ab und lassen Sie sich vom Betreiber ein neues Passwort geben.',
  'apps.title': 'Verbundene Anwendungen',
  'apps.intro':
    'Diese Anwendungen haben Zugriff auf Ihr Konto. Nehmen Sie ihn denen wieder, die Sie nicht mehr nutzen oder nicht kennen.',
  'apps.none': 'Keine Anwendung hat Zugriff auf Ihr Konto.',
  'apps.nobody':
    'In diesem Browser ist niemand angemeldet. Melden Sie sich zuerst bei einer Ihrer Anwendungen an und öffnen Sie diese Seite dann noch einmal.',
  'apps.since': 'Hat Zugriff seit {date}.',
  'apps.agent': 'Ein Agent, der von selbst handelt. Wozu es ihn gibt: {purpose}',
  'apps.offline': 'Auch während Sie weg sind.',
  'apps.device': 'Am {date} haben Sie ein Gerät aus dem Netz {network} hereingelassen.',
  'apps.deviceHint':
    'Waren Sie das bei einem davon nicht, nehmen Sie den Zugriff zurück und sagen Sie es denen, die {brand} betreiben: Vielleicht hat Sie jemand dazu überredet.',
  'apps.remembered': 'Fragt bis {date} nicht noch einmal.',
  'apps.withdraw': '{app} den Zugriff nehmen',
  'apps.withdrawn': 'Der Zugriff wurde zurückgenommen. Die Anwendung muss Sie neu fragen.',

  'signOut.title': 'Abmelden',
  'signOut.heading': 'Möchten Sie sich abmelden?',
  'signOut.app': '{app} bittet darum, Sie hier abzumelden.',
  'signOut.plain': 'Das beendet Ihre Sitzung in diesem Browser.',
  'signOut.account': 'Sie sind angemeldet als {name}.',
  'signOut.submit': 'Abmelden',
  'signOut.stay': 'Um angemeldet zu bleiben, schließen Sie einfach diese Seite.',
  'signedOut.title': 'Sie sind abgemeldet',
  'signedOut.text': 'Ihre Sitzung in diesem Browser ist beendet. Sie können diese Seite schließen.',
  'signedOut.continue': 'Zurück zur Anwendung',
  'signedOut.shared': 'Wenn andere dieses Gerät benutzen, schließen Sie auch den Browser.',
  'signedOut.notice':
    'Der Rückweg wurde nicht genommen, weil die angegebene Adresse für die Anwendung nicht eingetragen ist.',

  'formPost.title': 'Zurück zur Anwendung',
  'formPost.text': 'Sie werden weitergeleitet. Wenn nichts geschieht, geht es mit dem Knopf weiter.',
  'formPost.submit': 'Weiter',

  'error.next': 'Was Sie tun können',
  'error.app': 'Sie kamen von {app}.',
  'error.detail': 'Für die Betreiber der Anwendung',
  'error.reason': 'Grund',
  'error.meaning': 'Bedeutung',
  'error.request': 'Anfrage',
  'error.help': 'So wird es behoben',
  'error.continue': 'Weiter zu {host}',
  'error.continueText':
    'Dieser Server schickt Sie nicht von selbst weiter. Gehen Sie nur weiter, wenn Sie die Adresse kennen.',
  'error.comparison': 'Rückkehradresse, wie gesendet und wie eingetragen',
  'error.sent': 'Gesendet',
  'error.registered': 'Eingetragen',
  'error.alsoRegistered': 'Auch eingetragen',
  'error.noneRegistered': 'Für diese Anwendung ist keine Rückkehradresse eingetragen.',
  'error.difference': 'Markiert sind die Zeichen, die sich unterscheiden; das erste ist Nummer {position}.',

  'error.request.title': 'Diese Anfrage lässt sich nicht beantworten',
  'error.request.what': 'Die Anwendung hat Sie mit einer fehlerhaften Anfrage hierher geschickt.',
  'error.request.next':
    'Gehen Sie zurück zur Anwendung und beginnen Sie neu. Wenn es wieder geschieht, sagen Sie es ihren Betreibern; die Zeilen unten helfen ihnen.',
  'error.http.title': 'Hier ist nichts',
  'error.http.what': 'Diese Adresse gibt es nicht.',
  'error.http.next': 'Gehen Sie zurück zur Anwendung und beginnen Sie von dort.',
  'error.method.title': 'So lässt sich diese Adresse nicht aufrufen',
  'error.method.what': 'Unter dieser Adresse gibt es etwas, aber nicht für diese Art von Anfrage.',
  'error.method.next': 'Gehen Sie zurück zur Anwendung und beginnen Sie von dort.',
  'error.client.title': 'Die Anwendung ist hier nicht bekannt',
  'error.client.what':
    'Eine Anwendung hat Sie hierher geschickt, die dieser Server nicht kennt oder nicht mehr annimmt.',
  'error.client.next':
    'Geben Sie für sie nirgends ein Passwort ein. Wenn Sie der Anwendung trauen, sagen Sie es ihren Betreibern.',
  'error.redirect.title': 'Die Rückkehradresse stimmt nicht',
  'error.redirect.what':
    'Die Anwendung möchte, dass Sie zu einer Adresse zurückkehren, die für sie nicht eingetragen ist. Zum Schutz Ihres Kontos wird niemand dorthin geschickt.',
  'error.redirect.next':
    'Schließen Sie diese Seite. Wenn Sie von der eigenen Website der Anwendung kamen, sagen Sie es ihren Betreibern.',
  'error.expired.title': 'Diese Anmeldung ist nicht mehr offen',
  'error.expired.what': 'Sie hat zu lange gedauert oder ist schon abgeschlossen, vielleicht in einem anderen Tab.',
  'error.expired.next': 'Gehen Sie zurück zur Anwendung und melden Sie sich neu an.',
  'error.browser.title': 'Das gehört zu einem anderen Browser',
  'error.browser.what':
    'Diese Anmeldung wurde in einem anderen Browser oder ohne Cookies begonnen, und nur der Browser, der sie begann, kann fortfahren.',
  'error.browser.next':
    'Beginnen Sie neu in der Anwendung, in diesem Browser und mit erlaubten Cookies. Wenn Ihnen jemand diesen Link geschickt hat, fahren Sie nicht fort.',
  'error.form.title': 'Das Formular ist veraltet',
  'error.form.what': 'Es wurde schon einmal abgeschickt oder kam von einer anderen Website. Nichts wurde geändert.',
  'error.form.next': 'Gehen Sie zurück, laden Sie die Seite neu und wiederholen Sie Ihre Antwort.',
  'error.denied.title': 'Der Zugriff wurde nicht gewährt',
  'error.denied.what': 'Die Anfrage wurde abgelehnt, und die Anwendung hat nichts erhalten.',
  'error.denied.next': 'Wenn Sie das nicht wollten, beginnen Sie neu in der Anwendung.',
  'error.logout.title': 'Die Bitte um Abmeldung ist fehlerhaft',
  'error.logout.what':
    'Die Anwendung wollte Sie auf eine Weise abmelden, der nicht zu trauen ist. Vielleicht sind Sie noch angemeldet.',
  'error.logout.next': 'Schließen Sie den Browser, wenn andere dieses Gerät benutzen.',
  'error.webView.title': 'Bitte benutzen Sie Ihren Browser',
  'error.webView.what':
    'Sie sollen sich innerhalb einer anderen Anwendung anmelden, und diese Anwendung könnte dabei mitlesen.',
  'error.webView.next':
    'Öffnen Sie die Seite im Browser Ihres Geräts. Wenn die Anwendung keine Wahl lässt, sagen Sie es denen, die sie gemacht haben.',
  'error.throttled.title': 'Zu viele Anfragen',
  'error.throttled.what': 'In kurzer Zeit kamen zu viele Anfragen.',
  'error.throttled.next': 'Warten Sie ein wenig und versuchen Sie es dann noch einmal.',
  'error.busy.title': 'Im Augenblick nicht verfügbar',
  'error.busy.what': 'Der Server ist ausgelastet oder erreicht seinen Speicher nicht. Nichts wurde geändert.',
  'error.busy.next': 'Warten Sie einen Augenblick und laden Sie die Seite neu.',
  'error.internal.title': 'Hier ist etwas schiefgegangen',
  'error.internal.what': 'Der Fehler liegt auf dieser Seite, nicht bei Ihnen.',
  'error.internal.next':
    'Versuchen Sie es noch einmal. Wenn es wieder geschieht, nennen Sie dem Betreiber dieses Dienstes die Anfrage unten.',
}
