import { describe, expect, it } from 'vitest'
import { guessOf } from './recipients-of.js'

const numbers = ['447700900801', '447700900802', '447700900803', '447700900804']

/** A file with these columns: a name each, and what stands below it. */
function file(columns: Record<string, string[]>): string {
  const names = Object.keys(columns)
  const rows = numbers.map((_, row) => names.map((name) => columns[name]?.[row] ?? ''))
  return [names, ...rows].map((cells) => cells.join(';')).join('\n')
}

describe('the column of numbers', () => {
  it.each([
    ...[
      'mobile',
      'Mobile',
      'MOBILE_NO',
      'mobileNumber',
      'Mobile Phone',
      'MSISDN',
      'Handy',
      'Handynummer',
      'Mobilnummer',
    ],
    ...[
      'Telefon',
      'Telefonnummer',
      'Tel.',
      'Rufnummer',
      'Cell',
      'CellPhone',
      'cell_number',
      'WhatsApp number',
      'WhatsApp',
      'wa_id',
    ],
    ...[
      'To',
      'Recipient',
      'Destination',
      'Empfänger',
      'Number',
      'phone',
      'Phone Number',
      'phone_number',
      'PhoneNumber',
    ],
    ...[
      'Phone 1 - Value',
      'Teléfono móvil',
      'Celular',
      'Portable',
      'Téléphone',
      'Contact no',
      'GSM',
      'Телефон',
      '手机',
      'x',
    ],
  ])('may be called %s', async (name) => {
    expect(await guessOf(file({ Name: ['Ann', 'Bob', 'Cid', 'Dee'], [name]: numbers }))).toEqual({ mobile: name })
    const idsFirst = file({ 'Customer no': ['1000001', '1000007', '1000011', '1000030'], [name]: numbers })
    expect(await guessOf(idsFirst)).toEqual({ mobile: name })
  })

  it.each<[string, Record<string, string[]>, string]>([
    ['a label', { 'Phone 1 - Label': Array(4).fill('Mobile'), 'Phone 1 - Value': numbers }, 'Phone 1 - Value'],
    ['a type', { 'Mobile type': ['iPhone', 'Nokia', '', ''], Phone: numbers }, 'Phone'],
    ['a name', { 'To name': ['Ann', 'Bob', 'Cid', 'Dee'], To: numbers }, 'To'],
    ['a yes or no', { Mobile: ['yes', 'no', 'yes', 'yes'], Telephone: numbers }, 'Telephone'],
    ['the sender, who is always the same', { From: Array(4).fill('447700900999'), To: numbers }, 'To'],
    ['a landline', { 'Home phone': ['442079460001', '442079460002', '', ''], Mobile: numbers }, 'Mobile'],
    ['a fax', { Fax: ['442079460001', '442079460002', '442079460003', ''], Tel: numbers }, 'Tel'],
    ['one that is nearly empty', { Mobile: ['', '', '', '447700900899'], Phone: numbers }, 'Phone'],
    ['a date', { Date: Array(4).fill('2026-01-31'), Column: numbers }, 'Column'],
    ['an address of a computer', { ip: ['10.20.30.40', '10.20.30.41', '10.20.30.42', '10.20.30.43'], n: numbers }, 'n'],
    ['seconds since 1970', { ts: ['1769860800', '1769860801', '1769860802', '1769860803'], n: numbers }, 'n'],
    ['a post code', { PLZ: ['10115', '20095', '80331', '50667'], Nummer: numbers }, 'Nummer'],
    ['an amount', { Total: ['1250.00', '990.00', '1020.50', '3999.99'], Nr: numbers }, 'Nr'],
  ])('is not %s', async (_, columns, name) => {
    expect(await guessOf(file(columns))).toMatchObject({ mobile: name })
  })

  it('is the better filled one of two that are called alike', async () => {
    const second = ['447700900811', '447700900812', '', '']
    expect(await guessOf(file({ 'Phone 1 - Value': numbers, 'Phone 2 - Value': second }))).toEqual({
      mobile: 'Phone 1 - Value',
    })
  })

  it('is told by its cells in a file without names, however they are spelt', async () => {
    const spelt = ['+44 7700 900801', '(07700) 900-802', "'447700900803", '4.47701E+11']
    const rows = spelt.map((number, at) => `${1000 + at};Ann ${at};${number}`)
    expect(await guessOf(rows.join('\n'))).toEqual({ mobile: 'Column 3' })
  })

  it('is one with test numbers where it is called so, and none where nothing looks like it', async () => {
    expect(
      await guessOf(file({ Name: ['Ann', 'Bob', 'Cid', 'Dee'], Mobile: ['10001', '10002', '10003', ''] })),
    ).toEqual({
      mobile: 'Mobile',
    })
    expect(await guessOf(file({ 'Customer no': numbers, Name: ['Ann', 'Bob', 'Cid', 'Dee'] }))).toEqual({})
    expect(await guessOf('Mobile;Sent at\n')).toMatchObject({ mobile: 'Mobile' })
  })
})

