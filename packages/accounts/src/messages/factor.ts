/** The words of second factors, in English; part of the catalogue. */
export const factorEn = {
  'login.introSecurity': 'Sign in to look after your {brand} account. Only a sign-in from just now counts there.',
  'login.cancelSecurity': 'Changes nothing.',

  'factor.title': 'Enter a code',
  'factor.intro': 'Your password was right. Now enter the code that your authenticator app shows for {brand}.',
  'factor.more':
    '{app} asks for a second proof that it is you. Enter the code that your authenticator app shows for {brand}.',
  'factor.code': 'Code',
  'factor.codeHint': 'Six digits, new every 30 seconds. Each code works once.',
  'factor.submit': 'Continue',
  'factor.lost':
    'Without your device: enter one of your recovery codes here. Without those, ask whoever runs this service.',
  'factor.without': 'Go on without a code',
  'factor.withoutHint': '{app} wishes for it but can do without.',
  'factor.waitTitle': 'Too many codes',
  'factor.wait': 'There were too many codes that are not right, so this takes a break. Try again in {time}.',
  'factor.waitHint': 'If it was not you who typed them, somebody knows your password: change it.',

  'security.title': 'How you sign in',
  'security.none':
    'You sign in with your password alone. With a second step, somebody who learns your password still does not get in.',
  'security.addTitle': 'Add an authenticator app',
  'security.scan': 'Scan this picture with an authenticator app on your phone, or type the key into it.',
  'security.picture': 'QR code with the key for your app',
  'security.key': 'Key: {key}',
  'security.open': 'Open in an app on this device',
  'security.confirm': 'Then enter the code that the app shows, so that we know it works.',
  'security.add': 'Add this app',
  'security.there': 'Your account has an authenticator app, added on {date}.',
  'security.left': 'Recovery codes you have not used: {count} of {all}.',
  'security.newTitle': 'New recovery codes',
  'security.new': 'Makes ten new ones. The ones before stop working.',
  'security.make': 'Make new codes',
  'security.removeTitle': 'Remove the authenticator app',
  'security.removeHint':
    'From then on your password alone is enough. To move to another phone, remove the app here and add it there.',
  'security.remove': 'Remove the app',
  'security.codesTitle': 'Your recovery codes',
  'security.codes':
    'Each of these gets you in once when your device is not at hand. Print them or write them down now: they are not shown again.',
  'security.done': 'I have them',
  'security.added': 'The app was added.',
  'security.removed': 'The app was removed.',
  'security.apps': 'Applications with access',

  'problem.factorCode': 'This code is not right, or it was used before. Wait for the next one and try again.',
  'problem.factorAgain': 'There were several codes that are not right. Start again with your password.',
  'problem.factorConfirm':
    'This code does not fit the key above. Compare the time of your phone, and enter a new code.',
} as const

/** The same in German. */
export const factorDe: Readonly<Record<keyof typeof factorEn, string>> = {
  'login.introSecurity':
    'Melden Sie sich an, um Ihr {brand}-Konto zu verwalten. Dort zählt nur eine Anmeldung von eben jetzt.',
  'login.cancelSecurity': 'Ändert nichts.',

  'factor.title': 'Code eingeben',
  'factor.intro': 'Ihr Passwort stimmt. Geben Sie nun den Code ein, den Ihre Authentifizierungs-App für {brand} zeigt.',
  'factor.more':
    '{app} verlangt einen zweiten Nachweis, dass Sie es sind. Geben Sie den Code ein, den Ihre Authentifizierungs-App für {brand} zeigt.',
  'factor.code': 'Code',
  'factor.codeHint': 'Sechs Ziffern, alle 30 Sekunden neue. Jeder Code gilt einmal.',
  'factor.submit': 'Weiter',
  'factor.lost':
    'Ohne Ihr Gerät: Geben Sie hier einen Ihrer Wiederherstellungscodes ein. Ohne diese fragen Sie die Betreiber dieses Dienstes.',
  'factor.without': 'Ohne Code weiter',
  'factor.withoutHint': '{app} wünscht ihn sich, kommt aber ohne aus.',
  'factor.waitTitle': 'Zu viele Codes',
  'factor.wait': 'Es waren zu viele falsche Codes, deshalb gibt es eine Pause. Nächster Versuch möglich nach: {time}.',
  'factor.waitHint': 'Wenn nicht Sie sie eingegeben haben, kennt jemand Ihr Passwort: Ändern Sie es.',

  'security.title': 'Wie Sie sich anmelden',
  'security.none':
    'Sie melden sich nur mit Ihrem Passwort an. Mit einem zweiten Schritt kommt auch niemand herein, der Ihr Passwort erfährt.',
  'security.addTitle': 'Authentifizierungs-App hinzufügen',
  'security.scan':
    'Scannen Sie dieses Bild mit einer Authentifizierungs-App auf Ihrem Telefon, oder tippen Sie dort den Schlüssel ein.',
  'security.picture': 'QR-Code mit dem Schlüssel für Ihre App',
  'security.key': 'Schlüssel: {key}',
  'security.open': 'In einer App auf diesem Gerät öffnen',
  'security.confirm': 'Geben Sie dann den Code ein, den die App zeigt, damit sicher ist, dass sie funktioniert.',
  'security.add': 'Diese App hinzufügen',
  'security.there': 'Ihr Konto hat eine Authentifizierungs-App, hinzugefügt am {date}.',
  'security.left': 'Noch nicht benutzte Wiederherstellungscodes: {count} von {all}.',
  'security.newTitle': 'Neue Wiederherstellungscodes',
  'security.new': 'Erzeugt zehn neue. Die bisherigen gelten dann nicht mehr.',
  'security.make': 'Neue Codes erzeugen',
  'security.removeTitle': 'Authentifizierungs-App entfernen',
  'security.removeHint':
    'Danach genügt wieder Ihr Passwort allein. Um auf ein anderes Telefon zu wechseln, entfernen Sie die App hier und fügen sie dort hinzu.',
  'security.remove': 'App entfernen',
  'security.codesTitle': 'Ihre Wiederherstellungscodes',
  'security.codes':
    'Jeder davon lässt Sie einmal herein, wenn Ihr Gerät nicht zur Hand ist. Drucken oder notieren Sie sie jetzt: Sie werden nicht noch einmal gezeigt.',
  'security.done': 'Ich habe sie',
  'security.added': 'Die App wurde hinzugefügt.',
  'security.removed': 'Die App wurde entfernt.',
  'security.apps': 'Anwendungen mit Zugriff',

  'problem.factorCode':
    'Dieser Code stimmt nicht oder wurde schon benutzt. Warten Sie auf den nächsten und versuchen Sie es noch einmal.',
  'problem.factorAgain': 'Es waren mehrere falsche Codes. Beginnen Sie noch einmal mit Ihrem Passwort.',
  'problem.factorConfirm':
    'Dieser Code passt nicht zum Schlüssel oben. Vergleichen Sie die Uhrzeit Ihres Telefons, und geben Sie einen neuen Code ein.',
}
