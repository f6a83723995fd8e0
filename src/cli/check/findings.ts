/** What `check --live` found, as a table for people and as JSON for programs. */
import type { Terminal } from "../terminal.ts";
import { printable, shortened, table } from "../text.ts";
import type { Finding, Findings } from "./live.ts";

const heading = [
  "",
  "tenant",
  "endpoint",
  "address",
  "certificate until",
  "answer",
  "time",
  "verdict",
];

/** Wide enough for a name to be recognised. */
const nameWidth = 48;

const marks: Readonly<Record<Finding["field"], string>> = {
  callback_url: "",
  failover_url: " (failover)",
  "alerts.url": " (alerts)",
};

/** The first address that may be connected to, and how many others there are. */
function addressText({ addresses = [] }: Finding): string {
  const [first] = addresses.toSorted((a, b) => Number(!!a.refused) - Number(!!b.refused));
  if (first === undefined) return "-";
  const others = addresses.length === 1 ? "" : ` +${addresses.length - 1}`;
  return `${first.address}${others}`;
}

function row(finding: Finding): readonly string[] {
  const { tenant, field, endpoint, certificate, status, tookMs, ok, verdict } = finding;
  return [
    ok ? "✓" : "✗",
    tenant,
    `${shortened(printable(endpoint), nameWidth)}${marks[field]}`,
    addressText(finding),
    certificate === undefined ? "-" : shortened(
      `${certificate.validUntil.slice(0, 10)} ${printable(certificate.name)}`,
      nameWidth,
    ),
    status === undefined ? "-" : String(status),
    tookMs === undefined ? "-" : `${tookMs} ms`,
    printable(verdict),
  ];
}

/** The table, how many are fine, and why nothing was sent where nothing could be signed. */
export function printFindings({ findings, unsigned }: Findings, { print }: Terminal): void {
  if (findings.length > 0) print(table([heading, ...findings.map(row)]));
  const fine = findings.filter(({ ok }) => ok).length;
  print(`${fine} of ${findings.length} endpoints are fine`);
  if (unsigned !== undefined) print(`No ping was sent: ${printable(unsigned)}`);
}

function findingJson({ certificate, tookMs, ...finding }: Finding) {
  return {
    ...finding,
    ...(certificate === undefined
      ? {}
      : { certificate: { name: certificate.name, valid_until: certificate.validUntil } }),
    ...(tookMs === undefined ? {} : { took_ms: tookMs }),
  };
}

/** The same for programs. */
export function findingsJson({ findings, unsigned }: Findings) {
  const endpoints = findings.map(findingJson);
  return unsigned === undefined ? { endpoints } : { endpoints, not_pinged: unsigned };
}
