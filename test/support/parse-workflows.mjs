// Prints the errors that GitHub's own parser finds in workflows: node parse-workflows.mjs FILE…
// The package imports JSON without an attribute, which Node refuses, so a hook loads that as a module.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

registerHooks({
  load: (url, context, next) =>
    url.endsWith('.json')
      ? {
          format: 'module',
          shortCircuit: true,
          source: `export default ${readFileSync(fileURLToPath(url), 'utf8')}`,
        }
      : next(url, context),
});
const { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } = await import(
  '@actions/workflow-parser'
);

const errors = [];
for (const file of process.argv.slice(2)) {
  const { context, value } = parseWorkflow(
    { name: file, content: readFileSync(file, 'utf8') },
    new NoOperationTraceWriter(),
  );
  if (value) await convertWorkflowTemplate(context, value);
  errors.push(...context.errors.getErrors().map(({ message }) => message));
}
process.stdout.write(JSON.stringify(errors));
