/**
 * Makers by the naming scheme of their model codes, first match wins.
 *
 * Order matters where one maker's scheme is a special case of another's: POCO in Xiaomi's, OnePlus in OPPO's, Honor in
 * Huawei's. Written from the makers' published model numbers.
 */
export const MODEL_BRANDS: ReadonlyArray<readonly [RegExp, string]> = [
  [/^SC[GV]\d|^SC-?\d|^(?:SM|GT|SCH|SGH|SHV-E|SHW|SPH)-|^Galaxy /, 'Samsung'],
  [
    /^(?:ONEPLUS|OnePlus|DN21\d\d|EB21\d\d|AC200\d|BE20\d\d|MT211\d|HD19\d\d|GM19\d\d|KB20\d\d|LE21\d\d|IN20\d\d|NE22\d\d)/,
    'OnePlus',
  ],
  [
    /^(?:PGKM10|PG[PZ]110|PH[BKP]110|PJ[ADEFXZ]110|PK[GRX]110|PL[CFKQR]110|OPD(?:2203|230[45]|240[3478]|241[35]|248\d))/,
    'OnePlus',
  ],
  [
    /^CPH(?:23(?:8[19]|99)|24(?:0[19]|1[1357]|23|47|49|51|59|6[579]|87|9[13])|25(?:1[35]|51|7[135]|8[1359]|91)|26(?:09|1[1379]|21|4[579]|5[35]|6[13]|91|93)|27(?:0[79]|1[79]|23|45|49))$/,
    'OnePlus',
  ],
  // Phones called Honor before it left Huawei in November 2020.
  [/^Honor (?:\d\b|9x|10|20|Play|View|V\d)/i, 'Huawei'],
  [/^HONOR /i, 'Honor'],
  [
    /^(?:ABR|ALP|ANA|ANG|AQM|BRQ|BTK|CDL|CDY|CND|DVC|ELS|EVR|GLA|HLK|HRT|JEF|JER|JSC|KRJ|LIO|NCO|NOH|NOP|OCE|OXF|OXP|PPA|SPN|TAS|TEL|TET|WKG|WLZ|YAL)-(?:AN|N)\d/,
    'Huawei',
  ],
  [
    /^(?:ADT|ALI|ALP9|AMP|ANY|ANN|BKN|BKQ|BRP|BVL|CLK|CMA|CRT|DIO|DVD|ELI|ELP|ELZ|FNE|FRI|GFY|JLH|KKG|LGE|LLY|LSA|MAA|MBH|MTN|NTH|NTN|PGT|PTP|RBN|REA|REP|RMO|TFY|TNA|TNN|VER|VNA|VNE|WDY|WOD|YOK|BLK|CHL|AGT|ROL|ROD|HEY3|GDI|NDL|AGM3|KOZ|ELA|LAB|CGA)-[ANLUW]\w*/,
    'Honor',
  ],
  [/^[A-Z]{3}-(?:AN\d\d|NX\d|N\d\d)/, 'Honor'],
  [
    /^POCO(?!PHONE)|^2\d{3,6}[0-9A-Z]?P[CGI]|^M20(?:07J20|10J19)C[GIT]$|^M2012K11AG$|^M2102J20S[GI]$|^M2103K19P[GI]$|^M2004J11G$/,
    'POCO',
  ],
  [
    /^(?:211033MI|21061110AG|22011(?:16|17)P[GI]|2201116PI|22021211R[GI]|22031116A[GI]|22041216U?[GI]|22041219P[GI]|22071212AG|22071219C[GI]|22101320[GI]|220333QP[GI]|23049PCD8[GI]|2311DRK48[GI]|23113RKC6G|2312FRAFDI|24117RK2CG|24122RKC7G|MZB(?:07Z|08|0GG|87)\w+IN)$/,
    'POCO',
  ],
  [
    /^(?:Redmi|Mi[ \d]|M[12]\d{3}[A-Z]\d|2\d{3,4}[0-9A-Z]*[A-Z][0-9A-Z]{2,}$|Xiaomi|MIX\b|HM |XIG\d|MZB\w+IN$|POCOPHONE|SHARK |Qin )/i,
    'Xiaomi',
  ],
  [/^(?:CPH\d{4}|OPPO|P[A-L][A-Z]{1,2}[MT]\d0|P[A-L][A-Z]\d{3}$|OPD|OPG\d|A\d{3}OP|Reno ?\d|R15 )/, 'OPPO'],
  [/^(?:vivo\b|i?PA\d{4}$|V\d{4}[A-Z]*$|I\d{4}$|[XYSZ]\d{1,3}[a-z]{0,2} ?[A-Z]$|iQOO)/, 'Vivo'],
  [/^(?:RM[XP]\d{4}|realme)/, 'Realme'],
  [/^LGM-|^LGL\d|^LG(?:BL|-)?[A-Z]\d|^(?:LG|LM)[ -]/, 'LG'],
  [/^ZTE/, 'ZTE'],
  [/^NX\d{3}J/, 'Nubia'],
  [
    /^(?:HUAWEI|d-0\d[A-Z]$|Mate ?\d|nova \d|P\d0 (?:lite|pro))|^[A-Z]{3}\d?-[A-Z]{1,2}\d{1,2}[A-Z]?|^(?:TYH|Marie-)/,
    'Huawei',
  ],
  [/^(?:moto\b|motorola|XT\d{4})/i, 'Motorola'],
  [/^(?:Google|Pixel|GA0\d{4}|Nexus [56]|AOSP on |G(?!\d{4}$)(?=\w*\d)[A-Z0-9]{4}$)/, 'Google'],
  [/^(?:TECNO|CAMON|SPARK|POVA|PHANTOM)\b/i, 'Tecno Mobile'],
  [/^itel/i, 'iTel'],
  [/^(?:Nokia|TA-\d{4}|N\d{3}DL$)/, 'Nokia'],
  [/^(?:XQ-|SO-\d|SO[GV]\d|A?\d{3}SO$|[FGH]\d{4}$|Xperia|E\d{4}$|D\d{4}$)/, 'Sony'],
  [/^(?:ASUS|Z[A-E]\d{3}|ZS\d{3}|AI\d{4}|P0\d\w$)/, 'Asus'],
  [/^(?:A?\d{3}ZT$|Z\d{3}[A-Z]{0,2}$|BLADE\b)/i, 'ZTE'],
  [/^(?:T\d{3}[A-Z]|TCL|9\d{3}[GW]$)/, 'TCL'],
  [/^(?:Lenovo|TB-?[\dX]|L\d{5}$)/, 'Lenovo'],
  [/^A(?:063|065|142|142P|015|001|024|059)$/, 'Nothing'],
  [/^(?:FP\d$|Fairphone)/, 'Fairphone'],
  [/^(?:ALCATEL|[4-9]\d{3}[A-Z]\d?$)/i, 'Alcatel'],
  [/^(?:Hisense|HLTE)/i, 'Hisense'],
  [/^(?:MEIZU|M\d{3}[A-Z]$)/i, 'Meizu'],
  [/^BV\d/, 'Blackview'],
  [/^WP\d/, 'Oukitel'],
  [/^(?:Power Armor|Armor)\b/, 'Ulefone'],
  [/^KY[VFG]\d|^A?\d{3}KC$/, 'Kyocera'],
  [/^SH-|^SHG\d|^SHV\d\d$|^A?\d{3}SH$/, 'Sharp'],
  [/^F-\d\d[A-Z]|^FCG\d|^arrows/, 'Fujitsu'],
  [/^(?:KF[A-Z]{2,}|AFT|AEO[A-Z]{2}$)/, 'Amazon'],
  [/^MP\d\d$/, 'UMIDIGI'],
  [/^W-[VKP]\d{3}/, 'Wiko'],
]

/** Vendors of ua-parser-js, lower-case, where the contract writes the brand otherwise. */
export const BRAND_ALIASES: ReadonlyMap<string, string> = new Map([
  ['tecno', 'Tecno Mobile'],
  ['itel', 'iTel'],
  ['asus', 'Asus'],
  ['oppo', 'OPPO'],
  ['blackberry', 'RIM'],
  ['rim', 'RIM'],
  ['cubot', 'CUBOT'],
  ['blu', 'Blu'],
  ['nvidia', 'Nvidia'],
  ['facebook', 'Meta'],
  ['generic', ''],
  ['imo', 'IMO Mobile'],
  ['sonyericsson', 'Sony Ericsson'],
  ['xbox', 'Microsoft'],
])
