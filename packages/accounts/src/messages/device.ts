/** The words of the pages on which people let devices in, in English; part of the catalogue. */
export const deviceEn = {
  'login.introDevice': 'Use your {brand} account to let a device in.',
  'login.cancelDevice': 'Lets nobody in.',

  'device.title': 'Connect a device',
  'device.heading': 'Enter the code of your device',
  'device.intro': 'Your device shows a code of eight letters. Enter it here to let the device use your account.',
  'device.code': 'Code',
  'device.codeHint': 'Eight letters in two groups. Capitals, spaces and the dash do not matter.',
  'device.warning':
    'Enter only a code that a device in front of you shows because you wanted it to. Nobody who calls you or writes to you needs such a code from you.',
  'device.continue': 'Continue',
  'device.switch': 'Sign out, to use another account',

  'device.decideTitle': 'Let {app} in on a device',
  'device.decideHeading': 'Let {app} into your account, on another device?',
  'device.compare': 'The device has to show this code now',
  'device.ago': 'It asked {time} ago.',
  'device.same': 'From the network that you are in now ({network}).',
  'device.other':
    'From another network than yours ({network}). That is usual for a machine far away; for a device in the same room it is not.',
  'device.says': 'It calls itself {device}. Nobody checked that.',
  'device.website': 'The application belongs to {host}.',
  'device.question': 'Did you start this?',
  'device.questionHint':
    'Allow it only if you asked for the code yourself, on a device that is in your hands and shows the code above. If somebody else gave you the code, they get into your account.',
  'device.deny': 'Deny',
  'device.allow': 'Allow',
  'device.disown': 'I did not start this',
  'device.disownHint': 'Ends the request, and tells the people who run {brand}.',

  'device.approvedTitle': 'The device is let in',
  'device.approved': 'It goes on by itself within a few seconds. You can close this page.',
  'device.withdraw': 'You can take access back at any time under {page}.',
  'device.deniedTitle': 'The device is not let in',
  'device.denied': 'The application got nothing. You can close this page.',
  'device.disownedTitle': 'Thank you. Nobody got in',
  'device.disowned':
    'The code is dead, and the people who run {brand} were told. If somebody asked you to enter it, do not follow what they say.',
  'device.waitTitle': 'Too many codes',
  'device.wait': 'There were too many codes that are not right, so this takes a break. Try again in {time}.',
  'device.waitHint': 'The code on your device may be over by then. Let the device show a new one.',

  'problem.deviceCode':
    'This code is not good here. Compare it with the device. If it is the same, let the device show a new one.',
  'problem.deviceOver': 'This request is over. Let the device show a new code.',
  'problem.deviceChoice': 'Choose one of the buttons.',
} as const

/** The same in German. */
export const deviceDe: Readonly<Record<keyof typeof deviceEn, string>> = {
  'login.introDevice': 'Mit Ihrem {brand}-Konto lassen Sie ein Gerät herein.',
  'login.cancelDevice': 'Lässt niemanden herein.',

  'device.title': 'Gerät verbinden',
  'device.heading': 'Geben Sie den Code Ihres Geräts ein',
  'device.intro':
    'Ihr Gerät zeigt einen Code aus acht Buchstaben. Geben Sie ihn hier ein, damit das Gerät Ihr Konto nutzen kann.',
  'device.code': 'Code',
  'device.codeHint': 'Acht Buchstaben in zwei Gruppen. Großschreibung, Leerzeichen und Strich sind gleichgültig.',
  'device.warning':
    'Geben Sie nur einen Code ein, den ein Gerät vor Ihnen zeigt, weil Sie es so wollten. Niemand, der Sie anruft oder Ihnen schreibt, braucht einen solchen Code von Ihnen.',
  'device.continue': 'Weiter',
  'device.switch': 'Abmelden, um ein anderes Konto zu verwenden',

  'device.decideTitle': '{app} auf einem Gerät hereinlassen',
  'device.decideHeading': '{app} auf einem anderen Gerät in Ihr Konto lassen?',
  'device.compare': 'Das Gerät muss jetzt diesen Code zeigen',
  'device.ago': 'Es hat vor folgender Zeit gefragt: {time}.',
  'device.same': 'Aus dem Netz, in dem auch Sie gerade sind ({network}).',
  'device.other':
    'Aus einem anderen Netz als Ihrem ({network}). Bei einem entfernten Rechner ist das üblich, bei einem Gerät im selben Raum nicht.',
  'device.says': 'Es nennt sich {device}. Geprüft hat das niemand.',
  'device.website': 'Die Anwendung gehört zu {host}.',
  'device.question': 'Haben Sie das begonnen?',
  'device.questionHint':
    'Erlauben Sie es nur, wenn Sie den Code selbst angefordert haben, auf einem Gerät in Ihren Händen, das den Code oben zeigt. Wer Ihnen den Code gegeben hat, kommt sonst in Ihr Konto.',
  'device.deny': 'Ablehnen',
  'device.allow': 'Erlauben',
  'device.disown': 'Das habe ich nicht begonnen',
  'device.disownHint': 'Beendet die Anfrage und meldet sie den Betreibern von {brand}.',

  'device.approvedTitle': 'Das Gerät ist eingelassen',
  'device.approved': 'Es macht in wenigen Sekunden von selbst weiter. Sie können diese Seite schließen.',
  'device.withdraw': 'Sie können den Zugriff jederzeit unter {page} zurücknehmen.',
  'device.deniedTitle': 'Das Gerät ist nicht eingelassen',
  'device.denied': 'Die Anwendung hat nichts erhalten. Sie können diese Seite schließen.',
  'device.disownedTitle': 'Danke. Niemand ist hereingekommen',
  'device.disowned':
    'Der Code ist ungültig, und die Betreiber von {brand} wissen Bescheid. Wenn jemand Sie bat, ihn einzugeben, folgen Sie dem nicht.',
  'device.waitTitle': 'Zu viele Codes',
  'device.wait': 'Es waren zu viele falsche Codes, deshalb gibt es eine Pause. Nächster Versuch möglich nach: {time}.',
  'device.waitHint':
    'Der Code auf Ihrem Gerät gilt dann vielleicht nicht mehr. Lassen Sie das Gerät einen neuen zeigen.',

  'problem.deviceCode':
    'Dieser Code gilt hier nicht. Vergleichen Sie ihn mit dem Gerät. Stimmt er überein, lassen Sie das Gerät einen neuen zeigen.',
  'problem.deviceOver': 'Diese Anfrage ist vorbei. Lassen Sie das Gerät einen neuen Code zeigen.',
  'problem.deviceChoice': 'Wählen Sie einen der Knöpfe.',
}
