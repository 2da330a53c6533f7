/** Resources that an operation of another provider is called on, as ARM writes their ids. */
const above: [RegExp, string][] = [
  [/^Microsoft\.SerialConsole\//, 'Microsoft.Compute/virtualMachines/vm-1/providers/'],
  [/^Microsoft\.HybridConnectivity\//, 'Microsoft.HybridCompute/machines/arc-1/providers/'],
  [/^Microsoft\.(Maintenance|GuestConfiguration)\//, 'Microsoft.Compute/virtualMachines/vm-1/providers/'],
];

/** The id of a resource that ARM would log the operation on. */
export function resourceOf(operation: string, subscription: string): string {
  const rg = `/subscriptions/${subscription}/resourceGroups/rg/providers`;
  if (/\/policies\/deployIfNotExists\/action$/.test(operation))
    return `${rg}/Microsoft.Compute/virtualMachines/vm-1`;
  const [provider = '', ...rest] = operation.split('/');
  const types = rest.slice(0, /^action$/i.test(rest.at(-1) ?? '') ? -2 : -1);
  const path = types.map((type, index) =>
    type === 'draft' || type === 'testJob' ? type : `${type}/${type.toLowerCase()}-${index}`,
  );
  const parent = above.find(([pattern]) => pattern.test(operation))?.[1] ?? '';
  return `${rg}/${parent}${provider}/${path.join('/')}`;
}
