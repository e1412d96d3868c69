/** A network from which scanners of mail and links come, and people do not. */
export interface ScannerNetwork {
  /** Number of the autonomous system. */
  asn: number
  /** Who runs it. */
  name: string
  /** What comes from there. */
  why: string
}

/** Numbers and who runs them: PeeringDB, https://www.peeringdb.com/asn/NUMBER, checked against DB-IP Lite ASN of 2026-06. */
export const scannerNetworks: readonly ScannerNetwork[] = [
  // Security vendors. What they do is in their manuals: Proofpoint URL Defense, Mimecast URL Protect, Barracuda Link Protection,
  // Symantec Link Following, Hornetsecurity Secure Links, Zix Link Protect.
  {
    asn: 13916,
    name: 'Proofpoint',
    why: 'mail gateway: URL Defense opens links at the time of delivery and of the click',
  },
  {
    asn: 22843,
    name: 'Proofpoint',
    why: 'mail gateway: URL Defense opens links at the time of delivery and of the click',
  },
  {
    asn: 26211,
    name: 'Proofpoint',
    why: 'mail gateway: URL Defense opens links at the time of delivery and of the click',
  },
  {
    asn: 52129,
    name: 'Proofpoint',
    why: 'mail gateway: URL Defense opens links at the time of delivery and of the click',
  },
  { asn: 30031, name: 'Mimecast', why: 'mail gateway: URL Protect opens links' },
  { asn: 37235, name: 'Mimecast', why: 'mail gateway: URL Protect opens links' },
  { asn: 39588, name: 'Mimecast', why: 'mail gateway: URL Protect opens links' },
  { asn: 42427, name: 'Mimecast', why: 'mail gateway: URL Protect opens links' },
  { asn: 60492, name: 'Mimecast', why: 'mail gateway: URL Protect opens links' },
  { asn: 136792, name: 'Mimecast', why: 'mail gateway: URL Protect opens links' },
  { asn: 397726, name: 'Mimecast', why: 'mail gateway: URL Protect opens links' },
  { asn: 15324, name: 'Barracuda Networks', why: 'mail gateway: Link Protection opens links' },
  { asn: 16417, name: 'Cisco Secure Email (IronPort)', why: 'mail gateway: opens links for its reputation service' },
  { asn: 30215, name: 'Cisco Secure Email (IronPort)', why: 'mail gateway: opens links for its reputation service' },
  { asn: 30238, name: 'Cisco Secure Email (IronPort)', why: 'mail gateway: opens links for its reputation service' },
  { asn: 21345, name: 'Symantec Email Security (Broadcom)', why: 'mail gateway: Link Following opens links' },
  { asn: 26282, name: 'Symantec Email Security (Broadcom)', why: 'mail gateway: Link Following opens links' },
  { asn: 16880, name: 'Trend Micro', why: 'mail gateway and web reputation: opens links' },
  { asn: 132229, name: 'Trend Micro', why: 'mail gateway and web reputation: opens links' },
  { asn: 17330, name: 'Trellix (FireEye)', why: 'mail gateway: opens links in a sandbox' },
  { asn: 46484, name: 'Trellix (FireEye)', why: 'mail gateway: opens links in a sandbox' },
  { asn: 24679, name: 'Hornetsecurity (kyberio)', why: 'mail gateway: Secure Links opens links' },
  { asn: 48328, name: 'Retarus', why: 'mail gateway: opens links at the time of the click' },
  { asn: 13380, name: 'Zix (OpenText)', why: 'mail gateway: Link Protect opens links' },
  { asn: 59519, name: 'Zix (OpenText)', why: 'mail gateway: Link Protect opens links' },
  { asn: 53780, name: 'AppRiver (OpenText)', why: 'mail gateway: opens links' },
  { asn: 43054, name: 'N-able Mail Assure', why: 'mail gateway: opens links' },
  { asn: 59657, name: 'Cyren', why: 'URL reputation for other vendors: opens links' },
  { asn: 61234, name: 'Cyren', why: 'URL reputation for other vendors: opens links' },
  { asn: 34523, name: 'Webroot (OpenText)', why: 'URL reputation for other vendors: opens links' },
  { asn: 41983, name: 'Kaspersky', why: 'URL reputation: opens links' },
  { asn: 200107, name: 'Kaspersky', why: 'URL reputation: opens links' },
  { asn: 209030, name: 'Kaspersky', why: 'URL reputation: opens links' },
  { asn: 50881, name: 'ESET', why: 'URL reputation: opens links' },
  { asn: 64198, name: 'ESET', why: 'URL reputation: opens links' },
  { asn: 24565, name: 'Netcraft', why: 'looks for phishing: opens links that are reported' },
  { asn: 212329, name: 'Netcraft', why: 'looks for phishing: opens links that are reported' },
  { asn: 398324, name: 'Censys', why: 'scans what is public' },
  { asn: 398705, name: 'Censys', why: 'scans what is public' },
  { asn: 17318, name: 'DomainTools', why: 'crawls what it finds in mail and domains' },
  { asn: 7777, name: 'Mail Abuse Prevention System (Trend Micro)', why: 'URL reputation: opens links' },
  // Hosting. Microsoft: https://learn.microsoft.com/defender-office-365/safe-links-about
  { asn: 8075, name: 'Microsoft', why: 'Defender for Office 365: Safe Links opens links from Azure' },
  { asn: 7224, name: 'Amazon Web Services', why: 'cloud: scanners of many vendors run here' },
  { asn: 8987, name: 'Amazon Web Services', why: 'cloud: scanners of many vendors run here' },
  { asn: 14618, name: 'Amazon Web Services', why: 'cloud: scanners of many vendors run here' },
  { asn: 16509, name: 'Amazon Web Services', why: 'cloud: scanners of many vendors run here' },
  { asn: 396982, name: 'Google Cloud', why: 'cloud: scanners of many vendors run here' },
  { asn: 31898, name: 'Oracle Cloud', why: 'cloud' },
  { asn: 36351, name: 'IBM Cloud', why: 'cloud' },
  { asn: 37963, name: 'Alibaba Cloud', why: 'cloud' },
  { asn: 45102, name: 'Alibaba Cloud', why: 'cloud' },
  { asn: 45090, name: 'Tencent Cloud', why: 'cloud' },
  { asn: 132203, name: 'Tencent Cloud', why: 'cloud' },
  { asn: 55990, name: 'Huawei Cloud', why: 'cloud' },
  { asn: 136907, name: 'Huawei Cloud', why: 'cloud' },
  { asn: 14061, name: 'DigitalOcean', why: 'virtual servers' },
  { asn: 63949, name: 'Linode (Akamai)', why: 'virtual servers; iCloud Private Relay leaves through AS36183 instead' },
  { asn: 24940, name: 'Hetzner', why: 'servers' },
  { asn: 213230, name: 'Hetzner Cloud', why: 'virtual servers' },
  { asn: 16276, name: 'OVHcloud', why: 'servers: Vade Secure scans from here' },
  { asn: 12876, name: 'Scaleway', why: 'servers' },
  { asn: 51167, name: 'Contabo', why: 'virtual servers' },
  { asn: 8560, name: 'IONOS', why: 'servers' },
  { asn: 197540, name: 'netcup', why: 'virtual servers' },
  { asn: 202053, name: 'UpCloud', why: 'virtual servers' },
  { asn: 50837, name: 'CloudSigma', why: 'virtual servers' },
  { asn: 47583, name: 'Hostinger', why: 'web hosting' },
  { asn: 26496, name: 'GoDaddy', why: 'web hosting' },
  { asn: 398101, name: 'GoDaddy', why: 'web hosting' },
  { asn: 26347, name: 'DreamHost', why: 'web hosting' },
  { asn: 46606, name: 'Unified Layer (Newfold)', why: 'web hosting' },
  { asn: 29873, name: 'Newfold Digital', why: 'web hosting' },
  { asn: 19871, name: 'Network Solutions', why: 'web hosting' },
  { asn: 8972, name: 'Host Europe', why: 'web hosting' },
  { asn: 44273, name: 'Host Europe', why: 'web hosting' },
  { asn: 34788, name: 'Neue Medien Muennich', why: 'web hosting' },
  { asn: 197695, name: 'REG.RU', why: 'web hosting' },
  { asn: 15395, name: 'Rackspace', why: 'servers' },
]

