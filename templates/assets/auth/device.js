// Browser and system in words, from a `User-Agent`. Good enough for people to recognise their devices.

import { fill, messages } from "./page.js";

/** Names by what identifies them. The first match counts: many browsers also claim to be others. */
const BROWSERS = [
  [/\bEdg(e|A|iOS)?\//, "Edge"],
  [/\b(OPR|OPT)\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(Headless)?Chrom(e|ium)\/|\bCriOS\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];

const SYSTEMS = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b|\bX11\b/, "Linux"],
];

/** Such as Firefox on Linux; for other programs their name, such as curl. */
export function device(userAgent) {
  if (!userAgent) return messages.unknown_device;
  const browser = named(BROWSERS, userAgent);
  const system = named(SYSTEMS, userAgent);
  if (browser && system) return fill(messages.device, { browser, system });
  return browser ?? system ?? userAgent.split(/[/ ]/, 1)[0];
}

function named(names, userAgent) {
  return names.find(([pattern]) => pattern.test(userAgent))?.[1];
}
