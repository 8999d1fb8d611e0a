// Writes rules/policy.schema.json, the JSON Schema of policy files for editors, from the schema in the code.
import { writeFileSync } from 'node:fs';
import { policyJsonSchema } from '../src/rules/policy-schema.ts';

writeFileSync('rules/policy.schema.json', `${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