// Never in the list, because people leave through them, however many machines do as well:
//
// - iCloud Private Relay: Akamai 36183 and 20940, Cloudflare 13335, Fastly 54113
//   (https://developer.apple.com/icloud/prepare-your-network-for-icloud-private-relay/)
// - WARP and other traffic of Cloudflare's: 13335, 395747
// - Google's own network, which carries VPN by Google and Google Fi: 15169, 36384, 36385, 43515, 19527
// - Apple's: 714, 6185
// - secure web gateways, behind which whole companies browse: Zscaler 22616, 53444, 53813, 62044, 62907; Netskope 55256; Cisco
//   Umbrella 25605, 36692; Palo Alto Networks (Prisma Access) 54538; Forcepoint 13448, 43251, 44444; Fortinet (FortiSASE) 40934, 53928;
//   Check Point (Harmony SASE) 213176, 398391; Skyhigh 14600
// - hosting that VPNs rent exits from: M247 9009, Datacamp 60068 and 212238, PacketHub 136787 and 207137, Proton 62371 and 209103,
//   31173 Services (Mullvad) 39351, Leaseweb 28753, 30633, 32613 and 60781, Clouvider 62240, GSL Networks 137409, HostRoyale 203020,
//   Vultr 20473, QuadraNet 8100, Performive 46562, G-Core 199524, Psychz 40676; Avast SecureLine 198605
