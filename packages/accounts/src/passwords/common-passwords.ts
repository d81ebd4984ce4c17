/**
 * Stems of the passwords that are tried first: written in small letters, without the digits and signs that people hang on
 * to them. Digits and runs of keys are found by rule, not by list.
 */
const stems = `
aaaaaa abcdef abcd abc access account action adidas adgjmp administrator admin admiral adrian albert alexander alexandra
alexis alexandre alejandro alejandra alberto alison allison amanda america american amour anderson andrea andreas andrew
android angel angela angelica angels angelo angie anime anthony antonio apollo apples apple april aquarius arsenal arthur
ashley asshole asdasd asdfasdf asdfgh asdf ashleigh athena august austin australia azerty babygirl babyboy baby bailey
balance banana barbara barcelona barcelone baseball basketball batman beautiful beaver beautifull beatles benfica benjamin
berlin bernard beyonce bigdaddy bigdick billgates bismillah blackberry blackcat blabla blessed blessing bonjour booboo boomer
boston brandon brandy brazil brasil bubbles bubba buddy bulldog bullshit burger butter butterfly butterfly cabron calvin
camaro cambiami cameron campanile canada cannabis captain carlitos carlos caroline carolina carolyn cassie castle catherine
celtic celtics challenge champion changeit changeme charles charlie charlotte cheese chelsea chester chicago chicken chinese
chocolate chopper christ christian christina christine christmas christopher chrysler classic claudia claudio clemson
clifford clover cocacola coffee college compaq computer computers connect consumer contrasena cooper corvette cowboys cookie
cookies cool creative cricket cristian cristina crystal daddy dallas daniel daniela danielle darkness database david debbie
december default defender delfin deskjet destiny diablo diamond diamonds dietcoke digital dinamo disney dolphin dolphins
domain dominic donald donkey dragon dragonball dragons dreamer dreams ducati eagles easter eduardo einstein elephant elizabeth
elizabet emmanuel eminem enter enterprise epson estrella eternity europe evolution explorer extreme facebook faithful falcon
family fantasy fatima ferrari fender fernando fernanda fireball firefox fishing florida flower flowers football forever
formula francesco francisco francois frankie freddie freedom friend friends friendship fuckyou fuckoff fuckme fuck gabriel
gabriela gabrielle galaxy gangster garfield gateway genesis george georgia germany giants ginger giovanni girls gizmo godzilla
godisgood golden goldfish golfer google gracie grandma great green greenday gregory griffin guest guitar gunner gundam hacker
hallo halloween hamster hannah happy harley harleydavidson heather heaven hejsan hello helloworld hellokitty hercules hiphop
hockey hollywood honda hooters horses hotmail hunter hunting iceman idontknow iforgot iloveme iloveu iloveyou iloveyousomuch
inlove imagine india infinity inside instagram internet intel ireland ironman isabella isabelle italia jackass jackson jackie
jaguar jasmine jasper jeffrey jehovah jennifer jeremy jessica jessie jesus jesuschrist jesuslovesme johnson johnny jonathan
jordan joseph joshua july juliana julian jumanji junior jupiter justice justin kakashi karina katherine kathleen kawasaki
kennedy kenneth kermit kicker killer kimberly kingdom kitten kittycat knight knights kristina lacoste lakers lalala laptop
lauren legend leonardo leslie letmein letmeinnow liberty lifehack lightning lincoln linkedin linkinpark little liverpool
lollipop london longhorn looking loser love lovelove lovely lovers loveyou loveme lucky lucifer maddog maggie magic magnum
manager manchester manunited marine mariposa marina marlboro martin martina master matrix matthew maverick maximus maxwell
melissa member mercedes mercury merlin mexico michael michelle michigan mickey mickeymouse microsoft midnight miller millie
minecraft minnie monica monkey monkeys monster montana monday moomoo morgan mother motorola mountain mustang mynoob naruto
nathan nathalie natalie natasha network newyork nicholas nicole nightmare nikita nintendo nirvana nissan nopassword
nothing november october office oliver olivia online operator orange original overlord packard packers pakistan panther panthers
paradise parola parole pass passion passport passw passwd password passwords passwort patches patrick patricia peaches peanut
pebbles penguin people pepper pepsi personal phantom phoenix picture pirate platinum playboy player playstation please pokemon
police popcorn porsche portugal possible power precious preston princess princesa principe private problem project prince
purple pussy qazwsx qazwsxedc qwaszx qweasd qweasdzxc qweqwe qwert qwerty qwertyu qwertyui qwertyuiop qwertz qwertzu
qwertzuiop qwer rabbit rachel racing raiders rainbow ranger rangers rapture raymond realmadrid rebecca redskins redsox
remember renault republic ricardo richard robert roberto rocket rockstar rockyou romance ronaldo rooster rosebud runescape
russia sabrina samantha samsung samuel sandiego sandra santiago sasuke saturn savannah schatz scooby scooter scorpio
scorpion scotland secret secrets security september serenity service seven sexy sexygirl shadow shannon sheffield shelby
shithead shopping shorty silver silvia simpsons simple skater skywalker slayer slipknot smokey snickers snowball snowman
soccer softball soleil something sommer sonic sophie southpark spartan spencer spiderman spider spongebob spring stalker
starcraft starlight stars startrek starwars steelers stefan stella stephanie stephen steven strawberry student summer sunday
sunflower sunshine superman supernatural superstar super support surfer survivor suzuki sweet sweetheart sweetie sweetpea
swordfish sydney system tamara taylor teacher teddybear temp temporary tennis teresa test tester testing testtest thebest
theman therock thomas thunder tiffany tigger tiger tigers timothy tinkerbell titanic toor tootsie toronto toyota travis
trinity trouble trustme trustno truelove tucker turtle tweety twilight twitter unicorn united universal universe unknown user
username vagina valentin valentina valentine vampire vanessa vegeta veronica victor victoria victory vikings vincent violet
viking virginia voodoo walter warcraft warrior warriors water waterfall webmaster welcome welkom whatever whatsapp white
wildcats wilson william williams willkommen windows winner winston winter wisdom wizard wolf wolverine wonderful woody
wordpass wrestling xavier xxxxxx yamaha yankees yankee yellow youtube zaq zaqwsx zaqxsw zxcvbn zxcvbnm zxcv
`

const common: ReadonlySet<string> = new Set(stems.split(/\s+/).filter((stem) => stem !== ''))

const letters: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}

const isLetter = (sign: string | undefined): boolean => sign !== undefined && /\p{L}/u.test(sign)

/** The word somebody had in mind when writing `monkey2024!`: what is left without the signs at its ends. */
function withoutTail(text: string): string {
  const signs = [...text]
  const first = signs.findIndex(isLetter)
  return first === -1 ? '' : signs.slice(first, signs.findLastIndex(isLetter) + 1).join('')
}

const spelledOut = (text: string): string => text.replace(/[0134570@$!]/g, (sign) => letters[sign] ?? sign)

/** True for the passwords that are tried first, in the spellings people take for clever. */
export function isCommonPassword(password: string): boolean {
  const lower = password.toLowerCase()
  // The tail goes first: spelled out, the last sign of `monkey1!` would become a letter of the word.
  const candidates = [lower, withoutTail(lower), spelledOut(withoutTail(lower)), withoutTail(spelledOut(lower))]
  if (candidates.some((candidate) => common.has(candidate))) return true
  const half = withoutTail(lower).slice(0, withoutTail(lower).length / 2)
  return common.has(half) && half + half === withoutTail(lower)
}
