import { deviceEn } from './device.ts'
import { factorEn } from './factor.ts'
import { reasonsEn } from './reasons.ts'

/**
 * Every word of the pages, in English. Another language is one more file of type `Catalogue`: a key left out does not
 * compile. Words in braces are holes that keep their names in every language.
 */
export const en = {
  ...deviceEn,
  ...factorEn,
  ...reasonsEn,

  'page.direction': 'ltr',
  'page.title': '{title} – {brand}',
  'page.error': 'Error: {title}',

  'login.title': 'Sign in',
  'login.titleFor': 'Sign in to {app}',
  'login.intro': 'Use your {brand} account to go on to {app}.',
  'login.again': 'Please show that it is still you before going on to {app}.',
  'login.username': 'User name',
  'login.password': 'Password',
  'login.submit': 'Sign in',
  'login.cancel': 'Cancel',
  'login.cancelHint': 'Takes you back to {host} without signing in.',

  'problem.title': 'That did not work',
  'problem.credentials': 'The user name or the password is not right. Check both and try again.',
  'problem.usernameMissing': 'Enter your user name.',
  'problem.passwordMissing': 'Enter your password.',
  'problem.usernameLong': 'A user name has at most 256 characters.',
  'problem.passwordLong': 'A password has at most 1024 characters.',
  'problem.choice': 'Choose one of the two buttons.',

  'throttled.title': 'Too many attempts',
  'throttled.what': 'There were too many failed attempts to sign in, so this takes a break.',
  'throttled.wait': 'Try again in {time}. Your account is not locked: from another network you can sign in now.',
  'throttled.forgotten': 'If you no longer know your password, ask whoever runs this service for a new one.',
  'throttled.back': 'Back to sign-in',

  'consent.title': 'Allow access for {app}',
  'consent.heading': '{app} asks for access to your account',
  'consent.managed': 'Registered by the people who run {brand}.',
  'consent.unverified':
    'Not verified: this application registered itself, and the people who run {brand} have not looked at it. Anybody could have chosen its name.',
  'consent.elsewhere': 'Its own pages are at another address than the one it takes you to.',
  'consent.clientId': 'Its id here: {id}.',
  'consent.policy': 'Privacy policy: {site}',
  'consent.terms': 'Terms of use: {site}',
  'consent.document': 'This application is not registered here. It describes itself at',
  'consent.firstUse':
    'You have not allowed it before. Go on only if you started this yourself and know the address above.',
  'consent.agent':
    '{app} is an agent: software that acts by itself. If you allow it, it acts for you, also when you are not looking.',
  'consent.agentPurpose': 'What it is for: {purpose}',
  'consent.agentOwner': 'Who answers for it: {owner}',
  'consent.website': 'Website: {site}',
  'consent.signedIn': 'Signed in as',
  'consent.other': 'Use another account',
  'consent.able': 'If you allow it, {app} can:',
  'consent.more': 'New: if you allow it, {app} can from now on also:',
  'consent.earlier': 'You allowed it before',
  'consent.aboutYou': 'With your account',
  'consent.atResource': 'At {resource}',
  'consent.returns': 'Either answer takes you to',
  'consent.check': 'Allow only if you know this address and came here from it.',
  'consent.loopback':
    'This is a program on the device in front of you. Other programs here could claim to be it. Allow only if you started it yourself just now.',
  'consent.privateScheme':
    'This opens an app on the device in front of you. Other apps could claim to be it. Allow only if you started it yourself just now.',
  'consent.claims': 'Read these entries of your profile',
  'consent.remember': 'Do not ask again for {time}',
  'consent.rememberHint': 'As long as {app} asks for nothing more.',
  'consent.withdraw': 'You can take this back later under {page}.',
  'consent.deny': 'Deny',
  'consent.allow': 'Allow',

  'scope.openid.title': 'Recognise you',
  'scope.openid.text': 'It gets an identifier that stays the same each time you come back.',
  'scope.profile.title': 'Read your profile',
  'scope.profile.text': 'Name, picture, language and the other entries of your profile.',
  'scope.email.title': 'Read your e-mail address',
  'scope.email.text': 'And whether it was confirmed.',
  'scope.address.title': 'Read your postal address',
  'scope.address.text': 'Street, town, postal code and country.',
  'scope.phone.title': 'Read your phone number',
  'scope.phone.text': 'And whether it was confirmed.',
  'scope.offline.title': 'Keep this access while you are away',
  'scope.offline.text': 'It lasts after you have closed {app} and signed out, until you take it back.',
  'scope.unnamed.title': 'Use the permission {scope}',
  'scope.resource.title': 'Reach {resource} in your name',

  'claim.name': 'full name',
  'claim.given_name': 'given name',
  'claim.family_name': 'family name',
  'claim.middle_name': 'middle name',
  'claim.nickname': 'nickname',
  'claim.preferred_username': 'user name',
  'claim.profile': 'profile page',
  'claim.picture': 'picture',
  'claim.website': 'website',
  'claim.email': 'e-mail address',
  'claim.email_verified': 'whether the e-mail address was confirmed',
  'claim.gender': 'gender',
  'claim.birthdate': 'date of birth',
  'claim.zoneinfo': 'time zone',
  'claim.locale': 'language',
  'claim.phone_number': 'phone number',
  'claim.phone_number_verified': 'whether the phone number was confirmed',
  'claim.address': 'postal address',
  'claim.updated_at': 'time of the last change',

  'account.title': 'Choose an account',
  'account.heading': 'Choose an account for {app}',
  'account.keep': 'Go on as {name}',
  'account.other': 'Use another account',
  'account.cancel': 'Cancel',

  'apps.title': 'Connected applications',
  'apps.intro':
    'These applications have access to your account. Take it back from those you no longer use or do not know.',
  'apps.none': 'No application has access to your account.',
  'apps.nobody':
    'Nobody is signed in at this browser. Sign in to one of your applications first, then open this page again.',
  'apps.since': 'Has access since {date}.',
  'apps.agent': 'An agent that acts by itself. What it is for: {purpose}',
  'apps.offline': 'Also while you are away.',
  'apps.device': 'On {date} you let a device in that was in the network {network}.',
  'apps.deviceHint':
    'If one of them was not you, take the access back and tell the people who run {brand}: somebody may have talked you into it.',
  'apps.remembered': 'Does not ask again until {date}.',
  'apps.withdraw': 'Take back access of {app}',
  'apps.withdrawn': 'The access was taken back. The application has to ask you again.',

  'signOut.title': 'Sign out',
  'signOut.heading': 'Do you want to sign out?',
  'signOut.app': '{app} asks to sign you out here.',
  'signOut.plain': 'This ends your session in this browser.',
  'signOut.account': 'You are signed in as {name}.',
  'signOut.submit': 'Sign out',
  'signOut.stay': 'To stay signed in, just close this page.',
  'signedOut.title': 'You are signed out',
  'signedOut.text': 'Your session in this browser has ended. You can close this page.',
  'signedOut.continue': 'Back to the application',
  'signedOut.shared': 'If others use this device, close the browser as well.',
  'signedOut.notice':
    'The way back was not taken, because the address given for it is not registered for the application.',

  'formPost.title': 'Back to the application',
  'formPost.text': 'You are on your way. If nothing happens, continue with the button.',
  'formPost.submit': 'Continue',

  'error.next': 'What you can do',
  'error.app': 'You came from {app}.',
  'error.detail': 'For the people who run the application',
  'error.reason': 'Reason',
  'error.meaning': 'Meaning',
  'error.request': 'Request',
  'error.help': 'How to mend this',
  'error.continue': 'Go on to {host}',
  'error.continueText': 'This server does not send you on by itself. Go on only if you know the address.',
  'error.comparison': 'Return address, as sent and as registered',
  'error.sent': 'Sent',
  'error.registered': 'Registered',
  'error.alsoRegistered': 'Also registered',
  'error.noneRegistered': 'No return address is registered for this application.',
  'error.difference': 'Marked are the characters that differ; the first is number {position}.',

  'error.request.title': 'This request cannot be answered',
  'error.request.what': 'The application sent you here with a request that has a fault.',
  'error.request.next':
    'Go back to the application and start again. If it happens again, tell the people who run it; the lines below help them.',
  'error.http.title': 'There is nothing here',
  'error.http.what': 'This address does not exist.',
  'error.http.next': 'Go back to the application and start from there.',
  'error.method.title': 'This address is not asked that way',
  'error.method.what': 'There is something at this address, but not for this kind of request.',
  'error.method.next': 'Go back to the application and start from there.',
  'error.client.title': 'The application is not known here',
  'error.client.what': 'You were sent here by an application that this server does not know or no longer accepts.',
  'error.client.next':
    'Do not enter a password for it anywhere. If you trust the application, tell the people who run it.',
  'error.redirect.title': 'The return address is not right',
  'error.redirect.what':
    'The application wants you to come back to an address that is not registered for it. To keep your account safe, nobody is sent there.',
  'error.redirect.next': 'Close this page. If you came from the application’s own site, tell the people who run it.',
  'error.expired.title': 'This sign-in is no longer open',
  'error.expired.what': 'It took too long, or it was already finished, perhaps in another tab.',
  'error.expired.next': 'Go back to the application and sign in again.',
  'error.browser.title': 'This belongs to another browser',
  'error.browser.what':
    'This sign-in was begun in another browser or without cookies, and only the browser that began it can go on.',
  'error.browser.next':
    'Start again in the application, in this browser, with cookies allowed. If somebody sent you this link, do not go on.',
  'error.form.title': 'The form is out of date',
  'error.form.what': 'It was already sent once, or it came from another site. Nothing was changed.',
  'error.form.next': 'Go back, load the page again and repeat your answer.',
  'error.denied.title': 'Access was not given',
  'error.denied.what': 'The request was declined, and the application got nothing.',
  'error.denied.next': 'If that was not what you wanted, start again in the application.',
  'error.logout.title': 'The request to sign out has a fault',
  'error.logout.what':
    'The application asked to sign you out in a way that cannot be trusted. You may still be signed in.',
  'error.logout.next': 'Close the browser if others use this device.',
  'error.webView.title': 'Please use your browser',
  'error.webView.what': 'You are asked to sign in inside another application, where that application could read along.',
  'error.webView.next':
    'Open the page in the browser of your device. If the application leaves no choice, tell the people who made it.',
  'error.throttled.title': 'Too many requests',
  'error.throttled.what': 'There were too many requests in a short time.',
  'error.throttled.next': 'Wait a little and try again.',
  'error.busy.title': 'Not available just now',
  'error.busy.what': 'The server is busy or cannot reach its storage. Nothing was changed.',
  'error.busy.next': 'Wait a moment and load the page again.',
  'error.internal.title': 'Something went wrong here',
  'error.internal.what': 'The fault is on this side, not yours.',
  'error.internal.next': 'Try again. If it happens again, tell whoever runs this service the request below.',
} as const

/** Name of one text of the pages. */
export type MessageKey = keyof typeof en

/** All texts of one language. */
export type Catalogue = Readonly<Record<MessageKey, string>>