describe('the id of the message', () => {
  const ids = ['m-1', 'm-2', 'm-3', 'm-4']

  it.each([
    ...[
      'message_id',
      'Message ID',
      'messageId',
      'MsgID',
      'Msg ID',
      'SMS ID',
      'sms_id',
      'Nachrichten-ID',
      'message ref',
    ],
    ...['Reference', 'external_id', 'id', 'Message', 'wamid'],
  ])('may be called %s', async (name) => {
    expect(await guessOf(file({ phone: numbers, [name]: ids }))).toEqual({ mobile: 'phone', message_id: name })
  })

  it.each<[string, string, string[]]>([
    ['the text', 'message', ['Hi Ann, see our offer', 'Hi Bob, see our offer', 'Hi Cid, see our offer', 'Hi Dee, bye']],
    ['the text, the same for all', 'Message', Array(4).fill('Hi, see our offer')],
    ['a short text', 'SMS', Array(4).fill('Hello')],
    ['short texts', 'Message', ['Hello', 'Hi', 'Servus', 'Ciao']],
    ['a text', 'Text', ['Hi Ann', 'Hi Bob', 'Hi Cid', 'Hi Dee']],
    ['a yes or no', 'sms', ['yes', 'no', 'yes', 'no']],
    ['the id of a campaign, the same for all', 'message_id', Array(4).fill('spring-26')],
    ['a number of a row', 'id', ['1', '2', '3', '4']],
    ['the id of a customer', 'customer id', ['1042', '77', '9', '1043']],
    ['the id of a person', 'contact_id', ['c-1', 'c-9', 'c-4', 'c-7']],
  ])('is not %s', async (_, name, cells) => {
    expect(await guessOf(file({ phone: numbers, [name]: cells }))).toEqual({ mobile: 'phone' })
  })

  it('is beside the text of the message', async () => {
    const columns = { Message: Array(4).fill('Hi, see our offer'), 'Message ID': ids, To: numbers }
    expect(await guessOf(file(columns))).toEqual({ mobile: 'To', message_id: 'Message ID' })
    expect(await guessOf(file({ id: ['7', '9', '8', '3'], mobile: numbers, message_id: ids }))).toEqual({
      mobile: 'mobile',
      message_id: 'message_id',
    })
  })
})

describe('the time of sending', () => {
  const times = ['2026-11-29 12:00:00', '2026-11-29T12:00:01Z', '2026-11-29 12:00:02+00', '']

  it.each([
    'sent_at',
    'Sent',
    'Send time',
    'sentDate',
    'Gesendet am',
    'Versanddatum',
    'Submitted at',
    'Timestamp',
    'Date',
  ])('may be called %s', async (name) => {
    expect(await guessOf(file({ phone: numbers, [name]: times }))).toEqual({ mobile: 'phone', sent_at: name })
  })

  it('is in sent_at whatever is written there, so that it is named row by row and not passed over', async () => {
    const others = ['01.12.2026 10:00', '46357.5', 'soon', '']
    expect(await guessOf(file({ phone: numbers, sent_at: others }))).toEqual({ mobile: 'phone', sent_at: 'sent_at' })
    expect(await guessOf(file({ phone: numbers, Date: others }))).toEqual({ mobile: 'phone' })
  })

  it.each<[string, string[]]>([
    ['date of birth', ['1980-02-01', '1990-03-01', '2001-04-01', '1977-05-01']],
    ['dob', ['1980-02-01', '1990-03-01', '2001-04-01', '1977-05-01']],
    ['Birthday', ['1980-02-01', '1990-03-01', '2001-04-01', '1977-05-01']],
    ['Geburtsdatum', ['1980-02-01', '1990-03-01', '2001-04-01', '1977-05-01']],
    ['Date', ['1980-02-01', '1990-03-01', '1971-04-01', '1977-05-01']],
    ['date', ['2027-02-01 10:00:00', '2027-03-01 10:00:00', '2027-04-01 10:00:00', '2027-05-01 10:00:00']],
    ['Appointment date', ['2026-11-01 10:00:00', '2026-11-02 10:00:00', '2026-11-03 10:00:00', '']],
    ['created_at', times],
    ['Last visit', times],
    ['sent', ['yes', 'no', 'yes', 'no']],
    ['Sent', ['31.01.2026 12:00', '31.01.2026 12:01', '', '']],
  ])('is not %s %j', async (name, cells) => {
    expect(await guessOf(file({ phone: numbers, [name]: cells }))).toEqual({ mobile: 'phone' })
  })

  it('is when it was sent rather than when it was delivered', async () => {
    expect(await guessOf(file({ Delivered: times, To: numbers, Sent: times }))).toEqual({
      mobile: 'To',
      sent_at: 'Sent',
    })
  })
})

describe('the calling code of a country', () => {
  const national = ['7700900801', '7700900802', '07700900803', '7700900804']

  it.each(['country_code', 'Country code', 'Dial code', 'Calling Code', 'CC', 'Vorwahl'])('is in %s', async (name) => {
    const columns = { [name]: ['44', '+44', '0044', '44'], Phone: national }
    expect(await guessOf(file(columns))).toEqual({ mobile: 'Phone', country_code: name })
  })

  it('is not needed where numbers have it, and is not a name of a country', async () => {
    expect(await guessOf(file({ country_code: ['44', '44', '44', '44'], Phone: numbers }))).toEqual({ mobile: 'Phone' })
    expect(await guessOf(file({ country_code: ['GB', 'GB', 'GB', 'GB'], Phone: national }))).toEqual({
      mobile: 'Phone',
    })
  })
})
