/** The words of the page on which people decide about requests without a browser, in English; part of the catalogue. */
export const requestsEn = {
  'login.introRequests': 'Use your {brand} account to see what waits for you.',
  'login.cancelRequests': 'Leaves everything as it is.',

  'requests.title': 'Requests that wait for you',
  'requests.intro':
    'Applications ask here for your agreement while you are busy elsewhere: on the phone, at a counter, in front of another screen.',
  'requests.none': 'Nothing waits for you now. Load this page again when you expect a request.',
  'requests.heading': '{app} asks to act for you',
  'requests.compare': 'The other screen, or the person you talk to, has to show or say this now',
  'requests.noMessage':
    'The application sent no words to compare. Allow it only if you are in the middle of something with it.',
  'requests.ago': 'Asked {time} ago, from the network {network}.',
  'requests.until': 'Still good for {time}.',
  'requests.question': 'Did you start this?',
  'requests.questionHint':
    'Allow it only if you are doing something with {app} at this moment. If a call or a message told you to come here, deny it.',
  'requests.deny': 'Deny',
  'requests.allow': 'Allow',
  'requests.disown': 'I did not start this',
  'requests.disownHint': 'Ends the request, and tells the people who run {brand}.',

  'requests.approvedTitle': 'Allowed',
  'requests.approved': 'The application goes on by itself within a few seconds. You can close this page.',
  'requests.deniedTitle': 'Denied',
  'requests.denied': 'The application got nothing. You can close this page.',
  'requests.disownedTitle': 'Thank you. Nobody got in',
  'requests.disowned':
    'The request is over, and the people who run {brand} were told. If somebody asked you to allow it, do not follow what they say.',
  'requests.more': 'See what else waits for you',

  'problem.requestOver': 'This request is over. Nothing was allowed.',
  'problem.requestChoice': 'Choose one of the buttons.',
} as const

/** The same in German. */
export const requestsDe: Readonly<Record<keyof typeof requestsEn, string>> = {
  'login.introRequests': 'Mit Ihrem {brand}-Konto sehen Sie, was auf Sie wartet.',
  'login.cancelRequests': 'Lässt alles, wie es ist.',

  'requests.title': 'Anfragen, die auf Sie warten',
  'requests.intro':
    'Hier bitten Anwendungen um Ihre Zustimmung, während Sie anderswo beschäftigt sind: am Telefon, am Schalter, vor einem anderen Bildschirm.',
  'requests.none': 'Zurzeit wartet nichts auf Sie. Laden Sie die Seite neu, wenn Sie eine Anfrage erwarten.',
  'requests.heading': '{app} möchte für Sie handeln',
  'requests.compare': 'Das muss der andere Bildschirm jetzt zeigen oder Ihr Gegenüber jetzt sagen',
  'requests.noMessage':
    'Die Anwendung hat keine Worte zum Vergleichen gesendet. Erlauben Sie es nur, wenn Sie gerade etwas mit ihr tun.',
  'requests.ago': 'Gefragt vor folgender Zeit: {time}, aus dem Netz {network}.',
  'requests.until': 'Gilt noch: {time}.',
  'requests.question': 'Haben Sie das begonnen?',
  'requests.questionHint':
    'Erlauben Sie es nur, wenn Sie in diesem Augenblick etwas mit {app} tun. Wenn ein Anruf oder eine Nachricht Sie hierher geschickt hat, lehnen Sie ab.',
  'requests.deny': 'Ablehnen',
  'requests.allow': 'Erlauben',
  'requests.disown': 'Das habe ich nicht begonnen',
  'requests.disownHint': 'Beendet die Anfrage und meldet sie den Betreibern von {brand}.',

  'requests.approvedTitle': 'Erlaubt',
  'requests.approved': 'Die Anwendung macht in wenigen Sekunden von selbst weiter. Sie können diese Seite schließen.',
  'requests.deniedTitle': 'Abgelehnt',
  'requests.denied': 'Die Anwendung hat nichts erhalten. Sie können diese Seite schließen.',
  'requests.disownedTitle': 'Danke. Niemand ist hereingekommen',
  'requests.disowned':
    'Die Anfrage ist vorbei, und die Betreiber von {brand} wissen Bescheid. Wenn jemand Sie bat, sie zu erlauben, folgen Sie dem nicht.',
  'requests.more': 'Sehen, was noch auf Sie wartet',

  'problem.requestOver': 'Diese Anfrage ist vorbei. Erlaubt wurde nichts.',
  'problem.requestChoice': 'Wählen Sie einen der Knöpfe.',
}
