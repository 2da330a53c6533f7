import { createAzureRanges } from '../../../src/domain/network/azure-ranges';

const tag = (name: string, region: string, systemService: string, addressPrefixes: string[]) => ({
  name,
  properties: { region, systemService, addressPrefixes },
});
const tags = [
  tag('AzureCloud', '', '', ['20.0.0.0/8', '2603:1000::/24']),
  tag('AzureCloud.westeurope', 'westeurope', '', ['20.50.0.0/17', '2603:1020:200::/47']),
  tag('AzureDevOps.WestEurope', 'westeurope', 'AzureDevOps', ['20.50.1.64/26', 'not a prefix']),
];
let find: Awaited<ReturnType<typeof createAzureRanges>>;
beforeAll(async () => {
  find = await createAzureRanges(tags);
});

test('names the region and the service of the smallest range', () => {
  expect(find('20.50.1.65')).toEqual({ region: 'westeurope', service: 'AzureDevOps' });
  expect(find('20.50.1.63')).toEqual({ region: 'westeurope', service: null });
  expect(find('20.50.128.1')).toEqual({ region: null, service: null });
  expect(find('::ffff:20.50.1.65')).toEqual({ region: 'westeurope', service: 'AzureDevOps' });
  expect(find('2603:1020:201::1')).toEqual({ region: 'westeurope', service: null });
  expect(find('2603:1020:202::1')).toEqual({ region: null, service: null });
});

test("does not find an address outside Azure's ranges, or a text that is no address", () => {
  for (const ip of ['21.0.0.1', '2604::1', '', '20.50.1', 'vm-1']) expect(find(ip)).toBeNull();
});

test('other work goes on while all of Azure’s prefixes are read', async () => {
  const prefixes = Array.from({ length: 30_000 }, (_, i) => `20.${i >> 8}.${i & 255}.0/24`);
  let turns = 0;
  let isReading = true;
  const count = () => {
    turns++;
    if (isReading) setImmediate(count);
  };
  setImmediate(count);
  const found = await createAzureRanges([tag('AzureCloud', 'r', '', prefixes)]);
  isReading = false;
  expect(turns).toBeGreaterThan(30);
  expect(found('20.10.10.1')).toEqual({ region: 'r', service: null });
});
