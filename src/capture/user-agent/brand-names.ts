/** Brands whose models start with the brand's own name (`Neffos A5`, `ZIK_W1027`), spelled as the contract does. */
const SPELLINGS = `
3Q; Advan; AGM; Alcatel; Aligator; Allview; Amazon; AMGOO; Amoi; ANBERNIC; ANS; Archos; Artel; Asus; Axioo; Azumi;
BBK; Benco; BIHEE; Bird; Bitel; Blackview; Blu; Bluboo; BMAX; Bmobile; bq; Bravis; CAGABI; Casio; CAT; Celkon;
Cellution; Cherry Mobile; China Mobile; Chuwi; CloudFone; Clout; Condor; Coolpad; Cosmote; Cricket; Crosscall; CUBOT;
DEXP; Digicel; Digma; Doogee; DOOV; Doro; Dragon Touch; Elephone; Energizer; Ergo; Essential; Evercoss; Evertek;
Explay; Fairphone; FaRao; Figi; Fly; FNB; FOSSiBOT; Freetel; FreeYond; Fujitsu; G-Tide; General Mobile; Getac;
Gigabyte; Gigaset; Gionee; GOME; Gplus; Gretel; Gtel; H96; Haier; Hammer; Highscreen; Hisense; HMD; Hoffmann;
Hometech; Homtom; Honeywell; Hotwav; HTC; Hyundai; i-mobile; iBall; iBerry; iBrit; iHunt; iLA; iLife; Infinix;
InFocus; InnJoo; Inoi; Intex; Invin; iPro; iQ&T; Irbis; iRulu; ivvi; Jiayu; Jolla; K-Touch; Kalley; Karbonn; Kazam;
Kenxinda; Kingsun; Kocaso; Konka; Krip; Kruger&Matz; KXD; Kyocera; Land Rover; Landvo; Lanix; Lava; Leagoo; LeEco;
Lenovo; Letv; LG; Logic; Logicom; Lumigon; LYF; M4tel; Majestic; Mann; Masstel; Maze; meanIT; Medion; Meitu; Meizu;
Micromax; Microsoft; Mito; Mobicel; Mobiistar; Mobistel; Mobiwire; Mobo; Motorola; MTC; Multilaser; MyPhone; Myria;
Mystery; Navon; Neffos; Nexian; NGM; Noa; Noblex; Nokia; Nomi; Nomu; Nubia; NUU Mobile; NYX Mobile; Oale; Obi; Okapi;
OMIX; Onix; ONN; OPPO; OUJIA; Oukitel; Overmax; Panasonic; Pantech; PCD; Philips; Phonemax; Pixus; Plum; Polaroid;
Polytron; Poptel; Positivo; Prestigio; Primux; Prixton; QMobile; Qumo; Ramos; Razer; RCA; Reeder; Rokit; Ruggear;
Santin; Senseit; Senwa; SERVO; Sharp; Siemens; Sigma; SKG; Smadl; Smartfren; Smartisan; Sonim; Sony; Spice;
Starmobile; STF Mobile; Stylo; Sugar; Sunmi; SWISSGEAR; Symphony; TCL; Teclast; Tele2; Telefunken; Telenor; TeXet;
ThL; Torex; TOSCIDO; Toshiba; Turbo; Ulefone; UMIDIGI; Unihertz; Unitech; Unonu; Vernee; Vertex; Vertu; Verykool;
Vestel; VGO TEL; VIDA; Videocon; Vinsoc; Vivax; Vkworld; VOCAL; Vodafone; Vonino; Vontar; Vorago; Vortex; Vsmart;
Walton; Wexler; Wieppo; Wigor; Wiko; Wileyfox; Wolder; X-TIGI; Xgody; Xolo; Yandex; Yezz; Yota; Yu; Zebra; Zeeker;
Zen; Zidoo; ZIK; Zopo; Ztotop; Zuum; Zync`

/** By first word or first two words of a model, lower-case. */
export const BRAND_NAMES: ReadonlyMap<string, string> = new Map([
  ...SPELLINGS.split(';').map((name): [string, string] => [
    name.trim().toLowerCase().replaceAll('-', ' '),
    name.trim(),
  ]),
  // Lines of a brand that stand without its name.
  ['bqru', 'bq'],
  ['umi', 'UMIDIGI'],
  ['vfd', 'Vodafone'],
  ['gm', 'General Mobile'],
  ['lephone', 'Lephone'],
  ['own', 'öwn'],
  ['ilium', 'Lanix'],
  ['stellar', 'Crosscall'],
  ['revvl', 'T-Mobile'],
  ['t phone', 'T-Mobile'],
  ['xmobile', 'X-Mobile'],
  ['transpeed', 'Transpeed'],
  ['robin', 'Nextbit'],
])
