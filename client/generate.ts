import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { openApiDocument } from '../api/openapi.ts';

/** Where the generated types stand. */
export const file = path.join(import.meta.dirname, 'openapi.ts');

const head = `// What crosses HTTP, generated from the app's OpenAPI document: npm run client:types

`;

/** The types of the API as the app is now. Problems are one type, whatever the operation: the client throws them. */
export async function generatedTypes(): Promise<string> {
  const document = (await openApiDocument()) as OpenAPI3;
  for (const operation of Object.values(document.paths ?? {}).flatMap((item) => Object.values(item)))
    for (const status of Object.keys(operation.responses))
      if (Number(status) >= 400) delete operation.responses[status];
  return (
    head + astToString(await openapiTS(document, { alphabetize: true, rootTypes: true, rootTypesNoSchemaPrefix: true }))
  );
}

if (import.meta.main) await writeFile(file, await generatedTypes());
