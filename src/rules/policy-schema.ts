import * as z from 'zod/mini';

/**
 * The policy file, once: its types, its validation and the JSON Schema for editors (`rules/policy.schema.json`) all come
 * from here. What a schema cannot say (names that exist, filters that compile) is checked behind it.
 */

const described = (description: string) => z.meta({ description });

const ruleAction = z
  .string()
  .check(
    z.regex(/^(pass|drop|count|tx|mark (0x[0-9a-fA-F]{1,8}|[0-9]{1,10})|redirect \S+)$/),
    described(
      'pass, drop, tx (send back, XDP) and "redirect <interface>" end; count and "mark <number>" go on to the next rule',
    ),
  );

const ruleSchema = z
  .strictObject({
    name: z.string().check(z.minLength(1), z.maxLength(64), described('what counters and tests call the rule')),
    match: z.string().check(described('a filter in tcpdump’s language; @name stands for a set')),
    action: ruleAction,
    audit: z.optional(z.boolean().check(described('count what the rule would do, and go on to the next'))),
  })
  .check(described('rules are tried in order'));

const setElement = z.union([z.string(), z.number()]);

const setSchema = z.union([
  z.array(setElement).check(described('addresses and networks, or ports and ranges, or MAC addresses')),
  z
    .strictObject({
      file: z.optional(z.string().check(described('one element a line, # begins a comment; beside the policy file'))),
      elements: z.optional(z.array(setElement)),
      type: z.optional(z.enum(['address', 'port', 'mac'])),
      dynamic: z.optional(z.boolean().check(described('live elements outlast an apply'))),
    })
    .check(described('a set from a file, or one whose elements come while it is in use')),
]);

const counts = z.optional(z.int().check(z.nonnegative()));

const expectation = z.union([
  z
    .string()
    .check(
      z.regex(/^(pass|drop|tx|redirect \S+)( by .+)?$/s),
      described('pass, drop, tx or "redirect <interface>", with: by "rule", by default, by malformed'),
    ),
  z
    .strictObject({ pass: counts, drop: counts, tx: counts, redirect: counts })
    .check(described('how many packets of a capture end so')),
]);

const testSchema = z
  .strictObject({
    name: z.optional(z.string()),
    flow: z.optional(z.string().check(described('one packet: tcp 198.51.100.7:40000 > 192.0.2.1:22'))),
    packet: z.optional(z.union([z.string(), z.number()]).check(described('one frame in hexadecimal'))),
    capture: z.optional(z.string().check(described('a capture file, beside the policy file'))),
    expect: expectation,
  })
  .check(described('a flow, a packet or a capture, and what becomes of it'));

const include = z.union([z.string(), z.array(z.string())]);

const shared = {
  include: z.optional(include.check(described('files whose sets and rules come before those of this one'))),
  sets: z.optional(z.record(z.string(), setSchema).check(described('named in a match as @name'))),
  rules: z.optional(z.array(ruleSchema)),
};

/** A file that `apply` takes. */
export const policySchema = z
  .strictObject({
    $schema: z.optional(z.string()),
    name: z.optional(z.string().check(z.minLength(1), z.maxLength(64), described('the file’s base name by default'))),
    interfaces: z.optional(z.array(z.string()).check(described('names, or patterns with * and ?'))),
    hook: z.optional(z.enum(['xdp', 'tc', 'tc-egress']).check(described('xdp by default'))),
    mode: z.optional(z.enum(['native', 'generic', 'offload']).check(described('of XDP; native, else generic'))),
    default: z.optional(z.enum(['pass', 'drop']).check(described('what becomes of packets that no rule ends'))),
    vlan: z.optional(
      z.enum(['any', 'exact']).check(described('any: matches hold for tagged and untagged frames (default)')),
    ),
    'extension-headers': z.optional(
      z.enum(['follow', 'fixed']).check(described('follow: matches look past IPv6 extension headers (default)')),
    ),
    ...shared,
    tests: z.optional(z.array(testSchema)),
  })
  .check(described('A pktf policy: rules tried in order on every packet of the interfaces'));

/** A file that another one includes. */
export const includedSchema = z.strictObject({ $schema: z.optional(z.string()), ...shared });

export type PolicyDocument = z.infer<typeof policySchema>;
export type IncludedDocument = z.infer<typeof includedSchema>;
export type SetDocument = z.infer<typeof setSchema>;
export type RuleDocument = z.infer<typeof ruleSchema>;
export type TestDocument = z.infer<typeof testSchema>;

/** The schema as JSON Schema (draft 2020-12), for editors. */
export function policyJsonSchema(): unknown {
  return { title: 'pktf policy', ...z.toJSONSchema(policySchema) };
}
